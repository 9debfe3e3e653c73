"""What the jobs tell the watch and the page: the last smoke run wherever it ran, and what runs now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from operations.engine.model import Plan
from operations.engine.record import JobRecord, JobState
from operations.watch.told_by_jobs import last_smoke
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
