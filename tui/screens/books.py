"""The runbooks: ours and the team's own, by name and title; after a search, the places that have the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from operations.text import one_line
from runbooks.model import Book
from runbooks.mojibake import repaired
from runbooks.search import Hit
from tui.actions import Place
from tui.lines import Line, Span, line, pad, rule, spread
from tui.model import Model
from tui.screens.list_page import ListPage


@dataclass(frozen=True, slots=True)
class Shelved:
    """A runbook on the shelf. `book` is None until it was read; `trouble` why it cannot be, `left_out` that there are
    too many to read them all."""

    name: str
    own: bool
    book: Book | None = None
    trouble: str = ""
    left_out: bool = False


class BooksScreen(ListPage):
    """Lists the shelf, or what a search found; the last row opens any other file."""

    PLACE: ClassVar[Place] = "books"

    def __init__(self, model: Model, shelf: Sequence[Shelved] | None) -> None:
        super().__init__(model)
        self.listed = shelf is not None
        self.shelf = tuple(shelf or ())
        self.hits: tuple[Hit, ...] | None = None
        self.words = ""
        self._rows: list[Line] = []
        self._made_of: tuple[object, int] = (None, 0)

    @property
    def chosen(self) -> Shelved | Hit | None:
        """What the cursor is on; None for the row that opens any other file."""
        found: Sequence[Shelved | Hit] = self.shelf if self.hits is None else self.hits
        return found[self.cursor] if self.cursor < len(found) else None

    def fill(self, shelf: Sequence[Shelved]) -> None:
        """The shelf as it is now."""
        self.listed = True
        self.shelf = tuple(shelf)
        self.show(self.model)

    def found(self, words: str, hits: tuple[Hit, ...] | None) -> None:
        """Show what a search found; None shows the shelf again."""
        self.words, self.hits, self.cursor = words, hits, 0
        self.show(self.model)

    def found_more(self, hits: tuple[Hit, ...]) -> None:
        """Show what the same search finds now; the cursor stays on what it was on."""
        chosen = self.chosen
        self.hits = hits
        self.cursor = hits.index(chosen) if isinstance(chosen, Hit) and chosen in hits else 0
        self.show(self.model)

    def head(self, model: Model, width: int) -> Sequence[Line]:
        title = "Runbooks" if self.hits is None else f"Runbooks with “{one_line(self.words, 30)}”"
        reading = sum(one.book is None and not one.trouble and not one.left_out for one in self.shelf)
        count = len(self.shelf) if self.hits is None else len(self.hits)
        right = f"{count}" if self.listed else "reading the folder"
        if reading:
            right = f"reading {reading} more" if self.hits is None else f"{count} so far, reading {reading} more"
        return [rule(title, width, model.glyphs.dash, right)]

    def rows(self, model: Model, width: int) -> Sequence[Line]:
        shown = self.shelf if self.hits is None else self.hits
        if self._made_of[0] is not shown or self._made_of[1] != width:
            self._made_of, self._rows = (shown, width), self._make(width)
        return self._rows

    def _make(self, width: int) -> list[Line]:
        if self.hits is None:
            return [*(shelf_line(one, width) for one in self.shelf), line(("   any other file …", "dim"))]
        rows = [hit_line(hit, width) for hit in self.hits]
        return rows or [line(("   nothing has these words; / looks for others", "dim"))]


def shelf_line(one: Shelved, width: int) -> Line:
    """Name, title and what a runbook holds."""
    own = line(("  the team's own", "good")) if one.own else ()
    name = pad(line(" ", one_line(one.name, 60)), 28 if width >= 60 else max(4, width // 2))
    if one.book is None:
        why: Span = (one.trouble, "bad") if one.trouble else ("too many to read them all", "dim")
        return spread((*name, *(line(why) if one.trouble or one.left_out else ())), own, width)
    decisions = sum(bool(section.branches) for section in one.book.sections)
    tasks = sum(len(section.tasks) for section in one.book.sections)
    holds = [_count(decisions, "question") if decisions else "", _count(tasks, "task") if tasks else ""]
    what = line((", ".join(word for word in holds if word), "dim"))
    title = line((one_line(repaired(one.book.title), 200), "strong"))
    return spread((*name, *title), (*what, *own), width)


def hit_line(hit: Hit, width: int) -> Line:
    """Runbook, section, and the line with the words where that is another."""
    text = f"  {one_line(hit.text, width)}" if hit.where in ("line", "text") else ""
    name = pad(line((f" {one_line(hit.book, 60)}", "dim")), 24)
    return (*name, *line((one_line(repaired(hit.title), 40), "strong"), text))


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
