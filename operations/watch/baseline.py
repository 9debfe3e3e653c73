"""What is usual: traffic at this hour on other days, a count before something happened to it, p95 before a release.

Pure. Too little history gives None, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median

from operations.watch.traffic.table import Minute

_DAY_MINUTES = 1440
_LEAST_MINUTES = 10
_LEAST_COUNTS = 10
_SPREAD_TIMES = 5.0
_LEAST_DROP = 0.1


def usual_traffic(minutes: Mapping[int, Minute], now: datetime, days: int = 7) -> float | None:
    """Requests a second usual at this clock hour: the median over earlier recorded days of that hour's mean."""
    hour = int(now.timestamp() // 3600) * 60
    means = []
    for day in range(1, days + 1):
        start = hour - day * _DAY_MINUTES
        counts = [minutes[minute][0] for minute in range(start, start + 60) if minute in minutes]
        if len(counts) >= _LEAST_MINUTES:
            means.append(sum(counts) / len(counts) / 60.0)
    return median(means) if means else None


def has_dropped(counts: Sequence[tuple[datetime, float]]) -> tuple[bool, float] | None:
    """Whether the newest of (time, count) fell away from what it used to be, and the usual count.

    Usual is the median of the readings before; a fall counts when it is over a tenth of that and over five times the
    readings' own spread. None with fewer than ten readings before.
    """
    *before, (_, newest) = counts if counts else [(None, 0.0)]
    values = [value for _, value in before]
    if len(values) < _LEAST_COUNTS:
        return None
    usual = median(values)
    spread = 1.4826 * median(abs(value - usual) for value in values)
    return newest < usual - max(_SPREAD_TIMES * spread, _LEAST_DROP * abs(usual)), usual


def usual_p95(minutes: Mapping[int, Minute], start: datetime, end: datetime, least: int = 1) -> float | None:
    """Median of the minutes' p95 between two moments, in seconds; None with fewer than `least` such minutes."""
    first, last = int(start.timestamp() // 60), int(end.timestamp() // 60)
    found = [row[2] for minute in range(first, last) if (row := minutes.get(minute)) and row[2] is not None]
    return median(found) if len(found) >= least else None
