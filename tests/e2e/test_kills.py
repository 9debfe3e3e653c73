"""Consoles and workers that are killed in the middle of a rollback: nothing is lost, nothing spins, nothing is left."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from operations.engine.record import JobRecord, JobState
from operations.jobs.launch import jobs_of
from operations.practice import site
from tests.e2e.conftest import PRODUCTION_IS, Stage, until
from tests.e2e.keys import say_yes, type_confirmation
from tests.e2e.terminal import LEFT_ALTERNATE_SCREEN, Terminal

pytestmark = [pytest.mark.practice, pytest.mark.terminal, pytest.mark.timeout(240)]
GONE_WITHIN = 5.0
ENDS_WITHIN = 10.0
BEGINS_TO_END = 2.5
"""Seconds after which a site that nobody holds has begun to end (it looks three times, every half second)."""
FRONT_DOOR = "front-production"
RUNNING = r"job {} rollback production running: step 4 of 6 wait for v2\."


def begin_rollback(stage: Stage, console: Terminal) -> JobRecord:
    """Confirm a rollback, and hold it in the middle: the front door refuses, so it cannot see its effect yet."""
    console.press_meant("R", r"Type +drill production")
    console.settle()
    type_confirmation(console, "held in the middle")
    console.press("enter")
    stage.job_when(lambda job: job.live)
    stage.set_link(FRONT_DOOR, "refuse")
    return stage.job_when(lambda job: job.current is not None and job.current.name == "wait")


def let_go(stage: Stage) -> None:
    stage.set_link(FRONT_DOOR, "none")


ENDS: dict[str, tuple[Callable[[Terminal], None], int]] = {
    "SIGHUP": (lambda console: console.kill(signal.SIGHUP), 128 + signal.SIGHUP),
    "SIGTERM": (lambda console: console.kill(signal.SIGTERM), 128 + signal.SIGTERM),
    "a closed terminal": (Terminal.hang_up, 128 + signal.SIGHUP),
}


def test_a_worker_killed_with_9_shows_its_debris_and_a_key_cleans_it(stage: Stage) -> None:
    stage.deal("bad-release")
    console = stage.console()
    job = begin_rollback(stage, console)
    assert job.worker is not None
    os.kill(job.worker.pid, signal.SIGKILL)
    let_go(stage)
    console.wait_for(r"job 1 rollback production worker died")
    console.wait_for(r"left behind: v2\.4\.0 switched live but not seen from outside +d cleans it")
    assert stage.served() in ("v2.4.0", "v2.4.1")
    console.press_meant("esc", r"1 to clean \(J, then d\)")
    console.press_meant("J", r"left behind")
    console.press_meant("d", r"Clean up\?")
    console.settle()
    assert "v2.4.0 switched live but not seen from outside" in console.text
    console.press_meant("enter", r"left behind")  # the default answer is No
    assert stage.jobs()[0].debris
    console.press_meant("d", r"Clean up\?")
    console.settle()
    say_yes(console, r"Cleaned after job 1")
    console.wait_while(r"left behind")
    closed = stage.jobs()[0]
    assert (closed.state, closed.debris) == (JobState.LOST, ())
    assert stage.served() == "v2.4.0"
    assert stage.health() == "healthy"
    # Nothing of the dead one holds anything: another rollback may begin.
    plan = stage.run("rollback", "--env", "production", "--plan", "--json").document
    assert plan["exit_code"] == 0, plan


def test_consoles_that_are_ended_leave_the_rollback_to_finish_and_the_next_one_follows_it(stage: Stage) -> None:
    stage.held("bad-release")
    consoles = {how: stage.open("--config", str(stage.config)) for how in ENDS}
    for console in consoles.values():
        console.wait_for(PRODUCTION_IS)
    job = begin_rollback(stage, consoles["SIGHUP"])
    running = RUNNING.format(job.number)
    for how, (end, code) in ENDS.items():
        console = consoles[how]
        console.press_meant("J", running)
        before = console.processor_seconds()
        end(console)
        assert console.wait_ended(GONE_WITHIN) == code, how
        assert console.spent - before < GONE_WITHIN / 2, f"{how}: it was spinning"
        if how != "a closed terminal":
            assert LEFT_ALTERNATE_SCREEN in console.raw, f"{how}: the terminal was not given back"
        assert stage.job_when(lambda one: one.id == job.id).live, how
    following = stage.console()
    following.press_meant("J", running)
    let_go(stage)
    ended = stage.job_when(lambda one: not one.live)
    assert (ended.id, ended.code) == (job.id, 0), ended.says
    following.wait_for(rf"exit 0: success: {stage.served()} is live")
    assert ended.says.startswith(f"{stage.served()} is live")


def test_a_practice_site_that_dies_leaves_nothing_green(stage: Stage) -> None:
    stage.held("bad-release")
    state = site.status(stage.home)
    console = stage.console(columns=120, rows=36)
    console.wait_for("✓ page|✓ .*page")
    os.kill(state["pid"], signal.SIGKILL)
    console.wait_for("no control target answers", 90)
    console.wait_while(r"✓ [^?✖\n]*(page|api/|database|business)", 90)
    assert re.search("DOWN|UNKNOWN", console.text)
    console.press("q")
    assert console.wait_ended(GONE_WITHIN) == 0
    assert [name for name, pid in state["children"].items() if lives(pid)] == [], "what it ran goes with it"
    stage.let_go()


def test_a_release_that_goes_live_while_the_plan_is_read_stops_the_rollback_and_shows_the_difference(
    stage: Stage,
) -> None:
    from operations.platforms import platform_for

    settings = stage.deal("bad-release")
    console = stage.console()
    console.press_meant("R", r"Type +drill production")
    console.settle()
    platform = platform_for(settings, "production")
    assert platform is not None
    other = next(one for one in platform.releases() if one.name == "v2.3.1")
    platform.promote(other.id, who="tom")
    type_confirmation(console, "while tom promotes")
    console.press("enter")
    shown = console.wait_for(r"changed since shown +From: v2\.4\.1 [0-9a-f]{7} -> v2\.3\.1")
    assert re.search(r"From +v2\.3\.1 .*tom", shown)
    assert stage.jobs() == ()
    console.press_meant("esc", r"R rollback")
    assert stage.jobs() == ()
    assert stage.served() == "v2.3.1"


def test_after_kill_9_the_worker_finishes_and_when_both_are_gone_the_site_ends(stage: Stage) -> None:
    settings = stage.held("bad-release")
    console = stage.console()
    job = begin_rollback(stage, console)
    stage.let_go()
    console.kill(signal.SIGKILL)
    assert console.wait_ended(GONE_WITHIN) == -signal.SIGKILL
    # The job holds the site by itself now: longer than the site stays when nobody does.
    children = site.status(stage.home)["children"]
    with pytest.raises(AssertionError, match="not in"):
        until(lambda: site.status(stage.home)["phase"] != "ready", BEGINS_TO_END)
    let_go(stage)
    ended = stage.job_when(lambda one: not one.live)
    assert (ended.id, ended.code) == (job.id, 0), ended.says
    until(lambda: not site.status(stage.home)["running"], ENDS_WITHIN, lambda: str(site.status(stage.home)))
    assert [name for name, pid in children.items() if lives(pid)] == []
    assert " is live and " in jobs_of(settings)[0].says


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
