"""Rollbacks of a site on Vercel, from the plan to what users get, in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operations.errors import VigieError
from operations.jobs.rollback import Rollback
from operations.jobs.standing import standing_lines
from operations.practice.vercel.faults import Fault
from tests.operations.jobs.vercel_rig import TOKEN, VercelRig, a_vercel_rig
from tests.operations.platforms.test_vercel_publish import DEPLOY


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VercelRig]:
    with a_vercel_rig(tmp_path) as made:
        yield made


def tags(rig: VercelRig) -> list[str]:
    return [tag for tag in rig.git.git("tag").splitlines() if tag.startswith("recovery/")]


def test_the_plan_says_what_the_old_build_brings_back_and_that_it_pins(rig: VercelRig) -> None:
    plan = rig.plan()
    lines = {line.label: line.text for line in plan.lines if line.label}
    assert rig.commits["v2"][:7] in lines["To"]
    assert "no alarm" in lines["To"]
    assert "environment variables it was built with" in lines["Brings back"]
    assert "cron jobs" in lines["Brings back"]
    assert lines["Afterwards"] == "no push goes live until a promote"
    assert plan.decisive["Where"].endswith("from Vercel project harbour")
    assert rig.simulator.posts() == []


def test_a_rollback_ends_when_users_get_the_old_version(rig: VercelRig) -> None:
    outcome, bench = rig.roll_back()
    assert (outcome.code, outcome.meaning) == (0, "success"), outcome.says
    assert rig.served() == rig.commits["v2"]
    assert rig.world.auto_assign is False
    assert outcome.details["verified"] is True
    assert bench.debris == {}
    assert len(tags(rig)) == 1
    assert len(rig.simulator.posts()) == 1
    assert TOKEN not in json.dumps([bench.said, outcome.details, outcome.says])


def test_success_on_vercel_with_the_old_version_still_served_is_not_success(rig: VercelRig) -> None:
    rig.cached = rig.commits["v3"]
    outcome, bench = rig.roll_back(wait_limit=0.2)
    assert outcome.code == 5
    assert "users do not get it" in outcome.says
    assert [piece.kind for piece in bench.debris.values()] == ["switch"]


def test_after_a_rollback_the_standing_line_knows_of_the_pin(rig: VercelRig) -> None:
    rig.roll_back()
    (line,) = standing_lines(rig.desk())
    assert "is still on main: pinned, but the next promote publishes it" in line


def test_a_job_that_moved_half_of_the_domains_is_never_called_nothing(rig: VercelRig) -> None:
    rig.world.lies.failing_aliases = ("www.harbour.example",)
    outcome, bench = rig.roll_back()
    assert outcome.code == 5
    assert "not certain whether users get" in outcome.says
    assert "www.harbour.example" in outcome.says
    assert "nothing was switched" not in outcome.says
    assert {piece.kind for piece in bench.debris.values()} == {"recovery-tag", "switch"}


def test_a_job_that_never_ends_is_given_up_and_may_still_go_live(rig: VercelRig) -> None:
    rig.world.lies.stuck = True
    outcome, bench = rig.roll_back()
    assert outcome.code == 5
    assert "it may still go live by itself" in outcome.says
    assert "nothing was switched" not in outcome.says
    assert {piece.kind for piece in bench.debris.values()} == {"recovery-tag", "switch"}
    assert len(rig.simulator.posts()) == 1


def test_a_refusal_leaves_nothing_behind(rig: VercelRig) -> None:
    rig.world.hobby = True
    outcome, bench = rig.roll_back({"to_commit": rig.commits["v1"]})
    assert outcome.code == 5
    assert "nothing was switched: Vercel" in outcome.says
    assert "Hobby plan" in outcome.says
    assert (tags(rig), bench.debris, rig.served()) == ([], {}, rig.commits["v3"])


def test_an_unclear_answer_to_the_post_is_looked_at_and_the_rollback_goes_on(rig: VercelRig) -> None:
    rig.world.faults = [Fault("500-after", "rollback"), Fault("429", "project")]
    outcome, _ = rig.roll_back()
    assert outcome.code == 0, outcome.says
    assert len(rig.simulator.posts()) == 1


def test_what_is_left_of_a_dead_worker_is_finished_without_a_second_switch(rig: VercelRig) -> None:
    rig.cached = rig.commits["v3"]
    outcome, bench = rig.roll_back(wait_limit=0.2)
    assert outcome.code == 5
    rig.cached = ""
    (piece,) = bench.debris.values()
    said: list[str] = []
    Rollback(5.0).clean(rig.desk(), {**piece.data, "kind": piece.kind}, said.append)
    assert "seen from outside" in said[0]
    assert len(rig.simulator.posts()) == 1
    assert rig.world.auto_assign is False


def test_a_switch_that_is_still_under_way_is_not_cleaned_away(rig: VercelRig) -> None:
    rig.world.lies.stuck = True
    rig.world.switch("rollback", rig.builds["v2"].uid)
    piece = {"kind": "switch", "release": rig.builds["v2"].uid, "commit": rig.commits["v2"], "names": []}
    with pytest.raises(VigieError, match="still on its way live"):
        Rollback(5.0).clean(rig.desk(), piece, lambda words: None)


def test_a_recovery_tag_is_kept_for_what_is_live_whatever_the_platforms_clock_says(rig: VercelRig) -> None:
    rig.world.lies.skew = -4000.0
    rig.world.switch("rollback", rig.builds["v2"].uid)
    for _ in range(3):
        rig.world.read_project()
    rig.git.git("tag", "recovery/production/x-1234567", rig.commits["v3"])
    name = rig.builds["v2"].url.split("-")[1]
    at = datetime.now(UTC).isoformat()
    piece = {"kind": "recovery-tag", "tag": "recovery/production/x-1234567", "release": name, "at": at}
    said: list[str] = []
    Rollback(5.0).clean(rig.desk(), piece, said.append)
    assert "is kept" in said[0]
    assert tags(rig) == ["recovery/production/x-1234567"]


def test_another_rollback_under_way_refuses_the_plan(rig: VercelRig) -> None:
    rig.world.lies.stuck = True
    rig.world.switch("rollback", rig.builds["v2"].uid)
    refusal = rig.plan().refusal
    assert refusal is not None
    assert "on its way live" in refusal.says


def test_a_rebuild_is_published_by_the_command_and_known_by_its_name(rig: VercelRig) -> None:
    command = json.dumps([sys.executable, "-c", DEPLOY, "well", "{api}", "{name}", "{commit}"])
    outcome, bench = rig.roll_back({"rebuild": True}, more=f"publish_command = {command}")
    assert outcome.code == 0, outcome.says
    assert rig.served() == rig.commits["v2"]
    assert rig.world.builds[0].meta["vigieRelease"] == bench.plan.details["publish_as"]
    assert bench.debris == {}
    assert len(tags(rig)) == 1
