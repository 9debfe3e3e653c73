"""Two people, one site: only one changes it, and the other one is told who and how to follow."""

from __future__ import annotations

import json
import re

import pytest

from tests.attack.world import World

SURE = ("--reason", "because", "--confirm", "dispatch production")


@pytest.fixture
def gated(world: World) -> World:
    """The platform's restart waits for the file `gate`."""
    gate = world.folder / "gate"
    world.configure(platform=f'restart = ["sh", "-c", "while [ ! -e {gate} ]; do sleep 0.05; done"]')
    return world


def test_the_second_rollback_is_told_who_holds_the_lock_and_how_to_follow(gated: World) -> None:
    first = gated.run("rollback", *SURE, "--detach").stdout.strip()
    second = gated.quickly("rollback", "--to-commit", "v1", *SURE)
    assert second.returncode == 75
    assert re.search(rf"ana .*rollback of production.*job {first}", second.stderr)
    assert f"vigie jobs follow {first}" in second.stderr
    planned = gated.quickly("rollback", "--to-commit", "v1", "--plan", "--json")
    assert planned.returncode == 75
    document = json.loads(planned.stdout)
    assert (document["exit_code"], document["ok"]) == (75, False)
    with gated.terminal(columns=120, rows=40) as terminal:
        terminal.wait_for("rollback production")
        terminal.press("R")
        terminal.wait_for("Stop")
        terminal.wait_for(rf"follow it: vigie jobs\s+follow[\s│]+{first}")
        terminal.press("esc")
    assert gated.quickly("smoke").returncode == 0  # no lock of ours keeps anybody from looking
    (gated.folder / "gate").touch()
    followed = gated.run("jobs", "follow", first)
    assert followed.returncode == 0
    assert "success" in followed.stderr
    assert gated.live() == "v2"


def test_of_two_rollbacks_at_the_same_moment_one_wins_and_the_other_says_so(gated: World) -> None:
    (gated.folder / "gate").touch()
    both = [gated.start("rollback", "--to-commit", target, *SURE, "--skip-tests") for target in ("v1", "v2")]
    said = [process.communicate(timeout=60) for process in both]
    codes = [process.returncode for process in both]
    assert codes.count(0) == 1, (codes, said)
    assert all(code in (0, 1, 75) for code in codes)
    assert gated.live() == ("v1", "v2")[codes.index(0)]
    loser = said[1 - codes.index(0)][1]
    assert "Busy" in loser or "changed" in loser or "not live any more" in loser or "guard" in loser
