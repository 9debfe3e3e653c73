"""Incidents written into journals of different people, for tests that carry them elsewhere."""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from operations.engine.events import Draft
from operations.engine.fallback import FallbackJournal, fallback_path
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.incident.book import IncidentBook
from operations.incident.model import Incident

START = datetime(2026, 7, 30, 3, 7, tzinfo=UTC)
ID = "0730-kfp"


class Clock:
    """A clock that the test drives."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **time: float) -> None:
        """Let time pass, or run back."""
        self.at += timedelta(**time)


def journal_in(folder: Path, clock: Callable[[], datetime], actor: str = "ana", *secrets: str) -> Journal:
    """A journal of its own in `folder`."""
    return Journal.open(folder / "journal.sqlite", actor=actor, redactor=Redactor(secrets), now=clock)


def fallback_in(state: Path, clock: Callable[[], datetime], name: str = "j1") -> FallbackJournal:
    """What a job of that state directory keeps beside its journal."""
    path = fallback_path(state, name)
    return FallbackJournal(path, actor="ana", redactor=Redactor(), now=clock, stderr=io.StringIO())


def opened(journal: Journal, id: str = ID) -> None:
    """Open an incident there."""
    data = {"site": "harbour", "environment": "production", "severity": "P0", "title": "the site is down"}
    journal.append("incident.opened", data, incident=id)


def told(journal: Journal, clock: Clock, words: str, id: str = ID) -> None:
    """Note something half a minute later, with another incident's event before it."""
    clock.passes(seconds=30)
    journal.append_many([Draft("incident.note", {"text": "elsewhere"}, incident="0730-bbb")])
    journal.append("incident.note", {"text": words}, incident=id)


def read(folder_or_journal: Path | Journal, id: str = ID) -> Incident:
    """The incident as a fresh reader of that journal folds it."""
    if isinstance(folder_or_journal, Journal):
        book = IncidentBook(folder_or_journal)
        book.refresh()
        found = book.get(id)
        assert found is not None
        return found
    with closing(journal_in(folder_or_journal, lambda: START)) as journal:
        return read(journal, id)


def changed(path: Path, *statements: str) -> None:
    """Do to a journal's file what only somebody does who is up to something."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        for statement in statements:
            other.execute(statement)


def ruined(path: Path, first: int, count: int = 1, size: int = 4096) -> None:
    """Put random bytes over pages of a closed file."""
    with path.open("r+b") as file:
        file.seek(first * size)
        file.write(os.urandom(count * size))
