"""Vercel's own client and our driver, each before the same simulator: they must leave the same state behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.platforms.base import Progress
from operations.practice.vercel.world import World
from operations.settings import VERCEL_DEPLOY
from tests.operations.platforms.vercel_client import installed_client, run_client
from tests.operations.platforms.vercel_ground import Ground, a_ground

pytestmark = [pytest.mark.vercel_cli, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def program() -> Path:
    return installed_client()


def state_of(world: World) -> tuple[object, ...]:
    """What production leads to, by commit, with the job that did it."""
    commits = {build.uid: build.meta["githubCommitSha"] for build in world.builds}
    assert world.job is not None
    aliases = {alias: commits[uid] for alias, uid in world.aliases.items()}
    job = (world.job.kind, world.job.status, commits[world.job.to], commits[world.job.left])
    return commits[world.production], world.auto_assign, aliases, job


def ours(act: str, *, failing: tuple[str, ...] = ()) -> tuple[tuple[object, ...], Progress]:
    with a_ground() as ground:
        ended = ground.until_ended(ground.platform.promote(ground.builds[1].uid, who="ana", how="rollback"))
        ground.world.lies.failing_aliases = failing
        if act == "promote":
            ended = ground.until_ended(ground.platform.promote(ground.builds[2].uid, who="ana"))
        return state_of(ground.world), ended


def theirs(program: Path, ground: Ground, home: Path, act: str, target: int) -> tuple[int, str]:
    done = run_client(program, ground.simulator, home, act, ground.builds[target].uid, "--yes")
    return done.returncode, done.stdout + done.stderr


def test_a_rollback_by_either_ends_the_same(program: Path, ground: Ground, tmp_path: Path) -> None:
    code, said = theirs(program, ground, tmp_path, "rollback", 1)
    assert (code, "Success!" in said) == (0, True), said
    state, ended = ours("rollback")
    assert (state_of(ground.world), ended.state) == (state, "succeeded")


def test_a_promote_by_either_ends_the_same(program: Path, ground: Ground, tmp_path: Path) -> None:
    theirs(program, ground, tmp_path, "rollback", 1)
    code, said = theirs(program, ground, tmp_path, "promote", 2)
    assert (code, "Success!" in said) == (0, True), said
    state, ended = ours("promote")
    assert (state_of(ground.world), ended.state) == (state, "succeeded")


def test_a_failed_promote_is_failed_for_both_with_the_same_alias(program: Path, ground: Ground, tmp_path: Path) -> None:
    theirs(program, ground, tmp_path, "rollback", 1)
    ground.world.lies.failing_aliases = ("www.harbour.example",)
    code, said = theirs(program, ground, tmp_path, "promote", 2)
    assert (code, "www.harbour.example" in said) == (1, True), said
    state, ended = ours("promote", failing=("www.harbour.example",))
    assert state_of(ground.world) == state
    assert (ended.state, "www.harbour.example" in ended.says) == ("failed", True)


def test_our_driver_goes_on_from_what_their_client_did(program: Path, ground: Ground, tmp_path: Path) -> None:
    theirs(program, ground, tmp_path, "rollback", 1)
    live = ground.platform.live()
    assert live is not None
    assert (live.id, live.pinned) == (ground.builds[1].uid, True)
    assert ground.platform.periods()[0].how == "rollback"


def test_ls_lists_what_our_driver_lists(program: Path, ground: Ground, tmp_path: Path) -> None:
    done = run_client(program, ground.simulator, tmp_path, "ls")
    assert done.returncode == 0, done.stderr
    listed = [line.removeprefix("https://").split("-")[1] for line in done.stdout.split() if "vercel.app" in line]
    assert listed == [release.name for release in ground.platform.releases()]


def test_inspect_takes_a_deployment_for_what_our_driver_does(program: Path, ground: Ground, tmp_path: Path) -> None:
    done = run_client(program, ground.simulator, tmp_path, "inspect", ground.builds[0].url)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert ground.builds[0].uid in said
    assert "Ready" in said
    assert ground.platform.releases()[2].state == "ready"


def test_where_their_client_takes_an_old_clock_for_no_rollback_ours_follows_it(
    program: Path, ground: Ground, tmp_path: Path
) -> None:
    ground.world.lies.skew = -4000.0
    ground.world.lies.failing_aliases = ("www.harbour.example",)
    code, said = theirs(program, ground, tmp_path, "rollback", 1)
    assert (code, "No deployment rollback in progress" in said) == (0, True), said
    assert ground.platform.progress(f"rollback {ground.builds[1].uid} after 0").state == "failed"


def test_the_default_publish_command_is_understood(
    program: Path, ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    static = tmp_path / "build" / ".vercel" / "output" / "static"
    static.mkdir(parents=True)
    (static.parent / "config.json").write_text('{"version": 3}')
    (static / "index.html").write_text("<h1>Dispatch</h1>")
    monkeypatch.setenv("HOME", str(tmp_path))
    command = (str(program), *VERCEL_DEPLOY[1:], "--api", "{api}")
    platform = ground.another(publish_command=command)
    id = platform.publish(tmp_path / "build", name="v4", commit="d" * 40, who="ana", title="back to it")
    assert platform.progress(id).state == "succeeded"
    live = platform.live()
    assert live is not None
    assert (live.name, live.commit, live.who, live.title) == ("v4", "d" * 40, "ana", "back to it")
