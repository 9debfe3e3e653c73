"""Numbers with units, written and read."""

from __future__ import annotations

import pytest

from runbooks.units import duration, in_words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5m", 300.0), ("90s", 90.0), ("1.5h", 5400.0), ("250ms", 0.25), ("30d", 2_592_000.0), (" 3s ", 3.0)],
)
def test_durations_are_a_number_and_one_unit(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["5", "", "m", "5 m", "-5m", "٣s", "5m30s"])
def test_anything_else_is_no_duration(text: str) -> None:
    assert duration(text) is None


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (True, "yes/no", "yes"),
        ("dns", "word", "dns"),
        (38.0, "%", "38 %"),
        (0.1, "%", "0.1 %"),
        (0.04, "%", "0.04 %"),
        (0.0, "%", "0 %"),
        (0.31, "s", "0.3 s"),
        (9.0, "s", "9 s"),
        (119.9, "s", "119 s"),
        (1500.0, "s", "25 min"),
        (90_000.0, "s", "25 h"),
        (777_600.0, "s", "9 d"),
        (3.0, "count", "3"),
        (0.0, "time", "1970-01-01 00:00Z"),
        (float("inf"), "s", "unknown"),
        (float("nan"), "%", "unknown"),
    ],
)
def test_values_are_said_the_way_people_read_them(value: bool | float | str, unit: str, words: str) -> None:
    assert in_words(value, unit) == words


def test_a_time_out_of_any_calendar_is_still_shown() -> None:
    assert in_words(1e300, "time").isdigit()
