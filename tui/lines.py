"""Lines of text with tones: what every panel makes and every screen shows. Pure data, no Textual, no markup.

A tone says what a stretch of text means; `theme.py` alone decides how that looks. Widths are terminal cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from rich.cells import cell_len, set_cell_size

from operations.text import clean, one_line

Tone = Literal[
    "plain", "dim", "strong", "good", "warn", "bad", "unknown", "key", "title", "chosen", "production", "drill", "other"
]
Span = tuple[str, Tone]
Line = tuple[Span, ...]

BLANK: Line = ()
LONGEST = 4_000
"""Characters of one piece that are looked at; a megabyte would be counted cell by cell at every paint."""


def line(*parts: str | Span) -> Line:
    """A line of plain strings and (text, tone) pairs. Each is made inert, so that cells are counted as shown."""
    spans = ((part, "plain") if isinstance(part, str) else part for part in parts if part and part != ("", "plain"))
    return tuple((inert(text), tone) for text, tone in spans)  # type: ignore[misc]


def inert(text: str) -> str:
    """One line of text as it may go to a terminal, whatever came this far; no more of it than any row has room for."""
    short = text if len(text) <= LONGEST else text[:LONGEST]
    return short if short.isprintable() else clean(short).replace("\n", " ").replace("\t", " ")


def short_name(text: str, width: int) -> str:
    """Who did something, beside what was done: a long name must not push that out of sight."""
    return text_of(fit(line(one_line(text, 40)), max(6, min(20, width // 4))))


def width_of(spans: Line) -> int:
    """Cells the line takes."""
    return sum(cell_len(text) for text, _ in spans)


def text_of(spans: Line) -> str:
    """The words of a line without its tones."""
    return "".join(text for text, _ in spans)


def fit(spans: Line, width: int) -> Line:
    """The line cut to `width` cells, with `…` where something was cut."""
    if width_of(spans) <= width:
        return spans
    if width <= 0:
        return ()
    kept: list[Span] = []
    room = max(0, width - 1)
    for text, tone in spans:
        size = cell_len(text)
        if size > room:
            kept.append((set_cell_size(text, room) + "…", tone))
            break
        kept.append((text, tone))
        room -= size
    return tuple(kept)


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` at the left edge and `right` at the right edge of `width`; the left side gives way."""
    right = fit(right, width)
    room = width - width_of(right) - (1 if right else 0)
    left = fit(left, max(0, room))
    gap = width - width_of(left) - width_of(right)
    return (*left, (" " * gap, "plain"), *right) if right else left


def pad(spans: Line, width: int) -> Line:
    """The line cut or filled to exactly `width` cells."""
    cut = fit(spans, width)
    missing = width - width_of(cut)
    return (*cut, (" " * missing, "plain")) if missing > 0 else cut


def beside(left: Sequence[Line], right: Sequence[Line], left_width: int, gap: str = " ") -> list[Line]:
    """Two columns next to each other, row by row."""
    rows = max(len(left), len(right))
    return [
        (
            *pad(left[row] if row < len(left) else BLANK, left_width),
            (gap, "dim"),
            *(right[row] if row < len(right) else BLANK),
        )
        for row in range(rows)
    ]


def rule(title: str, width: int, dash: str = "─", right: str = "") -> Line:
    """A rule with a title near its left end: `── What changed ─────`."""
    title = inert(title)
    head = f"{dash * 2} {title} " if title else ""
    tail = f" {right} {dash * 2}" if right else ""
    fill = max(0, width - cell_len(head) - cell_len(tail))
    return fit(
        (
            (dash * 2 + " ", "dim"),
            (title, "title"),
            (" " + dash * fill, "dim"),
            (tail, "dim"),
        )
        if title
        else ((dash * fill, "dim"), (tail, "dim")),
        width,
    )


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Words wrapped to `width` cells; a word longer than a line is cut into pieces, never lost."""
    width = max(2, width)  # a terminal may have one column; a wide character takes two
    if cell_len(indent) > width - 2:
        indent = ""
    lines: list[str] = []
    current = ""
    room = max(1, width - cell_len(indent))
    for word in text.split():
        if cell_len(word) > room:
            if current:
                lines.append(current)
                current = ""
            *whole, word = pieces(word, room)
            lines += [(indent if lines or number else "") + piece for number, piece in enumerate(whole)]
        start = indent if lines else ""
        candidate = f"{current} {word}" if current else start + word
        if cell_len(candidate) > width and current:
            lines.append(current)
            candidate = indent + word
        current = candidate
    return [*lines, current] if current or not lines else lines


def pieces(word: str, room: int) -> Iterator[str]:
    """A word cut into pieces of at most `room` cells, nothing lost. Each character is looked at once: words of a
    megabyte come, too."""
    if word.isascii():
        yield from (word[at : at + room] for at in range(0, len(word), room))
        return
    start = used = 0
    for at, character in enumerate(word):
        size = cell_len(character)
        if used + size > room and at > start:
            yield word[start:at]
            start, used = at, 0
        used += size
    yield word[start:]


def flow(items: Iterable[Line], width: int, separator: str = "  ") -> list[Line]:
    """Items set one after the other, broken between items when a line is full."""
    rows: list[Line] = []
    current: Line = ()
    for item in items:
        joined = (*current, (separator, "plain"), *item) if current else item
        if current and width_of(joined) > width:
            rows.append(current)
            joined = item
        current = joined
    return [*rows, current] if current else rows
