"""A walk inside an incident: the runbook it goes by, and its payloads into the journal and back.

The state is folded from the incident's events; the runbook is the snapshot that the first event carries.
"""

from __future__ import annotations

from typing import Any

from operations.engine.events import EventBook
from operations.errors import VigieError
from operations.incident.model import Incident
from operations.settings import Settings
from runbooks.events import Answered, Moved, Payload, from_data, to_data
from runbooks.model import Book
from runbooks.walk import WalkState, begin, replay

SITE_DOWN = "site-down"


def load_book(settings: Settings, name: str = SITE_DOWN) -> Book:
    """The runbook of that name: the team's own when they have one, else the library's."""
    from runbooks.shelf import open_book

    try:
        return open_book(name, settings.resolve(settings.runbooks) if settings.runbooks else None)
    except OSError as error:
        raise VigieError(f"The runbook {name} cannot be read: {error.strerror or error}.") from None


def start_walk(journal: EventBook, incident: Incident, book: Book, at: str = "") -> None:
    """Begin to walk `book` in this incident."""
    record(journal, incident, begin(book, at), book)


def record(journal: EventBook, incident: Incident, payload: Payload, book: Book, key: str = "") -> None:
    """Append a walk's payload, with the words the timeline shows for it. With a `key` it counts only once."""
    data: dict[str, Any] = to_data(payload)
    data["title"] = _title(book, str(data.get("section", "")))
    if isinstance(payload, Moved | Answered):
        data["to"] = _title(book, payload.target)
    if key:
        data["key"] = key
    journal.append(payload.kind, data, incident=incident.id)


def walk_of(incident: Incident, book: Book | None = None) -> WalkState | None:
    """Where the incident's walk stands; None when none was begun."""
    payloads = ((event.at, from_data(event.kind, event.data)) for event in incident.walk)
    return replay(((at, payload) for at, payload in payloads if payload is not None), book)


def _title(book: Book, anchor: str) -> str:
    section = book.section(anchor)
    return section.title if section else anchor
