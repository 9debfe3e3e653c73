"""One incident while events come in: the fold of all its events, taken again when one comes out of order."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from operations.engine.events import Event
from operations.engine.order import Line, in_order
from operations.incident.heads import severity_of, title_in
from operations.incident.model import Call, Entry, Incident, IncidentState, WalkEvent
from operations.incident.words import describe

WALK_PREFIX = "walk."
_BY_ITSELF = {
    "probe.changed": "watch", "alarm.opened": "watch", "alarm.closed": "watch", "change.seen": "watch",
    "timer.said": "clock",
}  # fmt: skip
"""Whose line it is where nobody did anything, whoever's console wrote it down."""
_DAMAGE = (LookupError, ValueError, TypeError, AttributeError, OverflowError)


class Story:
    """The events of one incident, each once, and the incident they tell."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._events: dict[str, Event] = {}
        self._line = Line()
        self._fold: _Fold | None = _Fold()
        self._made: Incident | None = None
        for event in in_order(events):
            self.take(event)

    def take(self, event: Event) -> bool:
        """Take in an event; False when it is known already."""
        if event.id in self._events:
            return False
        self._events[event.id] = event
        self._made = None
        if self._fold is not None and self._line.continues(event):
            self._fold.take(event)
        else:
            self._fold = None
        return True

    def incident(self) -> Incident | None:
        """The incident as its events tell it; None while none of them opens it."""
        if self._fold is None:
            self._fold, self._line = _Fold(), Line()
            for event in in_order(self._events.values()):
                self._line.continues(event)
                self._fold.take(event)
        if self._made is None:
            self._made = self._fold.incident()
        return self._made


class _Fold:
    """Takes events in their order; lists, so that many events do not cost their square."""

    def __init__(self) -> None:
        self._head: Incident | None = None
        self._before: list[Event] = []
        self._entries: list[Entry] = []
        self._walk: list[WalkEvent] = []
        self._calls: dict[str, Call] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._observed: set[str] = set()
        self._events: list[Event] = []

    def incident(self) -> Incident | None:
        if self._head is None:
            return None
        return replace(
            self._head,
            entries=tuple(self._entries),
            walk=tuple(self._walk),
            calls=tuple(self._calls.values()),
            jobs=tuple(self._told),
            observed=frozenset(self._observed),
            events=tuple(self._events),
        )

    def take(self, event: Event) -> None:
        if self._head is None and event.kind != "incident.opened":
            # Written by somebody whose clock is behind that of whoever opened it.
            self._before.append(event)
            return
        if self._head is None:
            self._head = _opened(event)
            for one in (event, *self._before):
                self._apply(one)
            self._before.clear()
            return
        self._apply(event)

    def _apply(self, event: Event) -> None:
        with suppress(*_DAMAGE):
            # A damaged event, or a later version's, is left out; the others still tell the story.
            if event.kind == "job.created" and event.job:
                self._told[event.job] = {}
                self._told[event.job] = _told(event)
        with suppress(*_DAMAGE):
            self._tell(event)

    def _tell(self, event: Event) -> None:
        key = str(event.data.get("key", ""))
        if key and key in self._observed:
            return
        if key:
            self._observed.add(key)
        self._events.append(event)
        self._effect(event)
        described = describe(event.kind, {**self._told.get(event.job, {}), **event.data})
        if described is None:
            return
        text, tone = described
        who = _BY_ITSELF.get(event.kind, event.actor)
        entry = Entry(event.at, event.recorded_at, who, event.kind, text, tone, event.id, event.job or "")
        insort(self._entries, entry, key=lambda one: (one.at, one.recorded_at))

    def _effect(self, event: Event) -> None:
        data = event.data
        head = self._head
        assert head is not None
        if event.kind.startswith(WALK_PREFIX):
            self._walk.append(WalkEvent(event.kind, event.at, data, str(data.get("walk", "")), event.actor))
        elif event.kind == "incident.severity":
            self._head = replace(head, severity=severity_of(data.get("severity")))
        elif event.kind == "incident.title":
            self._head = replace(head, title=title_in(data) or head.title)
        elif event.kind == "incident.state":
            state = IncidentState(str(data.get("state")))
            # Closed it stays resolved when it was; gone on with it is not resolved any more.
            kept = head.resolved_at if state is IncidentState.CLOSED else None
            ended = event.at if state is IncidentState.RESOLVED else kept
            self._head = replace(head, state=state, resolved_at=ended)
        elif event.kind == "help.called":
            id = str(data.get("call", event.id))
            self._calls[id] = Call(id, str(data.get("contact", "")), event.at, bool(data.get("delivered")))
        elif event.kind == "help.answered" and (call := self._calls.get(str(data.get("call")))):
            self._calls[call.id] = replace(call, answered_at=event.at, answer=str(data.get("answer", "")))


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
        severity=severity_of(data.get("severity")),
        title=title_in(data),
        state=IncidentState.INVESTIGATING,
        opened_at=event.at,
        opened_by=event.actor,
    )
