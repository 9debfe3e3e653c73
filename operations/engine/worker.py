"""What a worker's own module needs before it can run a job: its arguments and the book with its order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from operations.engine.events import EventBook
from operations.engine.fallback import FallbackJournal
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.places import Places


@dataclass(frozen=True, slots=True)
class WorkerArguments:
    """`JOB --config PATH [--fallback PATH]`, as `Starter` gives them."""

    job: str
    config: Path
    fallback: Path | None = None


def worker_arguments(argv: Sequence[str]) -> WorkerArguments:
    """Read the worker's command line (without the program's name). Raises VigieError."""
    match list(argv):
        case [job, "--config", config]:
            return WorkerArguments(job, Path(config))
        case [job, "--config", config, "--fallback", fallback]:
            return WorkerArguments(job, Path(config), Path(fallback))
    raise VigieError("A worker wants: JOB --config PATH [--fallback PATH].")


def worker_book(
    arguments: WorkerArguments, places: Places, redactor: Redactor, now: Callable[[], datetime]
) -> EventBook:
    """The book that holds the order: the journal, or the fallback the starter made. Raises JournalUnavailable."""
    if arguments.fallback is not None:
        return FallbackJournal(arguments.fallback, actor="", redactor=redactor, now=now)
    return Journal.open(places.journal, actor="", redactor=redactor, now=now)
