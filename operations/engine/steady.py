"""A console's book: the journal, and from the moment it cannot be written a file beside it, until it can be again.

What is kept beside comes into the journal by itself as soon as that takes events; a damaged file waits for `repair`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from operations.engine.events import Event
from operations.engine.fallback import FallbackJournal
from operations.engine.journal import Journal
from operations.engine.transfer import take_in_events
from operations.errors import JournalUnavailable, VigieError


class SteadyJournal:
    """Appends always succeed: in the journal, else beside it, and `trouble` says so.

    `open_journal` raises JournalUnavailable; `open_to_read` likewise; `make_beside` makes the file beside.
    """

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        open_to_read: Callable[[], Journal],
        make_beside: Callable[[], FallbackJournal],
    ) -> None:
        self.journal: Journal | None = None
        """What can be read; None while nothing can."""
        self.beside: FallbackJournal | None = None
        self.trouble: JournalUnavailable | None = None
        """Why events are kept beside; None while the journal takes them."""
        self._open_journal = open_journal
        self._open_to_read = open_to_read
        self._make_beside = make_beside
        self._looked_at = 0
        self._actor = ""
        try:
            self.journal = open_journal()
            self._actor = self.journal.actor
        except JournalUnavailable as error:
            self._turn_aside(error)
            self._read_only()

    @property
    def actor(self) -> str:
        """Who acts, as the next events will say."""
        book = self.beside or self.journal
        return book.actor if book is not None else self._actor

    @actor.setter
    def actor(self, who: str) -> None:
        self._actor = who
        for book in (self.beside, self.journal):
            if book is not None:
                book.actor = who

    @property
    def writable(self) -> Journal | None:
        """The journal while it takes events, else None."""
        return self.journal if self.trouble is None else None

    @property
    def damaged(self) -> bool:
        """True when only a repair brings the journal back."""
        return self.trouble is not None and self.trouble.damaged

    def append(
        self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None, incident: str = "", job: str = ""
    ) -> Event:
        """Write one event; it is on disk when this returns, or `beside` says why no file takes it."""
        if self.trouble is None and self.journal is not None:
            try:
                return self.journal.append(kind, data, at=at, incident=incident, job=job)
            except JournalUnavailable as error:
                self._turn_aside(error)
        assert self.beside is not None
        return self.beside.append(kind, data, at=at, incident=incident, job=job)

    def events(
        self,
        *,
        after: int = 0,
        kinds: tuple[str, ...] | None = None,
        incident: str | None = None,
        job: str | None = None,
        limit: int | None = None,
    ) -> list[tuple[int, Event]]:
        """As `Journal.events`, and behind them what is kept beside: whoever asks what was said must hear of it."""
        found: list[tuple[int, Event]] = []
        if self.journal is not None:
            found = self.journal.events(after=after, kinds=kinds, incident=incident, job=job, limit=limit)
        last = found[-1][0] if found else after
        wanted = [
            one
            for one in self.kept_beside()
            if (kinds is None or one.kind in kinds) and incident in (None, one.incident) and job in (None, one.job)
        ]
        return [*found, *enumerate(wanted, last + 1)][:limit]

    def kept_beside(self) -> tuple[Event, ...]:
        """The events that the journal would not take."""
        return self.beside.kept if self.beside is not None else ()

    def changed(self) -> bool:
        """True when events came since this was last asked. Raises JournalUnavailable."""
        kept = len(self.kept_beside())
        grew, self._looked_at = kept != self._looked_at, kept
        return (self.journal is not None and self.journal.changed()) or grew

    def notice(self, error: JournalUnavailable) -> None:
        """Somebody could not read it: a damaged file must not be written to any further."""
        if error.damaged and self.trouble is None:
            self._turn_aside(error)

    def retry(self, *, anew: bool = False) -> bool:
        """Try to come back to the journal, with what was kept beside; True when it takes events again.

        Cheap enough to be asked every few seconds. A file whose damage was met while reading is not gone back to until
        it was repaired (`anew`).
        """
        if self.trouble is None or (self.damaged and self.journal is not None and not anew):
            return False
        try:
            fresh = self._open_journal()
        except JournalUnavailable as error:
            self.trouble = error
            if self.journal is None:
                self._read_only()
            return False
        try:
            if self.beside is not None:
                take_in_events(fresh, self.beside.kept)
        except VigieError as error:
            fresh.close()
            self.trouble = error if isinstance(error, JournalUnavailable) else self.trouble
            return False
        if self.journal is not None:
            self.journal.close()
        fresh.actor = self.actor
        self.journal, self.beside, self.trouble, self._looked_at = fresh, None, None, 0
        return True

    def let_go(self) -> None:
        """Close what is held open, so that a repair may put another file in its place; `retry` opens it again."""
        if self.trouble is None:
            self._turn_aside(JournalUnavailable("The journal cannot be used: it is being repaired."))
        if self.journal is not None:
            self.journal.close()
            self.journal = None

    def close(self) -> None:
        """Close the journal."""
        if self.journal is not None:
            self.journal.close()

    def _turn_aside(self, error: JournalUnavailable) -> None:
        self.trouble = error
        if self.beside is None:
            self.beside = self._make_beside()
            self.beside.actor = self._actor or self.beside.actor

    def _read_only(self) -> None:
        try:
            self.journal = self._open_to_read()
        except JournalUnavailable:
            self.journal = None
