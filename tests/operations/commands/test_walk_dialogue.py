"""A walk asked line by line, on a real terminal that can do nothing: Enter, digits, back, why, help, leave, run."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.jobs.launch import jobs_of, journal_for
from tests.attack.world import World, a_world
from tests.e2e.terminal import Terminal
from tests.operations.commands.walks import RECORDED, book
from tests.operations.doctor.clinic import bare

pytestmark = pytest.mark.terminal
COLUMNS, ROWS = 110, 200


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The walk through site-down.md by the facts of a bad release."""
    (tmp_path / "facts.json").write_text(json.dumps(RECORDED["bad-release"]))
    argv = [sys.executable, "-m", "tui.main", "runbook", "walk", "site-down", "--facts", "facts.json"]
    with Terminal(argv, env=bare(tmp_path, TERM="dumb"), cwd=tmp_path, columns=COLUMNS, rows=ROWS) as opened:
        yield opened


def test_enter_takes_the_suggestion_digits_answer_and_x_goes_back(terminal: Terminal) -> None:
    terminal.wait_for(r"N1 .*\n(.*\n)*Enter takes 1 “Yes, the control targets answer”")
    terminal.press("enter")
    terminal.wait_for("step 2 of .* N2(.*\n)*Enter takes 1 “Errors, or nothing at all”")
    terminal.press("2", "enter")
    terminal.wait_for("Noted as your own judgement. Measured: requests that end in a 5xx: 38 %")
    terminal.wait_for("step 3 of .* N8(.*\n)*Enter looks again, nothing is suggested")
    terminal.press("x", "enter")
    terminal.wait_for("N8(.*\n)*step 2 of .* N2(.*\n)*Enter takes 1")
    terminal.press("q", "enter")
    assert terminal.wait_ended() == 3
    assert "left before an answer was given" in terminal.text


def test_why_help_and_the_text_are_there_to_read_and_the_question_stays(terminal: Terminal) -> None:
    terminal.wait_for("Enter takes 1")
    for key, words in (
        ("o", "its condition: vantage.ok"),
        ("?", "q +leave; what was walked"),
        ("p", "The control targets belong"),
        ("7", "this section has 3 answers"),
        ("x", "there is nothing to go back to"),
        ("r1", "begin the walk with --run"),
        ("y", "is no key here"),
    ):
        terminal.press(key, "enter")
        terminal.wait_for(f"{words}(.*\n)*Enter takes 1")
    terminal.press("h", "enter")
    terminal.wait_for("E1  Call for help(.*\n)*Enter looks again")
    terminal.press("x", "enter")
    terminal.wait_for("E1  Call for help(.*\n)*.*N1  Can this bastion see(.*\n)*Enter takes 1")


def test_an_answer_against_the_evidence_to_an_act_asks_why_first(terminal: Terminal) -> None:
    terminal.wait_for("N1 ")
    terminal.press(*["enter"] * 6)
    terminal.wait_for("N7 (.*\n)*Enter takes 1 “Yes”")
    terminal.press("2", "enter")
    terminal.wait_for("Why is it right all the same")
    terminal.press("enter")
    terminal.wait_for("Why is it(.*\n)*Enter takes 1 “Yes”")
    terminal.press("2", "enter", "the author says so", "enter")
    terminal.wait_for("W1  ⚠ Forward, not back")
    terminal.press("q", "enter")
    assert terminal.wait_ended() == 0


def test_ctrl_c_leaves_with_its_own_code(terminal: Terminal) -> None:
    terminal.wait_for("Enter takes 1")
    terminal.press("ctrl+c")
    assert terminal.wait_ended() == 130


ACTS = """
# ⚠ Back
```bash {action=rollback}
vigie rollback --env production
```
```bash
echo [word] > written
```
- **Went** → [Over](#over) <!-- exit: 0, 6 -->
- **Did not** → [⚠ Back](#-back) <!-- exit: 3, 4, 5 -->
# Over
<!-- end -->
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A site with a release to go back to."""
    with a_world(tmp_path) as built:
        yield built


def test_an_act_shows_its_plan_wants_the_phrase_typed_and_a_command_its_blanks(world: World) -> None:
    book(world.folder, ACTS)
    command = ("runbook", "walk", str(world.folder / "own.md"), "--run")
    with world.terminal(*command, columns=COLUMNS, rows=ROWS, TERM="dumb") as terminal:
        terminal.wait_for("Enter shows the plan of “vigie rollback --env production”")
        terminal.press("enter")
        terminal.wait_for("Roll back: dispatch production(.*\n)*Reason, for the record")
        terminal.press("enter")
        terminal.wait_for("Not confirmed(.*\n)*Enter looks again, nothing is suggested")
        assert jobs_of(world.settings()) == ()
        terminal.press("r2", "enter")
        terminal.wait_for(r"\[word\]")
        terminal.press("it's", "enter")
        terminal.wait_for(r"Go on\?")
        terminal.press("y", "enter")
        terminal.wait_for("exit 0: success(.*\n)*Enter looks again")
        assert (world.folder / "written").read_text() == "it's\n"
        terminal.press("r1", "enter")
        terminal.wait_for("Not confirmed(.*\n)*Reason, for the record")
        terminal.press("v3 throws", "enter")
        terminal.wait_for("Type “dispatch production”")
        terminal.press("dispatch production", "enter")
        terminal.wait_for("Enter takes 1 “Went”")
        terminal.press("enter")
        terminal.wait_for("Enter leaves, this is the end")
        terminal.press("enter")
        assert terminal.wait_ended() == 0
    assert world.live() == "v2"


OWN_ACT = """
# ⚠ Restart
```bash {action=restart-worker confirm=type-env}
exit 2
```
- **It restarted** → [Over](#over) <!-- exit: 0 -->
- **It did not** → [By hand](#by-hand) <!-- exit: 1, 2 -->
- **Its last words** → [By hand](#by-hand) <!-- exit: 5 -->
# By hand
<!-- end -->
# Over
<!-- end -->
"""


def test_an_act_of_the_teams_own_wants_the_phrase_and_its_own_exit_code_answers(world: World) -> None:
    book(world.folder, OWN_ACT)
    id = world.quickly("incident", "open", "the worker hangs").stdout.strip()
    command = ("runbook", "walk", str(world.folder / "own.md"), "--run", "--incident", id)
    with world.terminal(*command, columns=COLUMNS, rows=ROWS, TERM="dumb") as terminal:
        terminal.wait_for("Enter looks again, nothing is suggested")
        terminal.press("r1", "enter")
        terminal.wait_for("Reason, for the record")
        terminal.press("it hangs", "enter")
        terminal.wait_for("Type “dispatch production”")
        terminal.press("dispatch production", "enter")
        terminal.wait_for("Enter takes 2 “It did not”")
        terminal.press("q", "enter")
        assert terminal.wait_ended() in (0, 3)
    (job,) = jobs_of(world.settings())
    assert (job.operation, job.code) == ("command", 5)
    journal = journal_for(world.settings())
    try:
        acted = [event.data for _, event in journal.events() if event.kind == "walk.acted"]
    finally:
        journal.close()
    assert [(act["section"], act["action"], act["exit_code"], act["line"]) for act in acted] == [
        ("-restart", "restart-worker", None, 4),
        ("-restart", "restart-worker", 2, 4),
    ]
