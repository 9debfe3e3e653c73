"""What the jobs so far tell the watch: whether one runs now, how the last smoke run went, what was restored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from operations.engine.record import JobRecord
from operations.watch.model import Change
from operations.watch.outside import Closing, Outside

Jobs = Callable[[], Sequence[JobRecord]]
_SMOKE_FAILED = 6
_SMOKES = ("rollback", "deploy", "redeploy")


def with_jobs(outside: Outside, jobs: Jobs | None) -> Outside:
    """`outside`, with what is left out there taken from the jobs (newest first, of one environment)."""
    if jobs is None:
        return outside
    return replace(
        outside,
        job_running=outside.job_running or (lambda: any(job.live for job in jobs())),
        last_smoke=outside.last_smoke or (lambda: last_smoke(jobs())),
        changes=lambda: [*outside.changes(), *restores(jobs())],
        closings=lambda: [*outside.closings(), *closings(jobs())],
    )


def closings(jobs: Sequence[JobRecord]) -> list[Closing]:
    """When jobs (newest first) had maintenance mode on, newest first.

    It is on from a job that turns it on and saw it, or is just about to, until the next one whose command was called:
    what an "off" did not see may be an outage behind it, and is no maintenance.
    """
    found: list[Closing] = []
    end: datetime | None = None
    for job in jobs:
        if job.operation != "maintenance" or not job.past_no_return:
            continue
        seen = job.code == 0 and (job.details or {}).get("verified") is True
        if job.plan.request.get("value") == "on" and (seen or job.live):
            found.append(Closing(job.created_at, end, seen))
        end = job.ended_at or (None if job.live else job.created_at)
    return found


def is_own_smoke(job: JobRecord) -> bool:
    """Whether it is a smoke run that says something of this environment: it ended, against its own address."""
    return job.operation == "smoke" and job.code in (0, 1) and not job.plan.request.get("url")


def last_smoke_job(jobs: Sequence[JobRecord]) -> JobRecord | None:
    """The newest of `jobs` (newest first) that ran the smoke tests against the environment's own address to an end."""
    return next((job for job in jobs if job.ended_at is not None and (is_own_smoke(job) or _ran_smoke(job))), None)


def last_smoke(jobs: Sequence[JobRecord]) -> tuple[bool, datetime, str] | None:
    """How the newest smoke run ended, when, and the kind of its first failure; also one inside a rollback or deploy."""
    job = last_smoke_job(jobs)
    if job is None or job.ended_at is None:
        return None
    details = job.details or {}
    told = details if is_own_smoke(job) else details["smoke"]
    return job.code == 0, job.ended_at, _kind(told if isinstance(told, dict) else {}, job.code == 0)


def _ran_smoke(job: JobRecord) -> bool:
    return job.operation in _SMOKES and "smoke" in (job.details or {}) and job.code in (0, _SMOKE_FAILED)


def restores(jobs: Sequence[JobRecord]) -> list[Change]:
    """Restores that ended well, as changes."""
    return [
        Change("restore", job.ended_at, job.title, job.actor)
        for job in jobs
        if job.operation == "restore" and job.code == 0 and job.ended_at is not None
    ]


def _kind(details: Mapping[str, Any], ok: bool) -> str:
    return "none" if ok else str(details.get("failed_kind") or "other")
