"""Publishing to Vercel by a command: what came of it is looked up, whatever the command said."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from operations.engine.record import GroupHooks, ProcessGroup
from operations.errors import PrerequisiteMissing, VigieError
from operations.platforms.base import Undecided
from operations.platforms.vercel import VercelPlatform
from operations.practice.vercel.faults import Fault
from operations.settings import VERCEL_DEPLOY
from tests.operations.platforms.vercel_ground import TOKEN, Ground

DEPLOY = """
import json, os, sys, urllib.request
how, api, name, commit = sys.argv[1:]
assert os.environ["VERCEL_TOKEN"] and os.environ["VERCEL_PROJECT_ID"] and os.environ["VERCEL_ORG_ID"]
assert "AWS_SECRET" not in os.environ
print("token is", os.environ["VERCEL_TOKEN"], file=sys.stderr)
if how == "fails": sys.exit("Error: no output directory")
target = "preview" if how == "previews" else "production"
meta = {} if how == "anonymous" else {"vigieRelease": name, "vigieCommit": commit}
request = urllib.request.Request(
    api + "/v13/deployments", json.dumps({"meta": meta, "target": target}).encode(),
    {"authorization": "Bearer " + os.environ["VERCEL_TOKEN"]}, method="POST")
made = json.load(urllib.request.urlopen(request))
open("published-here", "w").close()
print("https://" + made["url"])
if how == "dies": sys.exit("Error: socket hang up")
"""


def publisher(ground: Ground, how: str = "well", **more: Any) -> VercelPlatform:
    command = (sys.executable, "-c", DEPLOY, how, "{api}", "{name}", "{commit}")
    return ground.another(**{"publish_command": command, **more})


def publish(platform: VercelPlatform, build: Path) -> str:
    return platform.publish(build, name="v4", commit="d" * 40, who="ana", title="back")


def test_a_publish_runs_the_command_in_the_build_and_goes_live(ground: Ground, tmp_path: Path) -> None:
    platform = publisher(ground)
    id = publish(platform, tmp_path)
    assert platform.progress(id).state == "succeeded"
    live = platform.live()
    assert live is not None
    assert (live.name, live.commit) == ("v4", "d" * 40)
    assert (tmp_path / "published-here").exists()


def test_the_group_of_the_command_is_heard_of(ground: Ground, tmp_path: Path) -> None:
    heard: list[ProcessGroup] = []
    groups = GroupHooks(heard.append, heard.append)
    publisher(ground).publish(tmp_path, name="v4", commit="d" * 40, who="ana", groups=groups)
    assert len(heard) == 2, "it began and ended"
    assert heard[0] == heard[1]


def test_a_command_that_dies_after_it_took_is_looked_up(ground: Ground, tmp_path: Path) -> None:
    platform = publisher(ground, "dies")
    assert platform.progress(publish(platform, tmp_path)).state == "succeeded"


def test_a_deployment_without_our_name_is_found_by_its_address(ground: Ground, tmp_path: Path) -> None:
    platform = publisher(ground, "anonymous")
    assert platform.progress(publish(platform, tmp_path)).state == "succeeded"
    assert len(ground.world.builds) == 4


def test_a_failed_command_says_its_last_line_and_not_the_token(ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(VigieError, match=r"ended with code 1.*Error: no output directory") as failed:
        publish(publisher(ground, "fails"), tmp_path)
    assert failed.value.code == 5
    assert TOKEN not in str(failed.value)


def test_an_address_that_is_not_this_projects_is_no_deployment(ground: Ground, tmp_path: Path) -> None:
    platform = publisher(ground, "anonymous")
    ground.world.lies.foreign_project = True
    with pytest.raises(VigieError, match="Vercel has no production deployment of it; last line: token is •••"):
        publish(platform, tmp_path)


def test_a_deployment_that_is_not_for_production_is_none(ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="no production deployment of it"):
        publish(publisher(ground, "previews"), tmp_path)


def test_a_publish_that_nobody_can_look_at_is_undecided(ground: Ground, tmp_path: Path) -> None:
    def blind(method: str, path: str) -> None:
        ground.world.faults += [Fault("500", "deployments", times=99)] if method == "POST" else []

    ground.simulator.on_request = blind
    with pytest.raises(Undecided, match=r"ended with code 0, and what came of it cannot be seen"):
        publish(publisher(ground), tmp_path)


def test_a_command_that_is_not_there_is_a_missing_prerequisite(ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(PrerequisiteMissing, match="vercel-that-is-not-there cannot be run"):
        publish(publisher(ground, publish_command=("vercel-that-is-not-there",)), tmp_path)


def test_a_command_without_end_is_ended(ground: Ground, tmp_path: Path) -> None:
    endless = (sys.executable, "-c", "import time; time.sleep(600)")
    with pytest.raises(VigieError, match=r"did not end within 0\.3 s"):
        publish(publisher(ground, publish_command=endless, build_limit=0.3), tmp_path)


def test_a_name_that_is_taken_is_not_published_again(ground: Ground, tmp_path: Path) -> None:
    platform = publisher(ground)
    publish(platform, tmp_path)
    with pytest.raises(VigieError, match="There is a deployment v4 already"):
        publish(platform, tmp_path)
    assert len(ground.world.builds) == 4


def test_a_name_that_is_none_is_refused_before_anything_runs(ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="not a name"):
        publisher(ground).publish(tmp_path, name="--prod v4", commit="", who="ana")
    assert not (tmp_path / "published-here").exists()


def test_on_a_pinned_project_what_was_published_is_promoted(ground: Ground, tmp_path: Path) -> None:
    ground.world.auto_assign = False
    platform = publisher(ground)
    id = publish(platform, tmp_path)
    ground.platform = platform
    assert ground.until_ended(id).state == "succeeded"
    live = platform.live()
    assert live is not None
    assert live.name == "v4"


@pytest.mark.parametrize(
    ("state", "progress", "words"),
    [("BUILDING", "pending", "BUILDING"), ("ERROR", "failed", "ERROR"), ("HIBERNATING", "pending", "unknown")],
)
def test_a_deployment_is_not_done_before_it_is_ready(ground: Ground, state: str, progress: str, words: str) -> None:
    ground.builds[2].state = state
    found = ground.platform.progress(f"deployment {ground.builds[2].uid}")
    assert (found.state, words in found.says) == (progress, True)


def test_a_staged_deployment_of_a_pinned_project_is_not_done(ground: Ground) -> None:
    ground.world.auto_assign = False
    staged = ground.world.build("d" * 40)
    found = ground.platform.progress(f"deployment {staged.uid}")
    assert (found.state, "pinned" in found.says) == ("failed", True)


def test_the_default_command_names_the_release_in_its_meta() -> None:
    assert VERCEL_DEPLOY[:4] == ("vercel", "deploy", "--prebuilt", "--prod")
    assert "vigieRelease={name}" in VERCEL_DEPLOY
    assert not any("token" in argument for argument in VERCEL_DEPLOY)


def test_an_unfinished_publish_is_discarded_by_its_name(ground: Ground) -> None:
    ground.world.auto_assign = False
    ground.world.build(meta={"vigieRelease": "v4"})
    assert ground.platform.discard("v4") == "removed"
    assert [one.uid for one in ground.world.builds] == [one.uid for one in reversed(ground.builds)]
    assert ground.platform.discard("v4") == "removed"


def test_what_is_live_is_never_discarded(ground: Ground) -> None:
    ground.world.build(meta={"vigieRelease": "v4"})
    assert ground.platform.discard("v4") == "live"
    assert len(ground.world.builds) == 4


def test_what_ever_was_live_or_stands_twice_is_left_alone(ground: Ground) -> None:
    ground.world.build(meta={"vigieRelease": "v4"})
    ground.world.build()
    with pytest.raises(VigieError, match="left alone"):
        ground.platform.discard("v4")
    ground.world.auto_assign = False
    ground.world.build(meta={"vigieRelease": "v5"})
    ground.world.build(meta={"vigieRelease": "v5"})
    with pytest.raises(VigieError, match="left alone"):
        ground.platform.discard("v5")
    assert not any(method == "DELETE" for method, _ in ground.simulator.seen)
