"""Events in their writers' order, with times that never run backwards."""

from __future__ import annotations

from datetime import timedelta

from operations.incident.order import ahead_of, in_order, ordered
from tests.operations.incident.stage import START, Stage


def minutes(stage: Stage) -> list[float]:
    """Each event's time as it counts, in minutes after the start."""
    return [(one.written - START).total_seconds() / 60 for one in in_order(stage.incident())]


def test_a_clock_that_runs_well_changes_no_time() -> None:
    stage = Stage()
    for _ in range(3):
        stage.wait(minutes=2).append("incident.note", {"text": "x"})
    assert minutes(stage) == [0, 2, 4, 6]


def test_set_back_what_was_before_keeps_its_spans_and_meets_what_came_after() -> None:
    stage = Stage()
    stage.wait(minutes=10).append("incident.note", {"text": "x"})
    stage.turn(minutes=-60).append("incident.note", {"text": "y"})
    assert minutes(stage) == [-60, -50, -50]


def test_wrong_for_a_moment_it_moves_nothing_but_that_moment() -> None:
    stage = Stage()
    stage.wait(minutes=5).turn(minutes=60).append("incident.note", {"text": "x"})
    stage.wait(minutes=1).turn(minutes=-60).append("incident.note", {"text": "y"})
    assert minutes(stage) == [0, 6, 6]


def test_a_late_entry_stays_as_late_as_it_is() -> None:
    stage = Stage().wait(minutes=10)
    stage.append("incident.note", {"text": "x"}, at=START + timedelta(minutes=4))
    last = in_order(stage.incident())[-1]
    assert (last.at, last.written) == (START + timedelta(minutes=4), START + timedelta(minutes=10))


def test_the_order_of_arrival_does_not_matter() -> None:
    stage = Stage()
    for _ in range(5):
        stage.wait(minutes=1).turn(seconds=-100).append("incident.note", {"text": "x"})
    events = [event for _, event in stage.rows]
    assert ordered(events) == ordered(reversed(events))


def test_a_clock_set_back_since_is_seen_by_the_newest_event() -> None:
    stage = Stage().wait(minutes=1)
    newest = stage.append("incident.note", {"text": "x"})
    assert ahead_of(stage.incident(), stage.now) is None
    assert ahead_of(stage.incident(), stage.now - timedelta(seconds=5)) is None
    assert ahead_of(stage.incident(), stage.now - timedelta(seconds=6)) == newest
