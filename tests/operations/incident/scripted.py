"""A scripted incident in a process of its own: does what a console does, and says each event that is acknowledged.

`python -m tests.operations.incident.scripted STATE`: one line of the event's id on stdout for each, until it ends.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from operations.desk import utc_now
from operations.engine.events import Event
from operations.engine.fallback import FallbackJournal, fallback_path
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.engine.steady import SteadyJournal
from operations.incident.acts import add_note, open_incident, set_severity, set_state
from operations.incident.book import IncidentBook
from operations.incident.model import IncidentState, Severity
from operations.incident.walks import record, start_walk, walk_of
from operations.settings import Settings
from runbooks.shelf import open_book
from runbooks.walk import call_help

ROUNDS = 25


class Telling(SteadyJournal):
    """The console's book, which says on stdout what it has acknowledged."""

    def append(
        self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None, incident: str = "", job: str = ""
    ) -> Event:
        event = super().append(kind, data, at=at, incident=incident, job=job)
        sys.stdout.write(f"{event.id}\n")
        sys.stdout.flush()
        return event


def main(state: Path) -> None:
    """Play the incident, the one that is open or a new one, from its opening to its end."""
    redactor = Redactor(Settings().secrets())
    path = state / "journal.sqlite"
    journal = Telling(
        lambda: Journal.open(path, actor="ana", redactor=redactor, now=utc_now),
        lambda: Journal.open_to_read(path, redactor=redactor, now=utc_now),
        lambda: FallbackJournal(fallback_path(state, "console"), actor="ana", redactor=redactor, now=utc_now),
    )
    book = IncidentBook(journal.journal)
    book.refresh()
    runbook = open_book("site-down", None)
    for _ in range(ROUNDS):
        one = book.open_for("production")
        if one is None:
            open_incident(
                journal,
                book,
                site="harbour",
                environment="production",
                severity=Severity.P0,
                title="down",
                now=utc_now(),
            )
            book.refresh()
            one = book.open_for("production")
            assert one is not None
            start_walk(journal, one, runbook)
            book.refresh()
            one = book.open_for("production")
        assert one is not None
        journal.append("role.taken", {"role": "commander"}, incident=one.id)
        journal.append(
            "timer.armed", {"timer": "t1", "kind": "update", "words": "tell them", "due": "soon"}, incident=one.id
        )
        add_note(journal, one, "phones ring")
        walk = walk_of(one)
        if walk is not None:
            record(journal, one, call_help(walk), runbook, walk=one.walk[0].walk)
        _job(journal, one.id)
        set_severity(journal, one, Severity.P1)
        set_state(journal, one, IncidentState.RESOLVED)
        book.refresh()


def _job(journal: SteadyJournal, incident: str) -> None:
    for kind in ("job.created", "job.started", "step.started", "step.finished", "job.finished"):
        journal.append(kind, {"operation": "smoke", "step": "a", "says": "x" * 400}, incident=incident, job="j1")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
