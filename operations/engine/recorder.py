"""Writes a running job's events, and knows when it may go on without the journal: a rollback, or past no return."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from operations.engine.events import Event, EventBook
from operations.engine.fallback import FallbackJournal
from operations.errors import JournalUnavailable


class Recorder:
    """One job's pen. `without_journal` says that the act may run when the journal cannot be written."""

    def __init__(
        self,
        book: EventBook,
        *,
        job: str,
        incident: str,
        fallback: Callable[[], FallbackJournal],
        without_journal: bool,
        on_fallback: Callable[[str], None],
    ) -> None:
        self.without_journal = without_journal
        self._journal = book
        self._book = book
        self._job = job
        self._incident = incident
        self._make_fallback = fallback
        self._on_fallback = on_fallback

    def record(self, kind: str, data: Mapping[str, Any], *, required: bool = True) -> Event:
        """Write one event. Raises JournalUnavailable when it is `required` and the act may not run without.

        What is not required (how a job ended, say) goes to the fallback: leaving it out would help nobody.
        """
        try:
            return self._book.append(kind, data, job=self._job, incident=self._incident)
        except JournalUnavailable as error:
            if required and not self.without_journal:
                raise
            self._fall_back(error)
            return self._book.append(kind, data, job=self._job, incident=self._incident)

    def finish(self, data: Mapping[str, Any]) -> None:
        """Write how the job ended; after a fallback the journal is tried once more, so that it knows the end."""
        self.record("job.finished", data, required=False)
        if self._book is not self._journal:
            try:
                self._journal.append("job.finished", data, job=self._job, incident=self._incident)
            except JournalUnavailable:
                # Said already when the fallback began; the fallback has the whole story.
                return

    def _fall_back(self, error: JournalUnavailable) -> None:
        self._book = self._make_fallback()
        self._on_fallback(str(error))
        self._book.append("journal.unavailable", {"why": str(error)}, job=self._job, incident=self._incident)
