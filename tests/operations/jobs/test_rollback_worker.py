"""Whole rollbacks through the engine's real worker process: codes, locks, a full journal, and kill -9 at every step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.engine.control import cancel
from operations.engine.jobs import JobBook
from operations.engine.locks import Locks
from operations.engine.record import JobRecord, JobState
from operations.errors import VigieError
from operations.jobs import operation_named
from operations.jobs.launch import desk_for, launch
from operations.places import places_for
from operations.settings import Settings
from tests.operations.jobs.rig import Rig, a_rig
from tests.operations.jobs.runs import Runs

DEADLINE = 60.0


class Rollbacks(Runs):
    """Rollbacks of one rig."""

    def __init__(self, rig: Rig, settings: Settings) -> None:
        super().__init__(settings, "rollback", "production")
        self.rig = rig

    def tags(self) -> list[str]:
        return [tag for tag in self.rig.git.git("tag").splitlines() if tag.startswith("recovery/")]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Rollbacks]:
    with a_rig(tmp_path) as rig:
        made = Rollbacks(rig, rig.settings())
        yield made
        made.journal.close()


def in_step(name: str) -> Callable[[JobRecord], bool]:
    return lambda job: (job.current is not None and job.current.name == name) or not job.live


def test_a_promote_through_the_worker_ends_with_0_and_leaves_a_record(runs: Rollbacks) -> None:
    job = runs.ended(runs.start().id)
    assert (job.state, job.code, job.meaning) == (JobState.DONE, 0, "success"), job.says
    assert runs.rig.served() == "v2"
    assert job.debris == ()
    assert [step.state for step in job.steps] == ["done"] * 6
    assert "v2 is live" in job.says
    assert job.details is not None
    assert job.details["smoke_ok"] is True
    log = Path(job.log).read_text()
    assert "dispatch PRODUCTION" in log
    assert "exit code 0: success" in log
    # The next one goes back no further by itself than what it knows, and never to what was rolled back from.
    desk = desk_for(runs.settings, "production", watching=False)
    again = operation_named("rollback").plan(desk, {})
    assert again.details["to_name"] == "v1"


def test_a_rebuild_through_the_worker_ends_with_0(runs: Rollbacks) -> None:
    job = runs.ended(runs.start({"rebuild": True}).id)
    assert job.code == 0, job.says
    assert runs.rig.served().startswith("v2-")
    assert job.debris == ()


@pytest.mark.parametrize(
    ("how", "step"),
    [
        ("promote", "prerequisites"),
        ("promote", "recovery-tag"),
        ("promote", "promote"),
        ("promote", "wait"),
        ("promote", "smoke"),
        ("rebuild", "checkout"),
        ("rebuild", "build"),
        ("rebuild", "publish"),
    ],
)
def test_kill_9_at_every_step_leaves_old_or_new_and_debris_that_can_be_cleaned(
    runs: Rollbacks, how: str, step: str
) -> None:
    job = runs.start({"rebuild": how == "rebuild"})
    job = runs.kill(runs.until(job.id, in_step(step)))
    rig = runs.rig
    assert rig.live() == "v3" or rig.live().startswith("v2")
    assert rig.served() in ("", "v3") or rig.served().startswith("v2")
    kinds = {piece.kind for piece in job.debris}
    assert kinds <= {"recovery-tag", "worktree", "half-published", "switch"}
    if job.state is JobState.LOST:
        closed, said = runs.clean(job)
        assert closed.debris == (), said
    assert rig.git.git("worktree", "list").count("\n") == 0
    assert list(rig.platform.half_published()) == []
    live = rig.live()
    if live == "v3":
        assert runs.tags() == []
    rig.wait_until_served(live)
    # And the way out is open again: nothing of the dead job holds anything.
    way_out = runs.operation.plan(runs.desk(), {"to_commit": "v1"})
    assert way_out.refusal is None, way_out.refusal
    if step in ("promote", "publish"):
        after = runs.ended(launch(runs.settings, runs.journal, way_out, reason="a test").id)
        assert after.code == 0, after.says
        assert rig.served() == "v1"


def test_kill_9_between_switch_and_restart_is_named_and_finished_by_cleaning(runs: Rollbacks) -> None:
    (runs.rig.root / "restart-lies").touch()
    job = runs.start()
    job = runs.kill(runs.until(job.id, in_step("wait")))
    assert job.state is JobState.LOST
    assert job.past_no_return
    assert (runs.rig.live(), runs.rig.served()) == ("v2", "v3")
    assert [piece.words for piece in job.debris] == ["v2 switched live but not seen from outside"]
    (runs.rig.root / "restart-lies").unlink()
    closed, said = runs.clean(job)
    assert closed.debris == ()
    assert "v2 was started again and is seen from outside" in said[0]
    assert runs.rig.served() == "v2"
    assert len(runs.tags()) == 1


def test_a_cancel_while_building_ends_the_build_and_leaves_nothing(tmp_path: Path) -> None:
    with a_rig(tmp_path) as rig:
        rig.release("v4", {"build-fault": "hangs"}, hours_ago=0.15)
        rig.release("v5", {"build-fault": None}, hours_ago=0.1)
        rig.start_site()
        runs = Rollbacks(rig, rig.settings())
        job = runs.start({"to_commit": "v4", "rebuild": True})
        job = runs.until(job.id, lambda one: in_step("build")(one) and bool(one.groups))
        cancel(runs.journal, job)
        job = runs.ended(job.id)
        assert (job.state, job.code) == (JobState.CANCELLED, 143)
        assert job.debris == ()
        assert rig.served() == rig.live() == "v5"
        assert runs.tags() == []
        assert rig.git.git("worktree", "list").count("\n") == 0
        runs.journal.close()


def test_a_failed_build_is_code_4_and_the_target_is_struck_out(tmp_path: Path) -> None:
    with a_rig(tmp_path) as rig:
        rig.release("v4", {"build-fault": "fails"}, hours_ago=20)
        rig.release("v5", {"build-fault": None}, hours_ago=0.1)
        rig.start_site()
        rig.platform.discard("v4")
        runs = Rollbacks(rig, rig.settings())
        job = runs.ended(runs.start().id)
        assert (job.code, job.meaning) == (4, "build failed")
        assert "npm ERR" in job.says
        assert job.plan.details["to_name"] == "v4"
        assert rig.served() == "v5"
        plan = operation_named("rollback").plan(desk_for(runs.settings, "production", watching=False), {})
        # v3 was live for no time at all here, so it is v2's turn.
        assert plan.details["to_name"] == "v2"
        runs.journal.close()


def test_two_at_once_is_75_and_says_who(runs: Rollbacks) -> None:
    (runs.rig.root / "restart-lies").touch()
    first = runs.start()
    runs.until(first.id, in_step("wait"))
    with pytest.raises(VigieError) as caught:
        runs.start({"to_commit": "v1"})
    assert caught.value.code == 75
    assert "ana" in str(caught.value)
    (runs.rig.root / "restart-lies").unlink()
    runs.rig.start_site()
    assert runs.ended(first.id).code == 0


def test_the_worker_itself_refuses_what_changed_since_it_was_confirmed(runs: Rollbacks) -> None:
    operation = operation_named("rollback")
    plan = operation.plan(desk_for(runs.settings, "production", watching=False), {})
    runs.rig.release("v4", {"app.txt": "4"}, hours_ago=0)
    job = runs.ended(launch(runs.settings, runs.journal, plan).id)
    assert job.code == 1
    assert "changed since it was confirmed: From: v3" in job.says
    assert runs.rig.live() == "v4"
    assert runs.tags() == []


def test_the_worker_finds_the_lock_taken_and_ends_with_75(runs: Rollbacks) -> None:
    plan = operation_named("rollback").plan(desk_for(runs.settings, "production", watching=False), {})
    locks = Locks(places_for(runs.settings).locks, who="tom", now=utc_now)
    with locks.acquire("dispatch", "production", "change", operation="deploy"):
        job = runs.ended(launch(runs.settings, runs.journal, plan).id)
    assert job.code == 75
    assert "tom" in job.says
    assert runs.rig.served() == "v3"


def test_without_a_journal_a_rollback_still_runs(tmp_path: Path) -> None:
    with a_rig(tmp_path) as rig:
        settings = rig.settings()
        plan = operation_named("rollback").plan(desk_for(settings, "production", watching=False), {})
        job = launch(settings, None, plan)
        rig.wait_until_served("v2")
        book = JobBook(None, now=utc_now, state=places_for(settings).state)
        deadline = time.monotonic() + DEADLINE
        while True:
            book.refresh()
            found = [one for one in book.jobs() if one.id == job.id]
            if found and not found[0].live:
                break
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert found[0].code == 0, found[0].says


def test_secrets_seeded_into_every_stream_never_appear(tmp_path: Path) -> None:
    secret = "hunter2-hunter2-hunter2"
    with a_rig(tmp_path) as rig:
        rig.more = f'headers = {{ x-key = "{secret}" }}'
        leaky = f"print('token={secret}'); import pathlib; pathlib.Path('built').write_text('yes')"
        rig.release("v4", {"build.py": leaky}, hours_ago=20)
        rig.release("v5", {"app.txt": "5"}, hours_ago=0.1)
        (rig.root / "releases" / "v4" / "faults").write_text("")
        rig.start_site()
        runs = Rollbacks(rig, rig.settings())
        job = runs.ended(runs.start({"to_commit": "v4", "rebuild": True}).id)
        assert job.code == 0, job.says
        state = places_for(runs.settings).state
        runs.journal.close()
        written = {path: content for path in state.rglob("*") if (content := content_of(path))}
        assert any(b"token=" in content for content in written.values())
        assert not [path for path, content in written.items() if secret.encode() in content]


def content_of(path: Path) -> bytes:
    """Nothing for a folder, and for what was gone by now: the database's own files come and go with its readers."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return b""
