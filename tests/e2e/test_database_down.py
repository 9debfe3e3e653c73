"""database-down by keys: the evidence makes a rollback visibly the wrong idea, and a call with a brief mends it."""

from __future__ import annotations

import re

import pytest

from tests.e2e.conftest import Stage, until
from tests.e2e.keys import incident_page, open_incident, resolve
from tests.e2e.paths import facts_lead_along
from tests.e2e.terminal import Terminal

pytestmark = [pytest.mark.practice, pytest.mark.terminal, pytest.mark.timeout(240)]


def test_facts_of_a_database_that_is_down_give_exactly_the_path_of_the_truth_table(stage: Stage) -> None:
    # From B1 on a person answers: nothing can measure whether somebody has to be called.
    facts_lead_along(stage.look_at("database-down"), ["N1", "N2", "N3", "N4", "B1"], never={"R1"})


def test_a_person_calls_for_help_and_is_kept_from_rolling_back_an_innocent_release(stage: Stage) -> None:
    stage.deal("database-down")
    console = stage.console()
    console.wait_for(r"✖ DOWN", 15)
    open_incident(console)
    for label, after in (("N1", "N2"), ("N2", "N3"), ("N3", "N4"), ("N4", "B1")):
        console.wait_for(rf"(?m)^ {label}  ")
        suggested = console.wait_for(r"▸ \d .*suggested")
        assert "Roll back" not in suggested
        console.press_meant("enter", rf"(?m)^ {after}  ")
    read_why_not(console)
    call_the_desk(console)
    until(lambda: stage.health() == "healthy")
    console.press_meant("T", r"smoke\w* production")
    console.wait_for(r"exit 0: all passed")
    console.press_meant("esc", r"── Site down")
    incident_page(console)
    console.wait_for(r"started\s+again", 60)
    shown = " ".join(console.text.split())
    assert re.search(r"help: Quayside desk .*started again", shown)
    resolve(console)
    console.press_meant("q", r"(?m)\A\s*\Z")
    assert console.wait_ended() == 0
    assert stage.served() == "v2.4.1", "the innocent release is still live"
    assert not [job for job in stage.jobs() if job.operation == "rollback"]


def read_why_not(console: Terminal) -> None:
    """`R` still shows the plan, and the plan says what speaks against it before anything else."""
    console.press_meant("R", r"Type +drill production")
    console.settle()
    shown = console.text
    assert "nothing found" not in console.row("Against")
    against = shown[shown.index("Against") : shown.index("For ")]
    assert re.search(r"errors began \dm before this release", against)
    assert "the database does not answer: refused" in " ".join(against.split())
    console.press_meant("esc", r"(?m)^ B1  ")


def call_the_desk(console: Terminal) -> None:
    """The brief says what is broken, since when, what was tried and what is needed; then the desk is called with it."""
    console.press_meant("h", r"What do you need")
    console.settle()
    console.press("start production's database again", "enter")
    console.wait_for(r"Quayside desk")
    console.settle()
    brief = console.text
    for words in ("Broken: api/health", "Since: ", "Tried: nothing yet", "Need: start production's database again"):
        assert words in brief, f"the brief does not say {words!r}:\n{brief}"
    console.press_meant("1", r"Quayside desk was called")
