"""The recorder's file gives back what was put in, backdated or not, and forgets what is old."""

from __future__ import annotations

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.watch.history import History
from operations.watch.memory import recall
from operations.watch.model import Alarm, ProbeState, Reading, Status
from operations.watch.store import HEARTBEAT_COUNTS, Store

NOW = datetime(2026, 3, 4, 3, 20, tzinfo=UTC)
OK, DOWN = Status.OK, Status.DOWN


def _ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def _reading(probe: str, ago: float, status: Status = OK, value: float | None = None, **data: object) -> Reading:
    return Reading(probe, status, _ago(ago), 0.25, "[/x] détail", value, data)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "deep" / "readings.sqlite", writable=True)


def test_the_file_is_private(store: Store) -> None:
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_readings_come_back_as_they_were(store: Store) -> None:
    readings = [_reading("health", 20, services={"database": "ok"}), _reading("page", 10, DOWN, 1.5)]
    store.add("production", readings)
    store.add("staging", [_reading("health", 5)])
    reader = Store(store.path)
    last, found = reader.readings("production")
    assert found == readings
    store.add("production", [_reading("page", 0)])
    assert [reading.at for reading in reader.readings("production", after_id=last)[1]] == [NOW]
    assert reader.watching_since("production") == _ago(20)


def test_what_is_newer_costs_the_same_however_much_is_older(store: Store) -> None:
    store.add("production", [_reading("health", 5_000 - n) for n in range(5_000)])
    reader = Store(store.path)
    last, _ = reader.readings("production")
    store.add("production", [_reading("page", 0)])
    steps: list[None] = []
    reader._file.set_progress_handler(lambda: steps.append(None), 100)
    assert len(reader.readings("production", after_id=last)[1]) == 1
    assert len(steps) < 10, "hundreds of SQLite's steps for one new reading"


def test_a_reader_notices_what_somebody_else_wrote_and_can_write_nothing(store: Store) -> None:
    reader = Store(store.path)
    before = reader.changed()
    assert reader.changed() == before
    store.add("production", [_reading("health", 0)])
    assert reader.changed() != before
    with pytest.raises(sqlite3.OperationalError):
        reader.add("production", [_reading("health", 0)])


def test_minutes_and_versions_are_kept_beside_the_readings(store: Store) -> None:
    minute = int(NOW.timestamp() // 60)
    store.add("production", [_reading("errors", 60, minutes=[[minute - 1, 600, 3, 0.2], [minute, 10, 0, None]])])
    store.add("production", [_reading("errors", 0, minutes=[[minute, 620, 1, 0.3]])])
    assert store.minutes("production") == {minute - 1: (600, 3, 0.2), minute: (620, 1, 0.3)}
    for ago, version in ((90, "v1"), (60, "v1"), (30, "v2"), (0, "v1")):
        store.add("production", [_reading("release", ago, site=version)])
    spans = [(span.version, span.first_at, span.last_at) for span in store.versions("production")]
    assert spans == [("v1", _ago(90), _ago(60)), ("v2", _ago(30), _ago(30)), ("v1", NOW, NOW)]


def test_requests_per_second_is_the_mean_of_the_whole_minutes_between(store: Store) -> None:
    first = int(NOW.timestamp() // 60)
    minutes = [[first + n, 60 * (n + 1), 0, None] for n in range(4)]
    store.add("production", [_reading("errors", 0, minutes=minutes)])
    begin = datetime.fromtimestamp(first * 60, UTC)
    assert store.requests_per_second("production", begin, begin + timedelta(minutes=2)) == 1.5
    assert store.requests_per_second("production", begin, begin + timedelta(hours=1)) == 2.5
    assert store.requests_per_second("production", begin - timedelta(hours=1), begin) is None
    assert store.requests_per_second("staging", begin, begin + timedelta(hours=1)) is None


def test_a_heartbeat_counts_for_a_while(store: Store) -> None:
    assert not store.is_recording("production", NOW)
    store.beat("production", NOW)
    assert store.is_recording("production", NOW)
    assert not store.is_recording("staging", NOW)
    assert not store.is_recording("production", NOW + timedelta(seconds=HEARTBEAT_COUNTS + 1))
    store.stop_beating("production")
    assert not store.is_recording("production", NOW)


def test_what_is_old_is_forgotten(store: Store) -> None:
    store.add("production", [_reading("health", 8 * 86400), _reading("health", 0)])
    store.add_alarms("production", [Alarm("health", "x", _ago(8 * 86400), _ago(8 * 86400 - 60))])
    assert store.prune(_ago(7 * 86400)) == 1
    assert store.watching_since("production") == NOW
    assert store.alarms("production") == ()


def test_an_alarm_is_kept_once_and_closed_in_place(store: Store) -> None:
    opened = Alarm("health", "health endpoint fails", _ago(60), probe="health")
    store.add_alarms("production", [opened])
    store.add_alarms("production", [Alarm("health", "health endpoint fails", _ago(60), NOW, "health")])
    [alarm] = store.alarms("production")
    assert (alarm.closed_at, alarm.offers_incident, alarm.about_site) == (NOW, True, True)


def test_a_damaged_file_is_an_error_not_a_surprise(tmp_path: Path) -> None:
    path = tmp_path / "readings.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        Store(path, writable=True)


def _blank(*names: str) -> History:
    return History([ProbeState(name, name, True, 10, 10) for name in names])


def test_a_state_that_stood_for_days_is_remembered_since_when(store: Store) -> None:
    store.add("production", [_reading("health", 200_000, DOWN)])
    store.add("production", [_reading("health", 199_000 - 1000 * n) for n in range(200)])
    history = _blank("health")
    recall(store, "production", history, NOW)
    state = history.states["health"]
    assert (state.status, state.since, state.since_is_watch_start) == (OK, _ago(199_000), False)
    assert history.watching_since == _ago(200_000)


def test_an_outage_longer_than_memory_keeps_its_onset(store: Store) -> None:
    store.add("production", [_reading("health", 20_000)])
    store.add("production", [_reading("health", 19_990 - 10 * n, DOWN) for n in range(2000)])
    history = _blank("health")
    recall(store, "production", history, NOW)
    run = history.runs["health"]
    assert (run.first_bad, run.last_good) == (_ago(19_990), _ago(20_000))


def test_counts_of_a_whole_day_serve_as_usual(store: Store) -> None:
    store.add("production", [_reading("business", 86_000 - 600 * n, value=100.0) for n in range(143)])
    history = _blank("business")
    recall(store, "production", history, NOW)
    assert len(history.counts) == 143


def test_watching_long_ago_is_not_watching(store: Store) -> None:
    store.add("production", [_reading("health", 5000)])
    history = _blank("health")
    recall(store, "production", history, NOW)
    assert history.watching_since is None


statuses = st.lists(st.sampled_from([OK, DOWN, Status.UNKNOWN]), min_size=1, max_size=40)


@given(statuses)
def test_what_is_recalled_is_what_was_watched(tmp_path_factory: pytest.TempPathFactory, row: list[Status]) -> None:
    path = tmp_path_factory.mktemp("readings") / "readings.sqlite"
    watched, recalled = _blank("health"), _blank("health")
    readings = [_reading("health", 10 * (len(row) - n), status, network=True) for n, status in enumerate(row)]
    watched.add_all(readings)
    store = Store(path, writable=True)
    store.add("production", readings)
    recall(store, "production", recalled, NOW)
    store.close()
    assert recalled.states == watched.states
    assert recalled.runs == watched.runs
