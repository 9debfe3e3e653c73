"""A runbook on one page: where to begin, which way to go, the acts, whom to call, limits, messages, times. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runbooks.anchors import plain
from runbooks.layout import cut, padded, width_of
from runbooks.model import Book, ItemList, Paragraph, Quote, Section, Table
from runbooks.mojibake import repaired
from runbooks.units import seconds_in_words
from runbooks.ways import name_of

LINES, COLUMNS = 60, 80
"""A page: what fits on a sheet of paper and in a terminal without scrolling sideways."""

_QUICK = re.compile(r"quick (?:card|reference)|cheat ?sheet", re.IGNORECASE)
_IN_FILE = re.compile(r"\]\(#([^()\s]+)\)")
_LEAST = 2
"""Lines of a part that are worth its heading."""


@dataclass(frozen=True, slots=True)
class _Part:
    """`first` counts the lines at its beginning that come before those of any other part; of the others those in
    `spread` stay before the rest when there is no room for all."""

    title: str
    lines: tuple[str, ...]
    first: int = 0
    spread: frozenset[int] = frozenset()


def card(book: Book) -> tuple[str, ...]:
    """At most `LINES` lines of at most `COLUMNS` columns. What does not fit is counted, never silently gone."""
    head = [_clean(book.title), "=" * min(COLUMNS, max(3, width_of(_clean(book.title))))]
    if start := book.section(book.start):
        head.append(f"Start: {_named(start)}")
    parts = [part for part in _parts(book) if part.lines]
    parts = parts or [_Part("Contents", tuple(_contents(book)))]
    lines = [*head]
    for part, room in zip(parts, _rooms(parts, LINES - len(head)), strict=True):
        if room:
            lines += ["", f"{part.title}:", *_within(part, room)]
    return tuple(cut(line, COLUMNS) for line in lines)


def _parts(book: Book) -> list[_Part]:
    quick = tuple(_quick_card(book))
    acts = tuple(_acts(book))
    return [
        _Part("Quick card", quick) if quick else _Part("Questions", tuple(_questions(book))),
        _Part("Acts", acts) if acts else _commands(book),
        _Part("Warnings", tuple(_warnings(book))),
        _Part("Call", tuple(_people(book))),
        _Part("Limits", tuple(_limits(book))),
        _Part("Messages", tuple(_messages(book))),
        _Part("Times", tuple(_times(book))),
    ]


def _rooms(parts: Sequence[_Part], room: int) -> list[int]:
    """Lines for each part: the same most for all, so that a long one leaves room for the others. What destroys has
    its room before."""
    kept = list(parts)
    while kept and sum(2 + _room(part, _LEAST) for part in kept) > room:
        kept.pop()
    most = max((len(part.lines) for part in kept), default=0)
    while sum(2 + _room(part, most) for part in kept) > room:
        most -= 1
    rooms = [_room(part, most) for part in kept] + [0] * (len(parts) - len(kept))
    spare = room - sum(2 + size for size in rooms if size)
    for number, part in enumerate(kept):
        more = min(spare, len(part.lines) - rooms[number])
        rooms[number] += more
        spare -= more
    return rooms


def _room(part: _Part, most: int) -> int:
    return min(len(part.lines), max(most, min(part.first + 1, LINES // 2)))


def _within(part: _Part, room: int) -> list[str]:
    """As many lines as there is room for, in their order, and how many more there are."""
    if len(part.lines) <= room:
        return [f"  {line}" for line in part.lines]
    ranked = sorted(range(len(part.lines)), key=lambda n: (n >= part.first, n not in part.spread, n))
    shown = [part.lines[n] for n in sorted(ranked[: room - 1])]
    return [f"  {line}" for line in [*shown, f"… and {len(part.lines) - room + 1} more"]]


def _quick_card(book: Book) -> Iterator[str]:
    """The tables under a heading that says so, each row on a line, with the labels of the sections they lead to."""
    for section in book.sections:
        if _QUICK.search(section.title):
            for element in section.elements:
                if isinstance(element, Table):
                    yield from _rows([[_cell(book, cell) for cell in row] for row in element.rows[1:]])


def _rows(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    first = min(40, max((width_of(row[0]) for row in rows if row), default=0))
    for row in rows:
        if row:
            yield "  ".join([padded(cut(row[0], first), first), *row[1:]]).rstrip()


def _cell(book: Book, cell: str) -> str:
    found = _IN_FILE.search(cell)
    section = book.section(found[1]) if found else None
    words = _clean(cell)
    return f"{section.label} {words}" if section is not None and section.label else words


def _questions(book: Book) -> Iterator[str]:
    for section in book.sections:
        if section.branches:
            yield _named(section)
            for branch in section.branches:
                target = book.section(branch.target)
                leads = (target.label or target.title) if target else "?"
                yield f"  {_clean(branch.answer)} → {_clean(leads)}"


def _acts(book: Book) -> Iterator[str]:
    """Each act with the commands that are bound to it, the second one and more on lines of their own."""
    for section in book.sections:
        commands = [line for code in section.actions if (line := _command(code.text))]
        if section.is_act or commands:
            yield f"{_named(section)}{': ' if commands else ''}{''.join(commands[:1])}"
            yield from (f"  {command}" for command in commands[1:])


def _commands(book: Book) -> _Part:
    """Of a book without acts of ours: first every line that destroys, marked `!`, then the commands in their order. The
    first one under each heading stays longest."""
    destroying = dict.fromkeys(
        f"! {_clean(section.title)}: {_source(book, hazard.line)}"
        for hazard in book.hazards
        for section in book.sections
        if section.lines[0] <= hazard.line <= section.lines[1]
    )
    lines, spread = list(destroying), set[int]()
    for section in book.sections:
        groups = [group for code in section.blocks for group in code.groups if group.runs and not group.hazards]
        for number, group in enumerate(groups):
            if number == 0:
                spread.add(len(lines))
            lines.append(f"{_clean(section.title)}: {_command(group.text)}")
    return _Part("Commands", tuple(lines), len(destroying), frozenset(spread))


def _source(book: Book, number: int) -> str:
    """A line of the file without its prompt or the mark of its list."""
    line = book.source.split("\n")[number - 1]
    return " ".join(re.sub(r"^\s*(?:\$ |[-*] |\d+[.)] )?", "", repaired(line)).split())


def _warnings(book: Book) -> Iterator[str]:
    """Loud paragraphs and boxes."""
    for section in book.sections:
        for element in section.elements:
            if isinstance(element, Paragraph) and element.loud:
                yield _clean(element.text).lstrip("\ufe0f\u26a0 ")
            elif isinstance(element, Quote) and element.alert in ("WARNING", "CAUTION", "IMPORTANT"):
                yield re.sub(r"^\[!\w+\]\s*", "", _clean(element.text.lstrip("> ")))


def _people(book: Book) -> Iterator[str]:
    for contact in book.contacts:
        after = f" (after {seconds_in_words(contact.after)})" if contact.after else ""
        yield f"{_clean(contact.role)}{after}: {_clean(', '.join(contact.ways)) or '-'}"
    for key, words in (("escalate", "ladder"), ("cadence", "updates")):
        value = (book.front.values or {}).get(key) if book.front else None
        if value:
            yield f"{words}: {value if isinstance(value, str) else ', '.join(value)}"


def _limits(book: Book) -> Iterator[str]:
    for limit in book.thresholds:
        words = [f"expected {limit.expected}" if limit.expected else "", f"alarm {limit.alarm}" if limit.alarm else ""]
        yield _clean(f"{limit.metric}: {'; '.join(word for word in words if word)}")


def _messages(book: Book) -> Iterator[str]:
    """Each message by name, with its languages and when it is due."""
    languages: dict[str, list[str]] = {}
    due: dict[str, str] = {}
    for code in (code for section in book.sections for code in section.codes("message")):
        languages.setdefault(code.name, []).append(code.attributes.get("lang", ""))
        if code.due:
            due[code.name] = f", due after {seconds_in_words(code.due)}"
    for name, spoken in languages.items():
        named = ", ".join(dict.fromkeys(language for language in spoken if language))
        yield f"{name}{f' ({named})' if named else ''}{due.get(name, '')}"


def _times(book: Book) -> Iterator[str]:
    """Windows by their titles, and time boxes with what they offer."""
    for section in book.sections:
        offered = book.section(section.on_expire)
        if section.window is not None:
            yield _clean(section.title)
        elif section.timebox is not None:
            then = f", then {offered.label or _clean(offered.title)}" if offered else ""
            yield f"{seconds_in_words(section.timebox)}: {_named(section)}{then}"
        for element in section.elements:
            for item in element.items if isinstance(element, ItemList) else ():
                if item.window is not None:
                    yield _clean(item.lead)


def _contents(book: Book) -> Iterator[str]:
    yield from (_clean(section.title) for section in book.sections if section.level in (2, 3) and section.title)


def _command(text: str) -> str:
    """The first line that is no comment, continued lines joined."""
    lines = [line.strip() for line in text.replace("\\\n", " ").split("\n")]
    return " ".join(next((line for line in lines if line and not line.startswith(("#", "--"))), "").split())


def _named(section: Section) -> str:
    return _clean(name_of(section))


def _clean(text: str) -> str:
    return " ".join(plain(repaired(text)).split())
