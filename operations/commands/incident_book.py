"""What every command of `vigie incident` starts from: the journal, the incidents in it, and the one that is meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from operations.commands.session import say
from operations.engine.journal import Journal
from operations.errors import VigieError
from operations.incident.book import IncidentBook
from operations.incident.model import Incident
from operations.settings import Settings
from operations.text import one_line


@contextmanager
def journal_and_book(settings: Settings) -> Iterator[tuple[Journal, IncidentBook]]:
    """The journal with its incidents, closed at the end. Raises JournalUnavailable."""
    from operations.jobs.launch import journal_for

    journal = journal_for(settings)
    book = IncidentBook(journal)
    try:
        book.refresh()
        yield journal, book
    finally:
        if journal.unreadable:
            say(f"{len(journal.unreadable)} damaged events of the journal are left out", "WARN")
        journal.close()


def named(book: IncidentBook, id: str) -> Incident:
    """The incident of that id. Raises VigieError."""
    found = book.get(id)
    if found is None:
        raise VigieError(f"There is no incident {one_line(id, 40)}.", next_step="See: vigie incident list")
    return found


def again(journal: Journal, book: IncidentBook, id: str) -> Incident:
    """The incident with what was just written."""
    book.refresh()
    return named(book, id)
