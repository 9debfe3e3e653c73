from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from operations.practice import history as product_history
from operations.practice.builds import Shelved
from operations.practice.reading_history import Past, backdated_readings
from operations.practice.session import make_session
from operations.watch.baseline import usual_traffic
from operations.watch.history import History
from operations.watch.model import ProbeState, Reading, Status
from operations.watch.order import find_onset

NOW = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)


def past_of(scenario: str) -> Past:
    session = make_session(NOW, 3, scenario)
    later = session.scenario.commits if session.scenario else ()
    commits = product_history.dated(NOW, Random(3), later)
    shelved = tuple(
        Shelved(c.commit.tag, f"{n:040x}", c.commit.who, c.commit.title, c.live_at, c.live_at, Path())
        for n, c in enumerate(commits)
        if c.live_at
    )
    return Past(NOW, 10.0, shelved, session.onset, session.failure(5432))


def told(readings: list[Reading]) -> History:
    names = {reading.probe for reading in readings}
    history = History([ProbeState(name, name, False, 30.0, 10.0) for name in sorted(names)])
    history.add_all(readings)
    return history


def test_a_healthy_past_has_no_bad_reading_and_a_usual_traffic_for_this_hour() -> None:
    readings = backdated_readings(past_of(""), Random(1))
    assert {reading.status for reading in readings} == {Status.OK}
    history = told(readings)
    assert find_onset(history).at is None
    usual = usual_traffic(history.minutes, NOW)
    assert usual is not None and 9 < usual < 11


def test_readings_are_in_order_in_the_past_and_few_enough_to_store_at_once() -> None:
    readings = backdated_readings(past_of("bad-release"), Random(1))
    times = [reading.at for reading in readings]
    assert times == sorted(times)
    assert times[-1] < NOW
    assert NOW - times[0] <= timedelta(days=6)
    assert len(readings) < 8000


@pytest.mark.parametrize("scenario", ["bad-release", "database-down"])
def test_the_watch_finds_the_dealt_onset_in_them(scenario: str) -> None:
    past = past_of(scenario)
    history = told(backdated_readings(past, Random(1)))
    onset = find_onset(history)
    assert onset.at == past.onset
    assert onset.bracket is not None and onset.bracket.width < 2
    assert history.states["health"].status is Status.DOWN
    assert history.states["page"].status is Status.OK
    assert history.states["database"].status is (Status.DOWN if scenario == "database-down" else Status.OK)


@pytest.mark.parametrize(("scenario", "release_is_first"), [("bad-release", True), ("database-down", False)])
def test_the_version_was_seen_to_change_before_a_bad_release_and_after_the_stopped_database(
    scenario: str, release_is_first: bool
) -> None:
    past = past_of(scenario)
    history = told(backdated_readings(past, Random(1)))
    newest = history.versions[-1]
    assert newest.version == past.shelved[-1].commit
    assert newest.first_at - history.versions[-2].last_at <= timedelta(seconds=10)
    assert past.onset is not None
    assert (newest.first_at < past.onset) is release_is_first
