"""What the commands about incidents read: the journal, opened for one command, and an incident by its id."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from operations.commands.session import say
from operations.engine.journal import Journal
from operations.errors import VigieError
from operations.incident.model import Incident
from operations.incident.refold import events_of, incident_from
from operations.settings import Settings
from operations.text import one_line


@contextmanager
def journal_of(settings: Settings) -> Iterator[Journal]:
    """The journal, closed at the end; damaged events that were met are named then."""
    from operations.jobs.launch import journal_for

    journal = journal_for(settings)
    try:
        yield journal
        if journal.unreadable:
            say(f"{len(journal.unreadable)} damaged events of the journal are left out", "WARN")
    finally:
        journal.close()


def incident_named(journal: Journal, id: str) -> Incident:
    """The incident of that id. Raises VigieError."""
    found = incident_from(events_of(journal, id), id)
    if found is None:
        raise VigieError(f"There is no incident {one_line(id, 40)}.", next_step="See: vigie incident list")
    return found
