"""Where else to look and whom to phone: dashboards, status pages, people. Enter copies the address or the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import ClassVar

from rich.cells import cell_len

from operations.settings import Settings
from operations.text import one_line
from runbooks.parts import Contact
from tui.actions import Place
from tui.lines import BLANK, Line, line, pad, rule, width_of, wrap
from tui.model import Model
from tui.screens.list_page import ListPage

_KIND, _NAME = 9, 27
"""Cells of the first two columns."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: what it is, its name, and what is copied; empty for what cannot be."""

    kind: str
    name: str
    address: str
    more: str = ""


class LinksScreen(ListPage):
    """Lists what the settings and the runbook in hand know."""

    PLACE: ClassVar[Place] = "links"

    def __init__(self, model: Model, entries: Sequence[Entry]) -> None:
        super().__init__(model)
        self.entries = tuple(entries)

    @property
    def chosen(self) -> Entry | None:
        """What the cursor is on."""
        listed = self._listed()
        return listed[self.cursor] if self.cursor < len(listed) else None

    def _listed(self) -> list[Entry]:
        """What has the words that were asked for."""
        return [one for one in self.entries if self.has_words(one.kind, one.name, one.address, one.more)]

    def head(self, model: Model, width: int) -> Sequence[Line]:
        return [rule(f"Links and people{self.filtered}", width, model.glyphs.dash)]

    def items(self, model: Model, width: int) -> Sequence[Sequence[Line]]:
        listed = [entry_lines(entry, width) for entry in self._listed()]
        return listed or super().items(model, width)

    def rows(self, model: Model, width: int) -> Sequence[Line]:
        if self.entries:
            return [line((" Nothing has these words.", "dim"))]
        return [
            line((" Nothing is set. In vigie.toml:", "dim")),
            line('   [[links]] title = "Dashboard", url = "https://…"'),
            line('   [[contacts]] name = "Ana", role = "team lead", phone = "+33 …"'),
        ]


def entries_of(settings: Settings, environment: str, contacts: Sequence[Contact] = ()) -> list[Entry]:
    """Dashboards, the site itself, providers' pages, people of the settings, then those the runbook names."""
    env = settings.environments[environment]
    found = [Entry("link", link.title, link.url) for link in settings.links]
    if env.url:
        found.append(Entry("site", f"{settings.site.name} {environment}", env.url))
    found += [Entry("status", provider.name, provider.status) for provider in settings.providers]
    for person in settings.contacts:
        after = f"after {person.after_minutes:g} min" if person.after_minutes else ""
        known = (person.role or person.kind, after, "can be paged: h" if person.call else "")
        more = ", ".join(words for words in known if words)
        found.append(Entry("person", person.name, person.phone, more))
    for one in contacts:
        found.append(Entry("runbook", one.role, next(iter(one.ways), ""), ", ".join(one.ways[1:])))
    return found


def entry_lines(entry: Entry, width: int) -> list[Line]:
    """One of them, whole: what takes more than its column goes on below it."""
    narrow = width < _KIND + _NAME + 20
    room = max(10, width - _KIND - (0 if narrow else _NAME))
    names = wrap(one_line(entry.name, 200), room if narrow else _NAME - 1)
    told = [line(piece) for piece in wrap(one_line(entry.address, 200), room)] if entry.address else []
    more = one_line(entry.more, 200)
    if told and more and width_of(told[-1]) + 2 + cell_len(more) <= room:
        told[-1] = line(*told[-1], "  ", (more, "dim"))
    elif more:
        told += [line((piece, "dim")) for piece in wrap(more, room)]
    named = [line((name, "strong")) for name in names]
    if narrow:
        rows = [*named, *told]
    else:
        rows = [(*pad(name, _NAME), *words) for name, words in zip_longest(named, told, fillvalue=BLANK)]
    kinds = (entry.kind, *[""] * len(rows))
    return [(*line((f" {kind:<{_KIND - 1}}", "dim")), *row) for kind, row in zip(kinds, rows, strict=False)]
