"""What a step holds in its hands while it runs: the StepContext of the worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from operations.engine.locks import Lock
from operations.engine.log import JobLog
from operations.engine.model import Plan
from operations.engine.process import GRACE, Child, Hooks, Streams, run_child
from operations.engine.record import Debris, GroupHooks, ProcessGroup
from operations.engine.recorder import Recorder
from operations.engine.redaction import Redactor
from operations.engine.steps import Cancelled, Completed, Level
from operations.engine.stopping import StopRequests

_LOOK_AGAIN = 0.05
_PROGRESS_EVERY = 0.25


class Context:
    """Implements StepContext. `past_no_return` and `debris` (newest last) are for the runner."""

    def __init__(
        self,
        *,
        job: str,
        plan: Plan,
        recorder: Recorder,
        log: JobLog,
        lock: Lock | None,
        redactor: Redactor,
        stop: StopRequests,
        now: Callable[[], datetime],
        grace: float = GRACE,
    ) -> None:
        self.job = job
        self.plan = plan
        self.memory: MutableMapping[str, Any] = {}
        self.groups = GroupHooks(self._child_started, self._child_ended)
        self.details: dict[str, Any] = {}
        self.debris: dict[str, Debris] = {}
        self.past_no_return = False
        self.last_progress = ""
        self._recorder = recorder
        self._log = log
        self._lock = lock
        self._redactor = redactor
        self._stop = stop
        self._now = now
        self._grace = grace
        self._noticed = False
        self._left = 0
        self._progress_at = 0.0

    def now(self) -> datetime:
        """The time, UTC."""
        return self._now()

    def say(self, text: str, level: Level = "info") -> None:
        """Write to the job's log."""
        self._log.say(text, level)

    def hide(self, *secrets: str) -> None:
        """Mask these from now on, in log, journal and every child's lines."""
        self._redactor.add(*secrets)

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        limit: float,
        quiet: bool = False,
        streams: Streams | None = None,
    ) -> Completed:
        """Run a child; with `quiet` its output stays out of the log. Raises Cancelled, PrerequisiteMissing."""
        self.checkpoint()
        self.say("$ " + " ".join(argv))
        hooks = Hooks(
            line=_unheard if quiet else self._log.say,
            started=self.groups.started,
            ended=self.groups.ended,
            stop=self.checkpoint,
        )
        child = Child(argv, cwd=cwd, env=env or {}, limit=limit, grace=self._grace)
        completed = run_child(child, hooks, self._redactor, streams)
        how = f"ended by its time limit of {limit:g} s" if completed.timed_out else f"exit code {completed.code}"
        self.say(f"{argv[0]}: {how} after {completed.seconds:.1f} s", "info" if completed.code == 0 else "warn")
        return completed

    def leaves(self, kind: str, words: str, **data: Any) -> str:
        """Journal what has to be cleaned if the worker dies now. Raises JournalUnavailable: then do not act."""
        self._left += 1
        identity = f"{self.job}-{self._left}"
        piece = Debris(identity, kind, words, data, self._now())
        body = {"debris": identity, "kind": kind, "words": words, "data": data}
        self._recorder.record("debris.left", body)
        self.debris[identity] = piece
        return identity

    def settled(self, debris: str) -> None:
        """That piece is no debris any more."""
        if self.debris.pop(debris, None) is not None:
            self._recorder.record("debris.settled", {"debris": debris}, required=False)

    def no_return(self) -> None:
        """Pass the point of no return, unless a cancel came before it."""
        if self.past_no_return:
            return
        self.checkpoint()
        self._recorder.record("job.past_no_return", {})
        self.past_no_return = True
        # From here stopping half-way would be worse than a gap in the journal.
        self._recorder.without_journal = True

    def checkpoint(self) -> None:
        """Raise Cancelled if a cancel was asked for and the point of no return is not passed."""
        asked = self._stop.asked
        if asked is None:
            return
        if not self._noticed:
            self._noticed = True
            honoured = not self.past_no_return
            self._recorder.record("job.cancel_seen", {"signal": asked, "honoured": honoured}, required=False)
            self.say(
                "cancel asked for" if honoured else "cancel asked for past the point of no return: going on", "warn"
            )
        if not self.past_no_return:
            raise Cancelled(asked)

    def wait(self, seconds: float) -> None:
        """Wait, ended early by a cancel."""
        deadline = time.monotonic() + seconds
        self.checkpoint()
        while (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_AGAIN))
            self.checkpoint()

    def report(self, **details: Any) -> None:
        """Add to the outcome's details; `says` is the outcome's one line."""
        self.details.update(details)

    def progress(self, text: str) -> None:
        """Say how far this step is; at most four times a second reaches the followers."""
        self.last_progress = text
        moment = time.monotonic()
        if moment - self._progress_at >= _PROGRESS_EVERY:
            self._progress_at = moment
            self._log.progress(text)

    def end_of_step(self) -> str:
        """Forget the step's progress and return what it said last."""
        said, self.last_progress = self.last_progress, ""
        if said:
            self._log.progress("")
        self._progress_at = 0.0
        return said

    def _child_started(self, group: ProcessGroup) -> None:
        self._stop.child = group
        if self._lock is not None:
            self._lock.add_group(group)
        self._recorder.record("child.started", {"group": group})

    def _child_ended(self, group: ProcessGroup) -> None:
        self._stop.child = None
        if self._lock is not None:
            self._lock.remove_group(group)
        self._recorder.record("child.ended", {"group": group}, required=False)


def _unheard(_line: str) -> None:
    return None
