"""Rollbacks that run for real in this process, each exit code by its real cause."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.git import run_git
from operations.jobs.rollback import CODES, Rollback
from operations.platforms.releases import ReleasesPlatform
from tests.operations.jobs.rig import Rig, a_rig, roll_back


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with a_rig(tmp_path) as made:
        made.watched()
        yield made


def tags(rig: Rig) -> list[str]:
    return [tag for tag in rig.git.git("tag").splitlines() if tag.startswith("recovery/")]


def test_promote_puts_the_old_release_before_users(rig: Rig) -> None:
    (rig.git.path / "app.txt").write_text("half done work")
    outcome, bench = roll_back(rig)
    assert (outcome.code, outcome.meaning) == (0, "success")
    assert rig.served() == rig.live() == "v2"
    assert bench.debris == {}
    assert outcome.details["verified"] is True
    assert outcome.details["smoke_ok"] is True
    assert "v2 is live and 4 of 4 tests passed" in outcome.says
    (tag,) = tags(rig)
    assert outcome.details["recovery_tag"] == tag
    assert rig.git.git("rev-parse", f"{tag}^{{commit}}") == rig.commits["v3"]
    assert rig.platform.periods()[0].how == "rollback"
    assert rig.platform.periods()[0].who == "ana"
    assert (rig.git.path / "app.txt").read_text() == "half done work"


def test_rebuild_checks_out_builds_and_publishes(rig: Rig, tmp_path: Path) -> None:
    outcome, bench = roll_back(rig, {"rebuild": True})
    assert outcome.code == 0, outcome.says
    assert rig.served().startswith("v2-")
    current = rig.root / "current"
    assert (current / "built").read_text() == "yes"
    assert json.loads((current / "release.json").read_text())["commit"] == rig.commits["v2"]
    assert not (current / ".git").exists()
    assert bench.debris == {}
    assert rig.git.git("worktree", "list").count("\n") == 0


def test_a_pruned_target_is_rebuilt_under_its_own_name(rig: Rig) -> None:
    rig.platform.discard("v2")
    outcome, _ = roll_back(rig)
    assert outcome.code == 0, outcome.says
    assert rig.served() == "v2"


def test_without_a_version_setting_two_healthy_answers_do_and_it_says_so(rig: Rig) -> None:
    outcome, _ = roll_back(rig, version="")
    assert outcome.code == 0
    assert outcome.details["verified"] is False
    assert "version not verified" in outcome.details["seen"]
    assert rig.served() == "v2"


def test_skipping_the_tests_skips_them(rig: Rig) -> None:
    outcome, _ = roll_back(rig, {"skip_tests": True})
    assert outcome.code == 0
    assert "smoke" not in outcome.details


def test_code_1_when_somebody_elses_release_went_live_in_between(rig: Rig) -> None:
    def somebody_publishes(step: str) -> None:
        if step == "promote":
            rig.release("v4", {"app.txt": "4"}, hours_ago=0)

    outcome, bench = roll_back(rig, before=somebody_publishes)
    assert outcome.code == 1
    assert "v3 is not live any more: now it is v4, by tom" in outcome.says
    assert rig.live() == "v4"
    assert tags(rig) == []
    assert bench.debris == {}


def test_code_2_when_the_target_is_pruned_between_plan_and_switch(rig: Rig) -> None:
    def somebody_prunes(step: str) -> None:
        if step == "promote":
            rig.platform.discard("v2")

    outcome, bench = roll_back(rig, before=somebody_prunes)
    assert outcome.code == 2
    assert "nothing was switched: The build of v2 is not kept any more" in outcome.says
    assert rig.served() == "v3"
    assert tags(rig) == []
    assert bench.debris == {}


def test_code_3_when_git_cannot_check_out(rig: Rig) -> None:
    def objects_vanish(step: str) -> None:
        if step == "checkout":
            tree = rig.git.git("rev-parse", f"{rig.commits['v2']}^{{tree}}")
            (rig.git.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()

    outcome, bench = roll_back(rig, {"rebuild": True}, before=objects_vanish)
    assert (outcome.code, outcome.meaning) == (3, CODES[3])
    assert "could not check out" in outcome.says
    assert rig.served() == "v3"
    assert bench.debris == {}
    assert tags(rig) == []


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("fails", "npm ERR! missing script"),
        ("killed", "137.*out of memory"),
        ("hangs", "did not end within 2 s"),
    ],
)
def test_code_4_when_the_build_fails_is_killed_or_hangs(tmp_path: Path, fault: str, words: str) -> None:
    with a_rig(tmp_path) as rig:
        rig.release("v4", {"build-fault": fault}, hours_ago=0.15)
        rig.release("v5", {"build-fault": None}, hours_ago=0.1)
        rig.start_site()
        outcome, bench = roll_back(rig, {"rebuild": True, "to_commit": "v4"}, limit=2.0 if fault == "hangs" else 60.0)
        assert outcome.code == 4
        assert re.search(words, outcome.says), outcome.says
        assert rig.served() == rig.live() == "v5"
        assert bench.debris == {}
        assert tags(rig) == []
        assert rig.git.git("worktree", "list").count("\n") == 0


def test_code_5_when_success_is_reported_but_the_old_version_is_still_served(rig: Rig) -> None:
    (rig.root / "restart-lies").touch()
    outcome, bench = roll_back(rig, wait_limit=1.0)
    assert outcome.code == 5
    assert "the platform says v2 is live, but users do not get it" in outcome.says
    assert rig.commits["v3"][:7] in outcome.says
    assert (rig.live(), rig.served()) == ("v2", "v3")
    assert [piece.kind for piece in bench.debris.values()] == ["switch"]
    (rig.root / "restart-lies").unlink()
    clean(rig, bench)
    assert rig.served() == "v2"


def test_code_5_when_the_restart_fails_after_the_switch(rig: Rig) -> None:
    (rig.root / "restart-fails").touch()
    outcome, bench = roll_back(rig)
    assert outcome.code == 5
    assert "v2 is switched live, but The restart command ended with code 3" in outcome.says
    assert tags(rig) != []
    assert [piece.kind for piece in bench.debris.values()] == ["switch"]


def test_code_5_when_the_build_cannot_be_taken_in(rig: Rig) -> None:
    def folder_is_in_the_way(step: str) -> None:
        if step == "publish":
            (rig.root / "releases" / ".incoming-v1").write_text("in the way")
            (rig.root / "releases" / "v1").mkdir()

    rig.platform.discard("v1")
    outcome, bench = roll_back(rig, {"to_commit": "v1"}, before=folder_is_in_the_way)
    assert outcome.code == 5
    assert "nothing was switched" in outcome.says
    assert rig.served() == "v3"
    assert bench.debris == {}


def test_code_6_when_smoke_fails_offers_forward_and_does_not_loop(rig: Rig) -> None:
    rig.more = """
[[environments.production.checks]]
name = "login"
path = "/login"
kind = "auth"
"""
    (rig.root / "releases" / "v2" / "faults").write_text("login")
    outcome, bench = roll_back(rig)
    assert outcome.code == 6
    assert outcome.details["smoke"]["failed_kind"] == "auth"
    assert outcome.details["smoke_ok"] is False
    assert outcome.details["forward"]["name"] == "v3"
    assert outcome.details["forward"]["command"] == "vigie rollback --env production --forward"
    assert rig.served() == "v2"
    assert bench.debris == {}
    # Forward again, to what the recovery tag marks.
    rig.remember(bench.plan, 6)
    again, second = roll_back(rig, {"forward": True})
    assert again.code == 0, again.says
    assert rig.served() == "v3"
    assert second.plan.title == "Go forward"
    assert rig.platform.periods()[0].how == "promote"


@pytest.mark.parametrize("step", ["recovery-tag", "checkout", "build", "publish"])
def test_a_cancel_before_the_switch_leaves_nothing(rig: Rig, step: str) -> None:
    outcome, bench = roll_back(rig, {"rebuild": True}, cancel_in=step)
    assert outcome.code == 143
    assert rig.served() == rig.live() == "v3"
    assert bench.debris == {}
    assert tags(rig) == []
    assert rig.git.git("worktree", "list").count("\n") == 0


def test_a_commit_that_is_not_in_this_checkout_is_left_without_a_tag(rig: Rig) -> None:
    document = json.loads((rig.root / "current" / "release.json").read_text())
    (rig.root / "current" / "release.json").write_text(json.dumps({**document, "commit": "f" * 40}))
    outcome, bench = roll_back(rig)
    assert outcome.code == 0, outcome.says
    assert "recovery-tag" not in [step.name for step in bench.plan.steps]
    assert bench.plan.confirm.level == "phrase-twice"
    assert tags(rig) == []


def test_the_recovery_tag_is_pushed_only_when_a_setting_says_so(rig: Rig, tmp_path: Path) -> None:
    run_git(tmp_path, "init", "--quiet", "--bare", str(tmp_path / "origin"))
    rig.git.git("remote", "add", "origin", str(tmp_path / "origin"))
    settings = rig.write_settings()
    settings.write_text(settings.read_text().replace("[site]", "[site]\npush_recovery_tags = true"))
    from operations.settings_reader import load_settings
    from tests.operations.jobs.rig import Bench

    operation, desk = Rollback(), rig.desk(load_settings(settings, {}))
    outcome = Bench(operation.plan(desk, {})).go(operation, desk)
    assert outcome.code == 0
    assert run_git(tmp_path / "origin", "tag").text == outcome.details["recovery_tag"]


def clean(rig: Rig, bench: object) -> list[str]:
    from tests.operations.jobs.rig import Bench

    assert isinstance(bench, Bench)
    said: list[str] = []
    operation = Rollback(wait_limit=20.0)
    for piece in bench.debris.values():
        operation.clean(rig.desk(), {**piece.data, "kind": piece.kind}, said.append)
    return said


def test_cleaning_a_tag_removes_it_only_when_nothing_was_rolled_back(rig: Rig) -> None:
    rig.git.git("tag", "recovery/production/x", rig.commits["v3"])
    live_since = rig.platform.periods()[0].start
    piece = {"kind": "recovery-tag", "tag": "recovery/production/x", "release": "v3", "at": live_since.isoformat()}
    said: list[str] = []
    Rollback().clean(rig.desk(), piece, said.append)
    assert "kept" in said[-1]
    for words in ("removed", "is not there"):
        Rollback().clean(rig.desk(), {**piece, "release": "v2"}, said.append)
        assert words in said[-1]
    assert tags(rig) == []


def test_cleaning_never_touches_what_is_not_ours(rig: Rig, tmp_path: Path) -> None:
    from operations.errors import VigieError

    (tmp_path / "precious").mkdir()
    with pytest.raises(VigieError, match="left alone"):
        Rollback().clean(rig.desk(), {"kind": "worktree", "folder": str(tmp_path / "precious")}, print)
    with pytest.raises(VigieError, match="leaves nothing of the kind"):
        Rollback().clean(rig.desk(), {"kind": "upload"}, print)
    said: list[str] = []
    Rollback().clean(rig.desk(), {"kind": "half-published", "release": "v3"}, said.append)
    Rollback().clean(rig.desk(), {"kind": "switch", "release": "v2"}, said.append)
    assert rig.live() == "v3"
    assert "it is kept" in said[0]
    assert "no switch to finish" in said[1]
    assert isinstance(rig.platform, ReleasesPlatform)
