"""Jobs through the engine's real worker process: start them, look what became of them, kill them, clean up."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

from operations.desk import Desk, utc_now
from operations.engine.control import clean
from operations.engine.jobs import JobBook
from operations.engine.record import JobRecord
from operations.jobs import operation_named
from operations.jobs.launch import desk_for, journal_for, launch, locks_of
from operations.places import places_for
from operations.settings import Settings

DEADLINE = 60.0


class Runs:
    """Starts jobs of one operation on one environment. Close its `journal` in the end."""

    def __init__(self, settings: Settings, operation: str, environment: str) -> None:
        self.settings = settings
        self.operation = operation_named(operation)
        self.environment = environment
        self.journal = journal_for(settings)
        self._book = JobBook(self.journal, now=utc_now, state=places_for(settings).state)

    def desk(self) -> Desk:
        """As the worker has it: nobody watches."""
        return desk_for(self.settings, self.environment, watching=False)

    def start(self, request: Mapping[str, Any] | None = None) -> JobRecord:
        """Plan and start."""
        return launch(self.settings, self.journal, self.operation.plan(self.desk(), request or {}), reason="a test")

    def job(self, id: str) -> JobRecord:
        """The job as the journal tells it now."""
        self._book.refresh()
        return self._book.get(id)

    def until(self, id: str, wanted: Callable[[JobRecord], bool]) -> JobRecord:
        """Wait until the job is as wanted."""
        deadline = time.monotonic() + DEADLINE
        while not wanted(job := self.job(id)):
            assert time.monotonic() < deadline, (job.state, job.code, job.says, job.steps)
            time.sleep(0.01)
        return job

    def ended(self, id: str) -> JobRecord:
        """Wait until it does not run any more."""
        return self.until(id, lambda job: not job.live)

    def kill(self, job: JobRecord) -> JobRecord:
        """Kill its worker with -9."""
        assert job.worker is not None
        os.kill(job.worker.pid, signal.SIGKILL)
        return self.until(job.id, lambda one: not one.live)

    def clean(self, job: JobRecord) -> tuple[JobRecord, list[str]]:
        """Clean what it left; the job afterwards and what was said."""
        said: list[str] = []
        locks = locks_of(self.settings)
        return clean(self.journal, job, self.operation, self.desk(), locks=locks, say=said.append), said
