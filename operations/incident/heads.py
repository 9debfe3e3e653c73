"""The list of all incidents from their marks alone: opened, severity, state, title. Decoded when asked for."""

from __future__ import annotations

from collections.abc import Iterable, KeysView, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from operations.engine.events import Event, utc_text
from operations.incident.model import IncidentHead, IncidentState, Severity
from operations.text import one_line

TITLE_MOST = 200
"""Characters of a title that are kept."""
MARKS = ("incident.opened", "incident.state", "incident.severity", "incident.title")
_Mark = tuple[str, int, str, str, str, Any]
"""Writer, seq, kind, at (text), actor, data (text, or as it came)."""


class Heads:
    """The marks of every incident, and the heads that were made of them so far."""

    def __init__(self) -> None:
        self._marks: dict[str, list[_Mark]] = {}
        self._made: dict[str, IncidentHead | None] = {}

    def read(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take in rows of the journal (`Journal.incident_marks`): each writer's in order."""
        for row in rows:
            self._marks.setdefault(row[0], []).append(row[1:])

    def take(self, event: Event) -> None:
        """Take in one event; one that is known already changes nothing."""
        marks = self._marks.setdefault(event.incident, [])
        if any(mark[0] == event.writer and mark[1] == event.seq for mark in marks):
            return
        marks.append((event.writer, event.seq, event.kind, utc_text(event.at), event.actor, event.data))
        marks.sort(key=lambda mark: mark[:2])
        self._made.pop(event.incident, None)

    def ids(self) -> KeysView[str]:
        """Every id that is known."""
        return self._marks.keys()

    def doubtful(self, id: str) -> bool:
        """True where several writers made the marks: their order is not to be told from these alone."""
        return len({mark[0] for mark in self._marks.get(id, ())}) > 1

    def get(self, id: str) -> IncidentHead | None:
        """The head of an incident whose marks one writer made; None while nobody opened it."""
        if id not in self._made:
            self._made[id] = _folded(id, self._marks.get(id, []))
        return self._made[id]


def severity_of(value: object) -> Severity:
    """The severity an event names; one that is not known counts as the highest."""
    try:
        return Severity(str(value))
    except ValueError:
        return Severity.P0


def title_in(data: Mapping[str, Any]) -> str:
    """The title that an event names, on one line whatever is in it; empty where there is none."""
    return one_line(str(data.get("title") or ""), TITLE_MOST)


def _folded(id: str, marks: list[_Mark]) -> IncidentHead | None:
    opened: IncidentHead | None = None
    severity, state, title = None, IncidentState.INVESTIGATING, ""
    resolved_at: datetime | None = None
    seen: set[str] = set()
    for _, _, kind, at, actor, raw in marks:
        with suppress(ValueError, TypeError, AttributeError, RecursionError, msgspec.DecodeError):
            data = msgspec.json.decode(raw) if isinstance(raw, str) else raw
            if (key := str(data.get("key", ""))) and key in seen:
                continue
            seen.add(key)
            if kind == "incident.opened" and opened is None:
                words = [*(str(data.get(name, "")) for name in ("site", "environment")), title_in(data)]
                moment = datetime.fromisoformat(at)
                opened = IncidentHead(
                    id, words[0], words[1], severity_of(data.get("severity")), words[2], state, moment, actor
                )
            elif kind == "incident.severity":
                severity = severity_of(data.get("severity"))
            elif kind == "incident.title":
                title = title_in(data) or title
            elif kind == "incident.state":
                state = IncidentState(str(data.get("state")))
                kept = resolved_at if state is IncidentState.CLOSED else None
                resolved_at = datetime.fromisoformat(at) if state is IncidentState.RESOLVED else kept
    if opened is None:
        return None
    return IncidentHead(
        id, opened.site, opened.environment, severity or opened.severity, title or opened.title, state,
        opened.opened_at, opened.opened_by, resolved_at,
    )  # fmt: skip
