"""The curve in a few lines of text: block characters for both figures, and the marks numbered under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from operations.incident.curve import Curve
from operations.incident.picture import Plot, mark_words, plot_of, round_top

STEPS = " ▁▂▃▄▅▆▇█"
_SIGNS = "123456789abcdefghijklmnopqrstuvwxyz"
_LABEL = 5


def curve_lines(curve: Curve, width: int, steps: str = STEPS) -> tuple[str, ...]:
    """The curve within `width` characters; empty without points. `steps` are the signs from nothing to full."""
    room = width - _LABEL
    if not curve.points or room < 35:
        return ()
    return tuple(_lines(curve, plot_of(curve, room - 16), steps))


def _lines(curve: Curve, plot: Plot, steps: str) -> Iterator[str]:
    worst, slowest = curve.worst, curve.slowest
    errors = f"{worst.errors:.3g}%" if worst else "not known"
    slow = f"{slowest.p95:.3g} s" if slowest else "not known"
    yield f"{'5xx':<{_LABEL}}{_blocks(plot.errors, round_top(plot.errors, 1.0), steps)}  up to {errors}"
    yield f"{'p95':<{_LABEL}}{_blocks(plot.p95, round_top(plot.p95, 0.1), steps)}  up to {slow}"
    signs = _marks(plot)
    if signs.strip():
        yield f"{'':<{_LABEL}}{signs}".rstrip()
    first = curve.points[0].at
    last = max([curve.points[-1].at, *(mark.at for mark in curve.marks), curve.until or first])
    yield f"{'':<{_LABEL}}{first:%Y-%m-%d %H:%MZ} to {last:%H:%MZ}"
    for number, mark in enumerate(plot.marks):
        yield f"  {_SIGNS[number % len(_SIGNS)]}  {mark_words(mark)}"
    if plot.left_out:
        yield f"     and {plot.left_out} more"


def _blocks(values: Sequence[float | None], top: float, steps: str) -> str:
    """One sign a column; what is not known stays empty, and nought is the lowest block."""
    most = len(steps) - 1
    return "".join(
        steps[0] if value is None else steps[1 + min(most - 1, round(value / top * (most - 1)))] for value in values
    )


def _marks(plot: Plot) -> str:
    """The sign of each mark under its column, in their order; one that finds it taken stands beside it."""
    count = len(plot.errors)
    columns: list[int] = []
    for mark in plot.marks:
        columns.append(max(min(count - 1, int(plot.place(mark.at) * count)), columns[-1] + 1 if columns else 0))
    last = count
    for number in reversed(range(len(columns))):
        columns[number] = last = min(columns[number], last - 1)
    row = [" "] * count
    for number, column in enumerate(columns):
        if column >= 0:
            row[column] = _SIGNS[number % len(_SIGNS)]
    return "".join(row)
