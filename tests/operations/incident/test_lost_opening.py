"""What was saved of an incident is on the list again, though a damaged journal lost its opening."""

from __future__ import annotations

from operations.incident.lost_opening import TITLE, open_lost, words_of
from operations.incident.model import IncidentState, Severity
from tests.operations.incident.conftest import START, Desk


def test_an_incident_without_its_opening_begins_with_the_first_event_that_was_saved(desk: Desk) -> None:
    desk.journal.append("incident.severity", {"before": "P0", "severity": "P1"}, incident="1121-bbb")
    desk.pass_time(minutes=5)
    desk.journal.append("incident.note", {"text": "phones ring"}, incident="1121-bbb")
    desk.journal.append("incident.state", {"state": "monitoring"}, incident="1121-bbb")
    desk.journal.append("job.created", {"plan": {"environment": "staging"}}, incident="1121-ccc", job="j1")
    desk.journal.append("incident.title", {"title": "no quotes"}, incident="1121-ccc")
    desk.pass_time(hours=1)
    assert desk.read().heads() == ()
    lost = open_lost(desk.journal, site="harbour", environment="production")
    assert words_of(lost).startswith("the opening of 1121-bbb, 1121-ccc was lost")
    staging, first = sorted(desk.read().all(), key=lambda one: one.environment == "production")
    assert (staging.environment, staging.severity, staging.title) == ("staging", Severity.P0, "no quotes")
    assert (first.severity, first.state, first.opened_at) == (Severity.P1, IncidentState.MONITORING, START)
    assert {f"incident opened, P1: {TITLE}", "note: phones ring"} < {entry.text for entry in first.entries}


def test_where_every_opening_is_there_nothing_is_written(desk: Desk) -> None:
    desk.journal.append("incident.opened", {"environment": "production", "title": "x"}, incident="1121-bbb")
    desk.journal.append("switch.seen", {})
    before = desk.journal.last_place()
    assert words_of(open_lost(desk.journal, site="harbour", environment="production")) == ""
    assert desk.journal.last_place() == before
