"""What is to be done after an incident, as lines: what is open first, the most urgent of it on top."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from operations.ages import age_words, seconds_between
from operations.incident.tasks import Task


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
