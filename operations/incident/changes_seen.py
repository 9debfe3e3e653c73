"""The changes of an incident as the watch saw them, each once: one may have been seen first without its name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from operations.engine.events import Event
from operations.incident.telling import text_of

_THE_SAME = timedelta(seconds=60)


def changes_of(events: Sequence[Event]) -> tuple[tuple[datetime, str], ...]:
    """When and what, by their time (as the events are)."""
    found: list[tuple[datetime, str, str]] = []
    for event in events:
        if event.kind != "change.seen":
            continue
        kind, title = text_of(event.data, "kind", 20) or "change", text_of(event.data, "title", 200)
        same = next((row for row in found if row[1] == kind and _is_same(row[0], row[2], event.at, title)), None)
        if same is None:
            found.append((event.at, kind, title))
        elif len(title) > len(same[2]):
            found[found.index(same)] = (same[0], kind, title)
    return tuple((at, f"{kind} {title}".strip()) for at, kind, title in found)


def _is_same(at: datetime, title: str, other_at: datetime, other: str) -> bool:
    return abs(at - other_at) <= _THE_SAME and (title in other or other in title)
