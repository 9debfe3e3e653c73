"""Starts a worker: the order is in the journal first, then a process in a session of its own, then its confirmation."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from operations.engine.events import EventBook
from operations.engine.fallback import FallbackJournal, fallback_path, memory_descriptor
from operations.engine.fold import record_of
from operations.engine.journal import Journal
from operations.engine.model import Operation, Plan
from operations.engine.orders import JobOrder, order_data
from operations.engine.record import JobRecord
from operations.engine.redaction import Redactor
from operations.errors import JournalUnavailable, VigieError
from operations.places import Places
from operations.text import one_line

WORKER_MODULE = "operations.jobs.worker"
START_DEADLINE = 10.0
"""Seconds a worker has to say that it runs."""
_LOOK_AGAIN = 0.02
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Starter:
    """Starts jobs of one settings file. `journal` is None when it cannot be used; `module` runs the worker."""

    journal: Journal | None
    places: Places
    config: Path
    actor: str
    redactor: Redactor
    now: Callable[[], datetime]
    module: str = WORKER_MODULE
    deadline: float = START_DEADLINE

    def start(self, operation: Operation, plan: Plan, *, reason: str = "", incident: str = "") -> JobRecord:
        """Start the confirmed `plan` and return the job once its worker runs (or has ended already).

        Raises VigieError: a refusing guard with its code, a worker that did not start; JournalUnavailable when the
        order cannot be recorded and the operation may not run without.
        """
        if plan.refusal is not None:
            raise VigieError(f"{plan.refusal.name}: {plan.refusal.says}", code=plan.refusal.code)
        order = JobOrder(
            job=new_job_id(self.now()), operation=operation.name, environment=plan.environment, site=plan.site,
            config=str(self.config.absolute()), plan=plan, actor=self.actor, reason=reason, incident=incident,
        )  # fmt: skip
        order = replace(order, log=str(self.places.jobs / f"{order.job}.log"))
        book, order = self._recorded(order, bool(getattr(operation, "runs_without_journal", False)))
        return self._spawned(book, order)

    def _recorded(self, order: JobOrder, without_journal: bool) -> tuple[EventBook, JobOrder]:
        try:
            if self.journal is None:
                raise JournalUnavailable("The journal cannot be used, and nothing but a rollback runs without it.")
            self.journal.append("job.created", order_data(order), job=order.job, incident=order.incident)
        except JournalUnavailable:
            if not without_journal:
                raise
            path = fallback_path(self.places.state, order.job)
            order = replace(order, fallback=str(path))
            book = FallbackJournal(path, actor=self.actor, redactor=self.redactor, now=self.now)
            book.append("job.created", order_data(order), job=order.job, incident=order.incident)
            return book, order
        return self.journal, order

    def _spawned(self, book: EventBook, order: JobOrder) -> JobRecord:
        failure = ""
        for prefix in (*_scope_prefixes(order), ()):
            process = self._process(order, prefix)
            record = self._confirmed(book, order, process)
            if record is not None:
                _reap_later(process)
                return record
            _end_now(process)
            record = record_of(book, order.job)
            if record.worker is not None:
                return record
            failure = _last_line(Path(order.log)) or f"exit code {process.returncode}"
        says = f"the worker did not start: {failure}"
        body = {"code": 1, "meaning": "failed", "says": says, "details": {}, "state": "failed", "seconds": 0.0}
        book.append("job.finished", body, job=order.job, incident=order.incident)
        raise VigieError(f"The job did not start: {failure}.", next_step=f"Look into {order.log}.")

    def _process(self, order: JobOrder, prefix: Sequence[str]) -> subprocess.Popen[bytes]:
        # -P: the worker's folder is "/", which must not be a place to import from.
        argv = [*prefix, sys.executable, "-P", "-m", self.module, order.job, "--config", order.config]
        passed: tuple[int, ...] = ()
        if order.fallback:
            argv += ["--fallback", order.fallback]
            descriptor = memory_descriptor(Path(order.fallback))
            passed = () if descriptor is None else (descriptor,)
        output = _opened_log(Path(order.log))
        try:
            # With a fallback stderr stays this one: it may be the last place left to say something.
            return subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output if output is not None else subprocess.DEVNULL,
                stderr=None if order.fallback else output if output is not None else subprocess.DEVNULL,
                cwd="/",
                close_fds=True,
                pass_fds=passed,
                start_new_session=True,
            )
        finally:
            if output is not None:
                os.close(output)

    def _confirmed(self, book: EventBook, order: JobOrder, process: subprocess.Popen[bytes]) -> JobRecord | None:
        """The record once the worker has said that it runs; None when it ended or said nothing in time."""
        deadline = time.monotonic() + self.deadline
        while True:
            gone = process.poll() is not None
            record = record_of(book, order.job)
            if record.worker is not None:
                return record
            if gone or time.monotonic() > deadline:
                return None
            time.sleep(_LOOK_AGAIN)


def new_job_id(now: datetime) -> str:
    """A short id that sorts by time: ten characters of milliseconds, four random ones, `[0-9a-z]` only."""
    number = int(now.timestamp() * 1000) << 20 | secrets.randbits(20)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(65, -1, -5))


def _scope_prefixes(order: JobOrder) -> tuple[tuple[str, ...], ...]:
    """How to leave the login session's control group, where a user's systemd runs: KillUserProcesses ends it else."""
    manager = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "systemd/private"
    command = shutil.which("systemd-run")
    if order.fallback or command is None or not manager.exists():
        return ()
    return ((command, "--user", "--scope", "--quiet", "--collect", f"--unit=vigie-job-{order.job}", "--"),)


def _opened_log(path: Path) -> int | None:
    """The job's log for what the interpreter itself may say; None where it cannot be made."""
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None


def _reap_later(process: subprocess.Popen[bytes]) -> None:
    # The worker outlives this process or not; while both are here somebody has to ask for its exit code.
    threading.Thread(target=process.wait, name=f"reap-{process.pid}", daemon=True).start()


def _end_now(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(path: Path) -> str:
    try:
        lines = path.read_bytes()[-4096:].splitlines()
    except OSError:
        return ""
    return one_line(lines[-1]) if lines else ""
