"""The worker's inside: takes the lock, computes the plan once more, runs the steps, and says how it ended.

Knows no operation by name. Every way out of here is one job.finished event, a line in the log and an exit code.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from operations.engine.alive import own_identity
from operations.engine.cleaning import clean_pieces
from operations.engine.context import Context
from operations.engine.events import EventBook
from operations.engine.fallback import FallbackJournal, fallback_path
from operations.engine.locks import Lock, Locks
from operations.engine.log import JobLog
from operations.engine.model import Operation, Outcome, Plan, PlannedStep, Step, StepFailed
from operations.engine.orders import JobOrder, masked_plan, meaning_of
from operations.engine.process import GRACE
from operations.engine.recorder import Recorder
from operations.engine.redaction import Redactor
from operations.engine.steps import Cancelled, Level
from operations.engine.stopping import HardStop, StopRequests
from operations.errors import VigieError
from operations.places import Places
from operations.text import one_line


class Listener(Protocol):
    """Told when a job really begins and how it ended; what it cannot pass on it says in the job's log."""

    def began(self, plan: Plan, order: JobOrder, say: Callable[[str, Level], None]) -> None:
        """The lock is held and the plan is as it was confirmed."""
        ...

    def ended(self, plan: Plan, order: JobOrder, outcome: Outcome, say: Callable[[str, Level], None]) -> None:
        """Nothing more will be done."""
        ...


def run_worker(
    operation: Operation,
    desk: Any,
    book: EventBook,
    order: JobOrder,
    *,
    places: Places,
    redactor: Redactor,
    now: Callable[[], datetime],
    grace: float = GRACE,
    listener: Listener | None = None,
) -> int:
    """Run `order` to its end in this process and return the exit code. Call it from the main thread.

    Takes over TERM, INT and HUP. An operation with a true `runs_without_journal` goes on when the journal cannot be
    written. `grace` is the seconds a child has between TERM and KILL.
    """
    stop = StopRequests()
    stop.install()
    book.actor = order.actor
    worker = _Worker(operation, desk, book, order, places, redactor, now, stop, grace, listener)
    try:
        outcome = worker.run()
    except HardStop as hard:
        outcome = worker.stopped_hard(hard)
    return worker.finish(outcome)


class _Worker:
    def __init__(
        self,
        operation: Operation,
        desk: Any,
        book: EventBook,
        order: JobOrder,
        places: Places,
        redactor: Redactor,
        now: Callable[[], datetime],
        stop: StopRequests,
        grace: float,
        listener: Listener | None,
    ) -> None:
        self._operation = operation
        self._desk = desk
        self._order = order
        self._places = places
        self._redactor = redactor
        self._now = now
        self._stop = stop
        self._grace = grace
        self._listener = listener
        self._context: Context | None = None
        self._began = now()
        log = Path(order.log) if order.log else places.jobs / f"{order.job}.log"
        self._log = JobLog(log, redactor=redactor, now=now, echo=isinstance(book, FallbackJournal))
        self._recorder = Recorder(
            book,
            job=order.job,
            incident=order.incident,
            fallback=self._fallback,
            without_journal=bool(getattr(operation, "runs_without_journal", False)),
            on_fallback=self._on_fallback,
        )

    def run(self) -> Outcome:
        order = self._order
        try:
            self._recorder.record("job.started", {"worker": own_identity(), "title": self._operation.title})
            self._log.say(f"{order.site} {order.environment.upper()} {order.config}: {self._operation.title}")
            with self._lock() as lock:
                return self._planned(lock)
        except VigieError as error:
            return self._refused(error)
        except Exception as error:  # noqa: BLE001 - the edge: a worker ends with an outcome, never with a traceback
            return self._unexpected(error)

    def stopped_hard(self, hard: HardStop) -> Outcome:
        """A second signal came: nothing was cleaned."""
        left = len(self._context.debris) if self._context else 0
        says = f"stopped hard by a second signal; {left} pieces may be left outside"
        return self._outcome(128 + hard.signal, says)

    def finish(self, outcome: Outcome) -> int:
        """Write how it ended and return the exit code."""
        self._stop.ignore()
        seconds = (self._now() - self._began).total_seconds()
        cancelled = outcome.code in (130, 143)
        state = "done" if outcome.ok else "cancelled" if cancelled else "failed"
        self._log.progress("")
        self._log.say(f"exit code {outcome.code}: {outcome.meaning}. {outcome.says}", "info" if outcome.ok else "error")
        body = {
            "code": outcome.code, "meaning": outcome.meaning, "says": outcome.says, "details": outcome.details,
            "state": state, "seconds": seconds,
        }  # fmt: skip
        self._recorder.finish(body)
        # Only now: whoever waits for this job must not wait for a channel.
        if self._listener is not None and self._context is not None:
            try:
                self._listener.ended(self._context.plan, self._order, outcome, self._log.say)
            except Exception as error:  # noqa: BLE001 - the edge: the job has ended, whoever could be told
                self._log.say(f"nobody could be told: {type(error).__name__}: {one_line(str(error))}", "warn")
        return outcome.code

    def _lock(self) -> AbstractContextManager[Lock | None]:
        name = self._operation.lock
        if name is None:
            return nullcontext()
        order = self._order
        locks = Locks(self._places.locks, who=order.actor, now=self._now)
        return locks.acquire(order.site, order.environment, name, job=order.job, operation=order.operation)

    def _planned(self, lock: Lock | None) -> Outcome:
        confirmed = self._order.plan
        plan = self._operation.plan(self._desk, confirmed.request)
        shown = masked_plan(plan, self._redactor)
        if shown.fingerprint != confirmed.fingerprint:
            differences = confirmed.differences(shown)
            says = "changed since it was confirmed: " + "; ".join(differences)
            return self._outcome(1, says, differences=list(differences))
        if plan.refusal is not None:
            return self._outcome(plan.refusal.code, f"{plan.refusal.name}: {plan.refusal.says}")
        context = Context(
            job=self._order.job,
            plan=plan,
            recorder=self._recorder,
            log=self._log,
            lock=lock,
            redactor=self._redactor,
            stop=self._stop,
            now=self._now,
            grace=self._grace,
        )
        self._context = context
        if self._listener is not None:
            self._listener.began(plan, self._order, self._log.say)
        outcome = self._steps(context, plan)
        if not outcome.ok and not context.past_no_return:
            self._clean(context)
        return outcome

    def _steps(self, context: Context, plan: Plan) -> Outcome:
        steps = list(self._operation.steps(self._desk, plan))
        if [step.name for step in steps] != [planned.name for planned in plan.steps]:
            raise ValueError("the steps are not those of the plan")
        for step, planned in zip(steps, plan.steps, strict=True):
            failed = self._step(context, step, planned)
            if failed is not None:
                return failed
        says = str(context.details.pop("says", ""))
        return self._outcome(0, says, **context.details)

    def _step(self, context: Context, step: Step, planned: PlannedStep) -> Outcome | None:
        """Run one step; None when it went well, else how the job ends."""
        began = self._now()
        try:
            context.checkpoint()
            started = {"step": step.name, "title": planned.title, "expected": planned.expected}
            self._recorder.record("step.started", started)
            self._log.say(f"── {planned.title}")
            step.run(context)
            context.checkpoint()
            if planned.no_return:
                context.no_return()
            self._recorder.record("step.finished", self._ended(context, step, began, ""))
        except Cancelled as cancelled:
            outcome = self._outcome(128 + cancelled.signal, f"cancelled in step {step.name}")
        except StepFailed as failed:
            said = {**context.details, **failed.details}
            said.pop("says", None)  # what an earlier step saw is not how the job ended
            outcome = self._outcome(failed.code, failed.says, **said)
        except VigieError as error:
            outcome = self._refused(error)
        except Exception as error:  # noqa: BLE001 - a defect in one step must still end as a job that says so
            outcome = self._unexpected(error)
        else:
            return None
        body = {**self._ended(context, step, began, outcome.says), "code": outcome.code}
        self._recorder.record("step.failed", body, required=False)
        return outcome

    def _ended(self, context: Context, step: Step, began: datetime, says: str) -> dict[str, Any]:
        said = context.end_of_step()
        return {"step": step.name, "seconds": (self._now() - began).total_seconds(), "says": says or said}

    def _clean(self, context: Context) -> None:
        pieces = list(context.debris.values())
        left = clean_pieces(self._operation, self._desk, pieces, self._recorder.record, self._log.say)
        context.debris = {piece.id: piece for piece in left}

    def _refused(self, error: VigieError) -> Outcome:
        return self._outcome(error.code, str(error))

    def _unexpected(self, error: Exception) -> Outcome:
        # Frames and message only, never the values of locals; the log redacts what is left.
        self._log.say("".join(traceback.format_exception(error)), "error")
        return self._outcome(1, f"unexpected {type(error).__name__}: {one_line(str(error))}")

    def _outcome(self, code: int, says: str, **details: Any) -> Outcome:
        return Outcome(
            code, meaning_of(self._operation.codes, code), self._redactor.redact(one_line(says, 500)), details
        )

    def _fallback(self) -> FallbackJournal:
        path = fallback_path(self._places.state, self._order.job)
        return FallbackJournal(path, actor=self._order.actor, redactor=self._redactor, now=self._now)

    def _on_fallback(self, why: str) -> None:
        self._log.echo = True
        self._log.say(f"{why} This goes on without the journal.", "warn")
