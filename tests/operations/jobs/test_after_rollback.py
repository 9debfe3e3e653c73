"""What follows a rollback: the standing line until it is mended, and the judgement the walk decides on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path

import pytest

from operations.jobs.rollback import Rollback
from operations.jobs.rollback_judgement import judge_rollback
from operations.jobs.standing import standing_lines
from operations.platforms.releases import ReleasesPlatform
from operations.watch.model import Alarm
from tests.operations.jobs.rig import Rig, a_rig
from tests.servers import PostgresServer


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with a_rig(tmp_path) as made:
        made.watched()
        yield made


def rolled_back(rig: Rig) -> None:
    ReleasesPlatform(rig.root).promote("v2", who="ana", how="rollback")


def test_nothing_stands_before_any_rollback(rig: Rig) -> None:
    assert standing_lines(rig.desk()) == ()


def test_the_bad_release_stands_until_it_is_reverted(rig: Rig) -> None:
    rolled_back(rig)
    (line,) = standing_lines(rig.desk())
    span = f"{rig.commits['v2'][:7]}..{rig.commits['v3'][:7]}"
    assert line == f"v3 is still on main: the next push publishes it. Mend: git revert --no-edit {span}"
    rig.git.git("revert", "--no-edit", f"{rig.commits['v2']}..{rig.commits['v3']}")
    assert standing_lines(rig.desk()) == ()


def test_a_part_that_is_reverted_leaves_the_rest_standing(rig: Rig) -> None:
    middle = rig.git.commit("one more", {"more.txt": "1"})
    rig.release("v4", {"last.txt": "1"}, hours_ago=0.1)
    rolled_back(rig)
    rig.git.git("revert", "--no-edit", middle)
    (line,) = standing_lines(rig.desk())
    assert line.startswith("2 commits of v4 are still on main")
    assert rig.commits["v4"][:7] in line
    assert middle[:7] not in line


def test_a_release_that_is_live_again_or_fixed_forward_stands_no_more(rig: Rig) -> None:
    rolled_back(rig)
    ReleasesPlatform(rig.root).promote("v3", who="ana")
    assert standing_lines(rig.desk()) == ()
    rolled_back(rig)
    assert len(standing_lines(rig.desk())) == 1
    rig.release("v4", {"fix.txt": "1"}, hours_ago=0)
    assert standing_lines(rig.desk()) == ()


def test_a_bad_commit_that_never_was_on_the_branch_does_not_stand(rig: Rig) -> None:
    rolled_back(rig)
    rig.git.git("branch", "--move", "main", "elsewhere")
    assert standing_lines(rig.desk()) == ()


def test_a_reverted_merge_takes_its_commits_with_it(rig: Rig) -> None:
    rig.git.git("checkout", "--quiet", "-b", "feature")
    rig.git.commit("feature work", {"feature.txt": "1"})
    rig.git.git("checkout", "--quiet", "main")
    rig.git.git("merge", "--quiet", "--no-ff", "--no-edit", "feature")
    rig.release("v4", {}, hours_ago=0.1)
    ReleasesPlatform(rig.root).promote("v3", who="ana", how="rollback")
    merge = rig.git.git("rev-list", "--merges", "-n1", "HEAD")
    rig.git.git("revert", "--no-edit", "-m", "1", merge)
    (line,) = standing_lines(rig.desk())
    assert "1 commit of v4 is still on main" in line


def test_jobs_tell_of_a_rollback_the_platform_has_no_record_of(rig: Rig) -> None:
    plan = Rollback().plan(rig.desk(), {})
    rolled_back(rig)
    record = rig.root / "releases.jsonl"
    record.write_text("".join(line for line in record.read_text().splitlines(True) if "rollback" not in line))
    assert standing_lines(rig.desk()) == ()
    rig.remember(plan, 0)
    (line,) = standing_lines(rig.desk())
    assert line.startswith("v3 is still on main")


def test_a_site_without_a_platform_has_no_standing_line(rig: Rig) -> None:
    settings = rig.write_settings()
    settings.write_text(settings.read_text().partition("[environments.production.platform]")[0])
    from operations.settings_reader import load_settings

    desk = rig.desk(load_settings(settings, {}))
    assert standing_lines(desk) == ()
    judged = judge_rollback(desk)
    assert (judged.target_ok, judged.verdict) == (None, None)
    assert "not configured" in judged.says


def test_the_judgement_of_a_good_target(rig: Rig, postgres: PostgresServer) -> None:
    judged = judge_rollback(rig.desk())
    assert judged.target_ok is True
    assert judged.other_target is True
    assert judged.verdict == "none"
    assert judged.migration_failed is None
    assert (judged.says, judged.migrations) == ("v2 ran 3d1h, 44 req/s, no alarm", "none")
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    rig.more = f'database = "{address}"'
    postgres.run(
        "create table vigie_migrations (name text, applied_at timestamptz, finished_at timestamptz, error text)", name
    )
    assert judge_rollback(rig.desk()).migration_failed is False
    postgres.run("insert into vigie_migrations values ('0009_x', now(), null, 'boom')", name)
    failed = judge_rollback(rig.desk())
    assert (failed.verdict, failed.migration_failed) == ("failed", True)


def test_unknown_health_is_unknown_not_good(rig: Rig) -> None:
    rig.snapshot = None
    assert judge_rollback(rig.desk()).target_ok is None
    rig.watched()
    rig.traffic = lambda start, end: None
    judged = judge_rollback(rig.desk())
    assert (judged.target_ok, judged.other_target) == (None, None)


def test_traffic_is_known_from_the_last_hours_error_rates(rig: Rig) -> None:
    rig.traffic = lambda start, end: None
    rates = tuple((rig.now - timedelta(minutes=minute), 0.2) for minute in range(60))
    rig.watched(rates=rates)
    assert judge_rollback(rig.desk()).target_ok is True
    rig.watched(rates=tuple((at, None) for at, _ in rates))
    assert judge_rollback(rig.desk()).target_ok is None


def test_after_a_failed_try_the_other_target_is_what_is_left(rig: Rig) -> None:
    plan = Rollback().plan(rig.desk(), {})
    rig.remember(plan, 4, past_no_return=False)
    judged = judge_rollback(rig.desk())
    assert (judged.target_ok, judged.other_target) == (True, True)
    assert judged.says.startswith("v1 ")
    rig.remember(Rollback().plan(rig.desk(), {}), 4, past_no_return=False)
    left = judge_rollback(rig.desk())
    assert (left.target_ok, left.other_target) == (False, False)
    # A failure before the live release went live is forgotten.
    rig.jobs = [replace(job, created_at=job.created_at - timedelta(days=1)) for job in rig.jobs]
    assert judge_rollback(rig.desk()).says.startswith("v2 ")


def test_no_good_target_is_said(rig: Rig) -> None:
    rig.watched(alarms=tuple(Alarm("x", "down", rig.now - timedelta(hours=hours)) for hours in (30, 100)))
    judged = judge_rollback(rig.desk())
    assert (judged.target_ok, judged.other_target, judged.verdict) == (False, False, None)
    assert "no earlier release was healthy" in judged.says


def test_the_judgement_is_cheap_and_asks_no_site(rig: Rig) -> None:
    rig.site.stop()
    began = time.monotonic()
    assert judge_rollback(rig.desk()).target_ok is True
    assert time.monotonic() - began < 10
    assert rig.now.tzinfo is UTC


def test_after_two_rollbacks_everything_since_then_stands(rig: Rig) -> None:
    span = f"{rig.commits['v1'][:7]}..{rig.commits['v3'][:7]}"
    expected = f"v3 is still on main: the next push publishes it. Mend: git revert --no-edit {span}"
    first = Rollback().plan(rig.desk(), {})
    rolled_back(rig)
    rig.remember(first, 0)
    second = Rollback().plan(rig.desk(), {})
    ReleasesPlatform(rig.root).promote("v1", who="ana", how="rollback")
    rig.remember(second, 0)
    assert standing_lines(rig.desk()) == (expected,)
    record = rig.root / "releases.jsonl"
    record.write_text("".join(line for line in record.read_text().splitlines(True) if "rollback" not in line))
    assert standing_lines(rig.desk()) == (expected,)
