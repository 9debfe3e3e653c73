"""One incident out of its events alone, in whatever order they arrived: the same events always give the same incident.

A report is made from this: the order of a journal is the order of arrival, which another machine does not share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from operations.engine.events import Event, EventBook
from operations.engine.redaction import Redactor
from operations.incident.book import IncidentBook
from operations.incident.model import Incident
from operations.incident.order import as_it_happened

_HEADS = {"incident.opened": 0, "job.created": 1}
"""What others refer to is folded first, whenever it is said to have happened."""


def events_of(journal: EventBook, id: str) -> list[Event]:
    """All events of an incident in a journal, those of its jobs included."""
    own = [event for _, event in journal.events(incident=id)]
    jobs = sorted({event.job for event in own if event.job})
    return own + [event for job in jobs for _, event in journal.events(job=job) if event.incident != id]


def incident_from(events: Iterable[Event], id: str) -> Incident | None:
    """The incident of that id as these events tell it; None where none of them opens it."""
    book = IncidentBook()
    book.feed(sorted(as_it_happened(events), key=lambda event: _HEADS.get(event.kind, 2)))
    return book.get(id)


def redacted(events: Iterable[Event], redactor: Redactor) -> list[Event]:
    """The same events without what the settings of today call a secret; the journal masked those of its own day."""
    return [replace(event, data=redactor.data(dict(event.data))) for event in events]
