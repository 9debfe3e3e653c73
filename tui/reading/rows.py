"""What a runbook's rows are made of: a line on screen, the file's lines behind it, and where Enter does something."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from runbooks.model import Code
from runbooks.parts import Group, Lines
from tui.lines import Line, fit

StopKind = Literal["task", "step", "group", "message", "check", "action", "link", "fold", "text"]


@dataclass(frozen=True, slots=True)
class Stop:
    """A place where the cursor rests and Enter does something. `section` is the anchor it stands in, `line` where it
    begins; `text` are its words, `links` (words, target) where it leads."""

    kind: StopKind
    section: str
    line: int
    text: str = ""
    links: tuple[tuple[str, str], ...] = ()
    code: Code | None = None
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what is shown, the lines of the file it stands for, and the stop it belongs to, counted from 0."""

    line: Line
    source: Lines
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A runbook as rows; `at` is the first row of each section, `hidden` how many lines are folded away.

    Whatever a page asks at every key and every second is counted once, when it is made.
    """

    rows: tuple[Row, ...]
    stops: tuple[Stop, ...]
    at: dict[str, int]
    hidden: int = 0
    lines: tuple[Line, ...] = field(init=False, repr=False)
    _of_stop: dict[int, range] = field(init=False, repr=False)
    _anchors: tuple[str, ...] = field(init=False, repr=False)
    _starts: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        found: dict[int, range] = {}
        for number, row in enumerate(self.rows):
            if row.stop is not None:
                found[row.stop] = range(found[row.stop].start if row.stop in found else number, number + 1)
        starts = sorted((row, anchor) for anchor, row in self.at.items())
        object.__setattr__(self, "lines", tuple(row.line for row in self.rows))
        object.__setattr__(self, "_of_stop", found)
        object.__setattr__(self, "_anchors", tuple(anchor for _, anchor in starts))
        object.__setattr__(self, "_starts", tuple(row for row, _ in starts))

    def rows_of(self, stop: int) -> range:
        """The rows of a stop."""
        return self._of_stop.get(stop, range(0))

    def section_at(self, row: int) -> str:
        """The anchor of the section that row is in; empty before the first one."""
        number = bisect_right(self._starts, row) - 1
        return self._anchors[number] if number >= 0 else ""


@dataclass(slots=True)
class Rows:
    """Rows while they are made."""

    width: int
    section: str = ""
    rows: list[Row] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)

    def add(self, lines: Sequence[Line], source: Lines, stop: int | None = None) -> None:
        """Add rows that stand for lines of the file. Without a row of its own (the end of a fence) a line of the file
        belongs to the row before."""
        if not lines and self.rows:
            last = self.rows[-1]
            self.rows[-1] = Row(last.line, (last.source[0] or source[0], source[1]), last.stop)
        self.rows += [Row(fit(line, self.width), source, stop) for line in lines]

    def gap(self) -> None:
        """An empty row, never two."""
        if self.rows and self.rows[-1].line:
            self.rows.append(Row((), (0, 0)))

    def stop(self, stop: Stop) -> int:
        """A new stop; its number."""
        self.stops.append(stop)
        return len(self.stops) - 1
