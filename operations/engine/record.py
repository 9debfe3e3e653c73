"""A job as its events tell it: what consoles list, follow and clean. Folded from events; nothing is stored twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from operations.engine.model import Plan


class JobState(StrEnum):
    """Where a job is. LOST: its worker is gone without an end, which is when debris shows."""

    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a job: `state` is waiting, running, done, failed or skipped; times in UTC, `seconds` when ended."""

    name: str
    title: str
    expected: float
    state: str = "waiting"
    started_at: datetime | None = None
    seconds: float | None = None
    says: str = ""
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Debris:
    """Something a dead worker may have left outside. `data` is what the operation's `clean` needs."""

    id: str
    kind: str
    words: str
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """Which process runs a job; a pid alone may be reused, with its start time and boot id it may not."""

    host: str
    pid: int
    start_ticks: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class ProcessGroup:
    """A child's process group: its id, the session it belongs to, and when its leader began (ticks since boot)."""

    pgid: int
    session: int
    start_ticks: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class GroupHooks:
    """Who hears of a process group when it began, and when it ended: in a job its journal and its lock.

    A group that nobody heard of goes on unseen when its worker is killed, beside the job that comes next.
    """

    started: Callable[[ProcessGroup], None]
    ended: Callable[[ProcessGroup], None]


UNHEARD = GroupHooks(started=lambda group: None, ended=lambda group: None)
"""For a child that changes nothing outside, or runs in no job."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One run of an operation. `number` is a short count for people ("job 14"), `id` the name everywhere else."""

    id: str
    number: int
    operation: str
    environment: str
    site: str
    title: str
    actor: str
    state: JobState
    created_at: datetime
    plan: Plan
    reason: str = ""
    incident: str = ""
    worker: WorkerIdentity | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    steps: tuple[StepRecord, ...] = ()
    past_no_return: bool = False
    cancel_asked: bool = False
    code: int | None = None
    meaning: str = ""
    says: str = ""
    details: Mapping[str, Any] | None = None
    debris: tuple[Debris, ...] = ()
    log: str = ""
    """Path of the job's log file."""
    groups: tuple[ProcessGroup, ...] = ()
    """Process groups of children that were started and not seen to end."""
    fallback: str = ""
    """Path of the file that holds its events when the journal could not; empty for an ordinary job."""

    @property
    def live(self) -> bool:
        """True while its worker may still be doing something."""
        return self.state in (JobState.STARTING, JobState.RUNNING)

    @property
    def needs_cleaning(self) -> bool:
        """True while its end was never recorded though its worker is gone, or while it left something outside."""
        return not self.live and (bool(self.debris) or self.ended_at is None)

    @property
    def current(self) -> StepRecord | None:
        """The step that runs now."""
        return next((step for step in self.steps if step.state == "running"), None)
