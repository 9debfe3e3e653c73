"""What is still open before an incident is called resolved."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from operations.engine.record import JobRecord
from operations.jobs.still_open import still_open
from operations.watch.model import Overall, Snapshot
from tests.operations.incident.stage import Stage
from tests.operations.incident.test_quiet import snapshot
from tests.operations.jobs.test_ladder import job

QUIET = snapshot(errors_rate=0.1, health_ok_for=900.0)


def after(stage: Stage, *jobs: JobRecord) -> list[JobRecord]:
    """The jobs, ended a minute after the opening."""
    at = stage.now + timedelta(minutes=1)
    return [replace(one, ended_at=at, created_at=at) for one in jobs]


def found(
    stage: Stage, jobs: list[JobRecord], seen: Snapshot | None = QUIET, *, looked: bool = True
) -> dict[str, bool]:
    """What is still open, and whether it stops."""
    return {one.about: one.stops for one in still_open(stage.incident(), jobs, seen, stage.now, looked=looked)}


SMOKE = job("smoke", 0)
CLOSED = job("maintenance", 0, value="on")


def test_everything_that_is_open_is_named_at_once() -> None:
    stage = Stage()
    stage.sent("initial")
    assert found(stage, after(stage, CLOSED), None) == {
        "smoke": True, "quiet": True, "maintenance": True, "notice": False,
    }  # fmt: skip


def test_after_a_smoke_run_and_a_quiet_watch_nothing_is_open() -> None:
    stage = Stage()
    assert found(stage, after(stage, SMOKE)) == {}
    assert found(stage, [SMOKE]) == {"smoke": True}, "that run was before it was opened"


def test_once_it_went_on_again_the_smoke_run_before_says_nothing() -> None:
    stage = Stage()
    jobs = after(stage, SMOKE)
    stage.wait(minutes=2).state("resolved")
    stage.wait(minutes=2).state("investigating")
    assert found(stage, jobs) == {"smoke": True}
    assert found(stage, after(stage, SMOKE)) == {}


def test_users_who_were_told_that_it_broke_are_to_hear_that_it_is_over_and_that_stops_nobody() -> None:
    stage = Stage()
    jobs = after(stage, SMOKE)
    stage.sent("update")
    assert found(stage, jobs) == {"notice": False}
    stage.sent("resolved", message="m2")
    assert found(stage, jobs) == {}


def test_a_site_that_is_not_quite_well_is_said_and_stops_nobody() -> None:
    stage = Stage()
    seen = replace(QUIET, overall=Overall.DEGRADED)
    assert found(stage, after(stage, SMOKE), seen) == {"state": False}


def test_where_nobody_looked_the_quiet_watch_is_not_judged() -> None:
    stage = Stage()
    assert found(stage, after(stage, SMOKE), None, looked=False) == {}
