"""One row of 5xx percent over the last hour, with marks where something changed. Painted only when it differs."""

from __future__ import annotations

from datetime import timedelta

from tui.lines import Line, line
from tui.model import Model

SPAN = timedelta(hours=1)


def curve(model: Model, width: int) -> list[Line]:
    """Two rows: the curve and the marks; nothing when no rate is known."""
    snapshot = model.snapshot
    if snapshot is None or not any(rate is not None for _, rate in snapshot.rates):
        return []
    cells = max(10, min(60, width - 30))
    step = SPAN / cells
    start = model.now - SPAN
    top = max([rate for _, rate in snapshot.rates if rate is not None] + [1.0])
    columns: list[list[float]] = [[] for _ in range(cells)]
    for at, rate in snapshot.rates:
        index = int((at - start) / step)
        if rate is not None and 0 <= index < cells:
            columns[index].append(rate)
    steps = model.glyphs.steps
    drawn = "".join(
        steps[min(len(steps) - 1, round(max(column) / top * (len(steps) - 1)))] if column else " " for column in columns
    )
    marks = [" "] * cells
    for change in snapshot.changes:
        index = int((change.at - start) / step)
        if 0 <= index < cells:
            marks[index] = "^"
    return [
        line((" 5xx, last hour ", "dim"), (drawn, "warn"), (f" now {_latest(model)}, most {top:.0f}%", "dim")),
        line(" " * 16, ("".join(marks), "strong"), (" changes", "dim")) if "^" in marks else line(),
    ]


def _latest(model: Model) -> str:
    assert model.snapshot is not None
    known = [rate for _, rate in model.snapshot.rates if rate is not None]
    return f"{known[-1]:.1f}%" if known else "unknown"
