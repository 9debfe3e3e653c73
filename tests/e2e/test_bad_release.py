"""A whole incident by keys alone at 80x24: a bad release, walked to its rollback, its end and the debrief."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import SIZE, SPEED, Stage, until
from tests.e2e.keys import (
    incident_page,
    open_incident,
    say_yes,
    take_command,
    tell_everybody,
    to_rollback_plan,
    type_confirmation,
)
from tests.e2e.reports import Moments, check_report, same_elsewhere
from tests.e2e.terminal import PAINTED, Terminal
from tests.e2e.truth import truth_of

pytestmark = [pytest.mark.practice, pytest.mark.terminal, pytest.mark.timeout(240)]
IMPACT = ("The list of calls stays empty.", "La liste des appels reste vide.")
PATH = ("N1", "N2", "N3", "N4", "N5", "N6", "N7", "R1")


def begin(stage: Stage) -> Terminal:
    """`vigie drill bad-release` on a terminal, until the console shows production DOWN."""
    small = ("--size", str(SIZE), "--speed", str(2 * SPEED))
    drill = stage.open("drill", "bad-release", "--dir", str(stage.home), "--seed", "1", *small)
    drill.wait_for(r"DRILL - nothing here is real", 120)
    drill.wait_for(r"✖ DOWN", 15)
    return drill


def roll_back(drill: Terminal, moments: Moments) -> None:
    """From the opened plan to the question whether it is over."""
    type_confirmation(drill, "v2.4.1 throws on every API call")
    with moments.of("diagnosed"):
        drill.press_meant("enter", r"job 1 Roll back")
    with moments.of("mitigated"):
        drill.wait_for(r"promote v2.4.0 .*expected")
        drill.wait_for(r"exit 0: success: v2.4.0 is live and 8 of 8 tests passed")
    drill.press_meant("esc", r"R1 .*Roll back")
    drill.wait_for(r"ended, exit 0")
    drill.press_meant("enter", r"V1 +Is it over\?")


def resolve(drill: Terminal, moments: Moments) -> None:
    """Smoke tests, a quiet watch, and the incident ends, users hear of it, and it is closed."""
    drill.press_meant("enter", r"exit 0: all passed")
    drill.press_meant("esc", r"V1 +Is it over\?")
    drill.wait_for(r"a break for: (5 s|[1-9]\d s|\dm)")
    drill.wait_for(r"PRODUCTION +\S+ (ok|DEGRADED)")
    incident_page(drill)
    drill.press_meant("r", r"Is it over\?")
    with moments.of("resolved"):
        say_yes(drill, r"; resolved")
    tell_everybody(drill, "resolved")
    drill.press_meant("enter", r"What about it\?")
    drill.press_meant("8", r"; closed")


def leave(drill: Terminal) -> str:
    """Leave for the debrief: its text. The site may end with the drill, so what it serves is asked before this."""
    drill.settle()
    told = len(drill.raw)
    drill.press_meant("q", r"Worth a minute together|q again leaves")
    if "q again leaves" in drill.text:
        say_yes(drill, r"Worth a minute together")
    drill.settle()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drill.raw[told:].decode())


def test_a_person_plays_bad_release_by_single_answers_and_reads_the_whole_story(stage: Stage, tmp_path: Path) -> None:
    stage.let_go()  # the drill itself starts it
    drill = begin(stage)
    stage.join()
    assert "What changed" in drill.text
    drill.wait_for(r"release v2\.4\.1")
    moments = Moments()
    with moments.of("acknowledged"):
        open_incident(drill)
    incident_page(drill)
    take_command(drill)
    tell_everybody(drill, "initial", *IMPACT)
    drill.press_meant("esc", r"── Site down")
    for label in PATH[:-1]:
        drill.wait_for(rf"(?m)^ {label}  ")
        drill.wait_for(r"▸ \d .*suggested")
        assert drill.row(r"▸ \d")
        drill.press_meant("enter", rf"(?m)^ {PATH[PATH.index(label) + 1]}  ")
    read_plan(drill)
    roll_back(drill, moments)
    resolve(drill, moments)
    read_timeline(drill)
    assert stage.served() == "v2.4.0"
    debrief = leave(drill)
    assert "Heron was bad-release" in debrief
    assert re.search(r"Your path +N1 N2 N3 N4 N5 N6 N7 R1 V1", debrief)
    assert re.search(r"Score \d+ of 100, passed", debrief)
    assert drill.wait_ended() == 0
    check_report(stage, truth_of(stage.home), moments)
    same_elsewhere(stage, tmp_path)


def read_plan(drill: Terminal) -> None:
    """The plan says where from, where to, what it takes back, the migrations, and what is for and against it."""
    to_rollback_plan(drill)
    assert re.search(r"v2\.4\.1 [0-9a-f]{7} +live 1\dm, ana", drill.row("From "))
    assert re.search(r"v2\.4\.0 [0-9a-f]{7} +ran 3d\dh, \d+ req/s, no alarm", drill.row("To "))
    assert "promote the kept build" in drill.row("How ")
    assert re.search(r"3 commits, 3 files, \+4 -1", drill.row("Takes back"))
    assert "none" in drill.row("Migrations")
    assert "nothing found" in drill.row("Against")
    assert re.search(r"errors began \d+ s after this release", drill.row(" For "))
    assert "new in v2.4.1: TypeError: zone is undefined" in drill.text
    drill.press("left", "left")
    drill.press_meant("enter", r"What it takes back")
    assert 'row["slug"]' in drill.text or "Look zones up by their short name" in drill.text
    drill.press_meant("esc", r"Type +drill production")


def read_timeline(drill: Terminal) -> None:
    """The end of the story is on the incident's page; the report is held against the whole of it."""
    wanted = ("rollback ended, exit 0: success", "Roll back: It went through", "incident resolved", "incident closed")
    # What was due is gone from the head now: the page is laid out anew.
    drill.settle()
    drill.press("end")
    drill.settle(quiet=PAINTED)
    seen = drill.text
    while not all(words in _folded(seen) for words in wanted):
        assert len(seen) < 20_000, f"not on the timeline: {wanted}\n{seen}"
        drill.press("pageup")
        drill.settle(quiet=PAINTED)
        seen = f"{drill.text}\n{seen}"


def _folded(text: str) -> str:
    return " ".join(re.sub("[▁-█]", "", text).split())


def test_a_second_play_on_a_site_that_runs_takes_all_clear_answers_with_one_key(stage: Stage) -> None:
    drill = begin(stage)
    open_incident(drill)
    drill.wait_for(r"suggested")
    taken = ""
    while "R1" not in taken:
        drill.press_meant("a", r"clear answers|Nothing is clear")
        if "clear answers" in drill.text:
            drill.press_meant("enter", r"── Site down")
        drill.settle()
        taken = next(iter(re.findall(r"(?m)^ (R1|[NV]\d+) ", drill.text)), "")
    to_rollback_plan(drill)
    roll_back(drill, Moments())
    until(lambda: stage.health() == "healthy")
    incident_page(drill)
    drill.wait_for(r"rollback ended, exit 0: success")
    assert stage.served() == "v2.4.0"
    assert re.search(r"Your path +N1 N2 N3 N4 N5 N6 N7 R1 V1", leave(drill))
    # Left before the incident was resolved: how it counts is the score's own matter.
    assert drill.wait_ended() in (0, 1)
