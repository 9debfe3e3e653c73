"""What came first is said only when brackets and clocks allow it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.watch.history import BadRun, History
from operations.watch.model import Change, ProbeState, Reading, Status
from operations.watch.order import Bracket, Onset, bracket_of, find_onset, nearest_change

T = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def _at(seconds: float) -> datetime:
    return T + timedelta(seconds=seconds)


def _onset(width: float = 10.0) -> Onset:
    return Onset(T, Bracket(_at(-width), T), "request log")


def _change(kind: str, seconds: float, margin: float = 1.0) -> Change:
    return Change(kind, _at(seconds), kind, margin=margin)


@pytest.mark.parametrize(
    ("changes", "nearest"),
    [
        ([], "none"),
        ([("release", -60)], "release"),
        ([("release", -3599)], "release"),
        ([("release", -3700)], "none"),
        ([("release", -5)], "release"),
        ([("release", 8)], "release"),
        ([("release", 60)], "none"),
        ([("flag", -120)], "flag"),
        ([("config", -120)], "config"),
        ([("migration", -120)], "migration"),
        ([("migration", -90), ("release", -60)], "release"),
        ([("migration", -1200), ("release", -60)], "release"),
        ([("migration", -30), ("release", -600)], "migration"),
        ([("release", -600), ("flag", -60)], "flag"),
        ([("flag", -600), ("release", -60)], "release"),
        ([("flag", -60), ("release", -5)], None),
        ([("flag", -60), ("release", -61)], None),
        ([("release", -600), ("release", -60)], "release"),
        ([("restore", -60)], "none"),
        ([("release", -600), ("flag", 60)], "release"),
    ],
)
def test_the_nearest_change(changes: list[tuple[str, float]], nearest: str | None) -> None:
    found = nearest_change(_onset(), [_change(kind, seconds) for kind, seconds in changes], 0.0)
    assert found.kind == nearest
    assert bool(found.reason) == (nearest is None)


def test_without_every_source_only_a_release_can_be_named() -> None:
    assert nearest_change(_onset(), [], 0.0, complete=False).kind is None
    assert nearest_change(_onset(), [_change("flag", -60)], 0.0, complete=False).kind is None
    assert nearest_change(_onset(), [_change("release", -60)], 0.0, complete=False).kind == "release"


def test_clocks_that_differ_by_more_than_thirty_seconds_blind_the_order() -> None:
    found = nearest_change(_onset(), [_change("release", -60)], 31.0)
    assert (found.kind, found.reason) == (None, "clocks differ by 31 s")


def test_an_onset_that_is_not_known_gives_its_reason() -> None:
    found = nearest_change(Onset(reason="watched only since 03:07Z"), [_change("release", -60)], 0.0)
    assert (found.kind, found.reason) == (None, "watched only since 03:07Z")


def test_the_distance_is_said_with_its_margin() -> None:
    seen = Change("release", _at(-60), "v2.4.1", after=_at(-70))
    assert nearest_change(_onset(10), [seen], 0.0).says == "release v2.4.1, 60 s (±20 s) before the errors began"


@pytest.mark.parametrize(
    ("first", "second", "skew", "before"),
    [
        ((-40, -30), (0, 5), 0, True),
        ((0, 5), (-40, -30), 0, False),
        ((-20, 1), (0, 5), 0, None),
        ((-20, -10), (0, 5), 0, None),
        ((-40, -30), (0, 5), 21, None),
        ((-40, -30), (0, 5), 19, True),
    ],
)
def test_brackets_that_touch_or_clocks_that_differ_leave_the_order_open(
    first: tuple[float, float], second: tuple[float, float], skew: float, before: bool | None
) -> None:
    one, two = (Bracket(_at(low), _at(high)) for low, high in (first, second))
    assert one.before(two, skew) is before


moments = st.tuples(st.floats(-1000, 1000), st.floats(0, 100))


@given(moments, moments, st.floats(0, 50))
def test_order_is_never_said_both_ways(one: tuple[float, float], two: tuple[float, float], skew: float) -> None:
    first, second = (Bracket(_at(start), _at(start + width)) for start, width in (one, two))
    forth, back = first.before(second, skew), second.before(first, skew)
    assert (forth is None) == (back is None)
    assert forth is None or forth is not back


def test_a_release_that_was_seen_lies_between_the_last_old_and_the_first_new_version() -> None:
    assert bracket_of(Change("release", T, "v2", after=_at(-10))) == Bracket(_at(-10), T)
    assert bracket_of(Change("release", T, "v2", margin=3)) == Bracket(_at(-3), _at(3))


def _history() -> History:
    history = History([ProbeState(name, name, True, 10, 10) for name in ("health", "errors", "page")])
    history.watching_since = T
    return history


def _read(history: History, probe: str, *statuses: Status, start: float = 0, run: object = None) -> None:
    for number, status in enumerate(statuses):
        data = {"run": run} if run else {}
        history.add(Reading(probe, status, _at(start + 10 * number), 0.1, "", 10.0, data))


def test_without_errors_there_is_no_onset() -> None:
    history = _history()
    _read(history, "health", Status.OK, Status.OK)
    assert find_onset(history).reason == "no errors now"


def test_our_own_readings_give_the_first_bad_one_of_the_present_run() -> None:
    history = _history()
    ok, down = Status.OK, Status.DOWN
    _read(history, "health", ok, down, ok, ok, ok, down, down, ok, down, down)
    onset = find_onset(history)
    assert (onset.at, onset.source) == (_at(50), "our readings of health")
    assert onset.margin == 10


def test_the_request_log_knows_better_than_our_readings() -> None:
    history = _history()
    _read(history, "errors", Status.OK)
    run = {"source": "request log", "first_bad": _at(3).isoformat(), "last_good": _at(2).isoformat()}
    _read(history, "errors", Status.DOWN, start=30, run=run)
    assert find_onset(history).at == _at(3)
    _read(history, "errors", Status.OK, Status.OK, start=60)
    assert find_onset(history).at is None


def test_errors_older_than_the_watch_have_no_onset_unless_a_person_tells_it() -> None:
    history = _history()
    _read(history, "health", Status.DOWN, Status.DOWN, Status.DOWN)
    assert find_onset(history).reason == "watched only since 03:00Z"
    told = find_onset(history, _at(-600))
    assert (told.at, told.source, told.margin) == (_at(-600), "a person says so", 600)


def test_a_run_in_the_log_that_reaches_back_to_its_start_is_not_an_onset() -> None:
    history = _history()
    _read(history, "errors", Status.DOWN, run={"source": "request log", "first_bad": T.isoformat(), "last_good": None})
    assert find_onset(history).at is None
    history.runs["errors"] = BadRun(_at(5), _at(1))
    assert find_onset(history).source == "our readings of errors"
