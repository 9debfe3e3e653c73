"""The curve of an incident: 5xx rate and p95 by the minute, with what happened on it. Folded from its events.

The points are recorded while an incident is open, and the hour before at its opening (`curve_points.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from operations.engine.events import Event
from operations.engine.record import JobRecord
from operations.incident.changes_seen import changes_of
from operations.incident.model import Incident, IncidentState
from operations.incident.onset import Onset, onset_of
from operations.incident.order import as_it_happened
from operations.incident.telling import moment_of, number_of, rows_of, text_of
from operations.incident.what_ran import acts_of, jobs_of

MarkKind = Literal["change", "act", "message", "state"]
MOST_POINTS = 20_000
_FAR = timedelta(days=366)
"""Points further from the opening than this belong to no curve."""
_TOLD_BY_THE_ACT = timedelta(minutes=2)
"""A release that the watch sees this soon after an act of ours ended is what that act did."""


@dataclass(frozen=True, slots=True)
class Point:
    """One step of the curve: 5xx in percent of the requests, p95 in seconds; None where it is not known."""

    at: datetime
    errors: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What happened on the curve, in a few words."""

    at: datetime
    kind: MarkKind
    text: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Points by their time, `step` seconds apart, and the marks that lie on them."""

    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    onset: Onset | None
    step: float = 60.0
    until: datetime | None = None
    """It is drawn up to here at least, known or not."""

    @property
    def worst(self) -> Point | None:
        """The minute with the highest share of errors, the first of them; None where no share is known."""
        known = [point for point in self.points if point.errors is not None]
        return max(known, key=lambda point: (point.errors or 0.0, -point.at.timestamp()), default=None)

    @property
    def slowest(self) -> Point | None:
        """The minute with the highest p95, the first of them; None where none is known."""
        known = [point for point in self.points if point.p95 is not None]
        return max(known, key=lambda point: (point.p95 or 0.0, -point.at.timestamp()), default=None)


def curve_of(incident: Incident, until: datetime | None = None) -> Curve:
    """The curve as the incident's events have it, drawn up to `until` at least; without points where nobody recorded
    any."""
    events = as_it_happened(incident.events)
    points, step = _points(events, incident.opened_at)
    onset = onset_of(events)
    if not points:
        return Curve((), (), onset)
    first, last = points[0].at - timedelta(minutes=5), points[-1].at + timedelta(seconds=step, minutes=5)
    last = max(last, until or last)
    marks = [mark for mark in _marks(incident, events) if first <= mark.at <= last]
    ordered = sorted(marks, key=lambda mark: (mark.at, mark.kind, mark.text))
    return Curve(points, tuple(ordered), onset, step, until)


def _points(events: list[Event], opened: datetime) -> tuple[tuple[Point, ...], float]:
    """All batches laid over each other: what is known in any of them is known; of two figures the later one counts."""
    found: dict[datetime, Point] = {}
    steps = []
    for event in events:
        if event.kind != "curve.points":
            continue
        start, step = moment_of(event.data.get("from")), number_of(event.data.get("step"))
        if start is None or not step or step > 86400:
            continue
        steps.append(step)
        errors, slow = rows_of(event.data.get("errors")), rows_of(event.data.get("p95"))
        for number in range(min(max(len(errors), len(slow)), MOST_POINTS)):
            at = start + timedelta(seconds=number * step)
            if abs(at - opened) > _FAR:
                break
            new = Point(at, _at(errors, number), _at(slow, number))
            old = found.get(at, new)
            found[at] = Point(
                at,
                old.errors if new.errors is None else new.errors,
                old.p95 if new.p95 is None else new.p95,
            )
    ordered = sorted(found.values(), key=lambda point: point.at)
    return tuple(ordered[:MOST_POINTS]), min(steps, default=60.0)


def _at(values: list[Any], number: int) -> float | None:
    return number_of(values[number]) if number < len(values) else None


def _marks(incident: Incident, events: list[Event]) -> Iterator[Mark]:
    acts = acts_of(jobs_of(incident))
    switched = {event.job: event.at for event in reversed(events) if event.kind == "job.past_no_return"}
    for job in acts:
        failed = "" if job.code == 0 else ", failed" if job.code is not None else ", no end on the record"
        yield Mark(switched.get(job.id) or job.ended_at or job.created_at, "act", f"{_name(job)}{failed}")
    for at, words in changes_of(events):
        if not _is_of(at, acts):
            yield Mark(at, "change", words)
    for event in events:
        data: Mapping[str, Any] = event.data
        if event.kind == "message.sent":
            yield Mark(event.at, "message", f"{text_of(data, 'kind', 40)} message".strip())
        elif event.kind == "incident.opened":
            yield Mark(event.at, "state", "incident opened")
        elif event.kind == "incident.state" and (state := text_of(data, "state", 40)):
            over = state in (IncidentState.RESOLVED, IncidentState.CLOSED)
            yield Mark(event.at, "state", f"incident {state}" if over else f"state: {state}")


def _is_of(at: datetime, acts: tuple[JobRecord, ...]) -> bool:
    return any(job.created_at <= at <= (job.ended_at or job.created_at) + _TOLD_BY_THE_ACT for job in acts)


def _name(job: JobRecord) -> str:
    to = text_of(job.plan.details, "to_name", 40)
    value = text_of(job.plan.request, "value", 20)
    return " ".join(word for word in (job.operation, f"to {to}" if to else value) if word)
