"""The timeline as people read it: pins, corrections, late lines, filter, search."""

from __future__ import annotations

from datetime import timedelta

import pytest

from operations.errors import VigieError
from operations.incident.acts import add_note, open_incident
from operations.incident.model import Incident, Severity
from operations.incident.refold import incident_from
from operations.incident.timeline import chosen, correct, line_words, parse_wanted, pin, timeline_of
from tests.operations.incident.conftest import START, Desk
from tests.operations.incident.tale import ID, bad_release


def told() -> Incident:
    incident = incident_from(bad_release().events, ID)
    assert incident is not None
    return incident


def texts(asked: str) -> list[str]:
    return [line.text for line in chosen(timeline_of(told()), parse_wanted(asked))]


@pytest.fixture
def noted(desk: Desk) -> Desk:
    """An incident with one note."""
    id = open_incident(desk.journal, desk.book, site="s", environment="production", severity=Severity.P0,
                       title="down", now=desk.time)  # fmt: skip
    one = desk.read().get(id)
    assert one is not None
    desk.pass_time(minutes=5)
    add_note(desk.journal, one, "zone 12 is empty", at=START + timedelta(minutes=1))
    return desk


def only(desk: Desk) -> Incident:
    return desk.read().all()[0]


def test_a_line_noted_late_shows_both_times(noted: Desk) -> None:
    line = timeline_of(only(noted))[-1]
    assert line_words(line, START.date()) == ("  03:01:00Z  ana        note: zone 12 is empty (noted 03:05:00Z)",)


def test_a_correction_counts_and_the_first_words_stay_readable(noted: Desk) -> None:
    handle = timeline_of(only(noted))[-1].handle
    correct(noted.journal, only(noted), handle, "zone 21 is empty")
    noted.pass_time(minutes=1)
    correct(noted.journal, only(noted), handle, "zone 31 is empty")
    line = timeline_of(only(noted))[-1]
    assert line.text == "zone 31 is empty"
    assert line.before == ("note: zone 12 is empty", "zone 21 is empty")
    rows = line_words(line, START.date())
    assert "(corrected 03:06:00Z by ana)" in rows[0] and rows[1].strip() == "said before: note: zone 12 is empty"


def test_a_pin_is_put_once_and_taken_away(noted: Desk) -> None:
    handle = timeline_of(only(noted))[-1].handle
    pin(noted.journal, only(noted), handle)
    pin(noted.journal, only(noted), handle)
    assert sum(event.kind == "entry.pinned" for event in only(noted).events) == 1
    assert [line.handle for line in chosen(timeline_of(only(noted)), parse_wanted("pinned:"))] == [handle]
    pin(noted.journal, only(noted), handle, pinned=False)
    assert not chosen(timeline_of(only(noted)), parse_wanted("pinned:"))


@pytest.mark.parametrize("handle", ["", "zz", "-"])
def test_a_handle_that_names_no_line_or_several_is_refused(noted: Desk, handle: str) -> None:
    with pytest.raises(VigieError, match="goes by"):
        pin(noted.journal, only(noted), handle)


def test_a_correction_without_words_is_refused(noted: Desk) -> None:
    with pytest.raises(VigieError, match="without words"):
        correct(noted.journal, only(noted), timeline_of(only(noted))[-1].handle, " \x1b[2J ")


def test_the_timeline_goes_by_when_it_happened() -> None:
    moments = [line.entry.at for line in timeline_of(told())]
    assert moments == sorted(moments)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("kind:alarm", ["alarm: health failed three times", "alarm over: health failed three times"]),
        ("kind:act v2.4.0", ["rollback ended, exit 0: success: v2.4.0 is live"]),
        ("who:watch kind:probe", ["errors begin (±20 s)", "api/health DOWN: 503 zone", "api/health ok"]),
        ("kind:walk.answered", ["What changed just before? A release"]),
        ("ANSWERS marc", ["Marc answers: on my way"]),
        ("kind:nothing", []),
    ],
)
def test_a_filter_asks_for_kinds_people_and_words(asked: str, expected: list[str]) -> None:
    assert texts(asked) == expected


def test_what_was_said_before_a_correction_is_still_found(noted: Desk) -> None:
    correct(noted.journal, only(noted), timeline_of(only(noted))[-1].handle, "zone 21 is full")
    assert len(chosen(timeline_of(only(noted)), parse_wanted("zone 12"))) == 1
