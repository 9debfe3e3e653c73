"""What is to be done about an incident, afterwards above all: tasks with an owner and a due time."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from operations.engine.events import Event, EventBook, utc_text
from operations.errors import VigieError
from operations.incident.model import Incident
from operations.incident.order import folded, in_order
from operations.text import one_line


@dataclass(frozen=True, slots=True)
class Task:
    """One task; times are UTC. `due` None: whenever."""

    id: str
    text: str
    owner: str
    due: datetime | None
    added_by: str
    added_at: datetime
    done: bool = False
    done_by: str = ""
    done_at: datetime | None = None

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been done by now."""
        return not self.done and self.due is not None and now > self.due


@folded
def tasks_of(incident: Incident) -> tuple[Task, ...]:
    """All tasks in the order they were added. Added anew under its id, a task has a new text, owner or due time."""
    found: dict[str, Task] = {}
    for one in in_order(incident):
        event, id = one.event, str(one.event.data.get("task") or "")
        if event.kind == "task.added" and id:
            found[id] = _added(event, id, found.get(id))
        elif event.kind == "task.done" and id in found:
            done = event.data.get("done", True) is True
            who, at = (event.actor, event.at) if done else ("", None)
            found[id] = replace(found[id], done=done, done_by=who, done_at=at)
    return tuple(found.values())


_NAMED = 20
"""So many tasks are named where one was not found."""


def task_named(incident: Incident, name: str) -> Task:
    """The task with that id, or whose id begins so. Raises VigieError when there is none, or several."""
    tasks = tasks_of(incident)
    fits = [task for task in tasks if task.id == name] or [task for task in tasks if name and task.id.startswith(name)]
    if len(fits) != 1:
        near = [task.id for task in fits or tasks]
        there = f"{', '.join(near[:_NAMED]) or 'none'}{f' and {len(near) - _NAMED} more' if near[_NAMED:] else ''}"
        what = f"fits {len(fits)} tasks" if fits else "is no task of this incident"
        raise VigieError(f"{one_line(name, 40) or 'Nothing'} {what}.", next_step=f"There is: {there}.")
    return fits[0]


def add_task(
    journal: EventBook,
    incident: Incident,
    text: str,
    *,
    owner: str = "",
    due: datetime | None = None,
    task: str = "",
    key: str = "",
    new_id: Callable[[], str] = lambda: secrets.token_hex(3),
) -> str:
    """Add a task and return its id; with the id of one that is there it is changed. With a `key` it counts once."""
    words = one_line(text, 300)
    if not words:
        raise VigieError("A task needs words.")
    id = task or new_id()
    data = {"task": id, "text": words, "owner": one_line(owner, 60), "due": utc_text(due) if due else ""}
    journal.append("task.added", {**data, **({"key": key} if key else {})}, incident=incident.id)
    return id


def finish_task(journal: EventBook, incident: Incident, name: str, *, done: bool = True) -> Task:
    """Say that a task is done, or not done after all; returns it as it was."""
    task = task_named(incident, name)
    if task.done is not done:
        data = {"task": task.id, "done": done, "text": task.text}
        journal.append("task.done", data, incident=incident.id)
    return task


def moment(text: object) -> datetime | None:
    """A time as an event holds it, in UTC; None for what is none."""
    try:
        found = datetime.fromisoformat(str(text))
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _added(event: Event, id: str, before: Task | None) -> Task:
    text, owner = str(event.data.get("text") or ""), str(event.data.get("owner") or "")
    due = moment(event.data.get("due"))
    if before is not None:
        return replace(before, text=text, owner=owner, due=due)
    return Task(id, text, owner, due, event.actor, event.at)
