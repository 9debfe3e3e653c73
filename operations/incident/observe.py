"""What the watch puts into an incident by itself: states that change, alarms, what changed before, and the curve.

Pure: snapshot and incident in, the missing events out. Each has a key, so that several consoles say it once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from operations.incident.curve_points import missing_batches
from operations.incident.model import Incident
from operations.incident.onset import KEY as ONSET_KEY
from operations.text import one_line
from operations.watch.model import ProbeState, Snapshot, Status

DETAIL_MOST = 300
"""Characters of what a probe, an alarm or a change says that go on record: a report has room for a sentence."""
BEFORE = timedelta(hours=1)
"""Changes this long before the opening belong to the story."""


@dataclass(frozen=True, slots=True)
class Observation:
    """An event to append: kind, data (with its key), and when it happened."""

    kind: str
    at: datetime
    data: dict[str, Any]


def observations(snapshot: Snapshot, incident: Incident) -> tuple[Observation, ...]:
    """What `incident` lacks of `snapshot`, oldest first. One that is over lacks the end of its curve at most."""
    seen = _all(snapshot, incident) if incident.open else ()
    missing = [o for o in seen if o.data["key"] not in incident.observed]
    missing += [Observation("curve.points", batch.at, batch.data) for batch in missing_batches(snapshot, incident)]
    return tuple(sorted(missing, key=lambda one: one.at))


def _all(snapshot: Snapshot, incident: Incident) -> Iterator[Observation]:
    yield from _onset(snapshot, incident)
    yield from _probes(snapshot, incident)
    for alarm in snapshot.alarms:
        if alarm.closed_at is None or alarm.closed_at >= incident.opened_at:
            data = {"key": f"alarm:{alarm.key}:{_stamp(alarm.opened_at)}", "title": one_line(alarm.title, DETAIL_MOST)}
            yield Observation("alarm.opened", alarm.opened_at, data)
        if alarm.closed_at is not None and alarm.closed_at >= incident.opened_at:
            data = {
                "key": f"alarm-over:{alarm.key}:{_stamp(alarm.closed_at)}",
                "title": one_line(alarm.title, DETAIL_MOST),
            }
            yield Observation("alarm.closed", alarm.closed_at, data)
    for change in snapshot.changes:
        if change.at >= incident.opened_at - BEFORE:
            data = {
                "key": f"change:{change.kind}:{change.title}:{change.at:%Y%m%dT%H%M}",
                "kind": change.kind,
                "title": one_line(f"{change.title}{f' by {change.who}' if change.who else ''}", DETAIL_MOST),
            }
            yield Observation("change.seen", change.told_at or change.at, data)


def _onset(snapshot: Snapshot, incident: Incident) -> Iterator[Observation]:
    if snapshot.onset is not None and snapshot.onset <= snapshot.at:
        data = {
            "key": f"{ONSET_KEY}{incident.id}",
            "probe": "errors",
            "title": "errors",
            "status": "down",
            "detail": f"begin (±{snapshot.onset_margin:.0f} s)",
            "margin": round(snapshot.onset_margin, 3),
        }
        yield Observation("probe.changed", snapshot.onset, data)


def _probes(snapshot: Snapshot, incident: Incident) -> Iterator[Observation]:
    for state in snapshot.states:
        if state.status is Status.UNKNOWN or not _is_news(state, incident):
            continue
        since = state.since or snapshot.at
        detail = one_line(state.last.detail if state.last and state.status is not Status.OK else "", DETAIL_MOST)
        yield Observation(
            "probe.changed",
            since,
            {
                "key": f"probe:{state.probe}:{state.status.value}:{_stamp(since)}",
                "probe": state.probe,
                "title": state.title,
                "status": state.status.value,
                "detail": detail,
            },
        )


def _is_news(state: ProbeState, incident: Incident) -> bool:
    """What is down belongs to the story however old; a warning if it is young; being well again, since the opening."""
    if state.status is Status.DOWN:
        return True
    if state.since is None or state.since_is_watch_start:
        return False
    return state.since >= (incident.opened_at if state.status is Status.OK else incident.opened_at - BEFORE)


def _stamp(at: datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%S")
