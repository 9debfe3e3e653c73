"""The two orders of an incident's events: as they were written, for spans, with times that a clock set back cannot push
into the future; and as it happened, for whoever reads the story.

Pure. Order and times depend on the events alone, not on the order in which a journal took them in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import TypeVar

from operations.engine.events import Event
from operations.incident.model import Incident
from operations.incident.telling import is_ours

AHEAD = timedelta(seconds=5)
"""What was written down later than now by more than this was written by a clock that has since been set back."""
_KEPT = 8
_NONE = timedelta()
Folded = TypeVar("Folded")


@dataclass(frozen=True, slots=True)
class Timed:
    """An event with the times that spans are counted from: when it happened, and when it was written down."""

    event: Event
    at: datetime
    written: datetime

    def later(self, moment: datetime) -> datetime:
        """A moment that this event names, moved as its own time was."""
        return _utc(moment) - (_utc(self.event.recorded_at) - self.written)


def folded(fold: Callable[[Incident], Folded]) -> Callable[[Incident], Folded]:
    """A fold that is asked often, as by a header every second: what it found is kept while the incident is the same."""
    found: dict[str, tuple[Incident, Folded]] = {}

    @wraps(fold)
    def kept(incident: Incident) -> Folded:
        before = found.get(incident.id)
        if before is not None and before[0] is incident:
            return before[1]
        if len(found) >= _KEPT:
            found.clear()
        made = fold(incident)
        found[incident.id] = (incident, made)
        return made

    return kept


@folded
def in_order(incident: Incident) -> tuple[Timed, ...]:
    """All events of the incident, oldest first."""
    return ordered(incident.events)


def turn_key(incident: Incident, kind: str, *words: str) -> str:
    """A key for the next event of that kind: two consoles that do the same at once write it, and it counts once."""
    before = sum(event.kind == kind for event in incident.events)
    return ":".join((kind, str(before + 1), *words))


def as_it_happened(events: Iterable[Event]) -> list[Event]:
    """Each event once, by when it happened, then when it was written down, then its id: late entries in their place."""
    once = {event.id: event for event in events if is_ours(event.at) and is_ours(event.recorded_at)}
    return sorted(once.values(), key=lambda event: (event.at, event.recorded_at, event.id))


def ordered(events: Iterable[Event]) -> tuple[Timed, ...]:
    """The events as their writers numbered them, writers beside each other by the time of writing."""
    by_writer: dict[str, list[Event]] = {}
    for event in events:
        by_writer.setdefault(event.writer, []).append(event)
    timed = [one for written in by_writer.values() for one in _of_one_writer(written)]
    if len(by_writer) > 1:
        timed.sort(key=lambda one: (one.written, one.event.writer, one.event.seq))
    return tuple(timed)


def _of_one_writer(events: list[Event]) -> list[Timed]:
    """Times that never run backwards.

    What lies behind a later event was written before the clock was set back: it is moved so that its last event meets
    the first one after that, and keeps its spans. What is not behind any later event stays where it is, so that a clock
    that was wrong for a moment moves nothing but that moment.
    """
    written: list[datetime] = []
    earliest: datetime | None = None
    following: datetime | None = None
    shift = timedelta()
    for event in reversed(events := sorted(events, key=lambda one: one.seq)):
        at = _utc(event.recorded_at)
        if earliest is None or at <= earliest:
            shift, earliest = timedelta(), at
        elif following is not None and at > following:
            shift += at - following
        written.append(at - shift)
        following = at
    found: list[Timed] = []
    for event, moved in zip(events, reversed(written), strict=True):
        forward = max(moved, found[-1].written) if found else moved
        ago = _utc(event.recorded_at) - _utc(event.at)
        found.append(Timed(event, forward - ago if ago > _NONE else forward, forward))
    return found


def ahead_of(incident: Incident, now: datetime) -> Event | None:
    """The newest event of a writer that lies in the future: its clock was set back since. None without one."""
    ahead = [event for event in _newest(incident) if event.recorded_at - now > AHEAD]
    return max(ahead, key=lambda event: (event.recorded_at, event.id), default=None)


@folded
def _newest(incident: Incident) -> tuple[Event, ...]:
    """The last event of each writer."""
    return tuple({one.event.writer: one.event for one in in_order(incident)}.values())


def _utc(at: datetime) -> datetime:
    """In another zone a span would be one of the wall's hours. Nearly all times are in UTC already."""
    return at if at.tzinfo is UTC else at.astimezone(UTC)
