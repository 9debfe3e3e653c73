"""Whether smoke tests passed on the site as it is now: after the opening, and after the last act that changed it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from operations.engine.record import JobRecord
from operations.incident.clock_facts import facts_of
from operations.incident.model import Incident
from operations.watch.told_by_jobs import is_own_smoke
from runbooks.changing import changing_words

SERVES_ANOTHER = ("rollback", "deploy", "redeploy", "restore", "restore-undo", "flag", "maintenance")
"""Jobs after which the site is not what a smoke run before them has tried."""


def smoke_passed_since(incident: Incident, jobs: Iterable[JobRecord], now: datetime) -> bool:
    """True when smoke tests passed on the incident's environment after it opened, alone or inside another job, and
    nothing that changed the site followed: a release, a switch, a restore, a command that does not only look.

    After it went on once more, those that passed before say nothing.
    """
    here = [job for job in jobs if job.environment == incident.environment]
    acts = [job for job in here if _changed_the_site(job)]
    since = facts_of(incident).began
    return any(
        job.code == 0
        and (is_own_smoke(job) or (job.details or {}).get("smoke_ok") is True)
        and not any(_followed(act, job, now) for act in acts if act.id != job.id)
        for job in here
        if job.ended_at is not None and job.ended_at >= since
    )


def _changed_the_site(job: JobRecord) -> bool:
    if job.operation == "command":
        request = job.plan.request
        if request.get("kind") == "sql":
            return request.get("writes") is True
        return bool(changing_words(str(request.get("text", "")), "shell"))
    return job.operation in SERVES_ANOTHER and job.past_no_return


def _followed(act: JobRecord, smoke: JobRecord, now: datetime) -> bool:
    """Whether an act began after a smoke run, or was still at it when that began.

    What was begun later has the higher number, whatever the clock says; times tell only what went on side by side.
    """
    step = next((step.started_at for step in smoke.steps if step.name == "smoke" and not is_own_smoke(smoke)), None)
    began, later = step or smoke.created_at, act.number > smoke.number
    if later and step is None:
        return True
    ended = act.ended_at or (None if act.live else _last_sign(act))
    if ended is None:
        return True
    # A time ahead of now was written by a clock that has since been set back.
    return later if max(began, ended) > now else ended > began


def _last_sign(lost: JobRecord) -> datetime:
    """The latest time at which a worker that is gone was seen to do something."""
    begun = [step.started_at for step in lost.steps if step.started_at is not None]
    return max([lost.created_at, *begun, *(one.at for one in lost.debris)])
