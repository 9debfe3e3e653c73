"""Where a headless walk is kept: in memory for as long as it runs, or in an incident's journal, as the console does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from operations.engine.journal import Journal
from operations.errors import VigieError
from operations.incident.book import IncidentBook
from operations.incident.model import Incident
from operations.incident.walks import record, start_walk, walk_of, walks_of
from operations.text import one_line
from runbooks.events import Payload, Started
from runbooks.model import Book
from runbooks.walk import WalkState, apply, begin


class Keeping(Protocol):
    """A walk that is going on. `incident` and `walk` are empty where nothing is recorded."""

    incident: str
    walk: str
    words: str

    def state(self) -> WalkState:
        """Where the walk stands now."""
        ...

    def keep(self, payload: Payload, key: str = "") -> None:
        """Take in what happened."""
        ...


class InMemory:
    """A walk that nobody hears of."""

    incident = ""
    walk = ""
    words = "nothing of this walk is recorded; --record does in the open incident"

    def __init__(self, book: Book, start: str, now: Callable[[], datetime]) -> None:
        self._now = now
        at = now()
        begun: Started = begin(book, start)
        state = apply(None, begun, at, book)
        assert state is not None
        self._state = state

    def state(self) -> WalkState:
        """Where the walk stands."""
        return self._state

    def keep(self, payload: Payload, key: str = "") -> None:
        """Take in what happened."""
        state = apply(self._state, payload, self._now())
        assert state is not None
        self._state = state


class InJournal:
    """A walk of an incident. What others do on the same walk is seen at once: `state` reads the journal on."""

    def __init__(self, journal: Journal, incident: str) -> None:
        self._journal = journal
        self._incidents = IncidentBook(journal)
        self._book: Book | None = None
        self.incident = incident
        self.walk = ""
        self.words = ""
        self._read()

    def take_up(self, book: Book, start: str, *, anew: bool) -> None:
        """Go on with the newest walk of that runbook, or begin one where there is none, or with `anew`."""
        one = self._one()
        if not one.open:
            raise VigieError(f"Incident {one.id} is {one.state.value}; nothing is walked in it any more.")
        heads = [head for head in walks_of(one) if head.book == book.name]
        heads.sort(key=lambda head: head.hash != book.hash)  # of the same text before one of an older or another file
        if heads and not anew:
            self.walk = heads[0].id
            self.words = (
                f"goes on with the walk of {heads[0].begun_at:%H:%M:%SZ} by {heads[0].who}, recorded in {one.id}"
            )
        else:
            self.walk = start_walk(self._journal, one, book, start)
            self.words = f"a new walk, recorded in {one.id}"
        self._book = book

    def state(self) -> WalkState:
        """Where the walk stands, whoever moved it."""
        self._read()
        state = walk_of(self._one(), self._book, walk=self.walk)
        if state is None:
            raise VigieError("This walk's beginning cannot be read.", next_step="Begin another one: --new-walk")
        return state

    def keep(self, payload: Payload, key: str = "") -> None:
        """Write it down. Raises JournalUnavailable."""
        record(self._journal, self._one(), payload, self.state().book, key, walk=self.walk)

    def _one(self) -> Incident:
        found = self._incidents.get(self.incident)
        if found is None:
            raise VigieError(
                f"There is no incident {one_line(self.incident, 40)}.", next_step="See: vigie incident list"
            )
        return found

    def _read(self) -> None:
        self._incidents.refresh()


def open_incident_of(journal: Journal, environment: str) -> str:
    """The id of the environment's open incident. Raises VigieError where none is open."""
    incidents = IncidentBook(journal)
    incidents.refresh()
    one = incidents.open_for(environment)
    if one is None:
        raise VigieError(
            f"No incident of {environment} is open, so there is nowhere to record.",
            next_step='Open one: vigie incident open "…", or leave --record out.',
        )
    return one.id


def environment_of_incident(journal: Journal, incident: str) -> str:
    """The environment an incident is about. Raises VigieError for an id that nobody knows."""
    incidents = IncidentBook(journal)
    incidents.refresh()
    one = incidents.get(incident)
    if one is None:
        raise VigieError(f"There is no incident {one_line(incident, 40)}.", next_step="See: vigie incident list")
    return one.environment
