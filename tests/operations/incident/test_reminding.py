"""Saying what is due through a real journal, and putting off, settling and setting timers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from operations.errors import VigieError
from operations.incident.clock import clock_of
from operations.incident.reminding import arm, cancel, remind, snooze
from tests.operations.incident.conftest import Desk
from tests.operations.incident.stage import SETTINGS, Stage
from tests.operations.incident.test_book import opened


def test_two_consoles_on_one_journal_say_it_once_and_it_is_on_the_timeline(desk: Desk) -> None:
    before = opened(desk)
    desk.pass_time(minutes=2)
    said = [remind(desk.journal, before, SETTINGS, desk.now()) for _ in range(2)]
    assert said == [("nobody is incident commander",), ()]
    after = desk.read().all()[0]
    assert [entry.text for entry in after.entries[1:]] == ["reminder: nobody is incident commander"]
    assert remind(desk.journal, after, SETTINGS, desk.now()) == ()


def test_what_was_said_is_known_after_a_restart(desk: Desk) -> None:
    opened(desk)
    desk.pass_time(minutes=2)
    remind(desk.journal, desk.read().all()[0], SETTINGS, desk.now())
    again = Desk(desk.journal.path.parent)
    again.time = desk.time
    assert remind(again.journal, again.read().all()[0], SETTINGS, again.now()) == ()
    again.journal.close()


def test_putting_off_takes_a_reason_and_a_time_within_a_week() -> None:
    stage = Stage()
    soon = stage.now + timedelta(minutes=10)
    for until, why, words in (
        (soon, " ", "reason"),
        (stage.now, "busy", "a week at most"),
        (stage.now + timedelta(days=8), "busy", "a week at most"),
    ):
        with pytest.raises(VigieError, match=words):
            snooze(stage, stage.incident(), SETTINGS, "commander", until, why, stage.now)
    snooze(stage, stage.incident(), SETTINGS, "commander", soon, "tom is on his way", stage.now)
    due = next(one for one in clock_of(stage.incident(), SETTINGS, stage.now).due if one.kind == "commander")
    assert (due.due_at, due.snoozed) == (soon, True)
    expected = "snoozed until 03:10Z: nobody is incident commander: tom is on his way"
    assert stage.incident().entries[-1].text == expected


def test_a_timer_that_is_not_needed_is_gone_and_the_next_one_comes() -> None:
    stage = Stage()
    cancel(stage, stage.incident(), SETTINGS, "update", "nobody is awake there", stage.now)
    assert not [one for one in clock_of(stage.incident(), SETTINGS, stage.now).due if one.kind == "update"]
    assert stage.incident().entries[-1].text == "not needed: first notice to users: nobody is awake there"
    stage.sent("initial")
    assert [one for one in clock_of(stage.incident(), SETTINGS, stage.now).due if one.kind == "update"]


def test_a_name_has_to_fit_one_timer() -> None:
    stage = Stage()
    with pytest.raises(VigieError, match="fits 3 timers"):
        cancel(stage, stage.incident(), SETTINGS, "ladder", "x", stage.now)
    with pytest.raises(VigieError, match="is no timer"):
        cancel(stage, stage.incident(), SETTINGS, "", "x", stage.now)
    cancel(stage, stage.incident(), SETTINGS, "ladder:lead", "ana is here", stage.now)


def test_a_reminder_of_ones_own_needs_words() -> None:
    stage = Stage()
    with pytest.raises(VigieError, match="needs words"):
        arm(stage, stage.incident(), "\x1b[2J", stage.now)
    assert arm(stage, stage.incident(), "look again", stage.now, lambda: "1") == "custom:1"
