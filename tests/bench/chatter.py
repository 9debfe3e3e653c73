"""A real job that prints 5,000 lines each second: its operation, its start, and the worker that runs it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from operations.desk import Desk, utc_now
from operations.engine.control import cancel
from operations.engine.jobs import JobBook
from operations.engine.journal import Journal
from operations.engine.model import LockName, Plan, PlannedStep, Step
from operations.engine.orders import order_of
from operations.engine.record import JobRecord
from operations.engine.redaction import Redactor
from operations.engine.runner import run_worker
from operations.engine.start import Starter
from operations.engine.steps import StepContext
from operations.engine.worker import worker_arguments, worker_book
from operations.errors import VigieError
from operations.places import places_for
from operations.settings import Settings
from operations.settings_reader import load_settings

ROOT = Path(__file__).resolve().parents[2]
LINES_PER_SECOND = 5000
PRINTER = """
import sys, time
began, printed = time.monotonic(), 0
while True:
    due = int((time.monotonic() - began) * int(sys.argv[1]))
    for number in range(printed, due):
        print(f"copying table calls row {number} of many, checked and written to the dump")
    printed = due
    sys.stdout.flush()
    time.sleep(0.01)
"""


class Chatter:
    """Prints until it is cancelled."""

    name = "chatter"
    title = "Print many lines"
    codes: Mapping[int, str] = {0: "success"}
    lock: LockName | None = None
    runs_without_journal = False

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """One step."""
        return Plan(
            operation=self.name,
            site=desk.site,
            environment=desk.environment,
            config=desk.config,
            title=self.title,
            request=request,
            steps=(PlannedStep("print", "Print", 600.0),),
        )

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The step: a child whose output goes to the log line by line."""

        def run(context: StepContext) -> None:
            context.run([sys.executable, "-c", PRINTER, str(LINES_PER_SECOND)], limit=600.0)

        return [Step("print", run)]

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """It leaves nothing."""


@contextmanager
def chattering(config: Path) -> Iterator[Path]:
    """Run the job on the production environment of these settings; gives its log. It is cancelled in the end."""
    settings = load_settings(config)
    os.environ["PYTHONPATH"] = str(ROOT)
    places = places_for(settings)
    redactor = Redactor(settings.secrets())
    journal = Journal.open(places.journal, actor=settings.operator, redactor=redactor, now=utc_now)
    try:
        starter = Starter(
            journal, places, config, settings.operator, redactor, utc_now, module="tests.bench.chatter", deadline=30.0
        )
        operation = Chatter()
        job = starter.start(operation, operation.plan(Desk(settings, "production"), {}))
        try:
            yield Path(job.log)
        finally:
            cancel(journal, job)
            _wait_until_ended(journal, job, settings)
    finally:
        journal.close()


def _wait_until_ended(journal: Journal, job: JobRecord, settings: Settings) -> None:
    until = time.monotonic() + 20.0
    book = JobBook(journal, now=utc_now, state=places_for(settings).state)
    while time.monotonic() < until:
        book.refresh()
        with suppress(VigieError):
            if not book.get(job.id).live:
                return
        time.sleep(0.05)


def main() -> int:
    """The worker, as operations.jobs.worker is for the real operations."""
    arguments = worker_arguments(sys.argv[1:])
    settings = load_settings(arguments.config)
    places = places_for(settings)
    redactor = Redactor(settings.secrets())
    book = worker_book(arguments, places, redactor, utc_now)
    order = order_of(book, arguments.job)
    desk = Desk(settings, order.environment)
    return run_worker(Chatter(), desk, book, order, places=places, redactor=redactor, now=utc_now)


if __name__ == "__main__":
    sys.exit(main())
