"""Whether an incident was a drill, by the mark in its opening. Pure; one without the mark is real."""

from __future__ import annotations

from collections.abc import Iterable

from operations.engine.events import Event
from operations.incident.order import as_it_happened

NOT_REAL = "Drill: nothing here was real."


def is_drill(events: Iterable[Event]) -> bool:
    """True where its first opening says so."""
    opened = as_it_happened(event for event in events if event.kind == "incident.opened")
    return bool(opened) and opened[0].data.get("drill") is True
