"""Folds the journal's events into incidents. Fed incrementally: a console reads only what is new to it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from operations.engine.events import Event
from operations.incident.model import Call, Entry, Incident, IncidentState, Severity, WalkEvent
from operations.incident.words import describe

WALK_PREFIX = "walk."
_DAMAGED = (LookupError, ValueError, TypeError, AttributeError, OverflowError)
"""What reading a damaged event, or one of a later version, may raise."""


class IncidentBook:
    """All incidents of one journal. `feed` new events, then ask."""

    def __init__(self) -> None:
        self._drafts: dict[str, _Draft] = {}
        self._incident_of_job: dict[str, str] = {}
        self._told_of_job: dict[str, dict[str, Any]] = {}

    def feed(self, events: Iterable[Event]) -> bool:
        """Take in events; True when any incident changed."""
        changed = False
        for event in events:
            changed = self._take(event) or changed
        return changed

    def all(self) -> tuple[Incident, ...]:
        """Every incident, newest first."""
        return tuple(sorted((d.incident() for d in self._drafts.values()), key=lambda one: one.opened_at, reverse=True))

    def get(self, id: str) -> Incident | None:
        """The incident of that id."""
        draft = self._drafts.get(id)
        return draft.incident() if draft else None

    def open_for(self, environment: str) -> Incident | None:
        """The newest open incident of an environment."""
        return next((one for one in self.all() if one.open and one.environment == environment), None)

    def latest_for(self, environment: str) -> Incident | None:
        """The newest incident of an environment, open or not."""
        return next((one for one in self.all() if one.environment == environment), None)

    def _take(self, event: Event) -> bool:
        if event.kind == "job.created" and event.job:
            self._incident_of_job[event.job] = event.incident or ""
            with suppress(*_DAMAGED):
                self._told_of_job[event.job] = _told(event)
        if event.kind == "incident.opened" and event.incident:
            self._drafts.setdefault(event.incident, _Draft(_opened(event)))
        draft = self._drafts.get(event.incident or self._incident_of_job.get(event.job or "", ""))
        if draft is None:
            return False
        with suppress(*_DAMAGED):
            # A damaged event, or a later version's, is left out; the others still tell the story.
            draft.take(event, self._told_of_job.get(event.job or "", {}))
        return True


class _Draft:
    """An incident while events come in; lists, so that many events do not cost their square."""

    def __init__(self, head: Incident) -> None:
        self._head = head
        self._entries: list[Entry] = []
        self._walk: list[WalkEvent] = []
        self._calls: dict[str, Call] = {}
        self._jobs: list[str] = []
        self._observed: set[str] = set()
        self._events: list[Event] = []
        self._made: Incident | None = None

    def incident(self) -> Incident:
        if self._made is None:
            self._made = replace(
                self._head,
                entries=tuple(self._entries),
                walk=tuple(self._walk),
                calls=tuple(self._calls.values()),
                jobs=tuple(self._jobs),
                observed=frozenset(self._observed),
                events=tuple(self._events),
            )
        return self._made

    def take(self, event: Event, told: Mapping[str, Any]) -> None:
        self._made = None
        key = str(event.data.get("key", ""))
        if key and key in self._observed:
            return
        if key:
            self._observed.add(key)
        self._events.append(event)
        self._effect(event)
        described = describe(event.kind, {**told, **event.data})
        if described is None:
            return
        text, tone = described
        entry = Entry(event.at, event.recorded_at, event.actor, event.kind, text, tone, event.id, event.job or "")
        insort(self._entries, entry, key=lambda one: (one.at, one.recorded_at))

    def _effect(self, event: Event) -> None:
        data = event.data
        if event.kind.startswith(WALK_PREFIX):
            self._walk.append(WalkEvent(event.kind, event.at, data, str(data.get("walk", "")), event.actor))
        elif event.kind == "incident.severity":
            self._head = replace(self._head, severity=_severity(data.get("severity")))
        elif event.kind == "incident.state":
            state = IncidentState(str(data.get("state")))
            # Closed it stays resolved when it was; gone on with it is not resolved any more.
            kept = self._head.resolved_at if state is IncidentState.CLOSED else None
            ended = event.at if state is IncidentState.RESOLVED else kept
            self._head = replace(self._head, state=state, resolved_at=ended)
        elif event.kind == "help.called":
            id = str(data.get("call", event.id))
            self._calls[id] = Call(id, str(data.get("contact", "")), event.at, bool(data.get("delivered")))
        elif event.kind == "help.answered" and (call := self._calls.get(str(data.get("call")))):
            self._calls[call.id] = replace(call, answered_at=event.at, answer=str(data.get("answer", "")))
        elif event.kind == "job.created" and event.job and event.job not in self._jobs:
            self._jobs.append(event.job)


def _told(created: Event) -> dict[str, Any]:
    """What a job's first event says that its later ones leave out: the operation, and its steps' titles."""
    plan = created.data.get("plan") or {}
    titles = {step.get("name"): step.get("title") for step in plan.get("steps") or ()}
    return {"operation": created.data.get("operation", ""), "titles": titles}


def _opened(event: Event) -> Incident:
    data = event.data
    return Incident(
        id=event.incident or "",
        site=str(data.get("site", "")),
        environment=str(data.get("environment", "")),
        severity=_severity(data.get("severity")),
        title=str(data.get("title", "")),
        state=IncidentState.INVESTIGATING,
        opened_at=event.at,
        opened_by=event.actor,
    )


def _severity(value: object) -> Severity:
    """The severity an event names; one that is not known counts as the highest."""
    try:
        return Severity(str(value))
    except ValueError:
        return Severity.P0
