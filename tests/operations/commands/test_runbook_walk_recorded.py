"""A walk that is recorded in an incident: it goes on where it stands, whoever walked it so far."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from operations.incident.book import IncidentBook
from operations.incident.model import Incident
from operations.incident.walks import record, walk_of, walks_of
from operations.jobs.launch import journal_for
from operations.settings_reader import load_settings
from runbooks.events import Acted
from runbooks.walk import call_help
from tests.operations.commands.walks import RECORDED, book, labels, said_by, vigie, walked

SETTINGS = """
operator = "ana"
state_dir = "state"
lock_dir = "locks"
[site]
name = "dispatch"
[environments.production]
kind = "production"
url = "http://127.0.0.1:9"
[environments.staging]
kind = "staging"
url = "http://127.0.0.1:9"
"""
DOWN = RECORDED["database-down"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vigie.toml").write_text(SETTINGS)
    return tmp_path


def opened(folder: Path) -> str:
    """An incident of production; its id."""
    done = vigie(folder, "incident", "open", "the site is down")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def incident_of(folder: Path, id: str) -> Incident:
    journal = journal_for(load_settings(folder / "vigie.toml", {}))
    try:
        incidents = IncidentBook()
        incidents.feed([event for _, event in journal.events()])
    finally:
        journal.close()
    found = incidents.get(id)
    assert found is not None
    return found


def add(folder: Path, id: str, made: Any) -> None:
    """What somebody else does on the same walk: `made` is a payload, or makes one of the walk's state."""
    journal = journal_for(load_settings(folder / "vigie.toml", {}))
    try:
        one = incident_of(folder, id)
        state = walk_of(one)
        assert state is not None
        record(journal, one, made(state) if callable(made) else made, state.book, walk=walks_of(one)[0].id)
    finally:
        journal.close()


def test_each_answer_is_an_event_of_the_incident_with_its_evidence(folder: Path) -> None:
    id = opened(folder)
    code, document = walked(folder, "site-down", "--record", facts=DOWN)
    assert (code, document["result"]["recorded"]["incident"]) == (4, id)
    incident = incident_of(folder, id)
    assert [event.kind for event in incident.walk] == ["walk.started", *["walk.answered"] * 4]
    assert all(event.data["suggested"] and event.data["evidence"] for event in incident.walk[1:])
    assert any("No: refused" in entry.text for entry in incident.entries)


def test_a_second_call_goes_on_where_the_walk_stands_and_tells_the_way_so_far(folder: Path) -> None:
    id = opened(folder)
    walked(folder, "site-down", "--incident", id, facts=DOWN)
    code, document = walked(folder, "site-down", "--incident", id, "--answer", "B1=1", facts=DOWN)
    assert (code, labels(document)) == (3, ["B1", "E1"])
    assert [step["label"] for step in document["result"]["earlier"]] == ["N1", "N2", "N3", "N4"]
    _, said = said_by(folder, "site-down", "--record", facts=DOWN)
    assert "so far: bastion sees > users get errors" in said
    assert f"recorded in {id}" in said


def test_another_walk_of_the_same_book_is_begun_only_when_it_is_asked_for(folder: Path) -> None:
    id = opened(folder)
    walked(folder, "site-down", "--record", facts=DOWN)
    _, document = walked(folder, "site-down", "--record", "--new-walk", facts=RECORDED["hot-query"])
    assert labels(document) == ["N1", "N2", "N8", "Q1"]
    assert len(walks_of(incident_of(folder, id))) == 2
    _, newest = walked(folder, "site-down", "--record", facts=RECORDED["hot-query"])
    assert newest["result"]["recorded"] == document["result"]["recorded"]


def test_another_book_is_another_walk_of_the_same_incident(folder: Path) -> None:
    id = opened(folder)
    walked(folder, "provider-down", "--record", facts=DOWN)
    assert {head.book for head in walks_of(incident_of(folder, id))} == {"site-down", "provider-down"}


def test_what_somebody_else_did_on_the_walk_counts(folder: Path) -> None:
    id = opened(folder)
    walked(folder, "site-down", "--record", facts=RECORDED["bad-release"])
    add(folder, id, lambda state: Acted(state.current, "rollback", "j", 4, "v2"))
    facts = {**RECORDED["bad-release"], "rollback.other_target": True}
    _, document = walked(folder, "site-down", "--record", facts=facts)
    assert labels(document) == ["R1", "R2", "R1"]
    add(folder, id, call_help)
    code, document = walked(folder, "site-down", "--record", "--answer", "E1=1", facts=RECORDED["bad-release"])
    assert (code, labels(document)) == (0, ["E1", "R1"])


def test_a_start_in_a_walk_that_goes_on_is_a_jump_and_an_event(folder: Path) -> None:
    id = opened(folder)
    walked(folder, "site-down", "--record", facts=DOWN)
    _, document = walked(folder, "site-down", "--record", "--start", "N5", facts=RECORDED["bad-release"])
    assert labels(document) == ["N5", "N6", "N7", "R1"]
    assert "walk.moved" in [event.kind for event in incident_of(folder, id).walk]


def test_a_walk_goes_on_with_the_text_it_began_with_and_says_so(folder: Path) -> None:
    opened(folder)
    own = book(folder, "# A\n- **Yes** → [B](#b)\n- **No** → [A](#a)\n# B\n- **Yes** → [A](#a)\n- **No** → [B](#b)\n")
    said_by(folder, own, "--record", "--answer", "1")
    book(folder, "# A\n- **Other** → [C](#c)\n- **No** → [A](#a)\n# C\nNew.\n")
    code, said = said_by(folder, own, "--record")
    assert (code, "the file has changed since" in said, "step 2" in said) == (3, True, True)


def test_of_two_files_of_one_name_each_goes_on_with_its_own_walk(folder: Path) -> None:
    opened(folder)
    first = "# A\n- **Yes** → [B](#b)\n- **No** → [A](#a)\n# B\nDone.\n"
    said_by(folder, book(folder, first), "--record", "--answer", "1")
    own = book(folder, first.replace("Done.", "Quite another."))
    said_by(folder, own, "--record", "--new-walk")
    book(folder, first)
    _, said = said_by(folder, own, "--record")
    assert "the file has changed since" not in said
    assert "so far: Yes" in said


def test_without_an_open_incident_there_is_nowhere_to_record(folder: Path) -> None:
    code, said = said_by(folder, "site-down", "--record", facts=DOWN)
    assert (code, "vigie incident open" in said) == (1, True)
    code, said = said_by(folder, "site-down", "--incident", "1121-xyz", facts=DOWN)
    assert (code, "no incident 1121-xyz" in said) == (1, True)


def test_an_incident_that_is_over_is_not_walked_any_more(folder: Path) -> None:
    id = opened(folder)
    assert vigie(folder, "incident", "resolve", id, "--why", "a false alarm").returncode == 0
    code, said = said_by(folder, "site-down", "--incident", id, facts=DOWN)
    assert (code, "resolved" in said) == (1, True)


def test_an_incident_is_walked_for_its_own_environment(folder: Path) -> None:
    id = opened(folder)
    code, said = said_by(folder, "site-down", "--incident", id, "--env", "staging", facts=DOWN)
    assert (code, "is about production" in said) == (1, True)
    code, said = said_by(folder, "site-down", "--record", "--env", "staging", facts=DOWN)
    assert (code, "No incident of staging is open" in said) == (1, True)


def test_a_read_only_session_records_nothing(folder: Path) -> None:
    id = opened(folder)
    done = vigie(folder, "--readonly", "runbook", "walk", "site-down", "--incident", id)
    assert (done.returncode, "read-only" in done.stderr) == (1, True)
    assert [event.kind for event in incident_of(folder, id).walk] == ["walk.started"]


def test_without_being_asked_to_nothing_is_recorded(folder: Path) -> None:
    id = opened(folder)
    _, said = said_by(folder, "site-down", facts=DOWN)
    assert "nothing of this walk is recorded" in said
    assert [event.kind for event in incident_of(folder, id).walk] == ["walk.started"]
