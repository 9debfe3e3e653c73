"""Fences and tables as rows: command groups with what Enter does with each, hazards, blanks; columns that fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.cells import cell_len

from operations.text import clean
from runbooks.model import Code, Table
from runbooks.mojibake import repaired
from runbooks.names import OPERATIONS
from runbooks.parts import Group, Lines
from tui.lines import Line, Span, Tone, line, pad, spread, width_of
from tui.reading.inline import spans, targets, wrapped
from tui.reading.rows import Rows, Stop, StopKind
from tui.theme import Glyphs

SAYS = {"command": "run", "sql": "run", "manual": "by hand", "message": "to send", "output": "as printed"}
"""What stands at the right edge of a group's first line."""
LEAST_COLUMN = 6


def code_rows(rows: Rows, code: Code, glyphs: Glyphs, indent: str, told: Mapping[int, Line]) -> None:
    """A fence: its label, then its lines; a group that runs begins with a pointer.

    `told` are the lines under a group or a check that say what became of it, by the line where it begins.
    """
    fenced = _is_fenced(code)
    stop = _whole_stop(rows, code)
    first = code.lines[0] + fenced
    label = _label(code)
    if fenced:
        sign = glyphs.pointer if stop is not None else " "
        head = line((f"{indent}{sign} ", "key"))
        rows.add(wrapped([(label, "dim")], rows.width, head), (code.lines[0], code.lines[0]), stop)
    groups = {group.lines[0]: group for group in code.groups} if stop is None else {}
    current: int | None = stop
    for number, text in enumerate(code.text.split("\n"), first):
        group = groups.get(number)
        if group is not None:
            current = _group_stop(rows, group, code)
        elif not text.strip() and stop is None:
            current = None
        _line_row(rows, number, text, group, current, glyphs, indent)
        hazards = [h.words for g in code.groups for h in g.hazards if h.line == number]
        for words in dict.fromkeys(hazards):
            rows.add(wrapped([(f"{glyphs.warn} {words}", "bad")], rows.width, line(f"{indent}  ")), (0, 0), current)
        ended = next((g for g in code.groups if g.lines[1] == number), None)
        if ended is not None and (said := told.get(ended.lines[0])):
            rows.add(wrapped(said, rows.width, line(f"{indent}  ")), (0, 0), current)
    if code.purpose == "action" and code.name in OPERATIONS and not code.text.lstrip("$ ").startswith("vigie "):
        words = f"Enter is {code.name}, the operation of Vigie; these lines are never run"
        rows.add(wrapped([(words, "warn")], rows.width, line(f"{indent}  ")), (0, 0), stop)
    if stop is not None and (said := told.get(code.lines[0])):
        rows.add(wrapped(said, rows.width, line(f"{indent}  ")), (0, 0), stop)
    if fenced and code.lines[1] > first + code.text.count("\n"):
        rows.add([], (code.lines[1], code.lines[1]))


def _is_fenced(code: Code) -> bool:
    """An indented block has as many lines as its text; a fence has at least one more."""
    return code.lines[1] - code.lines[0] > code.text.count("\n")


def _line_row(
    rows: Rows, number: int, text: str, group: Group | None, stop: int | None, glyphs: Glyphs, indent: str
) -> None:
    shown = clean(repaired(text).replace("\t", "    "), limit=10_000_000)
    runs = group is not None and group.runs
    gutter: Span = (f"{glyphs.pointer} ", "key") if runs else (f"{glyphs.column} ", "dim")
    bare = shown.strip()
    tone: Tone = "dim" if bare.startswith(("#", "-- ")) else "plain"
    right = SAYS[group.kind] if group is not None else ""
    if group is not None and group.alternative:
        right = f"or {right}"
    room = max(8, rows.width - len(indent) - 2)
    if cell_len(shown) + len(right) + 1 <= room:
        made = [spread(line(indent, gutter, (shown, tone)), line((right, "dim")) if right else (), rows.width)]
    else:
        spaces = len(shown) - len(shown.lstrip())
        pieces = wrapped([(shown.strip(), tone)], max(8, room - spaces - 2))
        made = [
            line(indent, gutter if n == 0 else (f"{glyphs.column} ", "dim"), " " * (spaces + 2 * (n > 0)), *piece)
            for n, piece in enumerate(pieces)
        ]
        if right and width_of(made[0]) + cell_len(right) < rows.width:
            made[0] = spread(made[0], line((right, "dim")), rows.width)
    rows.add(made, (number, number), stop)


def _whole_stop(rows: Rows, code: Code) -> int | None:
    """A fence that is one thing as a whole: a check, an action, a message."""
    if code.purpose == "code":
        return None
    kinds: dict[str, StopKind] = {"check": "check", "action": "action", "message": "message"}
    return rows.stop(Stop(kinds[code.purpose], rows.section, code.lines[0], code.text, code=code))


def _group_stop(rows: Rows, group: Group, code: Code) -> int | None:
    if group.runs:
        return rows.stop(Stop("group", rows.section, group.lines[0], group.text, code=code, group=group))
    if group.kind == "message":
        return rows.stop(Stop("message", rows.section, group.lines[0], group.text, code=code, group=group))
    if group.kind == "manual":
        return rows.stop(Stop("step", rows.section, group.lines[0], group.says or group.text, code=code, group=group))
    return None


def _label(code: Code) -> str:
    parts = [code.purpose, code.name] if code.purpose != "code" else [code.language or "text"]
    parts += [f"{key} {value}" for key, value in code.attributes.items() if key != code.purpose]
    return " ".join(clean(part) for part in parts if part)


def table_rows(rows: Rows, table: Table, now: Mapping[int, Span]) -> None:
    """A table in columns that fit; `now` is what stands beside a measure of that line at this moment."""
    head, *body = table.rows or ((),)
    columns = max((len(row) for row in table.rows), default=0)
    live = any(table.lines[0] + 2 + n in now for n in range(len(body)))
    cells = [[_cell(row[n] if n < len(row) else "") for n in range(columns)] for row in (head, *body)]
    if live:
        cells[0].append([("now", "strong")])
        for n, row in enumerate(cells[1:]):
            row.append([now.get(table.lines[0] + 2 + n, ("", "plain"))])
    widths = _column_widths(cells, rows.width - 2)
    for number, row in enumerate(cells):
        source: Lines = (table.lines[0] + number + (number > 0), table.lines[0] + number + (number > 0))
        links = tuple(link for cell in table.rows[number] for link in targets(cell)) if number else ()
        stop = rows.stop(Stop("link", rows.section, source[0], links=links)) if links else None
        tone: Tone | None = "strong" if number == 0 else None
        rows.add(_table_row(row, widths, tone), source, stop)
        if number == 0:
            rows.add([], (table.lines[0] + 1, table.lines[0] + 1))


def _cell(text: str) -> list[Span]:
    return list(spans(text)) or [("", "plain")]


def _size(cell: Sequence[Span]) -> int:
    return sum(cell_len(text) for text, _ in cell)


def _column_widths(cells: Sequence[Sequence[Sequence[Span]]], width: int) -> list[int]:
    """As wide as the longest cell, the widest columns giving way until all fit."""
    columns = max((len(row) for row in cells), default=0)
    widths = [max((_size(row[n]) for row in cells if n < len(row)), default=0) for n in range(columns)]
    while columns and sum(widths) + 2 * (columns - 1) > width and max(widths) > LEAST_COLUMN:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return widths


def _table_row(row: Sequence[Sequence[Span]], widths: Sequence[int], tone: Tone | None) -> list[Line]:
    columns = [wrapped([(t, tone or own) for t, own in cell], max(1, w)) for cell, w in zip(row, widths, strict=False)]
    height = max((len(column) for column in columns), default=1)
    made: list[Line] = []
    for y in range(height):
        parts: Line = ((" ", "plain"),)
        for n, (column, width) in enumerate(zip(columns, widths, strict=False)):
            piece = column[y] if y < len(column) else ()
            parts = (*parts, *(pad(piece, width) if n < len(columns) - 1 else piece), ("  ", "plain"))
        made.append(parts[:-1])
    return made
