"""Folds events into job records, one event at a time. Pure: whether a worker still lives is asked elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import msgspec

from operations.engine.events import Event, EventBook
from operations.engine.journal import Journal
from operations.engine.order import in_order
from operations.engine.orders import order_from_event
from operations.engine.record import Debris, JobRecord, JobState, ProcessGroup, StepRecord, WorkerIdentity
from operations.errors import VigieError

UNREADABLE = (KeyError, ValueError, TypeError, msgspec.MsgspecError)
"""What reading the data of a damaged event, or of a later version's, may raise."""
DIED: Final = 137
"""The code of a job whose worker died: what a shell says of a process ended by KILL."""


def fold(events: Iterable[Event]) -> tuple[JobRecord, ...]:
    """The jobs these events tell of, oldest first, numbered from 1."""
    jobs: dict[str, JobRecord] = {}
    for event in events:
        if event.kind == "job.created":
            with suppress(*UNREADABLE):
                jobs[event.job] = created(event, len(jobs) + 1)
        elif event.job in jobs:
            jobs[event.job] = applied(jobs[event.job], event)
    return tuple(jobs.values())


def record_of(book: EventBook, job: str) -> JobRecord:
    """One job, read afresh. Raises VigieError when the book does not know it."""
    events = book.events(job=job)
    first = next(((place, event) for place, event in events if event.kind == "job.created"), None)
    if first is None:
        raise VigieError(f"There is no job {job}.", next_step="vigie jobs lists them.")
    try:
        record = created(first[1], number_at(book, first[0]))
    except UNREADABLE:
        raise VigieError(f"The order of job {job} cannot be read.", next_step="vigie jobs lists the others.") from None
    for event in in_order(event for _, event in events):
        record = applied(record, event)
    return record


def number_at(book: EventBook, place: int) -> int:
    """The short number of the job that was created at `place`."""
    if not isinstance(book, Journal):
        return 1
    rows = book.query("SELECT count(*) FROM events WHERE kind = 'job.created' AND place <= ?", (place,))
    return book.jobs_removed() + int(rows[0][0])


def created(event: Event, number: int) -> JobRecord:
    """The record of a job.created event."""
    order = order_from_event(event)
    return JobRecord(
        id=event.job, number=number, operation=order.operation, environment=order.environment, site=order.site,
        title=order.plan.title, actor=event.actor, state=JobState.STARTING, created_at=event.at, plan=order.plan,
        reason=order.reason, incident=event.incident, log=order.log, fallback=order.fallback,
        steps=tuple(StepRecord(step.name, step.title, step.expected) for step in order.plan.steps),
    )  # fmt: skip


def applied(record: JobRecord, event: Event) -> JobRecord:
    """The record after one more event; an unknown kind, or one whose data cannot be read, changes nothing."""
    change = _CHANGES.get(event.kind)
    try:
        return change(record, event) if change else record
    except UNREADABLE:
        return record


def _started(record: JobRecord, event: Event) -> JobRecord:
    worker = msgspec.convert(event.data["worker"], WorkerIdentity)
    return replace(record, state=JobState.RUNNING, worker=worker, started_at=event.at)


def _step_started(record: JobRecord, event: Event) -> JobRecord:
    return _with_step(record, event.data, state="running", started_at=event.at)


def _step_finished(record: JobRecord, event: Event) -> JobRecord:
    return _with_step(record, event.data, state="done", seconds=event.data["seconds"], says=event.data["says"])


def _step_failed(record: JobRecord, event: Event) -> JobRecord:
    return _with_step(record, event.data, state="failed", seconds=event.data["seconds"], says=event.data["says"])


def _with_step(record: JobRecord, data: Mapping[str, Any], **changes: Any) -> JobRecord:
    steps = tuple(replace(step, **changes) if step.name == data["step"] else step for step in record.steps)
    return replace(record, steps=steps)


def _debris_left(record: JobRecord, event: Event) -> JobRecord:
    data = event.data
    piece = Debris(data["debris"], data["kind"], data["words"], data["data"], event.at)
    return replace(record, debris=(*record.debris, piece))


def _debris_gone(record: JobRecord, event: Event) -> JobRecord:
    return replace(record, debris=tuple(piece for piece in record.debris if piece.id != event.data["debris"]))


def _child_started(record: JobRecord, event: Event) -> JobRecord:
    return replace(record, groups=(*record.groups, msgspec.convert(event.data["group"], ProcessGroup)))


def _child_ended(record: JobRecord, event: Event) -> JobRecord:
    ended = msgspec.convert(event.data["group"], ProcessGroup)
    return replace(record, groups=tuple(group for group in record.groups if group != ended))


def _past_no_return(record: JobRecord, _event: Event) -> JobRecord:
    return replace(record, past_no_return=True)


def _cancel(record: JobRecord, _event: Event) -> JobRecord:
    return replace(record, cancel_asked=True)


def _finished(record: JobRecord, event: Event) -> JobRecord:
    data = event.data
    ends = {"running": "failed", "waiting": "skipped"}
    steps = tuple(replace(step, state=ends.get(step.state, step.state)) for step in record.steps)
    return replace(
        record, state=JobState(data["state"]), ended_at=event.at, code=data["code"], meaning=data["meaning"],
        says=data["says"], details=data["details"], steps=steps, groups=(),
    )  # fmt: skip


def _closed(record: JobRecord, event: Event) -> JobRecord:
    ended = replace(record, state=JobState.LOST, ended_at=event.at, groups=())
    return replace(ended, code=DIED, meaning=event.data["meaning"], says=event.data["says"])


_CHANGES: Mapping[str, Callable[[JobRecord, Event], JobRecord]] = {
    "job.started": _started,
    "step.started": _step_started,
    "step.finished": _step_finished,
    "step.failed": _step_failed,
    "debris.left": _debris_left,
    "debris.settled": _debris_gone,
    "debris.cleaned": _debris_gone,
    "child.started": _child_started,
    "child.ended": _child_ended,
    "job.past_no_return": _past_no_return,
    "job.cancel_asked": _cancel,
    "job.cancel_seen": _cancel,
    "job.finished": _finished,
    "job.closed": _closed,
}
