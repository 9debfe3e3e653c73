"""Who can be called, and when somebody last practised."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.doctor.people import check_people
from operations.jobs.launch import journal_for
from operations.settings import Contact, Secret, Settings
from tests.operations.doctor.clinic import by_name

ANA = Contact(name="Ana", phone="1")
TOM = Contact(name="Tom", call=Secret("https://pager.example/x"))
NOBODY = Contact(name="Eva")


@pytest.mark.parametrize(
    ("contacts", "verdict", "says"),
    [
        ((), "warn", "nobody to call"),
        ((ANA,), "warn", "by phone alone"),
        ((ANA, NOBODY), "warn", "Eva can be reached in no way"),
        ((ANA, TOM), "ok", "2, 1 by a webhook or pager (not tried: it would wake them)"),
    ],
)
def test_contacts_that_cannot_be_called_are_named(
    contacts: tuple[Contact, ...], verdict: str, says: str, tmp_path: Path
) -> None:
    found = by_name(check_people(Settings(contacts=contacts), utc_now(), tmp_path))["contacts"]
    assert found.verdict == verdict
    assert says in found.says


def test_the_last_scored_drill_is_said_with_its_age(tmp_path: Path) -> None:
    state = tmp_path / "sessions" / "one" / "state"
    assert by_name(check_people(Settings(), utc_now(), tmp_path))["last drill"].says == "none on this machine yet"
    journal = journal_for(Settings(state_dir=str(state), lock_dir=str(tmp_path / "locks"), operator="ana"))
    journal.append("drill.scored", {"score": 90})
    journal.close()
    late = utc_now() + timedelta(days=41)
    found = by_name(check_people(Settings(), late, tmp_path))["last drill"]
    assert (found.verdict, found.says) == ("ok", "41d ago")
    overdue = by_name(check_people(Settings(), utc_now() + timedelta(days=120), tmp_path))["last drill"]
    assert (overdue.verdict, "vigie drill" in overdue.mend) == ("warn", True)


def test_a_journal_that_cannot_be_read_tells_of_no_drill(tmp_path: Path) -> None:
    state = tmp_path / "sessions" / "one" / "state"
    state.mkdir(parents=True)
    (state / "journal.sqlite").write_bytes(b"no database at all")
    assert by_name(check_people(Settings(), utc_now(), tmp_path))["last drill"].verdict == "warn"
