"""The walks of the open incident as the console holds them: folded from events, one of them on the main page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from operations.engine.events import EventBook
from operations.incident.model import Incident
from operations.incident.walks import SITE_DOWN, WalkHead, load_book, record, start_walk, walk_of, walks_of
from operations.settings import Settings
from operations.watch.model import Snapshot
from runbooks.events import Acted, Payload
from runbooks.facts import Facts
from runbooks.model import Book
from runbooks.view import WalkView, view
from runbooks.walk import WalkState


class Walking:
    """Holds the state of the chosen walk; every change goes through the journal and comes back from it."""

    def __init__(self, settings: Settings, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._now = now
        self._chosen: str | None = None
        self._files: dict[str, Book | None] = {}
        self._states: dict[str, WalkState | None] = {}
        self.heads: tuple[WalkHead, ...] = ()
        self.state: WalkState | None = None
        self.incident: Incident | None = None

    @property
    def active(self) -> bool:
        """True while an open incident is being walked."""
        return self.state is not None and self.incident is not None and self.incident.open

    @property
    def chosen(self) -> WalkHead | None:
        """The walk on the main page."""
        return next((head for head in self.heads if head.id == self._chosen), None)

    def follow(self, incident: Incident | None) -> None:
        """Take in the events of the incident that is open now. The walk stays the one it was, as long as there is it:
        what somebody does on another one must not change what is under a person's fingers."""
        if incident is None or self.incident is None or incident.id != self.incident.id:
            self._chosen = None
        self.incident = incident
        self._states = {}
        self.heads = walks_of(incident) if incident is not None else ()
        if self.chosen is None:
            self._chosen = self.heads[0].id if self.heads else None
        self.state = self.state_of(self._chosen)

    def state_of(self, walk: str | None) -> WalkState | None:
        """Where one of the incident's walks stands."""
        if self.incident is None or walk is None:
            return None
        if walk not in self._states:
            self._states[walk] = walk_of(self.incident, walk=walk)
        return self._states[walk]

    def choose(self, walk: str) -> None:
        """Put another of the incident's walks on the main page."""
        self._chosen = walk
        self.follow(self.incident)

    def walk_by(self, name: str, hash: str = "") -> WalkHead | None:
        """The walk of this incident that goes by the runbook of that name, the chosen one before others; with `hash` by
        that very text: lines of another one, or of another file of that name, must not be ticked in it."""
        found = [head for head in self.heads if head.book == name and hash in ("", head.hash)]
        return next((head for head in found if head.id == self._chosen), found[0] if found else None)

    def begin(
        self, journal: EventBook, incident: Incident, book: Book | None = None, at: str = "", *, choose: bool = True
    ) -> str:
        """Begin to walk a runbook in an incident, the site-down one where none is given; the walk's id."""
        id = start_walk(journal, incident, book or load_book(self._settings, SITE_DOWN), at, only=True)
        if choose:
            self._chosen = id
        return id

    def keep(self, journal: EventBook, payload: Payload, key: str = "", walk: str | None = None) -> bool:
        """Put a payload of a walk into the journal, of the chosen one where none is named; the state follows when it is
        read back. False where there is no such walk any more: the incident was closed meanwhile."""
        id = self._chosen if walk is None else walk
        state = self.state if id == self._chosen else self.state_of(id)
        if self.incident is None or state is None or id is None:
            return False
        record(journal, self.incident, payload, state.book, key, walk=id)
        return True

    def keep_ended(self, journal: EventBook, ended: dict[str, int], release_of: dict[str, str]) -> None:
        """Note the exit codes of jobs that these walks started and that have ended since."""
        for head in self.heads:
            state = self.state if head.id == self._chosen else self.state_of(head.id)
            told = {act.job for act in state.acts if act.exit_code is not None} if state else set()
            for act in state.acts if state else ():
                if act.exit_code is None and act.job in ended and act.job not in told:
                    release = release_of.get(act.job, act.release)
                    done = Acted(act.section, act.action, act.job, ended[act.job], release, act.line)
                    self.keep(journal, done, key=f"acted:{act.job}", walk=head.id)

    def facts(self, snapshot: Snapshot | None) -> Facts:
        """The facts of the moment; none when nothing watches."""
        return snapshot.facts if snapshot is not None else {}

    def view(self, snapshot: Snapshot | None, now: datetime) -> WalkView | None:
        """What the walk panel shows."""
        return view(self.state, self.facts(snapshot), now, file=self._file()) if self.state is not None else None

    def look_at_files(self) -> None:
        """Read again the runbooks that are walked, so that a change is said. Beside the loop."""
        from operations.errors import VigieError

        for name in {head.book for head in self.heads}:
            try:
                self._files[name] = load_book(self._settings, name)
            except VigieError:
                self._files[name] = None

    def was_read(self, file: Book) -> None:
        """Somebody read this runbook from the shelf just now."""
        self._files[file.name] = file

    def has_changed(self, book: Book) -> bool:
        """True when the file is not what this text was read from, as far as anybody has looked."""
        file = self._files.get(book.name)
        return file is not None and file.hash != book.hash

    def _file(self) -> Book | None:
        return self._files.get(self.chosen.book) if self.chosen is not None else None
