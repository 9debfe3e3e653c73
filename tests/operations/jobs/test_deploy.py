"""Deploys that run for real in this process, each exit code by its real cause."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from operations.desk import utc_now
from operations.engine.model import ConfirmLevel, Guard, Plan
from operations.errors import VigieError
from operations.freezes import Freeze, set_freeze
from operations.jobs.deploy import CODES, Deploy, Redeploy
from operations.jobs.rollback import Rollback
from operations.watch.model import Alarm
from tests.operations.gitsite import GitSite
from tests.operations.jobs.rig import Bench, Rig, a_rig, deployed, roll_back


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with a_rig(tmp_path) as made:
        made.watched()
        yield made


def plan(rig: Rig, request: dict[str, Any] | None = None) -> Plan:
    return Deploy().plan(rig.desk(), request or {})


def guard(found: Plan, name: str) -> Guard:
    return next(one for one in found.guards if one.name == name)


def line(found: Plan, label: str) -> str:
    return next(one.text for one in found.lines if one.label == label)


def work(rig: Rig, tag: str = "v4", **files: str) -> str:
    """A new commit on main that nobody has published."""
    return rig.git.commit("work", {"app.txt": "4", **files}, tag=tag)


def test_a_site_that_does_not_answer_is_no_passed_guard_and_stops_no_deploy(rig: Rig) -> None:
    work(rig)
    assert guard(plan(rig), "seen from outside").verdict == "pass"
    rig.site.stop()
    found = plan(rig)
    seen = guard(found, "seen from outside")
    assert (seen.verdict, "does not tell its version now" in seen.says) == ("warn", True)
    assert found.refusal is None, "a deploy may be what mends it"


def test_the_newest_commit_is_built_published_seen_from_outside_and_tagged(rig: Rig) -> None:
    commit = work(rig)
    (rig.git.path / "app.txt").write_text("half done work")
    outcome, bench = deployed(rig)
    assert (outcome.code, outcome.meaning) == (0, "success"), outcome.says
    assert rig.served() == rig.live() == "v4"
    assert (rig.root / "current" / "built").read_text() == "yes"
    assert (rig.root / "current" / "app.txt").read_text() == "4"
    assert (rig.git.path / "app.txt").read_text() == "half done work", "the user's own tree is not touched"
    assert outcome.says.endswith("v4 is live and 4 of 4 tests passed")
    assert outcome.details["verified"] is True
    assert rig.git.git("rev-parse", f"{outcome.details['tag']}^{{commit}}") == commit
    assert outcome.details["tag"].startswith("deploy/production/")
    assert bench.debris == {}
    assert rig.git.git("worktree", "list").count("\n") == 0


def test_the_plan_says_what_it_brings_and_what_stands_ready(rig: Rig) -> None:
    work(rig)
    found = plan(rig)
    assert line(found, "Live now").startswith("v3 ")
    assert line(found, "Goes live").endswith("the newest of main")
    assert line(found, "Brings") == "1 commit, 1 file, +1 -1"
    assert line(found, "Migrations") == "none pending"
    assert line(found, "Way back") == "rollback to v3: its build is kept"
    assert line(found, "Staging") == "never ran on staging"
    assert line(found, "Alarms") == "none open"
    assert found.refusal is None
    assert found.confirm.level is ConfirmLevel.PHRASE
    assert "+4" in found.diff
    names = [step.name for step in found.steps]
    assert names == ["prerequisites", "checkout", "build", "publish", "wait", "smoke", "record"]


def test_it_says_whether_this_very_commit_passed_on_staging(rig: Rig) -> None:
    commit = work(rig)
    rig.tables = '[environments.staging]\nkind = "staging"'
    staged = replace(plan(rig), details={"to_commit": commit})
    job = replace(rig.remember(staged, 0), environment="staging", ended_at=rig.now, details={"smoke_ok": True})
    rig.jobs.clear()
    desk = replace(rig.desk(), elsewhere=lambda name: (job,) if name == "staging" else ())
    assert line(Deploy().plan(desk, {}), "Staging") == "ran on staging, smoke passed 0 s ago"


def test_another_commit_is_deployed_by_name_and_an_unknown_one_is_code_1(rig: Rig) -> None:
    work(rig)
    outcome, _ = deployed(rig, {"commit": "v2"})
    assert outcome.code == 0
    assert rig.served().startswith("v2-"), "v2's own name is taken by its kept build"
    for wrong in ("0123456", "-x", "--upload-pack=x", "no-such-branch"):
        with pytest.raises(VigieError) as error:
            plan(rig, {"commit": wrong})
        assert error.value.code == 1


def test_an_older_commit_is_judged_as_a_rollback_is(rig: Rig) -> None:
    rig.release("v4", {"migrations/0002_drop.sql": "alter table trucks drop column zone;"}, hours_ago=0.5)
    for found in (plan(rig, {"commit": "v3"}), Redeploy().plan(rig.desk(), {"commit": "v3"})):
        assert line(found, "Schema stays") == "0002_drop, one way: the code rolls back, the schema does not"
        assert found.confirm.level is ConfirmLevel.PHRASE_TWICE, "as a rollback asks for it"
    forward = plan(rig, {"commit": work(rig, "v5")})
    assert not [one for one in forward.lines if one.label == "Schema stays"]
    assert forward.confirm.level is ConfirmLevel.PHRASE


def test_the_way_back_is_what_is_live_now_unless_that_is_in_trouble(rig: Rig) -> None:
    work(rig)
    assert plan(rig).details["way_back"] == "v3"
    rig.watched(alarms=(Alarm("health", "health: 500", rig.now, probe="health"),))
    assert line(plan(rig), "Way back") == "rollback to v2: its build is kept"


def test_what_is_live_already_is_published_again_only_by_redeploy(rig: Rig) -> None:
    refused = guard(plan(rig), "not live already")
    assert (refused.verdict, refused.code) == ("refuse", 1)
    assert "vigie redeploy --env production" in refused.says
    found = Redeploy().plan(rig.desk(), {})
    assert found.refusal is None
    outcome = Bench(found).go(Redeploy(), rig.desk())
    assert outcome.code == 0, outcome.says
    assert rig.served().startswith("v3-")


def test_a_redeploy_proves_nothing_by_a_version_that_was_told_before(rig: Rig) -> None:
    (rig.root / "restart-lies").touch()
    found = Redeploy().plan(rig.desk(), {})
    assert guard(found, "seen from outside").verdict == "warn"
    outcome = Bench(found).go(Redeploy(), rig.desk())
    assert outcome.code == 0, outcome.says
    assert rig.served() == "v3", "nothing was started again, and the version cannot tell"
    assert outcome.details["verified"] is False
    assert "the same version was live before: that it was started again cannot be seen" in outcome.says


def test_a_redeploy_is_seen_where_the_site_tells_the_releases_own_name(rig: Rig) -> None:
    desk = rig.desk(rig.settings(version="/api/version#name"))
    found = Redeploy().plan(desk, {"skip_tests": True})
    assert guard(found, "seen from outside").verdict == "pass"
    outcome = Bench(found).go(Redeploy(), desk)
    assert outcome.code == 0, outcome.says
    assert outcome.details["verified"] is True
    assert "before" not in outcome.says


def test_a_redeploy_takes_no_commit_that_never_was_live(rig: Rig) -> None:
    commit = work(rig)
    refusal = Redeploy().plan(rig.desk(), {"commit": commit}).refusal
    assert refusal is not None
    assert (refusal.name, refusal.code) == ("live before", 1)
    assert "vigie deploy --env production --commit" in refusal.says
    assert Redeploy().plan(rig.desk(), {"commit": "v2"}).refusal is None
    assert roll_back(rig)[0].code == 0
    taken_back = Redeploy().plan(rig.desk(), {"commit": "v3"}).refusal
    assert taken_back is not None
    assert taken_back.name == "no rolled back commit"


def test_production_takes_only_its_branches_and_staging_takes_any(rig: Rig) -> None:
    rig.git.git("checkout", "--quiet", "-b", "try/something")
    commit = work(rig, tag="")
    refused = guard(plan(rig, {"commit": commit}), "branch allowed")
    assert (refused.verdict, refused.code) == ("refuse", 1)
    assert "try/something" in refused.says
    rig.git.git("branch", "hotfix/zone", commit)
    assert plan(rig, {"commit": commit}).refusal is None
    rig.git.git("branch", "-D", "hotfix/zone")
    rig.kind = "staging"
    assert plan(rig, {"commit": commit}).refusal is None


def test_a_branch_is_allowed_however_many_others_hold_the_commit(rig: Rig) -> None:
    commit = rig.commits["v2"]
    refs = "".join(f"create refs/heads/a/f{number} {commit}\n" for number in range(205))
    subprocess.run(["git", "update-ref", "--stdin"], cwd=rig.git.path, input=refs, text=True, check=True)
    found = plan(rig, {"commit": commit})
    assert guard(found, "branch allowed").verdict == "pass", "main comes after 205 others"
    rig.tables = '[deploy]\nbranches = ["live"]'
    refused = guard(plan(rig, {"commit": commit}), "branch allowed")
    assert refused.verdict == "refuse"
    assert "a/f0, a/f1, a/f10 and 203 more; production takes live" in refused.says


def test_a_freeze_stops_new_commits_unless_somebody_says_why_and_never_a_redeploy(rig: Rig) -> None:
    work(rig)
    set_freeze(rig.settings(), Freeze("production", "the fair", "tom", utc_now()))
    refused = guard(plan(rig), "no freeze")
    assert (refused.verdict, refused.code) == ("refuse", 1)
    assert "frozen by tom" in refused.says
    assert "the fair" in refused.says
    assert guard(plan(rig, {"despite_freeze": "  "}), "no freeze").verdict == "refuse"
    despite = guard(plan(rig, {"despite_freeze": "it mends the fair"}), "no freeze")
    assert despite.verdict == "warn"
    assert "it mends the fair" in despite.says
    assert Redeploy().plan(rig.desk(), {}).refusal is None


def test_a_commit_that_was_rolled_back_from_comes_back_only_reverted_or_when_asked_for(rig: Rig) -> None:
    assert roll_back(rig)[0].code == 0
    work(rig)
    refused = guard(plan(rig), "no rolled back commit")
    assert (refused.verdict, refused.code) == ("refuse", 1)
    assert rig.commits["v3"][:7] in refused.says
    assert [one["key"] for one in plan(rig).details["asks"]] == ["despite_rollback"]
    assert guard(plan(rig, {"despite_rollback": True}), "no rolled back commit").verdict == "warn"
    rig.git.commit(f"Undo\n\nThis reverts commit {rig.commits['v3']}.", {"app.txt": "2"})
    found = guard(plan(rig), "no rolled back commit")
    assert found.verdict == "pass"
    assert "reverted on the way" in found.says


def test_a_checkout_without_what_was_rolled_back_cannot_tell_and_says_so(rig: Rig, tmp_path: Path) -> None:
    assert roll_back(rig)[0].code == 0
    work(rig)
    address = f"file://{rig.git.path}"
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", address, str(tmp_path / "cut")], check=True)
    settings = rig.settings()
    cut = msgspec.structs.replace(settings.site, repository=str(tmp_path / "cut"))
    desk = rig.desk(msgspec.structs.replace(settings, site=cut))
    found = guard(Deploy().plan(desk, {}), "no rolled back commit")
    assert found.verdict == "unknown"
    assert "cannot be told" in found.says and found.says.endswith("git fetch --unshallow --tags")


def test_a_branch_that_never_held_what_was_rolled_back_reverts_nothing(rig: Rig) -> None:
    assert roll_back(rig)[0].code == 0
    rig.git.git("checkout", "--quiet", "-b", "release/2", rig.commits["v2"])
    found = guard(plan(rig, {"commit": work(rig, "v2.1")}), "no rolled back commit")
    assert (found.verdict, found.says) == ("pass", "")


def test_code_1_when_somebody_elses_fix_goes_live_in_between(rig: Rig) -> None:
    work(rig)

    def somebody_publishes(step: str) -> None:
        if step == "publish":
            rig.release("fix", {"app.txt": "5"}, hours_ago=0)

    outcome, bench = deployed(rig, before=somebody_publishes)
    assert outcome.code == 1
    assert "v3 is not live any more: now it is fix, by tom" in outcome.says
    assert rig.live() == "fix"
    assert bench.debris == {}


def test_code_2_without_the_program_that_builds(rig: Rig) -> None:
    work(rig, **{"package.json": "{}", "package-lock.json": "{}"})
    rig.tables = '[deploy]\ninstall = ["no-such-program"]'
    refused = guard(plan(rig), "programs there")
    assert (refused.verdict, refused.code) == ("refuse", 2)
    assert "no-such-program is not installed" in refused.says


def test_npm_is_what_installs_and_builds_where_the_commit_says_so(rig: Rig) -> None:
    work(rig, **{"package.json": "{}", "package-lock.json": "{}"})
    found = Deploy().plan(rig.desk(rig.settings(build=False)), {})
    assert [step.commands for step in found.steps if step.name in ("install", "build")] == [
        ("npm ci",),
        ("npm run build",),
    ]


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("fails", "npm ERR! missing script"),
        ("killed", "ran out of memory"),
        ("hangs", "did not end within 1 s"),
    ],
)
def test_code_3_when_the_build_fails_and_nothing_is_published(rig: Rig, fault: str, says: str) -> None:
    work(rig, **{"build-fault": fault})
    outcome, bench = deployed(rig, limit=1.0 if fault == "hangs" else 60.0)
    assert (outcome.code, outcome.meaning) == (3, "build failed")
    assert says in outcome.says
    assert rig.served() == rig.live() == "v3"
    assert "v4" not in {release.name for release in rig.platform.releases()}
    assert bench.debris == {}
    assert rig.git.git("worktree", "list").count("\n") == 0


def test_code_3_when_the_install_fails(rig: Rig) -> None:
    work(rig)
    rig.tables = f"[deploy]\ninstall = {json.dumps([sys.executable, '-c', 'raise SystemExit(9)'])}"
    outcome, _ = deployed(rig)
    assert outcome.code == 3
    assert "the install failed: exit code 9" in outcome.says


def test_code_2_where_submodules_would_be_empty_unless_the_install_fetches_them(rig: Rig, tmp_path: Path) -> None:
    library = GitSite(tmp_path / "library")
    library.commit("one", {"code.js": "1"})
    allowed = "protocol.file.allow=always"
    rig.git.git("-c", allowed, "submodule", "--quiet", "add", str(library.path), "vendor/library")
    work(rig)
    refusal = plan(rig).refusal
    assert refusal is not None, "the release would have an empty folder"
    assert (refusal.name, refusal.code) == ("checkout whole", 2)
    assert "vendor/library" in refusal.says
    assert "git" in refusal.says
    rig.tables = f"[deploy]\ninstall = {json.dumps(['git', '-c', allowed, 'submodule', 'update', '--init'])}"
    assert guard(plan(rig), "checkout whole").verdict == "warn"
    assert guard(plan(rig, {"skip_build": True}), "checkout whole").verdict == "refuse"
    outcome, bench = deployed(rig, {"skip_tests": True})
    assert outcome.code == 0, outcome.says
    assert (rig.root / "current" / "vendor" / "library" / "code.js").read_text() == "1"
    assert bench.debris == {}
    assert rig.git.git("worktree", "list").count("\n") == 0
    refusal = Rollback().plan(rig.desk(), {"to_commit": "v3", "rebuild": True}).refusal
    assert refusal is None, "what has no submodules is rebuilt as ever"


def test_skip_build_publishes_the_checkout_and_says_so(rig: Rig) -> None:
    work(rig, **{"build-fault": "fails"})
    assert line(plan(rig, {"skip_build": True}), "Build").startswith("skipped")
    outcome, _ = deployed(rig, {"skip_build": True})
    assert outcome.code == 0
    assert not (rig.root / "current" / "built").exists()


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o755), (0o027, 0o750)])
def test_a_release_can_be_read_by_whom_the_umask_lets(rig: Rig, umask: int, mode: int) -> None:
    work(rig)
    before = os.umask(umask)
    try:
        outcome, _ = deployed(rig, {"skip_tests": True})
    finally:
        os.umask(before)
    assert outcome.code == 0, outcome.says
    release = rig.root / "releases" / "v4"
    assert stat.S_IMODE(release.stat().st_mode) == mode, "the checkout's 0700 keeps the web server's user out"
    assert stat.S_IMODE((release / "migrations").stat().st_mode) == mode


def test_code_5_when_the_restart_fails_and_when_users_still_get_the_old_release(rig: Rig) -> None:
    work(rig)
    (rig.root / "restart-fails").touch()
    outcome, bench = deployed(rig)
    assert outcome.code == 5
    assert "v4 is switched live, but" in outcome.says
    (rig.root / "restart-fails").unlink()
    (rig.root / "restart-lies").touch()
    rig.platform.promote("v3", who="tom")
    outcome, bench = deployed(rig, wait_limit=0.5)
    assert outcome.code == 5
    assert "users do not get it" in outcome.says
    assert rig.served() == "v3"
    assert [piece.kind for piece in bench.debris.values()] == ["switch"]


def test_code_6_when_smoke_fails_names_the_way_back_and_does_not_take_it(rig: Rig) -> None:
    work(rig, faults="health")
    rig.traffic = lambda start, end: 44.0
    outcome, _ = deployed(rig)
    assert (outcome.code, outcome.meaning) == (6, CODES[6])
    assert f"vigie rollback --env production --to-commit {rig.commits['v3'][:12]} (to v3)" in outcome.says
    assert outcome.details["way_back"]["name"] == "v3"
    assert rig.served() == "v4"


@pytest.mark.parametrize("step", ["checkout", "build", "publish"])
def test_a_cancel_before_the_switch_leaves_nothing(rig: Rig, step: str) -> None:
    work(rig)
    outcome, bench = deployed(rig, cancel_in=step)
    assert outcome.code == 143
    assert rig.live() == "v3"
    assert bench.debris == {}
    assert rig.git.git("worktree", "list").count("\n") == 0


def test_a_first_deploy_goes_live_where_nothing_was(rig: Rig, tmp_path: Path) -> None:
    work(rig)
    (rig.root / "current").unlink()
    (rig.root / "releases.jsonl").unlink()
    found = plan(rig)
    assert line(found, "Live now") == "nothing yet"
    outcome = Bench(found).go(Deploy(), rig.desk())
    assert outcome.code == 0, outcome.says
    assert rig.served() == "v4"
