"""Ages in the few characters a person reads at night."""

from __future__ import annotations

import pytest

from operations.ages import age_words, box_words, clock_words, expected_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "?"), (-3, "0 s"), (4, "0 s"), (59, "55 s"), (60, "1m"), (3599, "59m"), (3600, "1h"), (11000, "3h3m"),
     (86400 * 3 + 7200, "3d2h"), (86400 * 40, "40d")],
)  # fmt: skip
def test_ages_go_in_steps(seconds: float | None, words: str) -> None:
    assert age_words(seconds) == words


def test_clocks_run_to_the_second() -> None:
    assert [clock_words(s) for s in (7, 658, 7500)] == ["7s", "10m58s", "2h05m"]


def test_a_box_that_is_over_says_by_how_much() -> None:
    assert [box_words(s) for s in (132, -40)] == ["2:12", "over by 0:40"]


def test_expected_times_are_rough() -> None:
    assert [expected_words(s) for s in (0.2, 25, 454)] == ["1 s", "25 s", "8 min"]
