"""What a walk runs when it is told to: checks at once, acts and commands as jobs of ours, and nothing unconfirmed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from operations.incident.book import IncidentBook
from operations.jobs.launch import jobs_of, journal_for
from tests.attack.world import World, a_world
from tests.operations.commands.walks import book

CONFIRMED = ("--run", "--yes", "--confirm", "dispatch production", "--reason", "v3 throws")
ROLLBACK = """
# Start
<!-- start -->
- **It is** → [⚠ Back](#-back) <!-- when: page.ok -->
- **Cannot tell** → [Over](#over)
# ⚠ Back
```bash {action=rollback}
vigie rollback --env production%s
```
```bash {action=freeze}
vigie freeze production "main is broken"
```
- **Went** → [Over](#over) <!-- exit: 0, 6 -->
- **Did not** → [Start](#start) <!-- exit: 3, 4, 5 -->
# Over
<!-- end -->
"""
COMMANDS = """
# Look
```bash
# One
echo one > one

# Two
%s

# Or the other way
touch three
```
Next: [Over](#over)
# Over
<!-- end -->
"""
CHECKED = """
# Look
```bash {check=look timeout=20s}
touch looked; echo 7 rows; exit %d
```
- **Well** → [Over](#over) <!-- when: look.ok and look.num > 5 -->
- **Badly** → [Look](#look) <!-- when: look.failed -->
- **Cannot tell** → [Look](#look)
# Over
<!-- end -->
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A site with releases v1, v2 and v3 (live), its settings, and real workers."""
    with a_world(tmp_path) as built:
        yield built


def walk(world: World, text: str, *arguments: str) -> CompletedProcess[str]:
    """Walk a runbook of that text by the fact that the page is well."""
    book(world.folder, text)
    (world.folder / "facts.json").write_text(json.dumps({"page.ok": True}))
    return world.quickly(
        "runbook", "walk", str(world.folder / "own.md"), "--facts", str(world.folder / "facts.json"), *arguments
    )


def ran(world: World) -> list[str]:
    """The operations that were started, the last first."""
    return [job.operation for job in jobs_of(world.settings())]


def ended(done: CompletedProcess[str]) -> dict[str, Any]:
    """Where the walk stopped, by its document."""
    return dict(json.loads(done.stdout)["result"]["ended"])


def test_checks_run_only_when_asked_and_then_decide(world: World) -> None:
    code = CHECKED.replace("touch looked; ", "") % 0
    without = walk(world, code, "--json")
    assert (without.returncode, ended(without)["section"]) == (3, "look")
    asked = walk(world, code, "--run-checks", "--json")
    assert (asked.returncode, ended(asked)["section"]) == (0, "over")
    evidence = json.loads(asked.stdout)["result"]["path"][0]["evidence"]
    assert {line["source"] for line in evidence} == {"check look"}
    assert ran(world) == []


def test_a_failed_check_and_one_that_changes_something_are_no_answer_that_is_well(world: World) -> None:
    failed = walk(world, CHECKED.replace("touch looked; ", "") % 3, "--run-checks")
    assert (failed.returncode, "check look: failed, exit 3" in failed.stdout) == (3, True)
    assert "circle" in failed.stdout
    changing = walk(world, CHECKED % 0, "--run-checks")
    assert (changing.returncode, "check look: unknown" in changing.stdout) == (3, True)
    assert not list(world.folder.rglob("looked"))


def test_nothing_runs_unless_told_nor_without_a_confirmation(world: World) -> None:
    assert walk(world, COMMANDS % "touch two", "--yes").returncode == 0
    assert walk(world, COMMANDS % "touch two", "--run").returncode == 1
    assert walk(world, ROLLBACK % "", "--run", "--yes").returncode == 1
    assert walk(world, ROLLBACK % "", "--run", "--yes", "--confirm", "dispatch production").returncode == 1
    assert (world.live(), ran(world), list(world.folder.glob("one"))) == ("v3", [], [])


def test_commands_run_one_group_after_the_other_and_one_way_of_several_is_left_to_a_person(world: World) -> None:
    done = walk(world, COMMANDS % "touch two", "--run", "--yes")
    assert done.returncode == 0, done.stderr
    assert ran(world) == ["command", "command"]
    assert [(world.folder / name).exists() for name in ("one", "two", "three")] == [True, True, False]
    assert "not run here" in done.stdout
    assert "The walk ends at Over" in done.stdout


def test_a_command_that_fails_stops_the_walk(world: World) -> None:
    done = walk(world, COMMANDS % "false", "--run", "--yes")
    assert (done.returncode, "The walk ends at Over" in done.stdout) == (3, False)
    assert "ended with exit 1; a person has to look" in done.stdout


def test_a_destructive_command_wants_the_phrase_even_with_yes(world: World) -> None:
    (world.folder / "kept").mkdir()
    done = walk(world, COMMANDS % "rm -rf kept", "--run", "--yes")
    assert (done.returncode, (world.folder / "kept").exists()) == (1, True)
    assert "--confirm" in done.stderr


def test_an_act_runs_as_its_own_command_and_its_exit_code_answers(world: World) -> None:
    done = walk(world, ROLLBACK % "", *CONFIRMED)
    assert done.returncode == 0, done.stderr
    assert world.live() == "v2"
    assert ran(world)[0] == "rollback"
    assert "freeze" not in ran(world)
    assert "not run here: vigie freeze production 'main is broken'" in done.stdout
    assert "The walk ends at Over" in done.stdout


def test_a_runbook_brings_no_confirmation_along(world: World) -> None:
    brought = ' --yes --confirm "dispatch production" --reason because'
    done = walk(world, ROLLBACK % brought, "--run", "--yes")
    assert (done.returncode, world.live(), ran(world)) == (1, "v3", [])


def test_an_act_runs_once_however_the_walk_goes_round(world: World) -> None:
    text = (ROLLBACK % "").replace("exit: 0, 6", "exit: 3").replace("exit: 3, 4, 5", "exit: 0, 6")
    done = walk(world, text, *CONFIRMED)
    assert done.returncode == 0
    assert ran(world).count("rollback") == 1
    assert "run once already" in done.stdout


def test_in_an_incident_the_job_is_the_incidents_and_its_end_the_walks(world: World) -> None:
    id = world.quickly("incident", "open", "v3 throws").stdout.strip()
    done = walk(world, ROLLBACK % "", *CONFIRMED, "--record")
    assert done.returncode == 0, done.stderr
    journal = journal_for(world.settings())
    try:
        incidents = IncidentBook()
        incidents.feed([event for _, event in journal.events()])
    finally:
        journal.close()
    one = incidents.get(id)
    assert one is not None
    rollback = next(job for job in jobs_of(world.settings()) if job.operation == "rollback")
    assert (rollback.incident, one.jobs) == (id, (rollback.id,))
    acted = [event.data for event in one.walk if event.kind == "walk.acted"]
    assert [(act["job"], act["exit_code"], act["release"]) for act in acted] == [
        (rollback.id, None, "v2"),
        (rollback.id, 0, "v2"),
    ]


def test_a_read_only_session_runs_nothing(world: World) -> None:
    book(world.folder, COMMANDS % "touch two")
    done = world.quickly("--readonly", "runbook", "walk", str(world.folder / "own.md"), "--run", "--yes")
    assert (done.returncode, "read-only" in done.stderr, ran(world)) == (1, True, [])


def test_a_second_act_is_not_run_in_the_place_of_a_first_one_that_is_done_by_hand(world: World) -> None:
    text = """
        # ⚠ Cancel
        ```bash {action=cancel-query}
        # In the console: the longest query, then cancel it.
        ```
        ```bash {action=smoke}
        vigie smoke --env production
        ```
        Next: [Over](#over)
        # Over
        <!-- end -->
        """
    done = walk(world, text, *CONFIRMED)
    assert (done.returncode, ran(world)) == (0, [])
    assert "by hand: In the console" in done.stdout
    assert "The walk stops at ⚠ Cancel" in done.stdout


OWN_ACT = """
# ⚠ Restart
```bash {action=restart-worker confirm=type-env}
echo restarted > restarted
```
- **It restarted** → [Over](#over) <!-- exit: 0 -->
- **It did not** → [⚠ Restart](#-restart) <!-- exit: 1, 2 -->
# Over
<!-- end -->
"""


def test_an_act_of_the_teams_own_is_left_to_a_person_and_it_is_said_how_to_do_it(world: World) -> None:
    done = walk(world, OWN_ACT, *CONFIRMED)
    assert (done.returncode, ran(world)) == (0, [])
    said = " ".join(done.stdout.split())
    assert "--run left its act “restart-worker” to a person: echo restarted > restarted (line 4)" in said
    assert "--run without --yes" in done.stdout


def test_what_the_settings_know_is_not_among_what_is_to_fill_in(world: World) -> None:
    text = COMMANDS % "curl $APP_URL $NOBODY_KNOWS [the word]"
    done = walk(world, text, "--run-checks")
    assert "fill in: $NOBODY_KNOWS, [the word]" in done.stdout


def test_a_failed_check_is_told_by_the_line_that_says_what_failed(world: World) -> None:
    told = CHECKED.replace("touch looked; echo 7 rows", "echo '[INFO] Smoke tests'; echo '✖ front: 500'; echo done") % 1
    assert "failed, exit 1, " in (done := walk(world, told, "--run-checks").stdout)
    assert ": ✖ front: 500" in done
