"""Text in columns: wide letters count twice, words stay whole where they fit, nothing is lost."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from runbooks.layout import cut, padded, width_of, wrapped


def test_wide_letters_take_two_columns_and_marks_none() -> None:
    assert [width_of(text) for text in ("abc", "日本", "é", "e\u0301", "\u200d", "🚨")] == [3, 4, 1, 1, 0, 2]


def test_cutting_says_that_something_is_gone() -> None:
    assert [cut(text, 4) for text in ("abcd", "abcde", "日本語", "ab cd")] == ["abcd", "abc…", "日…", "ab…"]
    assert padded("日", 4) == "日  "


def test_lines_begin_as_told() -> None:
    assert wrapped("one two three", 12, "- ") == ["- one two", "  three"]
    assert wrapped("one two three", 12, "- ", "> ") == ["- one two", "> three"]
    assert wrapped("", 12, "- ") == ["-"]


@given(st.text(st.sampled_from("ab 日é"), max_size=200), st.integers(8, 40))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_one_endless_word_costs_no_time() -> None:
    before = time.process_time()
    assert len(wrapped("日本" * 50_000, 80)) == 2500
    assert time.process_time() - before < 2
