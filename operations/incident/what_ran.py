"""The jobs of an incident, and which of them were acts: what changes the site for its users."""

from __future__ import annotations

from collections.abc import Iterable

from operations.engine.fold import fold
from operations.engine.model import ConfirmLevel
from operations.engine.record import JobRecord
from operations.incident.model import Incident
from operations.incident.order import as_it_happened

ACTS = frozenset({"rollback", "deploy", "redeploy", "flag", "maintenance", "restore", "restore-undo"})


def jobs_of(incident: Incident) -> tuple[JobRecord, ...]:
    """The incident's jobs, oldest first."""
    events = [event for event in as_it_happened(incident.events) if event.job]
    jobs = fold(sorted(events, key=lambda event: event.kind != "job.created"))
    return tuple(sorted(jobs, key=lambda job: (job.created_at, job.id)))


def acts_of(jobs: Iterable[JobRecord]) -> tuple[JobRecord, ...]:
    """Those that may change what users get; a runbook's command that asked for a confirmation is one."""
    return tuple(
        job
        for job in jobs
        if job.operation in ACTS or (job.operation == "command" and job.plan.confirm.level is not ConfirmLevel.NONE)
    )
