"""What is to be done after an incident: tasks with owners and due times, folded from its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from operations.ages import age_words, seconds_between
from operations.incident.model import Incident
from operations.incident.refold import in_order
from operations.incident.telling import moment_of, text_of


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do. `owner` may be empty; `due` None means that nobody said by when."""

    id: str
    text: str
    owner: str
    due: datetime | None
    added_at: datetime
    done_at: datetime | None = None
    done_by: str = ""

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been done by now."""
        return self.done_at is None and self.due is not None and now > self.due


def tasks_of(incident: Incident) -> tuple[Task, ...]:
    """The incident's tasks in the order they were added; one that is added again has the newer words."""
    tasks: dict[str, Task] = {}
    for event in in_order(incident.events):
        id = text_of(event.data, "task", 200)
        if event.kind == "task.added" and id:
            words = text_of(event.data, "text") or id
            due = moment_of(event.data.get("due"))
            new = Task(id, words, text_of(event.data, "owner", 80), due, event.at)
            old = tasks.get(id)
            tasks[id] = replace(new, added_at=old.added_at, done_at=old.done_at, done_by=old.done_by) if old else new
        elif event.kind == "task.done" and id in tasks:
            done = event.data.get("done") is not False
            tasks[id] = replace(tasks[id], done_at=event.at if done else None, done_by=event.actor if done else "")
    return tuple(tasks.values())


def checklist_lines(tasks: Sequence[Task], now: datetime, *, done: str = "x", open_: str = " ") -> tuple[str, ...]:
    """One line a task for a screen at `now`: what is open first, the most urgent of it on top, overdue in words."""
    far = datetime.max.replace(tzinfo=now.tzinfo)
    ordered = sorted(tasks, key=lambda task: (task.done_at is not None, task.due or far, task.added_at))
    return tuple(f"[{open_ if task.done_at is None else done}] {_words(task, now)}" for task in ordered)


def _words(task: Task, now: datetime) -> str:
    parts = [task.text, task.owner or "nobody yet"]
    if task.done_at is not None:
        parts.append(f"done by {task.done_by} {task.done_at:%m-%d %H:%MZ}")
    elif task.due is not None:
        left = seconds_between(now, task.due)
        parts.append(f"OVERDUE by {age_words(-left)}" if task.overdue(now) else f"due in {age_words(left)}")
    return ", ".join(parts)
