"""What an incident is made of: severity, state, timeline entries, calls for help. Pure data; times are UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from operations.engine.events import Event

Tone = Literal["plain", "good", "warn", "bad"]


class Severity(StrEnum):
    """How bad it is, with the manuals' definitions. In doubt the higher one."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"

    @property
    def means(self) -> str:
        """The definition, for the screen."""
        return {
            Severity.P0: "complete outage, data loss, or a breach",
            Severity.P1: "a major feature out, or badly slow",
            Severity.P2: "a minor feature, or moderately slow",
            Severity.P3: "cosmetic, hardly anyone is touched",
        }[self]


class IncidentState(StrEnum):
    """Where an incident is on its way."""

    INVESTIGATING = "investigating"
    IDENTIFIED = "identified"
    MONITORING = "monitoring"
    RESOLVED = "resolved"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. `at` is when it happened, `recorded_at` when it was written down."""

    at: datetime
    recorded_at: datetime
    who: str
    kind: str
    text: str
    tone: Tone = "plain"
    event: str = ""
    job: str = ""

    @property
    def late(self) -> bool:
        """True when it was written down more than half a minute after it happened."""
        return (self.recorded_at - self.at).total_seconds() > 30


@dataclass(frozen=True, slots=True)
class Call:
    """A call for help: who was called, when, and what came back."""

    id: str
    contact: str
    at: datetime
    delivered: bool
    answered_at: datetime | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class WalkEvent:
    """One event of a walk, as `runbooks.walk` replays it. `walk` is whose it is: an incident may have several."""

    kind: str
    at: datetime
    data: Mapping[str, Any]
    walk: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class IncidentHead:
    """What a list shows of an incident: all that can be told without reading its story."""

    id: str
    site: str
    environment: str
    severity: Severity
    title: str
    state: IncidentState
    opened_at: datetime
    opened_by: str
    resolved_at: datetime | None = None

    @property
    def open(self) -> bool:
        """True until it is resolved or closed."""
        return self.state not in (IncidentState.RESOLVED, IncidentState.CLOSED)


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident, folded from its events."""

    id: str
    site: str
    environment: str
    severity: Severity
    title: str
    state: IncidentState
    opened_at: datetime
    opened_by: str
    entries: tuple[Entry, ...] = ()
    walk: tuple[WalkEvent, ...] = ()
    calls: tuple[Call, ...] = ()
    jobs: tuple[str, ...] = ()
    resolved_at: datetime | None = None
    events: tuple[Event, ...] = ()
    """All of them in their one order (`operations.engine.order`), those of its jobs included: what roles, clock,
    messages and report are folded from."""
    observed: frozenset[str] = frozenset()
    """Keys of what the watch already put on the timeline, so that two consoles do not say it twice."""

    @property
    def head(self) -> IncidentHead:
        """What a list shows of it."""
        return IncidentHead(
            self.id, self.site, self.environment, self.severity, self.title, self.state, self.opened_at,
            self.opened_by, self.resolved_at,
        )  # fmt: skip

    @property
    def open(self) -> bool:
        """True until it is resolved or closed."""
        return self.state not in (IncidentState.RESOLVED, IncidentState.CLOSED)
