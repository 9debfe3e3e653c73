"""The console's book of events: the journal, or, while that cannot be written, a file beside it, said on screen.

The console opens either way: runbooks, the watch and the way out work without a journal.
"""

from __future__ import annotations

import os
from io import StringIO

from operations.desk import utc_now
from operations.engine.fallback import FallbackJournal, fallback_path
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.engine.steady import SteadyJournal
from operations.engine.transfer import take_in_fallbacks
from operations.errors import JournalUnavailable
from operations.places import Places


def open_journal(places: Places, actor: str, redactor: Redactor) -> SteadyJournal:
    """The book to use. Where the journal takes events, what was kept beside it before is taken in."""

    def whole() -> Journal:
        return Journal.open(places.journal, actor=actor, redactor=redactor, now=utc_now)

    def readable() -> Journal:
        return Journal.open_to_read(places.journal, redactor=redactor, now=utc_now)

    def beside() -> FallbackJournal:
        path = fallback_path(places.state, f"console-{utc_now():%Y%m%dT%H%M%S}-{os.getpid()}")
        return FallbackJournal(path, actor=actor, redactor=redactor, now=utc_now, stderr=StringIO())

    return SteadyJournal(whole, readable, beside)


def take_in_what_was_kept(book: SteadyJournal, places: Places) -> str:
    """Take into the journal what earlier consoles and jobs kept beside it; what could not be, in words."""
    if book.writable is None:
        return ""
    skipped = take_in_fallbacks(book.writable, places.state).skipped
    return f"kept beside the journal, and not readable: {'; '.join(skipped)}" if skipped else ""


def journal_words(error: JournalUnavailable) -> str:
    """Why the journal cannot be used, the reason first: a narrow screen cuts the end."""
    return f"journal: {error.what.partition(': ')[2] or error.what}"
