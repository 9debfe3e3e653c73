"""Folds events into incidents, the same whatever order they came in.

With a journal it reads only what it is asked for: the marks of all incidents, and the story of one. Without, `feed` it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from operations.engine.events import Event
from operations.engine.journal import Journal
from operations.incident.heads import MARKS, Heads
from operations.incident.model import Incident, IncidentHead
from operations.incident.story import Story


class IncidentBook:
    """All incidents of one journal, and of events that were fed. `refresh` (or `feed`) first, then ask.

    What is asked may read the journal and raises JournalUnavailable then.
    """

    def __init__(self, journal: Journal | None = None) -> None:
        self._journal = journal
        self._place: int | None = None
        self._heads = Heads()
        self._sorted: tuple[IncidentHead, ...] | None = None
        self._stories: dict[str, Story] = {}
        self._incident_of_job: dict[str, str] = {}
        self._orphans: dict[str, list[Event]] = {}

    @property
    def path(self) -> Path | None:
        """The file of its journal, None without one."""
        return self._journal.path if self._journal is not None else None

    def refresh(self) -> bool:
        """Take in what is new in the journal; True when there was something. Raises JournalUnavailable."""
        if self._journal is None:
            return False
        if self._place is None:
            place = self._journal.last_place()
            self._heads.read(self._journal.incident_marks())
            self._sorted = None
            # Behind that place everything is taken in as it comes; a mark that is read twice counts once.
            self._place = place
            return place > 0
        rows = self._journal.events(after=self._place)
        if rows:
            self._place = rows[-1][0]
            for _, event in rows:
                self._take(event, stored=True)
        return bool(rows)

    def feed(self, events: Iterable[Event]) -> bool:
        """Take in events; True when any incident changed. An event that is known already changes none."""
        changed = False
        for event in events:
            changed = self._take(event, stored=False) or changed
        return changed

    def heads(self) -> tuple[IncidentHead, ...]:
        """Every incident as a list shows it, newest first; no story is read for it."""
        if self._sorted is None:
            found = (self._head(id) for id in self._heads.ids())
            known = (one for one in found if one is not None)
            self._sorted = tuple(sorted(known, key=lambda one: one.opened_at, reverse=True))
        return self._sorted

    def ids(self) -> frozenset[str]:
        """The ids that are taken."""
        return frozenset(self._heads.ids())

    def all(self) -> tuple[Incident, ...]:
        """Every incident with its story, newest first. Reads everything: where a list will do take `heads`."""
        return tuple(one for one in (self.get(head.id) for head in self.heads()) if one is not None)

    def all_open(self) -> tuple[Incident, ...]:
        """Every incident that is open, newest first."""
        return tuple(one for one in (self.get(head.id) for head in self.heads() if head.open) if one is not None)

    def get(self, id: str) -> Incident | None:
        """The incident of that id."""
        return self._story(id).incident() if id in self._heads.ids() else None

    def open_for(self, environment: str) -> Incident | None:
        """The newest open incident of an environment."""
        found = (head.id for head in self.heads() if head.open and head.environment == environment)
        return self.get(next(found, ""))

    def latest_for(self, environment: str) -> Incident | None:
        """The newest incident of an environment, open or not."""
        return self.get(next((head.id for head in self.heads() if head.environment == environment), ""))

    def _story(self, id: str) -> Story:
        if id not in self._stories:
            events = self._journal.story(id) if self._journal is not None else []
            self._stories[id] = Story(event for _, event in events)
        return self._stories[id]

    def _head(self, id: str) -> IncidentHead | None:
        if self._heads.doubtful(id):
            # Several writers changed it: only the whole story tells which of them came last.
            one = self.get(id)
            return one.head if one is not None else None
        return self._heads.get(id)

    def _take(self, event: Event, *, stored: bool) -> bool:
        """Take in an event; one that the journal stores may wait there until its incident is asked for."""
        if event.kind == "job.created" and event.job:
            self._incident_of_job[event.job] = event.incident
        incident = event.incident or self._incident_of(event)
        if not incident:
            return False
        if event.kind in MARKS:
            self._heads.take(event)
        if event.kind in MARKS or self._heads.doubtful(incident):
            self._sorted = None
        if stored and incident not in self._stories:
            return True
        early = self._orphans.pop(event.job, []) if event.kind == "job.created" else []
        story = self._story(incident)
        taken = [story.take(one) for one in (event, *early)]
        return any(taken)

    def _incident_of(self, event: Event) -> str:
        """The incident of an event that names only its job; kept where the job is not known yet."""
        if not event.job:
            return ""
        if event.job not in self._incident_of_job:
            if self._journal is None:
                self._orphans.setdefault(event.job, []).append(event)
                return ""
            found = self._journal.events(job=event.job, kinds=("job.created",), limit=1)
            self._incident_of_job[event.job] = found[0][1].incident if found else ""
        return self._incident_of_job[event.job]
