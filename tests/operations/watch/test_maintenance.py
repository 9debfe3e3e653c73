"""MAINTENANCE is said when our own switch is on and users do get the closed page; else the readings speak as ever."""

from __future__ import annotations

import json
from datetime import timedelta

import msgspec
import pytest

from operations.desk import utc_now
from operations.settings import Environment, Settings
from operations.settings_release import SwitchSettings
from operations.watch.model import Overall
from operations.watch.outside import Closing, Outside
from operations.watch.probes.base import place_for
from operations.watch.probes.traffic import desk_for
from operations.watch.snapshot import aged_snapshot, snapshot_of
from operations.watch.traffic.metrics import between, read_metrics
from tests.operations.watch.conftest import SmallSite
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


async def test_answers_of_the_closed_site_are_no_errors_and_no_evidence(site: SmallSite) -> None:
    now = utc_now()
    rows = [(50, 200, ""), *((at, 503, "closed") for at in range(20, 40)), (10, 500, "boom"), (5, 503, "overloaded")]
    with (site.folder / "requests.jsonl").open("w") as file:
        for ago, status, error in rows:
            at = (now - timedelta(seconds=ago)).isoformat()
            file.write(json.dumps({"at": at, "path": "/", "status": status, "seconds": 0.1, "error": error}) + "\n")
    closing = Closing(now - timedelta(seconds=45), now - timedelta(seconds=15), True)
    place = place_for(site.settings, "production", Outside(closings=lambda: [closing]))
    desk = desk_for(place)
    look = await desk.look()
    desk.close()
    await place.web.close()
    assert look.figures is not None
    assert (look.figures.requests, look.figures.errors) == (3, 2)
    assert {signature.text for signature in look.signatures} == {"boom", "overloaded"}


def test_counters_leave_the_closed_pages_status_out_where_one_cannot_tell_which_were_meant() -> None:
    page = 'http_requests_total{path="/",status="200"} %d\nhttp_requests_total{path="/",status="503"} %d\n'
    old, new = read_metrics(page % (10, 0), NOW), read_metrics(page % (20, 90), NOW + timedelta(seconds=60))
    assert (between(old, new, frozenset()).errors, between(old, new, frozenset(), without=503).errors) == (90, 0)
    assert between(old, new, frozenset(), without=503).requests == 10
