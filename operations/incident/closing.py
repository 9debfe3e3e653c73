"""Closing an incident: what is still to be done gets an owner and a due time, and what stays open is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from operations.engine.events import EventBook
from operations.errors import VigieError
from operations.incident.acts import moved_meanwhile
from operations.incident.model import Incident, IncidentState
from operations.incident.order import turn_key
from operations.incident.roles import Role, roles_of
from operations.incident.tasks import add_task, tasks_of
from operations.text import one_line

CHECKLIST: tuple[tuple[str, str, timedelta], ...] = (
    ("verify", "see that it holds: rates as before, every function, what users say", timedelta(hours=24)),
    ("draft", "draft the report: what happened when, why, what we learned", timedelta(hours=24)),
    ("review", "talk it through without blame; what is to change becomes tasks", timedelta(hours=48)),
)
"""What the manuals want after an incident, and within which time."""


def close_incident(
    journal: EventBook, incident: Incident, *, now: datetime, left: Sequence[str] = (), why: str = ""
) -> None:
    """Close it: the checklist begins, and `left` (what stays open) is kept with the event.

    One that was never resolved needs a reason (opened by mistake, part of another one) and gets no checklist.
    Raises VigieError.
    """
    words = one_line(why, 300)
    if incident.state is IncidentState.CLOSED:
        raise VigieError(f"Incident {incident.id} is closed already.")
    if incident.open and not words:
        raise VigieError(
            f"Incident {incident.id} is not resolved yet.",
            next_step=f"vigie incident resolve {incident.id}; or say with --why it needs no end of its own.",
        )
    if moved_meanwhile(journal, incident, IncidentState.CLOSED):
        return
    if not incident.open:
        _begin_checklist(journal, incident, now)
    key = turn_key(incident, "incident.state", IncidentState.CLOSED.value, journal.actor)
    data: dict[str, object] = {"state": IncidentState.CLOSED.value, "why": words, "key": key}
    if left:
        data["left"] = [one_line(line, 300) for line in left]
    journal.append("incident.state", data, incident=incident.id)


def _begin_checklist(journal: EventBook, incident: Incident, now: datetime) -> None:
    """Before the state changes: whatever interrupts it, nothing of the list is lost. Each closing has its own."""
    tasks = {task.id: task for task in tasks_of(incident)}
    times = 1 + sum(
        event.kind == "incident.state" and event.data.get("state") == IncidentState.CLOSED.value
        for event in incident.events
    )
    owner = roles_of(incident)[Role.COMMANDER].who or journal.actor
    for name, text, within in CHECKLIST:
        unfinished = any(not task.done for id, task in tasks.items() if id.partition("-")[0] == name)
        if not unfinished:
            id = name if times == 1 else f"{name}-{times}"
            add_task(journal, incident, text, owner=owner, due=now + within, task=id, key=f"checklist:{id}")
