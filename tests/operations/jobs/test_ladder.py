"""The watch after a deploy: when to look, and when a rollback is advised."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations.desk import Desk
from operations.engine.model import Plan
from operations.engine.record import JobRecord, JobState
from operations.jobs.ladder import error_rate_before, ladder_line
from operations.jobs.standing import everything_standing, maintenance_line
from operations.settings import Environment, Settings
from operations.watch.model import Overall, ProbeState, Reading, Snapshot, Status
from runbooks.facts import Fact

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
SITE = Settings(environments={"production": Environment(kind="production")})


def job(operation: str, minutes_ago: float, code: int = 0, **details: Any) -> JobRecord:
    request = {"value": details.pop("value", "")}
    verified = details.pop("verified", True)
    plan = Plan(operation, "board", "production", "", operation, request, details={"to_name": "v4", **details})
    ended = NOW - timedelta(minutes=minutes_ago)
    return JobRecord(
        id=operation, number=1, operation=operation, environment="production", site="board", title=operation,
        actor="ana", state=JobState.DONE, created_at=ended, plan=plan, past_no_return=True, code=code, ended_at=ended,
        details={"verified": verified},
    )  # fmt: skip


def snapshot(rate: float | None = None, slower: bool | None = None) -> Snapshot:
    facts = {}
    if rate is not None:
        facts["errors.rate"] = Fact("errors.rate", rate, "a test", NOW, 60.0)
    if slower is not None:
        facts["latency.after_release"] = Fact(
            "latency.after_release", slower, "a test", NOW, 60.0, says="p95 0.2 s -> 1 s"
        )
    return Snapshot(
        at=NOW, environment="production", overall=Overall.OK, since=None, states=(), alarms=(), facts=facts,
        changes=(), watching_since=NOW, recorded=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        (1, "look again 5 min after"),
        (6, "look again 15 min after"),
        (16, "look again 30 min after"),
        (31, ""),
        (60, ""),
    ],
)
def test_the_looks_at_5_15_and_30_minutes(minutes: float, says: str) -> None:
    line = ladder_line(snapshot(), [job("deploy", minutes)], NOW)
    assert says in line
    assert bool(line) is bool(says)


@pytest.mark.parametrize(
    ("before", "now", "advised"), [(0.2, 5.3, True), (0.2, 5.2, False), (4.0, 8.0, False), (None, 40.0, False)]
)
def test_a_rollback_is_advised_when_5xx_rises_by_more_than_5_points(
    before: float | None, now: float, advised: bool
) -> None:
    line = ladder_line(snapshot(now), [job("deploy", 40, error_rate_before=before)], NOW)
    assert line.startswith("rollback advised: 5xx") is advised


def test_a_rollback_is_advised_when_p95_rises_by_more_than_half() -> None:
    assert "p95 0.2 s -> 1 s since v4" in ladder_line(snapshot(slower=True), [job("redeploy", 600)], NOW)
    assert ladder_line(snapshot(slower=False), [job("redeploy", 600)], NOW) == ""


def test_it_ends_after_72_hours_with_a_rollback_and_for_a_deploy_that_did_not_arrive() -> None:
    bad = snapshot(50.0)
    before: dict[str, Any] = {"error_rate_before": 0.0}
    assert ladder_line(bad, [job("deploy", 72 * 60 + 1, **before)], NOW) == ""
    assert ladder_line(bad, [job("rollback", 1), job("deploy", 10, **before)], NOW) == ""
    assert ladder_line(bad, [job("deploy", 10, code=5, **before)], NOW) == ""
    assert "advised" in ladder_line(bad, [job("deploy", 10, code=6, **before)], NOW)
    assert ladder_line(None, [], NOW) == ""


def test_the_rate_before_is_the_hours_median() -> None:
    rates = tuple((NOW, rate) for rate in (0.0, 0.2, None, 50.0))
    assert error_rate_before(replace(snapshot(), rates=rates)) == 0.2
    assert error_rate_before(snapshot()) is None
    assert error_rate_before(None) is None


def test_maintenance_stands_until_it_is_turned_off() -> None:
    on, off = job("maintenance", 10, value="on"), job("maintenance", 5, value="off")
    assert maintenance_line([on], NOW) == "maintenance mode is on since 09:20Z: users see the closed page"
    assert maintenance_line([on], NOW, "but users see another one").endswith("09:20Z: but users see another one")
    assert maintenance_line([off, on], NOW) == ""
    assert maintenance_line([off, on], NOW, "but users see another one") == ""


def test_a_switch_that_nobody_saw_turn_is_said_so_and_never_taken_for_what_it_was_before() -> None:
    on = job("maintenance", 10, value="on")
    for unseen in (job("maintenance", 1, value="on", verified=False), job("maintenance", 1, code=5, value="on")):
        assert maintenance_line([unseen], NOW).startswith("maintenance mode was turned on 09:29Z, and nobody saw")
    failed = job("maintenance", 1, code=5, value="off", verified=False)
    assert maintenance_line([failed, on], NOW) == (
        "maintenance mode was turned off 09:29Z, and the site did not show it: look at it"
    )
    refused = replace(failed, past_no_return=False, code=1)
    assert maintenance_line([refused, on], NOW).startswith("maintenance mode is on since 09:20Z")


@pytest.mark.parametrize(
    ("status", "code", "detail", "words"),
    [
        (Status.DOWN, 503, "answered 503", "users see the closed page"),
        (Status.OK, 200, "", "but users do not see the closed page now: ok"),
        (Status.DOWN, 502, "answered 502", "but users do not see the closed page now: answered 502"),
        (Status.UNKNOWN, 0, "no answer", "what users see now is not known"),
    ],
)
def test_what_users_see_is_said_beside_our_own_word(status: Status, code: int, detail: str, words: str) -> None:
    page = ProbeState(
        "page", "page", True, 30, 10, status, NOW, last=Reading("page", status, NOW, 0.1, detail, data={"code": code})
    )
    seen = replace(snapshot(), states=(page,))
    history = [job("maintenance", 10, value="on")]
    desk = Desk(SITE, "production", now=lambda: NOW, snapshot=lambda: seen, history=lambda: history)
    assert everything_standing(desk) == (f"maintenance mode is on since 09:20Z: {words}",)


def test_where_nobody_watches_our_own_word_stands_alone() -> None:
    history = [job("maintenance", 10, value="on")]
    desk = Desk(SITE, "production", now=lambda: NOW, history=lambda: history)
    assert everything_standing(desk) == ("maintenance mode is on since 09:20Z: users see the closed page",)
