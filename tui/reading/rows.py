"""What a runbook's rows are made of: a line on screen, the file's lines behind it, and where Enter does something."""

from __future__ import annotations

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
    """A runbook as rows; `at` is the first row of each section, `hidden` how many lines are folded away."""

    rows: tuple[Row, ...]
    stops: tuple[Stop, ...]
    at: dict[str, int]
    hidden: int = 0

    def rows_of(self, stop: int) -> range:
        """The rows of a stop."""
        numbers = [number for number, row in enumerate(self.rows) if row.stop == stop]
        return range(numbers[0], numbers[-1] + 1) if numbers else range(0)


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
