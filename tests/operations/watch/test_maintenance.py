"""MAINTENANCE is said when our own switch is on and users do get the closed page; else the readings speak as ever."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from operations.settings import Environment, Settings
from operations.settings_release import SwitchSettings
from operations.watch.model import Overall
from operations.watch.outside import Closing, Outside
from operations.watch.snapshot import aged_snapshot, snapshot_of
from tests.operations.watch.test_facts import DOWN, NOW, OK, UNKNOWN, Watched

SINCE = NOW - timedelta(minutes=7)
ON = Outside(closings=lambda: [Closing(SINCE, None, True)])
SETTINGS = Settings(environments={"production": Environment(kind="production")}, switches=SwitchSettings())


def closed(status: int = 503) -> Watched:
    """A site whose front page answers like that, while its health is good."""
    watched = Watched("health", "page")
    return watched.read("health").read("page", OK if status == 200 else DOWN, code=status)


def overall(watched: Watched, outside: Outside = ON, settings: Settings = SETTINGS) -> Overall:
    return snapshot_of(watched.history, settings, "production", outside, NOW).overall


def test_it_is_said_with_its_age_and_mutes_the_sites_alarms() -> None:
    watched = closed()
    snapshot = snapshot_of(watched.history, SETTINGS, "production", ON, NOW)
    assert (snapshot.overall, snapshot.since) == (Overall.MAINTENANCE, SINCE)
    assert watched.history.alarms.muted


def test_an_outage_that_answers_as_maintenance_does_is_down_where_nobody_closed_the_site() -> None:
    watched = closed()
    assert overall(watched, Outside()) is Overall.DOWN
    assert not watched.history.alarms.muted


@pytest.mark.parametrize(("status", "shown"), [(200, Overall.OK), (502, Overall.DOWN), (0, Overall.DOWN)])
def test_a_page_that_is_not_the_closed_one_is_no_maintenance(status: int, shown: Overall) -> None:
    watched = closed(status)
    assert overall(watched) is shown
    assert not watched.history.alarms.muted


def test_a_page_nobody_could_read_is_no_maintenance() -> None:
    assert overall(Watched("health", "page").read("health").read("page", UNKNOWN, code=503)) is Overall.UNKNOWN
    assert overall(Watched("health").read("health")) is Overall.OK


@pytest.mark.parametrize(
    "closing",
    [Closing(SINCE, None, False), Closing(SINCE, NOW - timedelta(seconds=1), True)],
    ids=["not seen yet", "opened again"],
)
def test_a_closing_nobody_saw_or_that_is_over_is_no_maintenance(closing: Closing) -> None:
    assert overall(closed(), Outside(closings=lambda: [closing])) is Overall.DOWN


def test_the_sites_own_status_counts() -> None:
    other = msgspec.structs.replace(SETTINGS, switches=SwitchSettings(maintenance_status=418))
    assert overall(closed(418), settings=other) is Overall.MAINTENANCE
    assert overall(closed(503), settings=other) is Overall.DOWN


def test_a_snapshot_that_grows_old_forgets_it() -> None:
    snapshot = snapshot_of(closed().history, SETTINGS, "production", ON, NOW)
    assert aged_snapshot(snapshot, NOW + timedelta(seconds=1)).overall is Overall.MAINTENANCE
    assert aged_snapshot(snapshot, NOW + timedelta(minutes=10)).overall is Overall.UNKNOWN
