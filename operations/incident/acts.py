"""What a person does to an incident: open it, note, change severity or state. Each is one event in the journal.

The console and the command line call these same functions.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from operations.engine.events import EventBook
from operations.engine.record import JobRecord
from operations.errors import VigieError
from operations.incident.book import IncidentBook
from operations.incident.model import Incident, IncidentState, Severity
from operations.incident.naming import new_incident_id
from operations.text import one_line
from operations.watch.told_by_jobs import is_own_smoke


def open_incident(
    journal: EventBook,
    book: IncidentBook,
    *,
    site: str,
    environment: str,
    severity: Severity,
    title: str,
    now: datetime,
) -> str:
    """Open an incident and return its id. Raises VigieError when one is already open for that environment."""
    already = book.open_for(environment)
    if already is not None:
        raise VigieError(
            f"Incident {already.id} is already open for {environment}.",
            next_step=f"See: vigie incident show {already.id}",
        )
    id = new_incident_id(now, book.ids())
    journal.append(
        "incident.opened",
        {
            "site": site,
            "environment": environment,
            "severity": severity.value,
            "title": one_line(title, 200) or "no title",
        },
        incident=id,
    )
    return id


def add_note(journal: EventBook, incident: Incident, text: str, at: datetime | None = None) -> None:
    """Put a note on the timeline; `at` (UTC) when it is about an earlier moment. Empty notes are refused."""
    words = one_line(text, 500)
    if not words:
        raise VigieError("An empty note is not kept.")
    journal.append("incident.note", {"text": words}, incident=incident.id, at=at)


def set_severity(journal: EventBook, incident: Incident, severity: Severity) -> None:
    """Change how bad it is; the same severity again is no event."""
    if severity is not incident.severity:
        data = {"before": incident.severity.value, "severity": severity.value}
        journal.append("incident.severity", data, incident=incident.id)


def set_state(
    journal: EventBook,
    incident: Incident,
    state: IncidentState,
    *,
    smoke_passed: bool,
    left_open: str = "",
    why: str = "",
) -> None:
    """Move an incident on. *Resolved* asks for a passed smoke run on that environment, or a reason.

    `left_open` is what must not be forgotten (maintenance mode is on): with it only a reason will do.
    """
    words = one_line(why, 300)
    if state is IncidentState.RESOLVED and left_open and not words:
        raise VigieError(f"It is not over: {left_open}.", next_step="End that first, or say with --why why it stays.")
    if state is IncidentState.RESOLVED and not smoke_passed and not words:
        raise VigieError(
            "No smoke run has passed since the incident opened.",
            next_step="Run the smoke tests, or say with --why why it is resolved without them.",
        )
    if state is not incident.state:
        journal.append("incident.state", {"state": state.value, "why": words}, incident=incident.id)


def smoke_passed_since(incident: Incident, jobs: Iterable[JobRecord]) -> bool:
    """True when smoke tests passed on the incident's environment after it opened, alone or inside another job."""
    return any(
        job.code == 0 and (is_own_smoke(job) or (job.details or {}).get("smoke_ok") is True)
        for job in jobs
        if job.environment == incident.environment and job.ended_at is not None and job.ended_at >= incident.opened_at
    )
