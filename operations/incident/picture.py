"""How the curve is laid out: its scales, its ticks, few enough columns, the numbered marks. Pure, for every form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from operations.incident.curve import Curve, Mark
from operations.text import one_line

MOST_MARKS = 30
_MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200, 525600)
_MOST_TICKS = 9


@dataclass(frozen=True, slots=True)
class Plot:
    """The curve in columns of equal time. Values are None where nothing is known; times are seconds since 1970."""

    start: float
    end: float
    errors: tuple[float | None, ...]
    p95: tuple[float | None, ...]
    marks: tuple[Mark, ...]
    left_out: int
    """Marks that there was no room for."""

    def place(self, at: datetime) -> float:
        """Where a moment lies, 0 at the left edge and 1 at the right one."""
        return min(1.0, max(0.0, (at.timestamp() - self.start) / (self.end - self.start)))


def plot_of(curve: Curve, columns: int) -> Plot:
    """The curve in at most `columns` columns of whole steps; of several points in one the worst is shown.

    It needs a point. A column's value is that of its whole time: it is drawn as a step.
    """
    first = curve.points[0].at.timestamp()
    times = [at.timestamp() for at in (*(mark.at for mark in curve.marks), *((curve.until,) if curve.until else ()))]
    latest = max([curve.points[-1].at.timestamp() + curve.step, *times])
    earliest = min([first, *times])
    start = first - math.ceil((first - earliest) / curve.step) * curve.step
    width = curve.step * max(1, math.ceil((latest - start) / curve.step / columns))
    count = max(1, math.ceil((latest - start) / width))
    errors: list[float | None] = [None] * count
    slow: list[float | None] = [None] * count
    for point in curve.points:
        column = min(count - 1, int((point.at.timestamp() - start) / width))
        errors[column] = _worse(errors[column], point.errors)
        slow[column] = _worse(slow[column], point.p95)
    marks = curve.marks if len(curve.marks) <= MOST_MARKS else _kept(curve.marks)
    end = start + count * width
    return Plot(start, end, tuple(errors), tuple(slow), tuple(marks), len(curve.marks) - len(marks))


def _worse(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _kept(marks: Sequence[Mark]) -> list[Mark]:
    """Changes and acts before messages and states, the earliest of each; in the order of time."""
    rank = {"act": 0, "change": 1, "state": 2, "message": 3}
    best = sorted(enumerate(marks), key=lambda row: (rank[row[1].kind], row[0]))[:MOST_MARKS]
    return [mark for _, mark in sorted(best, key=lambda row: row[0])]


def ticks_of(start: float, end: float) -> list[datetime]:
    """Round moments between two times, nine at most."""
    step = next((m * 60 for m in _MINUTES if (end - start) / (m * 60) <= _MOST_TICKS), _MINUTES[-1] * 60)
    first = math.ceil(start / step) * step
    return [datetime.fromtimestamp(at, UTC) for at in range(first, math.floor(end) + 1, step)]


def tick_words(at: datetime, start: float, end: float) -> str:
    """The time under a tick; the day where the curve spans more than one."""
    return f"{at:%m-%d %H:%M}" if end - start > 86400 else f"{at:%H:%M}"


def round_top(values: Sequence[float | None], least: float) -> float:
    """The end of a scale that holds all values: 1, 2 or 5 times a power of ten, not under `least`."""
    highest = max([value for value in values if value is not None], default=0.0)
    highest = max(highest, least)
    power = 10.0 ** math.floor(math.log10(highest))
    return next(round(factor * power, 10) for factor in (1, 2, 5, 10) if factor * power >= highest * 0.9999)


def mark_words(mark: Mark) -> str:
    """A mark in the list under the picture: `03:06:00Z release v2.4.1`."""
    return f"{mark.at:%H:%M:%SZ} {one_line(mark.text, 90)}"


def runs_of(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """The stretches of known values, each with its columns: between them the line is broken."""
    runs: list[list[tuple[int, float]]] = []
    for column, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1][0] == column - 1:
            runs[-1].append((column, value))
        else:
            runs.append([(column, value)])
    return runs
