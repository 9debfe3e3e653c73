"""Follows a job from a command: its log lines on stderr as they come, and its outcome at the end.

On a terminal Ctrl-C asks, and the default is to leave the job running. Without one, SIGINT and SIGTERM are passed on
to the worker; SIGHUP leaves it.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from operations.desk import utc_now
from operations.engine.control import cancel
from operations.engine.events import EventBook
from operations.engine.fallback import FallbackJournal
from operations.engine.follow import LogLine, book_of, follow, followed
from operations.engine.model import Outcome
from operations.engine.record import JobRecord
from operations.engine.redaction import Redactor
from operations.jobs.launch import journal_if_any
from operations.settings import Settings
from operations.text import clean

LEFT_RUNNING = 130
"""The code of a command that stopped following: how the job ends is not known yet."""


def follow_job(settings: Settings, job: JobRecord, *, quiet: bool = False, interrupted: bool = False) -> Outcome:
    """Follow until the job ends; returns its outcome. A job left running is Outcome 130 "left running": no success yet.

    `interrupted` says that Ctrl-C came while the job was started: then the question comes first.
    Raises JournalUnavailable only for a job whose story is in the journal.
    """
    with journal_if_any(settings) as journal:
        book = book_of(job, journal, redactor=Redactor(settings.secrets()), now=utc_now)
        with _passing_signals():
            # A job without the journal says everything on stderr itself.
            return _until_end(book, job.id, quiet or isinstance(book, FallbackJournal), interrupted)


def _until_end(book: EventBook, id: str, quiet: bool, interrupted: bool) -> Outcome:
    shown = 0
    while True:
        try:
            if interrupted:
                interrupted = False
                raise KeyboardInterrupt
            lines = (piece for piece in follow(book, id, now=utc_now) if isinstance(piece, LogLine))
            for number, said in enumerate(lines):
                if number >= shown:
                    shown = number + 1
                    if not quiet:
                        click.echo(clean(said.text), err=True)
            break
        except KeyboardInterrupt:
            question = "\nStop the job? (No leaves it running without you)"
            if not sys.stdin.isatty() or click.confirm(question, default=False, err=True):
                _cancel(book, id)
            else:
                return Outcome(LEFT_RUNNING, "left running", f"follow it again: vigie jobs follow {id}")
    job = followed(book, id, utc_now())
    if job.code is None:
        return Outcome(1, "the worker died", f"what it left behind: vigie jobs show {id}", job.details or {})
    return Outcome(job.code, job.meaning, job.says, job.details or {})


def _cancel(book: EventBook, id: str) -> None:
    job = followed(book, id, utc_now())
    if not job.live:
        return
    cancel(book, job)
    if job.past_no_return:
        click.echo("[WARN] past its point of no return: it goes on to its end", err=True)


@contextmanager
def noting_interrupts() -> Iterator[list[int]]:
    """Ctrl-C is noted in the list and does nothing else: a job that is being started must not be lost sight of."""
    noted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _passing_signals() -> Iterator[None]:
    """Without a terminal SIGTERM reaches the worker as a cancel; with one it just ends the following."""
    if sys.stdin.isatty():
        yield
        return

    def passed(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, passed)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
