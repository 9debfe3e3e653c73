"""The walk of the open incident as the console holds it: folded from events, seen with the facts of the moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from operations.engine.events import EventBook
from operations.incident.model import Incident
from operations.incident.walks import load_book, record, start_walk, walk_of
from operations.settings import Settings
from operations.watch.model import Snapshot
from runbooks.events import Acted, Payload
from runbooks.facts import Facts
from runbooks.model import Book
from runbooks.view import WalkView, view
from runbooks.walk import WalkState


class Walking:
    """Holds the book and the state; every change goes through the journal and comes back from it."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._book: Book | None = None
        self.state: WalkState | None = None
        self.incident: Incident | None = None

    @property
    def active(self) -> bool:
        """True while an open incident is being walked."""
        return self.state is not None and self.incident is not None and self.incident.open

    @property
    def book(self) -> Book:
        """The runbook; read when first needed."""
        if self._book is None:
            self._book = load_book(self._settings)
        return self._book

    def follow(self, incident: Incident | None) -> None:
        """Take in the events of the incident that is open now."""
        self.incident = incident
        self.state = walk_of(incident, self.book) if incident is not None and incident.walk else None

    def begin(self, journal: EventBook, incident: Incident) -> None:
        """Begin the site-down walk of an incident that has none."""
        if not incident.walk:
            start_walk(journal, incident, self.book)

    def keep(self, journal: EventBook, payload: Payload, key: str = "") -> None:
        """Put a payload into the journal; the state follows when it is read back."""
        if self.incident is not None and self.state is not None:
            record(journal, self.incident, payload, self.state.book, key)

    def keep_ended(self, journal: EventBook, ended: dict[str, int], release_of: dict[str, str]) -> None:
        """Note the exit codes of jobs that this walk started and that have ended since."""
        if self.state is None:
            return
        told = {act.job for act in self.state.acts if act.exit_code is not None}
        for act in self.state.acts:
            if act.exit_code is None and act.job in ended and act.job not in told:
                done = Acted(act.section, act.action, act.job, ended[act.job], release_of.get(act.job, act.release))
                self.keep(journal, done, key=f"acted:{act.job}")

    def facts(self, snapshot: Snapshot | None) -> Facts:
        """The facts of the moment; none when nothing watches."""
        return snapshot.facts if snapshot is not None else {}

    def view(self, snapshot: Snapshot | None, now: datetime) -> WalkView | None:
        """What the walk panel shows."""
        return view(self.state, self.facts(snapshot), now) if self.state is not None else None
