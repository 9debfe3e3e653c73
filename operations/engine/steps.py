"""What a step may do while it runs. The runner implements it; steps know nothing of processes, journals or locks."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from operations.engine.model import Plan
from operations.engine.record import GroupHooks, ProcessGroup

if TYPE_CHECKING:
    from operations.engine.process import Streams

Level = Literal["info", "warn", "error"]


@dataclass(frozen=True, slots=True)
class Completed:
    """How a child process ended: exit code (negative: ended by that signal), its redacted output, seconds it took.

    `tail` holds the last lines of its output (at most 200), `timed_out` says that the time limit ended it. What it left
    running is in `group`.
    """

    code: int
    tail: tuple[str, ...]
    seconds: float
    timed_out: bool = False
    group: ProcessGroup | None = None


class Cancelled(Exception):
    """The job was asked to stop before its point of no return. `signal` is the number that asked (15 or 2)."""

    def __init__(self, signal: int) -> None:
        super().__init__(f"cancelled by signal {signal}")
        self.signal = signal


class StepContext(Protocol):
    """Handed to every step of a job."""

    job: str
    plan: Plan
    memory: MutableMapping[str, Any]
    """What earlier steps left for later ones; lives in the worker process only."""
    groups: GroupHooks
    """For a child that is not run by `run`: told of its group, the job holds its lock until that has ended."""

    def now(self) -> datetime:
        """The time, UTC."""
        ...

    def say(self, text: str, level: Level = "info") -> None:
        """Write one line to the job's log, redacted; foreign text is cleaned."""
        ...

    def hide(self, *secrets: str) -> None:
        """Mask these wherever this job says or records something from now on: what a child gets in its environment."""
        ...

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
        """Run a child in a process group of its own that dies with the worker; its output goes to the log line by line.

        `env` is added to a minimal environment. `limit` is its time limit in seconds. A cancel before the point of no
        return ends the group and raises Cancelled. With `streams` its stdout or stdin carry data, not lines.
        """
        ...

    def leaves(self, kind: str, words: str, **data: Any) -> str:
        """Journal (fsynced) what has to be cleaned if the worker dies now; call it before the outside effect.

        Returns an id for `settled`. `data` is what `Operation.clean` needs (JSON types, no secrets).
        """
        ...

    def settled(self, debris: str) -> None:
        """That piece is no debris any more: it became the wanted result, or the step cleaned it itself."""
        ...

    def no_return(self) -> None:
        """Pass the point of no return: from here a cancel only stops the watching."""
        ...

    def checkpoint(self) -> None:
        """Raise Cancelled if a cancel was asked for and the point of no return is not passed."""
        ...

    def wait(self, seconds: float) -> None:
        """Wait, ended early by a cancel (which raises as `checkpoint` does)."""
        ...

    def report(self, **details: Any) -> None:
        """Add to the outcome's details (JSON types)."""
        ...

    def progress(self, text: str) -> None:
        """Say how far this step is, in a few words; replaces what was said before and is not kept."""
        ...
