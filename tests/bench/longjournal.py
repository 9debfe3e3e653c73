"""A journal as it is after a few busy years: incidents that were walked, jobs that ran, one incident still open."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from operations.desk import utc_now
from operations.engine.events import Draft
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.settings_reader import load_settings
from tests.bench.ground import Ground

EVENTS = 20_000
INCIDENTS = 100


def long_journal(ground: Ground) -> Path:
    """Settings whose state directory holds such a journal."""
    state = ground.home / "bench-long-state"
    config = ground.copy("long", state_dir=str(state))
    site = load_settings(config).site.name
    journal = Journal.open(state / "journal.sqlite", actor="ana", redactor=Redactor(), now=utc_now)
    try:
        began = utc_now() - timedelta(days=700)
        for number in range(INCIDENTS):
            at = began + timedelta(days=7 * number)
            name = f"bench-{number:03}"
            opened = {"site": site, "environment": "production", "severity": "P1", "title": "the board is slow"}
            drafts = [Draft("incident.opened", opened, at, name)]
            drafts += [_note(at + timedelta(seconds=n), n, name) for n in range(EVENTS // INCIDENTS - 2)]
            if number < INCIDENTS - 1:
                drafts.append(Draft("incident.state", {"state": "closed"}, at + timedelta(hours=1), name))
            journal.append_many(drafts)
    finally:
        journal.close()
    return config


def _note(at: Any, number: int, incident: str) -> Draft:
    return Draft("incident.note", {"text": f"note {number}: looked at the graphs, nothing new"}, at, incident)
