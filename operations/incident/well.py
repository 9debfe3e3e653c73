"""Whether all that was down is well again, as the record of an incident has it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from operations.engine.events import Event
from operations.incident.onset import KEY as ONSET_KEY
from operations.incident.telling import text_of


def well_again(events: Iterable[Event]) -> datetime | None:
    """When the last of what had been down was well (events by time); None while one is not, or nothing was down."""
    down: set[str] = set()
    last: dict[str, Event] = {}
    for event in _probes(events):
        probe = text_of(event.data, "probe")
        last[probe] = event
        if is_down(event):
            down.add(probe)
    if not down or any(last[probe].data.get("status") != "ok" for probe in down):
        return None
    return max(last[probe].at for probe in down)


def is_down(event: Event) -> bool:
    """True for a probe that the watch saw go down, and for the onset."""
    return event.kind == "probe.changed" and event.data.get("status") == "down"


def _probes(events: Iterable[Event]) -> Iterator[Event]:
    for event in events:
        if event.kind == "probe.changed" and not text_of(event.data, "key").startswith(ONSET_KEY):
            yield event
