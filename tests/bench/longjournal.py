"""A journal as it is after busy years: incidents that were walked, jobs that ran, one incident still open.

Written by the journal's own `append_many`; only the clock is ours.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from operations.engine.events import Draft
from operations.engine.journal import Journal
from operations.engine.model import Plan, PlannedStep
from operations.engine.orders import JobOrder, order_data
from operations.engine.redaction import Redactor
from operations.settings_reader import load_settings
from tests.bench.ground import Ground

EVENTS = 1_000_000
INCIDENTS = 2_000
JOBS_OF_AN_INCIDENT = 4
EVENTS_OF_A_JOB = 20
ENDED = datetime(2026, 7, 30, 3, 0, tzinfo=UTC)
YEARS = timedelta(days=900)
_STEPS = tuple(PlannedStep(f"step-{n}", f"Step {n} of it", 4.0) for n in range(8))
_BATCH = 4_000


@dataclass(frozen=True, slots=True)
class Long:
    """Settings, and the journal in the state directory that they name."""

    config: Path
    journal: Path


def long_journal(ground: Ground, events: int) -> Long:
    """Settings whose state directory holds a journal of so many events."""
    state = ground.home / f"bench-state-{events}"
    config = ground.copy(f"long-{events}", state_dir=str(state))
    write_journal(state / "journal.sqlite", events, load_settings(config).site.name)
    return Long(config, state / "journal.sqlite")


def write_journal(path: Path, events: int = EVENTS, site: str = "shop") -> None:
    """Write so many events, oldest first; the last incident is left open and the last job has just ended."""
    clock = [ENDED - YEARS]
    journal = Journal.open(path, actor="ana", redactor=Redactor(), now=lambda: clock[0])
    try:
        pending: list[Draft] = []
        for draft in _story(events, site):
            pending.append(draft)
            if len(pending) == _BATCH:
                _write(journal, clock, pending)
        _write(journal, clock, pending)
    finally:
        journal.close()


def _write(journal: Journal, clock: list[datetime], pending: list[Draft]) -> None:
    if pending and pending[-1].at is not None:
        clock[0] = pending[-1].at
        journal.append_many(pending)
    pending.clear()


def _story(events: int, site: str) -> Iterator[Draft]:
    incidents = max(10, INCIDENTS * events // EVENTS)
    each = events // incidents
    apart = YEARS / incidents
    for number in range(incidents):
        name = f"b{number:04}-kfp"
        at = ENDED - YEARS + apart * (number + 1) - timedelta(hours=2)
        yield from _incident(name, at, each, site, over=number < incidents - 1)


def _incident(name: str, at: datetime, events: int, site: str, *, over: bool) -> Iterator[Draft]:
    opened = {"site": site, "environment": "production", "severity": "P1", "title": "the board is slow"}
    yield Draft("incident.opened", opened, at, name)
    jobs = JOBS_OF_AN_INCIDENT if events > 2 * JOBS_OF_AN_INCIDENT * EVENTS_OF_A_JOB else 1
    notes = events - jobs * EVENTS_OF_A_JOB - 3
    for number in range(notes):
        when = at + timedelta(seconds=10 * number)
        text = f"note {number}: looked at the graphs of the board, nothing new since the last look"
        yield Draft("incident.note", {"text": text}, when, name)
        if number % (notes // jobs + 1) == 0:
            yield from _job(f"{name}-{number}", name, when, site)
    yield Draft("incident.severity", {"before": "P1", "severity": "P2"}, at + timedelta(hours=1), name)
    if over:
        yield Draft("incident.state", {"state": "closed", "why": "well again"}, at + timedelta(hours=2), name)


def _job(job: str, incident: str, at: datetime, site: str) -> Iterator[Draft]:
    plan = Plan("smoke", site, "production", "vigie.toml", "Smoke tests", {}, steps=_STEPS)
    order = JobOrder(job, "smoke", "production", site, "/etc/vigie.toml", plan, "ana", incident=incident)
    yield Draft("job.created", order_data(order), at, incident, job)
    worker = {"host": "bastion", "pid": 4711, "start_ticks": 1, "boot_id": "none"}
    yield Draft("job.started", {"worker": worker}, at, incident, job)
    for number, step in enumerate(_STEPS):
        when = at + timedelta(seconds=number)
        yield Draft("step.started", {"step": step.name}, when, incident, job)
        yield Draft("step.finished", {"step": step.name, "seconds": 1.0, "says": "done"}, when, incident, job)
    yield Draft("job.said", {"text": "all of it was seen from outside"}, at + timedelta(seconds=9), incident, job)
    done = {"code": 0, "meaning": "success", "says": "", "details": {}, "state": "done", "seconds": 9.0}
    yield Draft("job.finished", done, at + timedelta(seconds=9), incident, job)


if __name__ == "__main__":
    write_journal(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else EVENTS)
