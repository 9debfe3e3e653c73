"""An incident is what its events say, in whatever pieces they come."""

from __future__ import annotations

from datetime import timedelta

import pytest

from operations.errors import VigieError
from operations.incident.acts import add_note, open_incident, set_severity, set_state, set_title
from operations.incident.book import IncidentBook
from operations.incident.model import Incident, IncidentState, Severity
from operations.incident.naming import new_incident_id
from operations.incident.told import tell
from operations.incident.walks import record, start_walk, walk_of, walks_of
from runbooks.events import Ticked
from runbooks.reader import read
from tests.operations.incident.conftest import START, Desk


def opened(desk: Desk, title: str = "site down", environment: str = "production") -> Incident:
    id = open_incident(
        desk.journal,
        desk.read(),
        site="harbour",
        environment=environment,
        severity=Severity.P0,
        title=title,
        now=desk.now(),
    )
    found = desk.read().get(id)
    assert found is not None
    return found


def test_opening_gives_an_id_of_date_and_three_letters(desk: Desk) -> None:
    incident = opened(desk)
    assert incident.id.startswith("1121-")
    assert len(incident.id) == 8
    assert (incident.severity, incident.state, incident.opened_by) == (Severity.P0, IncidentState.INVESTIGATING, "ana")


def test_a_taken_id_is_not_given_again() -> None:
    letters = iter("bbbbbc")
    assert new_incident_id(START, {"1121-bbb"}, lambda _: next(letters)) == "1121-bbc"


def test_a_second_incident_of_the_same_environment_is_refused_with_the_first_ones_id(desk: Desk) -> None:
    first = opened(desk)
    with pytest.raises(VigieError, match=first.id):
        opened(desk)
    assert opened(desk, environment="staging").environment == "staging"


def test_a_note_keeps_the_words_of_all_its_lines_and_says_what_is_left_out(desk: Desk) -> None:
    incident = opened(desk)
    assert add_note(desk.journal, incident, "phones ring\n\nsince noon") == ""
    assert add_note(desk.journal, incident, "x " * 50_000) == "too long: of 99999 characters 500 are kept"
    assert desk.read().all()[0].entries[1].text == "note: phones ring since noon"
    assert tell(desk.journal, incident, "summary", "x" * 2_000) == ""
    assert tell(desk.journal, incident, "summary", "x" * 2_001) == "too long: of 2001 characters 2000 are kept"


def test_notes_severity_and_state_are_events_on_the_timeline(desk: Desk) -> None:
    incident = opened(desk)
    desk.pass_time(minutes=1)
    add_note(desk.journal, incident, "phones ring")
    set_severity(desk.journal, incident, Severity.P1)
    set_severity(desk.journal, incident, Severity.P0)
    set_state(desk.journal, incident, IncidentState.MONITORING)
    assert set_title(desk.journal, incident, "no quotes") == set_title(desk.journal, incident, incident.title) == ""
    after = desk.read().get(incident.id)
    assert after is not None
    assert after.severity is Severity.P1
    assert after.state is IncidentState.MONITORING
    assert after.title == "no quotes"
    assert [e.text for e in after.entries][1:] == [
        "note: phones ring", "severity P0 -> P1", "state: monitoring", "called from now on: no quotes",
    ]  # fmt: skip


def test_an_empty_note_is_refused(desk: Desk) -> None:
    with pytest.raises(VigieError, match="empty note"):
        add_note(desk.journal, opened(desk), " \x1b[2J \n")


def test_resolved_against_what_is_still_open_takes_a_reason(desk: Desk) -> None:
    incident = opened(desk)
    with pytest.raises(VigieError, match="no smoke run; it is closed"):
        set_state(desk.journal, incident, IncidentState.RESOLVED, still_open=("no smoke run", "it is closed"))
    set_state(desk.journal, incident, IncidentState.RESOLVED, why="false alarm")
    after = desk.read().get(incident.id)
    assert after is not None
    assert not after.open
    assert after.resolved_at == desk.time
    assert desk.read().open_for("production") is None


def test_a_late_entry_stands_where_it_happened_and_keeps_both_times(desk: Desk) -> None:
    incident = opened(desk)
    desk.pass_time(minutes=10)
    add_note(desk.journal, incident, "now")
    add_note(desk.journal, incident, "customer says 02:50", at=START + timedelta(minutes=2))
    after = desk.read().get(incident.id)
    assert after is not None
    assert [entry.text for entry in after.entries][1:] == ["note: customer says 02:50", "note: now"]
    late = after.entries[1]
    assert late.late
    assert late.recorded_at == desk.time


def test_what_two_consoles_saw_alike_is_said_once(desk: Desk) -> None:
    incident = opened(desk)
    for _ in range(2):
        desk.journal.append(
            "probe.changed",
            {"key": "probe:health:down:1", "title": "api/health", "status": "down", "detail": "503"},
            incident=incident.id,
        )
    after = desk.read().get(incident.id)
    assert after is not None
    assert [entry.text for entry in after.entries].count("api/health DOWN: 503") == 1


def test_a_jobs_later_events_carry_its_name_and_its_steps_titles(desk: Desk) -> None:
    incident = opened(desk)
    plan = {"steps": [{"name": "promote", "title": "promote v2.4.0"}]}
    created = {"operation": "rollback", "environment": "production", "plan": plan, "reason": "bad release"}
    desk.journal.append("job.created", created, job="j1", incident=incident.id)
    desk.journal.append(
        "step.finished", {"step": "promote", "seconds": 1.5, "says": ""}, job="j1", incident=incident.id
    )
    desk.journal.append("job.finished", {"code": 0, "meaning": "success", "says": "v2.4.0 is live"}, job="j1")
    after = desk.read().get(incident.id)
    assert after is not None
    assert [entry.text for entry in after.entries][1:] == [
        "rollback production confirmed: bad release",
        "rollback: promote v2.4.0 (1.5 s)",
        "rollback ended, exit 0: success: v2.4.0 is live",
    ]
    assert after.jobs == ("j1",)


def test_folding_in_pieces_gives_the_same_as_folding_at_once(desk: Desk) -> None:
    incident = opened(desk)
    for number in range(5):
        add_note(desk.journal, incident, f"note {number}")
        desk.read()
    whole = IncidentBook()
    whole.feed([event for _, event in desk.journal.events()])
    assert whole.get(incident.id) == desk.read().get(incident.id)


def test_an_event_of_an_unknown_incident_changes_nothing(desk: Desk) -> None:
    desk.journal.append("incident.note", {"text": "lost"}, incident="0000-xyz")
    assert desk.read().all() == ()


def test_a_later_versions_event_that_cannot_be_read_is_left_out_and_the_others_tell_the_story(desk: Desk) -> None:
    incident = opened(desk)
    for kind, data in (
        ("step.finished", {"seconds": 10**400}),
        ("walk.answered", {"evidence": [[]], "verdict": False}),
        ("walk.checked", {"exit_code": []}),
    ):
        desk.journal.append(kind, data, incident=incident.id)
    add_note(desk.journal, incident, "phones ring")
    after = desk.read().get(incident.id)
    assert after is not None
    assert after.entries[-1].text == "note: phones ring"


def test_two_that_begin_the_only_walk_of_a_text_in_the_same_moment_begin_one(desk: Desk) -> None:
    incident = opened(desk)
    text = read("# Queue\n\n- [ ] look\n- [ ] say so\n", "queue")
    (first, other) = (start_walk(desk.journal, incident, text, only=True) for _ in range(2))
    for walk, line_no in ((first, 3), (other, 4)):
        record(desk.journal, incident, Ticked("queue", line_no, "a task"), text, walk=walk)
    after = desk.read().get(incident.id)
    assert after is not None
    assert len(walks_of(after)) == 1
    state = walk_of(after, walk=first)
    assert state is not None
    assert [done.payload.line for done in state.done if isinstance(done.payload, Ticked)] == [3, 4]
