"""Walks inside an incident: the runbooks they go by, and their payloads into the journal and back.

The state is folded from the incident's events; the runbook is the snapshot that a walk's first event carries. An
incident may have several walks; the first one of an older journal has the empty id.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from operations.engine.events import EventBook
from operations.errors import VigieError
from operations.incident.model import Incident
from operations.settings import Settings
from operations.text import one_line
from runbooks.events import Answered, Moved, Payload, Started, from_data, to_data
from runbooks.model import Book
from runbooks.walk import WalkState, begin, replay

SITE_DOWN = "site-down"


@dataclass(frozen=True, slots=True)
class WalkHead:
    """One of an incident's walks: its id, the runbook's name and the hash of its text, who began it and when, and when
    it last went on."""

    id: str
    book: str
    hash: str
    begun_at: datetime
    who: str
    last_at: datetime


def own_folder(settings: Settings) -> Path | None:
    """The folder of the team's own runbooks, where one is set."""
    return settings.resolve(settings.runbooks) if settings.runbooks else None


def load_book(settings: Settings, name: str = SITE_DOWN) -> Book:
    """The runbook of that name: the team's own when they have one, else the library's."""
    from runbooks.shelf import open_book

    try:
        return open_book(name, own_folder(settings))
    except OSError as error:
        raise VigieError(f"The runbook {one_line(name, 80)} cannot be read: {error.strerror or error}.") from None


def start_walk(journal: EventBook, incident: Incident, book: Book, at: str = "", *, only: bool = False) -> str:
    """Begin to walk `book` in this incident; the new walk's id. Whoever wants this text's `only` walk gets the same id:
    two consoles that begin it in the same moment then begin one."""
    text = f"{incident.id} {book.name} {book.hash}"
    id = sha256(text.encode("utf-8", "replace")).hexdigest()[:8] if only else secrets.token_hex(4)
    record(journal, incident, begin(book, at), book, walk=id)
    return id


def record(
    journal: EventBook, incident: Incident, payload: Payload, book: Book, key: str = "", *, walk: str = ""
) -> None:
    """Append a walk's payload, with the words the timeline shows for it. With a `key` it counts only once."""
    data: dict[str, Any] = to_data(payload)
    data["title"] = _title(book, str(data.get("section", "")))
    if isinstance(payload, Moved | Answered):
        data["to"] = _title(book, payload.target)
    if key:
        data["key"] = key
    if walk:
        data["walk"] = walk
    journal.append(payload.kind, data, incident=incident.id)


def walks_of(incident: Incident) -> tuple[WalkHead, ...]:
    """The incident's walks, the one that went on last first."""
    heads: dict[str, WalkHead] = {}
    for event in incident.walk:
        head = heads.get(event.walk)
        if head is None and event.kind == Started.kind:
            book, text = str(event.data.get("book", "")), str(event.data.get("hash", ""))
            heads[event.walk] = WalkHead(event.walk, book, text, event.at, event.who, event.at)
        elif head is not None:
            heads[event.walk] = replace(head, last_at=max(head.last_at, event.at))
    return tuple(sorted(heads.values(), key=lambda head: head.last_at, reverse=True))


def walk_of(incident: Incident, book: Book | None = None, walk: str | None = None) -> WalkState | None:
    """Where a walk of the incident stands: the one with that id, else the one that went on last; None without any."""
    if walk is None:
        heads = walks_of(incident)
        walk = heads[0].id if heads else ""
    found = ((one.at, from_data(one.kind, one.data), one.who) for one in incident.walk if one.walk == walk)
    return replay(((at, payload, who) for at, payload, who in found if payload is not None), book)


def _title(book: Book, anchor: str) -> str:
    section = book.section(anchor)
    return section.title if section else anchor
