"""Alarms follow the manuals: long enough, never from what could not be measured, and closed by two good readings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from operations.watch.alarms import AlarmBook
from operations.watch.model import Overall, ProbeState, Reading, Status
from operations.watch.overall import overall_of

T = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
OK, WARN, DOWN, UNKNOWN = Status.OK, Status.WARN, Status.DOWN, Status.UNKNOWN


def _feed(
    book: AlarmBook, probe: str, seconds: float, status: Status = DOWN, every: float = 10, start: float = 0
) -> None:
    at = start
    while at <= start + seconds:
        book.add(Reading(probe, status, T + timedelta(seconds=at), 0.1, "503"))
        at += every


def _open(book: AlarmBook) -> list[str]:
    return [alarm.key for alarm in book.open]


@pytest.mark.parametrize(
    ("probe", "silent", "loud"), [("health", 110, 120), ("page", 110, 120), ("errors", 290, 300), ("latency", 290, 300)]
)
def test_an_alarm_needs_its_time(probe: str, silent: float, loud: float) -> None:
    book = AlarmBook()
    _feed(book, probe, silent)
    assert _open(book) == []
    _feed(book, probe, 0, start=loud)
    [alarm] = list(book.open)
    assert (alarm.key, alarm.opened_at, alarm.offers_incident) == (probe, T + timedelta(seconds=loud), True)


def test_a_compressed_clock_compresses_the_times() -> None:
    book = AlarmBook(speed=10)
    _feed(book, "errors", 30, every=3)
    assert len(_open(book)) == 1


def test_three_bad_minutes_need_three_readings() -> None:
    book = AlarmBook()
    _feed(book, "health", 120, every=120)
    assert _open(book) == []


def test_a_database_that_does_not_answer_alarms_at_once_and_one_that_is_full_does_not() -> None:
    book = AlarmBook()
    _feed(book, "database", 20)
    [alarm] = list(book.open)
    assert not alarm.about_site
    full = AlarmBook()
    for second in range(0, 100, 10):
        full.add(Reading("database", DOWN, T + timedelta(seconds=second), 0.1, "", None, {"answers": True}))
    assert _open(full) == []


def test_backups_and_providers_alarm_without_offering_an_incident() -> None:
    book = AlarmBook()
    for probe in ("backups", "certificate", "provider Quay"):
        _feed(book, probe, 30)
    assert {(alarm.key, alarm.offers_incident, alarm.about_site) for alarm in book.open} == {
        (probe, False, False) for probe in ("backups", "certificate", "provider Quay")
    }
    assert book.open[-1].title.startswith(("backups", "certificate", "Quay"))


def test_two_good_readings_close_and_unknown_ones_do_nothing() -> None:
    book = AlarmBook()
    _feed(book, "health", 130)
    _feed(book, "health", 60, UNKNOWN, start=140)
    _feed(book, "health", 0, OK, start=210)
    assert len(_open(book)) == 1
    _feed(book, "health", 0, OK, start=220)
    assert _open(book) == []
    [closed] = book.all
    assert closed.closed_at == T + timedelta(seconds=220)


def test_a_long_pause_between_readings_is_no_long_failure() -> None:
    book = AlarmBook()
    _feed(book, "health", 10)
    _feed(book, "health", 10, start=4000)
    assert _open(book) == []


def test_maintenance_mutes_the_sites_alarms_and_no_others() -> None:
    book = AlarmBook()
    book.muted = True
    _feed(book, "health", 300)
    _feed(book, "database", 30)
    assert _open(book) == ["database"]


def test_kept_alarms_are_taken_up_as_they_stood() -> None:
    old = AlarmBook()
    _feed(old, "health", 130)
    _feed(old, "page", 130)
    _feed(old, "page", 10, OK, start=140)
    begin = T + timedelta(seconds=3600)
    book = AlarmBook()
    book.restore(old.all, begin)
    assert _open(book) == ["health"]
    assert [alarm.key for alarm in book.all] == ["health", "page"]
    _feed(book, "health", 10, OK, start=3600)
    assert _open(book) == []


def _state(probe: str, status: Status, critical: bool = False, quiet: bool = False) -> ProbeState:
    last = Reading(probe, status, T, 0.1, data={"quiet": quiet})
    return ProbeState(probe, probe, critical, 10, 10, status, T, last=last)


@pytest.mark.parametrize(
    ("states", "overall"),
    [
        ([], Overall.UNKNOWN),
        ([_state("health", OK, True)], Overall.OK),
        ([_state("health", DOWN, True), _state("vantage", OK)], Overall.DOWN),
        ([_state("health", OK, True), _state("backups", DOWN)], Overall.DEGRADED),
        ([_state("health", OK, True), _state("provider x", DOWN)], Overall.DEGRADED),
        ([_state("health", WARN, True)], Overall.DEGRADED),
        ([_state("health", UNKNOWN, True), _state("page", OK, True)], Overall.UNKNOWN),
        ([_state("health", UNKNOWN, True), _state("page", DOWN, True)], Overall.DOWN),
        ([_state("health", OK, True), _state("errors", UNKNOWN, True, quiet=True)], Overall.OK),
        ([_state("health", OK, True), _state("vantage", DOWN)], Overall.UNKNOWN),
        ([_state("health", OK, True), _state("alerts", UNKNOWN)], Overall.OK),
    ],
)
def test_the_overall_state(states: list[ProbeState], overall: Overall) -> None:
    assert overall_of(states)[0] is overall


def test_maintenance_comes_first() -> None:
    assert overall_of([_state("health", DOWN, True)], T) == (Overall.MAINTENANCE, T)


def test_the_overall_state_is_as_old_as_itself_and_not_as_what_it_is_made_of() -> None:
    began, came_back = T - timedelta(minutes=12), T - timedelta(seconds=15)
    alerts = replace(_state("alerts", WARN), since=began)
    health = _state("health", DOWN, True)
    assert overall_of([replace(health, since=began), alerts]) == (Overall.DOWN, began)
    well = replace(_state("health", OK, True), since=came_back)
    assert overall_of([well, alerts]) == (Overall.DEGRADED, came_back)
    later = replace(alerts, since=T)
    assert overall_of([well, later]) == (Overall.DEGRADED, T)
    assert overall_of([well]) == (Overall.OK, came_back)
    blind = replace(_state("page", UNKNOWN, True), since=began)
    assert overall_of([well, blind]) == (Overall.UNKNOWN, came_back)
