"""Follows a job from any process: its events and log lines as they come, until it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from operations.engine.events import Event, EventBook
from operations.engine.fallback import FallbackJournal
from operations.engine.fold import record_of
from operations.engine.jobs import standing
from operations.engine.journal import Journal
from operations.engine.record import JobRecord
from operations.engine.redaction import Redactor
from operations.errors import JournalUnavailable

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class LogLine:
    """One whole line of the job's log, as it lies in the file."""

    text: str


def follow(
    book: EventBook,
    job: str,
    *,
    now: Callable[[], datetime],
    wait: Callable[[float], None] = time.sleep,
    every: float = 0.2,
) -> Iterator[Event | LogLine]:
    """Everything the job said and says, from its beginning; ends when the job has ended or its worker is gone.

    `wait` is called with `every` seconds while nothing is new; leaving the iterator leaves the job alone.
    Raises VigieError for an unknown job, JournalUnavailable.
    """
    tail = LogTail(Path(record_of(book, job).log))
    place = 0
    while True:
        record = followed(book, job, now())
        fresh = book.events(after=place, job=job)
        lines = tail.read()
        place = fresh[-1][0] if fresh else place
        yield from (event for _, event in fresh)
        yield from lines
        if not record.live and not fresh and not lines:
            return
        if not fresh and not lines:
            wait(every)


def book_of(
    record: JobRecord, journal: Journal | None, *, redactor: Redactor, now: Callable[[], datetime]
) -> EventBook:
    """The book that holds the job's events: the journal, or its own file where the journal could not be written.

    Raises JournalUnavailable when it would be the journal and there is none.
    """
    if record.fallback:
        return FallbackJournal(Path(record.fallback), actor=record.actor, redactor=redactor, now=now)
    if journal is None:
        raise JournalUnavailable("The journal cannot be used, so this job cannot be followed.")
    return journal


def followed(book: EventBook, job: str, now: datetime) -> JobRecord:
    """The job as it stands now."""
    return standing(record_of(book, job), now)


class LogTail:
    """Reads a growing file line by line; a line that is not finished yet waits for its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._rest = b""

    def read(self) -> list[LogLine]:
        """The lines that came since the last call; none while there is no file."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                chunk = file.read(_PIECE)
        except OSError:
            return []
        self._offset += len(chunk)
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        return [LogLine(line.decode("utf-8", "replace")) for line in whole]
