"""What a person does to a job from outside: cancel it, clean up after it, take it away as evidence."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from operations.engine.alive import end_group, group_lives, is_alive
from operations.engine.cleaning import clean_pieces
from operations.engine.events import Event, EventBook, event_to_json
from operations.engine.fold import DIED, record_of
from operations.engine.locks import Lock, Locks
from operations.engine.model import Operation
from operations.engine.orders import COMMON_MEANINGS, plan_to_json
from operations.engine.process import GRACE
from operations.engine.record import Debris, JobRecord, JobState
from operations.engine.redaction import Redactor
from operations.errors import JournalUnavailable, VigieError
from operations.text import clean as inert

_LOG_LIMIT = 32 * 1024 * 1024


def cancel(book: EventBook, job: JobRecord, *, number: int = signal.SIGTERM) -> None:
    """Ask the worker to stop; past its point of no return it goes on. A second time stops it hard.

    Raises VigieError when there is no worker to ask, JournalUnavailable never: stopping matters more than noting it.
    """
    worker = job.worker
    if not job.live or worker is None or not is_alive(worker):
        raise VigieError(f"Job {job.number} is not running.", next_step=f"vigie jobs show {job.id}")
    if worker.host != os.uname().nodename:
        raise VigieError(f"Job {job.number} runs on {worker.host}.", next_step=f"Cancel it on {worker.host}.")
    try:
        descriptor = os.pidfd_open(worker.pid)
    except ProcessLookupError as error:
        raise VigieError(f"Job {job.number} is not running.", next_step=f"vigie jobs show {job.id}") from error
    try:
        # The descriptor pins the process: looked at again now, it cannot become another one before the signal.
        if is_alive(worker):
            signal.pidfd_send_signal(descriptor, number)
    finally:
        os.close(descriptor)
    note(book, "job.cancel_asked", {"signal": int(number)}, job)


def clean(
    book: EventBook,
    job: JobRecord,
    operation: Operation,
    desk: Any,
    *,
    locks: Locks,
    say: Callable[[str], None],
    grace: float = GRACE,
) -> JobRecord:
    """End what a dead worker left running, clean its debris, close the job. Returns it as it is now.

    Cleaning acts outside as the job did, so it holds the job's lock. Each piece is tried; what could not be cleaned
    stays listed, and then the job stays open. Raises VigieError for a job that runs, Busy, JournalUnavailable.
    """
    if job.live:
        raise VigieError(f"Job {job.number} still runs.", next_step=f"vigie jobs cancel {job.id}")
    for group in job.groups:
        if group_lives(group) and not end_group(group, grace=grace):
            raise VigieError(f"The process group {group.pgid} of job {job.number} does not end.")
        book.append("child.ended", {"group": group}, job=job.id, incident=job.incident)

    def record(kind: str, data: Any, *, required: bool = True) -> Event:
        return book.append(kind, data, job=job.id, incident=job.incident)

    with _lock_of(operation, job, locks):
        now = record_of(book, job.id)  # somebody else may have cleaned it meanwhile
        left: tuple[Debris, ...] = clean_pieces(operation, desk, now.debris, record, say)
        if not left and job.state is JobState.LOST and now.ended_at is None:
            meaning = COMMON_MEANINGS[DIED]
            says = f"{meaning}; {len(now.debris)} pieces cleaned"
            record("job.closed", {"code": DIED, "meaning": meaning, "says": says})
    return record_of(book, job.id)


def _lock_of(operation: Operation, job: JobRecord, locks: Locks) -> AbstractContextManager[Lock | None]:
    if operation.lock is None:
        return nullcontext()
    return locks.acquire(job.site, job.environment, operation.lock, job=job.id, operation=f"cleaning after {job.title}")


def export(book: EventBook, job: JobRecord, redactor: Redactor) -> dict[str, Any]:
    """Plan, events, log and hashes as one JSON document: evidence for an audit. Redacted."""
    events = [event_to_json(event) for _, event in book.events(job=job.id)]
    raw = _log_of(job)
    body = {
        "schema": "vigie.job/1",
        "job": job.id,
        "number": job.number,
        "operation": job.operation,
        "environment": job.environment,
        "site": job.site,
        "actor": job.actor,
        "state": str(job.state),
        "exit_code": job.code,
        "meaning": job.meaning,
        "plan": plan_to_json(job.plan),
        "events": events,
        "log": inert(raw, limit=_LOG_LIMIT),
        "hashes": {
            "log_sha256": hashlib.sha256(raw).hexdigest(),
            "plan_fingerprint": job.plan.fingerprint,
            "events": [event["hash"] for event in events],
        },
    }
    redacted: dict[str, Any] = redactor.data(body)
    return redacted


def note(book: EventBook, kind: str, data: dict[str, Any], job: JobRecord) -> None:
    """Write an event that may be missing without harm; a book that is full stops nothing."""
    try:
        book.append(kind, data, job=job.id, incident=job.incident)
    except JournalUnavailable as error:
        sys.stderr.write(f"[WARN] {error}\n")


def _log_of(job: JobRecord) -> bytes:
    try:
        return Path(job.log).read_bytes()[-_LOG_LIMIT:]
    except OSError:
        return b""
