"""Smoke tests count for the site as it is: those before its last change do not, whatever a clock says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from operations.engine.record import Debris, JobRecord, JobState, StepRecord
from operations.jobs.smoke_since import smoke_passed_since
from tests.operations.incident.stage import Stage
from tests.operations.jobs.test_ladder import job


class Story:
    """The jobs of an incident, by the minute after its opening; looked at an hour and a half after it."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.jobs: list[JobRecord] = []

    def minute(self, minute: float) -> Any:
        return self.stage.now + timedelta(minutes=minute)

    def ran(self, operation: str, begin: float, end: float | None, **changes: Any) -> JobRecord:
        """One more job, numbered as it came."""
        number = len(self.jobs) + 1
        one = replace(
            job(operation, 0), id=f"j{number}", number=number, created_at=self.minute(begin),
            ended_at=None if end is None else self.minute(end),
        )  # fmt: skip
        self.jobs.insert(0, replace(one, **changes))
        return self.jobs[0]

    def passed(self, now: float = 90) -> bool:
        """Whether smoke tests passed on what is there now."""
        return smoke_passed_since(self.stage.incident(), self.jobs, self.minute(now))


@pytest.fixture
def story() -> Story:
    return Story()


CHANGED = ("rollback", "deploy", "redeploy", "restore", "restore-undo", "flag", "maintenance")
OWN_SMOKE: Mapping[str, Any] = {"smoke_ok": True}


@pytest.mark.parametrize("operation", CHANGED)
def test_a_smoke_run_before_a_change_says_nothing_of_what_it_left(story: Story, operation: str) -> None:
    story.ran("smoke", 1, 2)
    story.ran("backup", 3, 4)
    assert story.passed()
    story.ran(operation, 5, 6)
    assert not story.passed()
    story.ran("smoke", 7, 8)
    assert story.passed()


def test_a_change_that_failed_on_its_way_counts_and_one_that_never_began_does_not(story: Story) -> None:
    story.ran("smoke", 1, 2)
    story.ran("deploy", 3, 4, state=JobState.CANCELLED, code=130, past_no_return=False)
    assert story.passed()
    story.ran("deploy", 5, 6, state=JobState.FAILED, code=1)
    assert not story.passed()


def test_a_change_that_runs_beside_the_smoke_run_counts(story: Story) -> None:
    story.ran("deploy", 1, None, state=JobState.RUNNING)
    story.ran("smoke", 3, 4)
    assert not story.passed()
    story.jobs[-1] = replace(story.jobs[-1], state=JobState.DONE, ended_at=story.minute(6))
    assert not story.passed()
    story.ran("smoke", 7, 8)
    assert story.passed()


def test_a_change_whose_worker_died_counts_until_its_last_sign(story: Story) -> None:
    steps = (StepRecord("build", "Build", 9, started_at=story.minute(2)),)
    debris = (Debris("d", "worktree", "a folder", {}, story.minute(5)),)
    story.ran("deploy", 1, None, state=JobState.LOST, code=None, steps=steps, debris=debris)
    story.ran("smoke", 3, 4)
    assert not story.passed()
    story.ran("smoke", 6, 7)
    assert story.passed()


def test_the_tests_inside_a_job_count_from_their_own_beginning(story: Story) -> None:
    steps = (StepRecord("smoke", "Smoke tests", 1, started_at=story.minute(28)),)
    story.ran("deploy", 1, 30, details=OWN_SMOKE, steps=steps)
    story.ran("flag", 3, 4)
    assert story.passed()
    story.ran("flag", 29, 29.5)
    assert not story.passed()


def test_a_clock_that_was_set_back_changes_nothing_of_what_came_first(story: Story) -> None:
    story.ran("smoke", 60, 61)
    story.ran("rollback", 5, 8)
    assert not story.passed(now=9), "the clock was an hour ahead of the run, and is right again"
    assert not story.passed(now=90)


def test_behind_a_change_from_an_hour_ahead_a_smoke_run_counts(story: Story) -> None:
    story.ran("rollback", 60, 61)
    story.ran("smoke", 5, 6)
    assert story.passed(now=7)


@pytest.mark.parametrize(
    ("request_", "changes"),
    [
        ({"kind": "shell", "text": "systemctl restart app"}, True),
        ({"kind": "shell", "text": "journalctl -u app | tail"}, False),
        ({"kind": "sql", "text": "update calls set zone = 1", "writes": True}, True),
        ({"kind": "sql", "text": "select 1", "writes": False}, False),
    ],
)
def test_a_command_counts_unless_it_only_looks(story: Story, request_: Mapping[str, Any], changes: bool) -> None:
    story.ran("smoke", 1, 2)
    command = story.ran("command", 3, 4, past_no_return=False)
    story.jobs[0] = replace(command, plan=replace(command.plan, request=request_))
    assert story.passed() is not changes
