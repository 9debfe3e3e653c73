"""Whole deploys through the engine's real worker: kill -9 at every step, two at once, and a rollback beside one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from operations.engine.record import JobRecord, JobState
from operations.jobs import operation_named
from operations.jobs.launch import launch
from tests.operations.jobs.rig import Rig, a_rig
from tests.operations.jobs.runs import Runs
from tests.servers import PostgresServer


class Deploys(Runs):
    """Deploys of one rig."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(rig.settings(), "deploy", "production")
        self.rig = rig


@pytest.fixture
def rig(tmp_path: Path, postgres: PostgresServer) -> Iterator[Rig]:
    """A commit with a migration waits to be deployed to a site of no particular kind."""
    with a_rig(tmp_path) as made:
        address = postgres.new_database()
        made.kind = "staging"
        made.more = f'database = "{address}"'
        made.tables = '[deploy]\nmigrations = "sql"'
        made.git.commit("work", {"app.txt": "4", "migrations/0002_zone.sql": "create table zones (id int);"}, tag="v4")
        yield made


@pytest.fixture
def runs(rig: Rig) -> Iterator[Deploys]:
    made = Deploys(rig)
    yield made
    made.journal.close()


def in_step(name: str) -> Callable[[JobRecord], bool]:
    return lambda job: (job.current is not None and job.current.name == name) or not job.live


@pytest.mark.parametrize("step", ["checkout", "build", "migrations", "migrate", "publish", "wait", "smoke"])
def test_kill_9_at_every_step_leaves_old_or_new_and_debris_that_can_be_cleaned(runs: Deploys, step: str) -> None:
    rig = runs.rig
    job = runs.start()
    job = runs.kill(runs.until(job.id, in_step(step)))
    assert rig.live() in ("v3", "v4")
    assert rig.served() in ("", "v3", "v4")
    assert {piece.kind for piece in job.debris} <= {"worktree", "migrations", "half-published", "switch"}
    if job.state is JobState.LOST:
        closed, said = runs.clean(job)
        assert closed.debris == (), said
    assert rig.git.git("worktree", "list").count("\n") == 0
    assert list(rig.platform.half_published()) == []
    rig.wait_until_served(rig.live())
    # And the way is open again: nothing of the dead job holds anything, and what was applied is not applied twice.
    if rig.live() == "v3":
        again = runs.operation.plan(runs.desk(), {})
        assert again.refusal is None, again.refusal
        if step in ("migrate", "publish"):
            after = runs.ended(launch(runs.settings, runs.journal, again, reason="a test").id)
            assert after.code == 0, after.says
            assert rig.served() == "v4"
    else:
        assert rig.served() == "v4"


def test_two_deploys_and_a_deploy_and_a_rollback_never_overlap(runs: Deploys) -> None:
    rig = runs.rig
    rig.git.commit("slow", {"build.py": "import time; time.sleep(600)"}, tag="v5")
    plans = {"deploy": runs.operation.plan(runs.desk(), {})}
    plans["rollback"] = operation_named("rollback").plan(runs.desk(), {})
    first = runs.until(runs.start().id, in_step("build"))
    assert first.live
    for plan in plans.values():
        second = runs.ended(launch(runs.settings, runs.journal, plan, reason="a test").id)
        assert second.code == 75
        assert "runs deploy of production" in second.says
    refusal = operation_named("rollback").plan(runs.desk(), {}).refusal
    assert refusal is not None
    assert refusal.code == 75
    runs.kill(first)


def test_a_redeploy_through_the_worker_publishes_the_live_commit_again(rig: Rig) -> None:
    runs = Runs(rig.settings(), "redeploy", "production")
    job = runs.ended(runs.start().id)
    runs.journal.close()
    assert job.code == 0, job.says
    assert rig.served().startswith("v3-")
    assert [step.name for step in job.steps if step.name.startswith("migr")] == []
