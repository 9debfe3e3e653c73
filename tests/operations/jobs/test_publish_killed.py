"""A worker killed while the team's own command publishes: what that command started is seen, and holds the lock."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.engine.alive import group_lives
from operations.engine.control import clean
from operations.engine.record import JobRecord, JobState
from operations.jobs.launch import locks_of
from operations.settings_reader import load_settings
from tests.operations.gitsite import GitSite
from tests.operations.jobs.runs import Runs

PUBLISH = """
cd "$1"
(trap '' TERM; : > begun; read go < gate; echo '{"id": "'$2'"}' > live.json) &
wait
"""
"""What it started ignores TERM, and makes the release live when somebody writes into `gate`."""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    git = GitSite(tmp_path / "repository")
    live = git.commit("one", {"app.txt": "1"}, tag="v1")
    git.commit("two", {"app.txt": "2"}, tag="v2")
    (tmp_path / "live.json").write_text(json.dumps({"id": "v1", "commit": live}))
    os.mkfifo(tmp_path / "gate")
    (tmp_path / "vigie.toml").write_text(f"""
operator = "ana"
state_dir = "state"
lock_dir = "locks"
[site]
name = "dispatch"
repository = "{git.path}"
[environments.production]
kind = "staging"
url = "http://127.0.0.1:9"
[environments.production.platform]
driver = "command"
[environments.production.platform.commands]
list = ["cat", "{tmp_path}/live.json"]
live = ["cat", "{tmp_path}/live.json"]
publish = ["sh", "-c", {json.dumps(PUBLISH)}, "publish", "{tmp_path}", "{{name}}"]
""")
    return tmp_path


@pytest.fixture
def runs(place: Path) -> Iterator[Runs]:
    made = Runs(load_settings(place / "vigie.toml", {}), "deploy", "production")
    yield made
    made.journal.close()


def test_what_a_killed_publish_left_running_holds_the_lock_until_it_is_cleaned(runs: Runs, place: Path) -> None:
    def publishing(job: JobRecord) -> bool:
        return (bool(job.groups) and (place / "begun").exists()) or not job.live

    job = runs.kill(runs.until(runs.start().id, publishing))
    assert (job.state, len(job.groups)) == (JobState.LOST, 1), "the command's group is in the journal"
    assert "still runs" in job.says
    beside = runs.operation.plan(runs.desk(), {}).refusal
    assert beside is not None, "a second deploy would run beside it, and the first one's publish go live last"
    assert beside.code == 75
    assert "its worker is gone but its process group" in beside.says

    said: list[str] = []
    closed = clean(
        runs.journal, job, runs.operation, runs.desk(), locks=locks_of(runs.settings), say=said.append, grace=0.1
    )
    assert not group_lives(job.groups[0])
    assert closed.debris == (), said
    assert "release v2 is not live; what its publish command left is that command's own to remove" in said
    assert not [words for words in said if "v2 removed" in words], "nothing was removed"
    with pytest.raises(OSError, match="No such device"):
        os.open(place / "gate", os.O_WRONLY | os.O_NONBLOCK)
    assert runs.operation.plan(runs.desk(), {}).refusal is None
