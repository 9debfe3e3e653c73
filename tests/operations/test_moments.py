"""Moments as people type them, to come and over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from operations.errors import VigieError
from operations.moments import past_of, until_of

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", NOW + timedelta(hours=2)),
        ("90m", NOW + timedelta(minutes=90)),
        ("3d", NOW + timedelta(days=3)),
        ("10:00", NOW.replace(hour=10, minute=0)),
        ("09:00", NOW.replace(hour=9, minute=0) + timedelta(days=1)),
        ("2026-03-02T08:00Z", datetime(2026, 3, 2, 8, 0, tzinfo=UTC)),
        ("2026-03-02T08:00+02:00", datetime(2026, 3, 2, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, expected: datetime) -> None:
    assert until_of(text, NOW) == expected


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "2026-03-02T08:00", "2020-01-01T00:00Z", "90d", "0m", "-2h", "99999d"]
)
def test_what_is_no_time_is_code_1(text: str) -> None:
    with pytest.raises(VigieError) as wrong:
        until_of(text, NOW)
    assert wrong.value.code == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10m", NOW - timedelta(minutes=10)),
        ("09:00", NOW.replace(hour=9, minute=0)),
        ("23:30", NOW.replace(hour=23, minute=30) - timedelta(days=1)),
        ("2026-03-01T08:00+02:00", datetime(2026, 3, 1, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_time_that_is_over_is_the_last_such(text: str, expected: datetime) -> None:
    assert past_of(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "just now", "24:00", "2999-01-01T00:00Z", "2026-03-01T08:00", "-5m"])
def test_what_is_to_come_or_no_time_is_not_over(text: str) -> None:
    with pytest.raises(VigieError, match="no time that is over"):
        past_of(text, NOW)
