"""What the jobs tell the watch and the page: the last smoke run wherever it ran, and what runs now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations.engine.model import Plan
from operations.engine.record import JobRecord, JobState
from operations.watch.told_by_jobs import closings, last_smoke
from tests.tui.scenes import model
from tui.lines import text_of
from tui.panels.page import page
from tui.panels.recent import recent

NOW = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)


def job(number: int, operation: str, code: int | None = 0, url: str = "", **details: Any) -> JobRecord:
    """A job that ended `number` minutes after three, or runs when it has no code."""
    ended = NOW.replace(minute=number)
    return JobRecord(
        id=f"j{number}", number=number, operation=operation, environment="production", site="dispatch",
        title=operation, actor="ana", state=JobState.RUNNING if code is None else JobState.DONE,
        created_at=ended - timedelta(seconds=30), plan=Plan(operation, "dispatch", "production", "", operation,
        {"url": url} if url else {}), code=code, meaning="success", ended_at=None if code is None else ended,
        details=details,
    )  # fmt: skip


SMOKE = job(1, "smoke", 1, failed_kind="auth")
ROLLED_BACK = job(2, "rollback", 0, smoke={"failed_kind": "none"})
SMOKE_FAILED = job(3, "rollback", 6, smoke={"failed_kind": "other"})


@pytest.mark.parametrize(
    ("newest_first", "expected"),
    [
        ([], None),
        ([SMOKE], (False, 1, "auth")),
        ([ROLLED_BACK, SMOKE], (True, 2, "none")),
        ([SMOKE_FAILED, ROLLED_BACK], (False, 3, "other")),
        ([job(4, "rollback", 3, smoke={}), SMOKE], (False, 1, "auth")),
        ([job(4, "rollback", 0), SMOKE], (False, 1, "auth")),
        ([job(4, "smoke", None), SMOKE], (False, 1, "auth")),
        ([job(4, "smoke", 0, url="http://127.0.0.1:9/preview"), SMOKE], (False, 1, "auth")),
        ([job(4, "smoke", 75), SMOKE], (False, 1, "auth")),
    ],
)  # fmt: skip
def test_the_last_smoke_run_is_the_newest_that_ended_against_the_address_itself(
    newest_first: list[JobRecord], expected: tuple[bool, int, str] | None
) -> None:
    found = last_smoke(newest_first)
    assert (found and (found[0], found[1].minute, found[2])) == expected


def test_the_page_counts_a_rollbacks_own_smoke_run() -> None:
    rows = "\n".join(text_of(row) for row in recent(model(jobs=(ROLLED_BACK,)), 80, 9))
    assert "passed in rollback 2" in rows
    assert "never run" not in rows


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36)])
def test_a_job_that_runs_is_listed_once(width: int, height: int) -> None:
    rows = "\n".join(text_of(row) for row in page(model(jobs=(job(7, "smoke", None),)), width, height))
    assert rows.count("job 7") == 1


def switched(minute: int, value: str, code: int | None = 0, *, verified: bool = True, turned: bool = True) -> JobRecord:
    """A job that turned maintenance mode, `turned` once its command was called."""
    made = job(minute, "maintenance", code, verified=verified)
    return replace(made, past_no_return=turned, plan=replace(made.plan, request={"value": value}))


def test_the_site_is_closed_from_the_job_that_closed_it_to_the_next_whose_command_was_called() -> None:
    on, off = switched(1, "on"), switched(5, "off")
    assert closings([on]) == [(on.created_at, None, True)]
    assert closings([off, on]) == [(on.created_at, off.ended_at, True)]
    # Opened, and not seen: what users get now is no maintenance of ours.
    unseen = switched(5, "off", 5, verified=False)
    assert closings([unseen, on]) == [(on.created_at, unseen.ended_at, True)]
    # Refused, or stopped before its command: nothing changed.
    assert closings([switched(5, "off", 1, turned=False), on]) == [(on.created_at, None, True)]
    # Still at it: closed, as long as nobody saw otherwise.
    assert closings([switched(5, "off", None), on]) == [(on.created_at, None, True)]


def test_a_site_that_nobody_saw_close_is_not_closed() -> None:
    assert closings([switched(1, "on", verified=False)]) == []
    assert closings([switched(1, "on", 5, verified=False)]) == []
    running = switched(1, "on", None, verified=False)
    assert closings([running]) == [(running.created_at, None, False)]
    # Its worker is gone, nobody knows: not closed, and not open again by itself.
    assert closings([replace(running, state=JobState.LOST)]) == []
