"""Which points of the curve an open incident still lacks: the hour before at the opening, then two minutes at a time.

Pure. The batches lie on the clock, and each has a key, so that several consoles write the same and each counts once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.incident.model import Incident
from operations.watch.model import Snapshot

STEP = 60
"""Seconds from point to point."""
BATCH = 2
"""Minutes told together."""
BEFORE = 60
"""Minutes told at the opening."""
_SETTLED = timedelta(seconds=60)
"""A minute is told when it is this long over: slow requests are logged when they end."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The data of one `curve.points` event, with its key, and when its last minute ended."""

    at: datetime
    data: dict[str, Any]


def missing_batches(snapshot: Snapshot, incident: Incident) -> tuple[Batch, ...]:
    """What the incident's curve lacks of `snapshot`, oldest first. Nothing where no figure is known at all.

    An incident that is over lacks one batch: the minutes up to its end, the one that ran included.
    """
    figures = _figures(snapshot)
    if not any(errors is not None or p95 is not None for errors, p95 in figures.values()):
        return ()
    if not incident.open and incident.resolved_at is None:
        return ()
    return tuple(one for one in _batches(snapshot.at, incident, figures) if one.data["key"] not in incident.observed)


def ending_batch(snapshot: Snapshot, incident: Incident) -> tuple[Batch, ...]:
    """All that is at hand from the opening to this moment, the minute that runs included: for who looks no longer."""
    key = f"curve:{incident.id}:last:{snapshot.at:%Y%m%dT%H%M%S}"
    return tuple(_batch(key, _floored(incident.opened_at), snapshot.at, _figures(snapshot)))


Figures = dict[datetime, tuple[float | None, float | None]]


def _figures(snapshot: Snapshot) -> Figures:
    slow = dict(snapshot.p95s)
    return {at: (rate, slow.get(at)) for at, rate in snapshot.rates}


def _batches(now: datetime, incident: Incident, figures: Figures) -> Iterator[Batch]:
    opening = _floored(incident.opened_at)
    first = opening - timedelta(minutes=BEFORE)
    if now >= incident.opened_at:
        yield from _batch(f"curve:{incident.id}:before", first, opening, figures)
    over = None if incident.open else incident.resolved_at
    end = min(now - _SETTLED, over or now)
    # The minutes right before the opening were not settled when it happened.
    start = max(opening - timedelta(minutes=BATCH), _floored(min(figures)))
    while start + timedelta(minutes=BATCH) <= end:
        until = start + timedelta(minutes=BATCH)
        yield from _batch(f"curve:{incident.id}:{start:%Y%m%dT%H%M}", start, until, figures)
        start = until
    if over is not None and over <= now + _SETTLED:
        key = f"curve:{incident.id}:end:{over:%Y%m%dT%H%M%S}"
        # What was not settled yet is told once more, up to the end.
        yield from _batch(key, max(opening, _floored(over) - timedelta(minutes=BATCH)), over, figures)


def _batch(key: str, start: datetime, end: datetime, figures: Figures) -> Iterator[Batch]:
    """The minutes from `start` on that begin before `end`; none where nothing of them is at hand any more."""
    minutes: list[datetime] = []
    while start + timedelta(seconds=STEP) * len(minutes) < end:
        minutes.append(start + timedelta(seconds=STEP) * len(minutes))
    known = [minute for minute in minutes if minute in figures]
    if not known:
        return
    told = [minute for minute in minutes if known[0] <= minute <= known[-1]]
    rows = [figures.get(minute, (None, None)) for minute in told]
    data = {
        "key": key,
        "from": told[0].astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "step": STEP,
        "errors": [None if errors is None else round(errors, 3) for errors, _ in rows],
        "p95": [None if p95 is None else round(p95, 4) for _, p95 in rows],
    }
    yield Batch(min(end, told[-1] + timedelta(seconds=STEP)), data)


def _floored(at: datetime) -> datetime:
    """The beginning of the batch that a moment lies in."""
    seconds = int(at.timestamp()) // (BATCH * 60) * BATCH * 60
    return datetime.fromtimestamp(seconds, UTC)
