"""States turn only when enough readings agree, and say since when; not being able to measure is never down."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from operations.watch.hysteresis import Rule, aged, fold
from operations.watch.model import ProbeState, Reading, Status

START = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
BLANK = ProbeState("health", "api/health", True, 10.0, 10.0)
OK, WARN, DOWN, UNKNOWN = Status.OK, Status.WARN, Status.DOWN, Status.UNKNOWN


def _after(*statuses: Status, start: ProbeState = BLANK, rule: Rule | None = None) -> ProbeState:
    state = start
    begin = START if start.last is None else start.last.at + timedelta(seconds=10)
    for number, status in enumerate(statuses):
        reading = Reading("health", status, begin + timedelta(seconds=10 * number), 0.1, "no network")
        state = fold(state, reading, rule) if rule else fold(state, reading)
    return state


def test_the_first_good_reading_is_believed_at_once() -> None:
    state = _after(OK)
    assert (state.status, state.since, state.since_is_watch_start) == (OK, START, True)


def test_two_bad_readings_are_not_down_and_three_are_since_the_first() -> None:
    deciding = _after(OK, DOWN, DOWN)
    assert (deciding.status, deciding.deciding, deciding.contrary) == (OK, True, 2)
    down = _after(OK, DOWN, DOWN, DOWN)
    assert (down.status, down.deciding, down.since) == (DOWN, False, START + timedelta(seconds=10))
    assert not down.since_is_watch_start


def test_one_good_reading_is_not_the_end_of_an_outage_and_two_are() -> None:
    down = _after(DOWN, DOWN, DOWN)
    assert (down.status, down.since_is_watch_start) == (DOWN, True)
    assert _after(OK, start=down).status is DOWN
    assert _after(OK, DOWN, OK, start=down).status is DOWN
    back = _after(OK, OK, start=down)
    assert (back.status, back.since) == (OK, START + timedelta(seconds=30))


def test_a_good_reading_in_between_starts_the_count_again() -> None:
    assert _after(OK, DOWN, DOWN, OK, DOWN, DOWN).status is OK


def test_a_warning_shows_at_once_and_is_no_step_towards_down() -> None:
    assert _after(OK, WARN).status is WARN
    assert _after(OK, DOWN, WARN, DOWN, WARN, DOWN).status in (OK, WARN)


def test_not_being_able_to_measure_is_unknown_with_its_reason_and_never_down() -> None:
    state = _after(OK, UNKNOWN, UNKNOWN, UNKNOWN)
    assert (state.status, state.reason) == (UNKNOWN, "no network")
    assert _after(OK, DOWN, DOWN, UNKNOWN, DOWN, DOWN).status is UNKNOWN


def test_after_an_unknown_stretch_a_good_state_has_to_be_decided() -> None:
    state = _after(OK, UNKNOWN, OK)
    assert (state.status, state.deciding) == (UNKNOWN, True)
    assert _after(OK, UNKNOWN, OK, OK).status is OK


def test_a_rule_of_two_out_of_five_counts_bad_ones_that_are_not_in_a_row() -> None:
    rule = Rule(down_after=2, down_of=5)
    assert _after(OK, DOWN, OK, OK, rule=rule).status is OK
    assert _after(OK, DOWN, OK, DOWN, rule=rule).status is DOWN


def test_a_state_is_unknown_past_twice_its_interval_and_its_limit() -> None:
    state = _after(OK)
    assert aged(state, START + timedelta(seconds=30)).status is OK
    stale = aged(state, START + timedelta(seconds=31))
    assert (stale.status, stale.reason) == (UNKNOWN, "last answer 31 s ago")


readings = st.lists(st.sampled_from([OK, WARN, DOWN, UNKNOWN]), max_size=30)


@given(readings)
def test_down_needs_three_bad_in_a_row_and_good_is_never_said_over_three_bad(statuses: list[Status]) -> None:
    state = _after(*statuses)
    if state.status is DOWN:
        assert any(statuses[i : i + 3] == [DOWN] * 3 for i in range(len(statuses)))
    if statuses[-3:] == [DOWN] * 3:
        assert state.status is DOWN
    if len(statuses) > 1 and all(status in (OK, WARN) for status in statuses[-2:]):
        assert state.status is statuses[-1]


@given(readings)
def test_what_is_said_fits_together(statuses: list[Status]) -> None:
    state = _after(*statuses)
    assert state.deciding == (state.contrary > 0)
    assert state.status is not UNKNOWN or bool(state.reason)
    assert state.last is None or state.last.status is statuses[-1]
    if state.since is not None and state.last is not None:
        assert state.since <= state.last.at
    if statuses:
        assert replace(state, last=None) != BLANK
