"""The console's book of events: the journal, or, when that cannot be used, a file beside it, said on screen.

The console opens either way: runbooks, the watch and the way out work without a journal.
"""

from __future__ import annotations

from io import StringIO

from operations.desk import utc_now
from operations.engine.fallback import FallbackJournal, fallback_path
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.errors import JournalUnavailable
from operations.places import Places


class BesideJournal(FallbackJournal):
    """Keeps the console's events when the journal cannot; only this console reads it while it lives."""

    def changed(self) -> bool:
        """True when an event was kept since the last call."""
        kept = len(self._kept)
        changed, self._looked_at = kept != getattr(self, "_looked_at", 0), kept
        return changed

    def close(self) -> None:
        """Nothing is held open."""


ConsoleJournal = Journal | BesideJournal


def open_journal(places: Places, actor: str, redactor: Redactor) -> tuple[ConsoleJournal, str]:
    """The book to use and, when it is not the journal, the words that say why and what it means."""
    try:
        return Journal.open(places.journal, actor=actor, redactor=redactor, now=utc_now), ""
    except JournalUnavailable as error:
        path = fallback_path(places.state, f"console-{utc_now():%Y%m%dT%H%M%S}")
        book = BesideJournal(path, actor=actor, redactor=redactor, now=utc_now, stderr=StringIO())
        return book, f"{journal_words(error)} Only a rollback can be started; events are kept in {path}."


def journal_words(error: JournalUnavailable) -> str:
    """Why the journal cannot be used, the reason first: a narrow screen cuts the end."""
    return f"journal: {error.what.partition(': ')[2] or error.what}"
