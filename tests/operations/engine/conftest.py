"""A stage for jobs: places of their own, a journal, and ways to wait for what real workers do."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.engine.control import clean
from operations.engine.fold import record_of
from operations.engine.jobs import JobBook
from operations.engine.journal import Journal
from operations.engine.locks import Locks
from operations.engine.process import GRACE
from operations.engine.record import JobRecord
from operations.engine.redaction import Redactor
from operations.engine.start import Starter
from operations.places import Places
from tests.operations.engine.scripted import SECRET, PlainDesk, Scripted

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 40.0


class Stage:
    """Starts scripted jobs in real workers and waits for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        state = folder / "state"
        self.places = Places(state, folder / "locks", state / "jobs", state / "journal.sqlite", shared=True)
        for path in (self.places.locks, self.places.jobs):
            path.mkdir(parents=True)
        self.config = folder / "config.json"
        self.configure()
        self.redactor = Redactor([SECRET])
        self.journal = Journal.open(self.places.journal, actor="ana", redactor=self.redactor, now=utc_now)
        self.starter = Starter(
            self.journal, self.places, self.config, "ana", self.redactor, utc_now,
            module="tests.operations.engine.scripted", deadline=30.0,
        )  # fmt: skip
        self.desk = PlainDesk()
        self.locks = Locks(self.places.locks, who="ana", now=utc_now)

    def configure(self, **more: object) -> None:
        """Write the settings that the worker reads."""
        body = {"state": str(self.places.state), "locks": str(self.places.locks), **more}
        self.config.write_text(json.dumps(body))

    def start(
        self, *steps: Sequence[str], operation: Scripted | None = None, environment: str = "staging"
    ) -> JobRecord:
        """Start a job with these steps, called a, b, c, …"""
        operation = operation or Scripted()
        request = {"folder": str(self.folder), "steps": [[chr(97 + n), list(step)] for n, step in enumerate(steps)]}
        plan = operation.plan(replace(self.desk, environment=environment), request)
        return self.starter.start(operation, plan, reason="because")

    def job(self, record: JobRecord) -> JobRecord:
        """The job as it stands now."""
        book = JobBook(self.journal, now=utc_now, state=self.places.state)
        book.refresh()
        return book.get(record.id)

    def ended(self, record: JobRecord) -> JobRecord:
        """Wait until the job has ended (or its worker is gone)."""
        self.until(lambda: not self.job(record).live)
        return self.job(record)

    def clean(self, job: JobRecord, say: Callable[[str], None] = lambda _: None, grace: float = GRACE) -> JobRecord:
        """Clean what that job left; returns it as it is then."""
        return clean(self.journal, job, Scripted(), self.desk, locks=self.locks, say=say, grace=grace)

    def held(self, name: str) -> None:
        """Wait until a step holds at `name`."""
        self.until((self.folder / name).exists)

    def let_go(self, name: str) -> None:
        """Let that step go on."""
        (self.folder / f"{name}.go").touch()

    def send(self, record: JobRecord, number: int) -> None:
        """Send a signal to the worker."""
        os.kill(self.pid(record), number)

    def pid(self, record: JobRecord) -> int:
        """The worker's process id."""
        worker = record_of(self.journal, record.id).worker
        assert worker is not None
        return worker.pid

    def kinds(self, record: JobRecord) -> list[str]:
        """The kinds of the job's events."""
        return [event.kind for _, event in self.journal.events(job=record.id)]

    @staticmethod
    def until(condition: Callable[[], object]) -> None:
        """Wait for a condition, with a deadline."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "waited too long"
            time.sleep(0.02)

    def close(self) -> None:
        """End what still runs."""
        book = JobBook(self.journal, now=utc_now)
        book.refresh()
        for job in book.jobs():
            for pid in [job.worker.pid] if job.live and job.worker else []:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for group in job.groups:
                with suppress(ProcessLookupError):
                    os.killpg(group.pgid, signal.SIGKILL)
        self.journal.close()


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A stage whose workers find this tree."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    made = Stage(tmp_path)
    yield made
    made.close()
