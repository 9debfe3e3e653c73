"""Ways to make the console say what is not so: old news shown as new, silence as health, nothing done as done."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations.desk import utc_now
from operations.engine.model import Plan
from operations.engine.record import JobRecord, JobState
from operations.errors import VigieError
from operations.health import judge_health
from operations.http import Answer
from operations.incident.model import Incident, IncidentState, Severity
from operations.jobs.launch import desk_for
from operations.jobs.outside import Look, wait_until_seen
from operations.jobs.smoke_since import smoke_passed_since
from operations.watch.history import History
from operations.watch.loop import Watch
from operations.watch.model import Overall, ProbeState, Reading, Snapshot, Status
from operations.watch.snapshot import aged_snapshot
from tests.attack.site import Reply
from tests.attack.world import World, heard
from tests.tui.conftest import Injected
from tests.tui.scenes import model as scene
from tests.tui.scenes import quiet_snapshot
from tests.tui.test_console import fresh, screen_text
from tui.app import VigieApp
from tui.lines import text_of
from tui.panels.changes import changes
from tui.panels.recent import recent

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
CACHED = (("age", "7200"), ("x-cache", "HIT"))


class Scripted:
    """A probe whose readings are given, made at the times the clock shows."""

    name, title, interval, limit, critical = "health", "api/health", 10.0, 10.0, True

    def __init__(self, clock: Callable[[], datetime], statuses: list[Status]) -> None:
        self._clock = clock
        self._statuses = statuses

    async def read(self) -> Reading:
        return Reading(self.name, self._statuses.pop(0), self._clock(), 0.1)

    async def close(self) -> None:
        """Nothing to give back."""


async def test_a_clock_that_goes_back_does_not_freeze_a_green_state() -> None:
    moment = NOW
    probe = Scripted(lambda: moment, [Status.OK, Status.OK, *[Status.DOWN] * 4])
    history = History([probe])
    watch = Watch([probe], history, lambda _: None, now=lambda: moment)
    for step in range(6):
        # After two good readings the clock is set back by an hour, and the site breaks.
        moment = NOW + timedelta(seconds=10 * step) - (timedelta(hours=1) if step >= 2 else timedelta())
        await watch.once(5.0)
    state = history.state("health", moment)
    assert state is not None
    assert state.status is Status.DOWN


def test_a_reading_from_the_future_is_not_fresh_for_ever() -> None:
    reading = Reading("health", Status.OK, NOW + timedelta(hours=1), 0.1)
    state = ProbeState("health", "api/health", True, 10.0, 10.0, Status.OK, NOW, False, reading)
    history = History([state])
    history.states["health"] = state
    shown = history.state("health", NOW)
    assert shown is not None
    assert shown.status is Status.UNKNOWN


def test_a_snapshot_that_stays_goes_from_green_to_unknown() -> None:
    snapshot = fresh(quiet_snapshot())
    assert aged_snapshot(snapshot, snapshot.at) is snapshot
    later = aged_snapshot(snapshot, snapshot.at + timedelta(seconds=31))
    assert later.overall is Overall.UNKNOWN
    assert not [state for state in later.states if state.status is Status.OK]


Run = Callable[[Callable[[Snapshot], Awaitable[None]]], Awaitable[None]]


class Breaking(Injected):
    """Hands over one good snapshot, and breaks."""

    def __init__(self, snapshot: Snapshot, error: Exception) -> None:
        super().__init__()
        self._snapshot = snapshot
        self._error = error
        self.gate = asyncio.Event()

    async def run(self, on_snapshot: Callable[[Snapshot], Awaitable[None]]) -> None:
        await on_snapshot(self._snapshot)
        await self.gate.wait()
        raise self._error


@pytest.mark.parametrize("error", [VigieError("the file is gone"), RuntimeError("a defect"), OSError("no disk")])
async def test_a_watch_that_breaks_leaves_nothing_green(world: World, error: Exception) -> None:
    source = Breaking(fresh(quiet_snapshot()), error)
    app = VigieApp(world.settings(), "production", open_watch=lambda live: source)
    async with app.run_test(size=(120, 36)) as pilot, asyncio.timeout(30):
        while "✓ ok" not in screen_text(app):
            await pilot.pause()
        source.gate.set()
        while "✓" in screen_text(app):
            await pilot.pause()
        assert "nobody looks: the watch stopped" in screen_text(app)
        assert "asking" not in screen_text(app)


def test_an_answer_two_hours_old_from_a_cache_is_no_health(world: World) -> None:
    world.site.routes["/api/health"] = Reply('{"status": "healthy"}', headers=CACHED)
    config = ("--config", str(world.config))
    said = heard(*config, "status", "--json")
    health = next(one for one in json.loads(said.stdout)["result"]["probes"] if one["probe"] == "health")
    assert health["status"] == "unknown"
    assert "cache" in health["detail"]
    assert said.returncode == 3
    smoke = heard(*config, "smoke")
    assert smoke.returncode == 1
    assert "cache" in smoke.stdout


def test_a_version_from_a_cache_proves_no_rollback(world: World) -> None:
    desk = desk_for(world.settings(), "production", watching=False)
    said: list[str] = []

    def wait(**more: Any) -> Look:
        return wait_until_seen(
            desk, world.commits["v2"], ("v2",), pause=lambda _: None, tell=said.append, limit=0.5, **more
        )

    body = json.dumps({"commit": world.commits["v2"]})
    world.site.routes["/api/version"] = Reply(body, headers=CACHED)
    with pytest.raises(TimeoutError, match="cache"):
        wait()
    world.site.routes["/api/version"] = Reply(body)
    assert "version" in wait().says


@pytest.mark.parametrize(
    "body",
    [
        {"status": "ok", "healthy": False},
        {"ok": True, "status": "down"},
        {"status": "ok", "services": [{"name": "database", "status": "down"}]},
        {"status": "pass", "checks": {"database": [{"status": "fail"}]}},
        {"status": "ok", "services": {"database": {"status": "down"}}},
        {"status": {"status": {"status": "ok"}}},
        [],
        {"status": ""},
        {"status": None},
    ],
)
def test_a_health_body_that_contradicts_itself_is_not_healthy(body: object) -> None:
    answer = Answer("http://x/", "http", 200, body=json.dumps(body).encode())
    assert judge_health(answer).status is Status.DOWN


def test_a_health_body_in_the_forms_people_use_is_healthy() -> None:
    for body in (
        {"status": "ok", "services": [{"name": "database", "status": "up"}]},
        {"status": "pass", "checks": {"database": [{"status": "pass"}, {"status": "pass"}]}},
        {"healthy": True},
    ):
        assert judge_health(Answer("http://x/", "http", 200, body=json.dumps(body).encode())).status is Status.OK


def smoke_job(**request: str) -> JobRecord:
    plan = Plan("smoke", "dispatch", "production", "", "Smoke tests", request)
    return JobRecord(
        id="j1", number=1, operation="smoke", environment="production", site="dispatch", title="Smoke tests",
        actor="ana", state=JobState.DONE, created_at=NOW, plan=plan, code=0, meaning="all passed",
        says="7 of 7 passed", ended_at=NOW,
    )  # fmt: skip


def test_smoke_tests_of_another_address_resolve_nothing() -> None:
    opened = NOW - timedelta(minutes=5)
    incident = Incident("1", "dispatch", "production", Severity.P0, "down", IncidentState.INVESTIGATING, opened, "ana")
    assert smoke_passed_since(incident, [smoke_job()], NOW)
    assert not smoke_passed_since(incident, [smoke_job(url="http://127.0.0.1:9/preview")], NOW)
    shown = scene(jobs=(smoke_job(url="http://127.0.0.1:9/preview"),))
    assert "7 of 7" not in "\n".join(text_of(row) for row in recent(shown, 80, 9))


def test_what_else_is_wrong_is_counted_when_it_does_not_fit() -> None:
    snapshot = replace(quiet_snapshot(), notes=tuple(f"note {n}" for n in range(6)))
    rows = "\n".join(text_of(row) for row in changes(scene(snapshot=snapshot), 80, 12))
    assert "and 2 more" in rows


def test_smoke_tests_with_nothing_that_answers_are_no_pass(world: World) -> None:
    world.site.routes.clear()
    done = heard("--config", str(world.config), "smoke", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["ok"] is False


def test_a_site_nobody_can_measure_is_unknown_and_no_success(world: World) -> None:
    text = world.config.read_text().replace(f'\nurl = "{world.site.url}"', "", 1)
    world.config.write_text(text)
    done = heard("--config", str(world.config), "status", "--json")
    assert done.returncode == 3, done
    assert json.loads(done.stdout)["result"]["overall"] == "unknown"


def test_a_rollback_that_never_reaches_the_users_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.site.pinned_version = world.commits["v3"]
    from operations.jobs.rollback import Rollback
    from tests.operations.jobs.rig import Bench

    desk = desk_for(world.settings(), "production", watching=False)
    operation = Rollback(wait_limit=0.5)
    outcome = Bench(operation.plan(desk, {})).go(operation, desk)
    assert outcome.code == 5
    assert "users do not get it" in outcome.says


def test_leaving_a_rollback_running_is_no_success_yet(world: World) -> None:
    gate = world.folder / "gate"
    world.configure(platform=f'restart = ["sh", "-c", "while [ ! -e {gate} ]; do sleep 0.1; done"]')
    with world.terminal(
        "rollback", "--reason", "why", "--confirm", "dispatch production", columns=120, rows=50
    ) as terminal:
        terminal.wait_for(r"\[INFO\] .* promote v2")
        terminal.kill(signal.SIGINT)
        terminal.wait_for("Stop the job")
        terminal.press("enter")
        assert terminal.wait_ended() == 130
        assert "left running" in terminal.text
    gate.touch()
    assert world.run("jobs", "follow", "1").returncode == 0
    assert world.live() == "v2"


def test_the_time_here_is_the_time_everywhere() -> None:
    assert utc_now().tzinfo is UTC
