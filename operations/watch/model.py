"""What the watch is made of: readings, the states they add up to, alarms, changes, and the snapshot a console shows.

Pure data. Times are aware UTC datetimes, durations seconds, shares percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from runbooks.facts import Fact


class Status(StrEnum):
    """The result of a reading, and the state of a probe."""

    OK = "ok"
    WARN = "warn"
    DOWN = "down"
    UNKNOWN = "unknown"


class Overall(StrEnum):
    """The state of the whole environment (console.md, "Overall state")."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class Reading:
    """One read-only measurement.

    `status` is the verdict of this one measurement, before hysteresis. `detail` is one cleaned line that names the
    actual value of each failed condition. `data` holds what facts are derived from (JSON types only).
    """

    probe: str
    status: Status
    at: datetime
    duration: float
    detail: str = ""
    value: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


class Probe(Protocol):
    """A read-only measurement on an interval. It never raises for what it measures: failing to measure is UNKNOWN."""

    name: str
    title: str  # the word on screen: "api/health", "Supabase"
    interval: float  # seconds between readings
    limit: float  # seconds one reading may take
    critical: bool  # user-facing: when it is down, the site is DOWN

    async def read(self) -> Reading:
        """Measure once. Called under a time limit; cancellation must be harmless."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


@dataclass(frozen=True, slots=True)
class ProbeState:
    """A probe after hysteresis: what the console believes, since when, and what it last saw.

    `status` changes to down after 3 bad readings in a row and back after 2 good ones (watch.md); `deciding` is true
    after a first contrary result, while the probe repeats every 2 s. `reason` says why an UNKNOWN is unknown.
    """

    probe: str
    title: str
    critical: bool
    interval: float
    limit: float
    status: Status = Status.UNKNOWN
    since: datetime | None = None
    since_is_watch_start: bool = False
    last: Reading | None = None
    contrary: int = 0
    deciding: bool = False
    reason: str = "no answer yet"
    recent: tuple[Status, ...] = ()
    turning: datetime | None = None

    @property
    def stale_after(self) -> float:
        """Seconds after which the last reading says nothing any more."""
        return 2 * self.interval + self.limit


@dataclass(frozen=True, slots=True)
class Alarm:
    """A threshold crossed for long enough. `offers_incident` marks the ones the manuals page for."""

    key: str
    title: str
    opened_at: datetime
    closed_at: datetime | None = None
    probe: str = ""
    offers_incident: bool = True
    about_site: bool = True  # False for backups, database, provider, certificate: never held against a release


@dataclass(frozen=True, slots=True)
class Change:
    """Anything that altered the site. `margin` is the half-width in seconds of what is known about `at`."""

    kind: str  # release | migration | flag | config | restore
    at: datetime
    title: str
    who: str = ""
    margin: float = 0.0
    detail: str = ""
    commit: str = ""
    after: datetime | None = None  # the last time the old state was seen, when that is how `at` is known
    told_at: datetime | None = None  # when the platform says that it was, where that lies between `after` and `at`


@dataclass(frozen=True, slots=True)
class Signature:
    """Requests that failed alike: the error with its numbers and names folded, how often, where, since when."""

    text: str
    path: str
    count: int
    first_seen: datetime
    new_in: str = ""  # the release it first appeared in, when it was never seen before
    last_seen: datetime | None = None  # None where the reading does not tell


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything a console shows of the watch at one moment; immutable, computed in one place."""

    at: datetime
    environment: str
    overall: Overall
    since: datetime | None
    states: tuple[ProbeState, ...]
    alarms: tuple[Alarm, ...]
    facts: Mapping[str, Fact]
    changes: tuple[Change, ...]
    watching_since: datetime
    recorded: bool  # True when `vigie watch --record` supplied the readings
    onset: datetime | None = None  # errors.began_at, when known
    onset_margin: float = 0.0
    rates: tuple[tuple[datetime, float | None], ...] = ()  # 5xx percent a minute over the last hour
    signatures: tuple[Signature, ...] = ()  # most frequent first
    notes: tuple[str, ...] = ()  # warnings about the watch itself: clock skew, recorder gone
    p95s: tuple[tuple[datetime, float | None], ...] = ()  # p95 in seconds a minute, the same minutes as `rates`
