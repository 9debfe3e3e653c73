"""The one order of a story's events, the same wherever and however they arrived. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from operations.engine.events import Event

Key = tuple[datetime, str, int]
"""Where an event stands: the moment that counts for it, its writer, its number."""


class Line:
    """Gives each event its key: by when it was written down, but never before what its writer wrote earlier.

    A clock that was set back reorders nothing. Keys are right as long as each writer's events come in their order.
    """

    def __init__(self) -> None:
        self._latest: dict[str, tuple[int, datetime]] = {}
        self._last: Key | None = None

    def continues(self, event: Event) -> bool:
        """True when `event` stands behind everything so far; it is the last one then."""
        seq, moment = self._latest.get(event.writer, (0, event.recorded_at))
        key = (max(moment, event.recorded_at), event.writer, event.seq)
        if event.seq <= seq or (self._last is not None and key <= self._last):
            return False
        self._latest[event.writer] = (event.seq, key[0])
        self._last = key
        return True


def in_order(events: Iterable[Event]) -> list[Event]:
    """The events in their order, whatever order they came in."""
    moments: dict[str, datetime] = {}
    keyed: list[tuple[Key, Event]] = []
    for event in sorted(events, key=lambda one: (one.writer, one.seq)):
        moment = max(event.recorded_at, moments.get(event.writer, event.recorded_at))
        moments[event.writer] = moment
        keyed.append(((moment, event.writer, event.seq), event))
    return [event for _, event in sorted(keyed, key=lambda one: one[0])]
