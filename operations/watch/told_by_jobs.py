"""What the jobs so far tell the watch: whether one runs now, how the last smoke run went, what was restored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from operations.engine.record import JobRecord
from operations.watch.model import Change
from operations.watch.outside import Outside

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
    )


def is_own_smoke(job: JobRecord) -> bool:
    """Whether it is a smoke run that says something of this environment: it ended, against its own address."""
    return job.operation == "smoke" and job.code in (0, 1) and not job.plan.request.get("url")


def last_smoke(jobs: Sequence[JobRecord]) -> tuple[bool, datetime, str] | None:
    """The newest smoke run against the environment's own address, also one inside a rollback or deploy."""
    for job in jobs:
        if job.ended_at is None or job.code is None:
            continue
        details = job.details or {}
        if is_own_smoke(job):
            return job.code == 0, job.ended_at, _kind(details, job.code == 0)
        if job.operation in _SMOKES and "smoke" in details and job.code in (0, _SMOKE_FAILED):
            told = details["smoke"]
            inner: Mapping[str, Any] = told if isinstance(told, dict) else {}
            return job.code == 0, job.ended_at, _kind(inner, job.code == 0)
    return None


def restores(jobs: Sequence[JobRecord]) -> list[Change]:
    """Restores that ended well, as changes."""
    return [
        Change("restore", job.ended_at, job.title, job.actor)
        for job in jobs
        if job.operation == "restore" and job.code == 0 and job.ended_at is not None
    ]


def _kind(details: Mapping[str, Any], ok: bool) -> str:
    return "none" if ok else str(details.get("failed_kind") or "other")
