"""Lines: cut, filled, spread and wrapped by terminal cells, and nothing is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.dialogs.small import in_columns
from tui.lines import Line, beside, fit, flow, line, pad, rule, spread, text_of, width_of, wrap
from tui.log_view import LONGEST, log_rows

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Mn", "Me", "Cf"]), max_size=60)


@given(TEXTS, st.integers(min_value=1, max_value=50))
def test_a_line_never_takes_more_cells_than_it_may(text: str, width: int) -> None:
    assert width_of(fit(line(text), width)) <= width
    assert width_of(pad(line(text), width)) == width


@given(TEXTS, TEXTS, st.integers(min_value=10, max_value=80))
def test_two_ends_of_a_line_never_overlap(left: str, right: str, width: int) -> None:
    assert width_of(spread(line(left), line(right), width)) <= width


def test_what_is_cut_says_so() -> None:
    assert text_of(fit(line("health endpoint"), 8)) == "health …"


def test_a_wide_character_is_never_cut_in_half() -> None:
    assert width_of(fit(line("健康健康健康"), 6)) <= 6


@given(st.lists(st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=30), max_size=20))
def test_wrapping_loses_no_word(words: list[str]) -> None:
    wrapped = wrap(" ".join(words), 20, "  ")
    assert "".join("".join(row.split()) for row in wrapped) == "".join(words)
    assert all(len(row) <= 20 for row in wrapped)


def test_items_flow_and_break_between_items() -> None:
    rows = flow([line("aaaa"), line("bbbb"), line("cccc")], 11)
    assert [text_of(row) for row in rows] == ["aaaa  bbbb", "cccc"]


def test_columns_stand_beside_each_other_row_by_row() -> None:
    left: list[Line] = [line("one"), line("two")]
    assert [text_of(row) for row in beside(left, [line("x")], 5, "|")] == ["one  |x", "two  |"]


def test_a_rule_fills_its_width() -> None:
    assert width_of(rule("What changed", 40)) == 40
    assert width_of(rule("Walk", 40, right="step 1 of 7")) == 40


def test_a_line_of_a_log_keeps_its_words_and_leaves_the_date_to_the_file() -> None:
    stamp = "2026-11-21T03:20:05Z"
    assert log_rows(f"{stamp} [INFO] ── smoke", 78) == ["03:20:05Z ── smoke"]
    assert log_rows(f"{stamp} [WARN] slow", 78) == ["03:20:05Z [WARN] slow"]
    words = [f"word{n}" for n in range(30)]
    rows = log_rows(f"{stamp} [INFO] {' '.join(words)}", 78)
    assert " ".join(rows).split() == ["03:20:05Z", *words]
    assert all(len(row) <= 78 for row in rows)


@given(TEXTS, st.integers(min_value=20, max_value=40))
def test_a_log_cannot_fill_the_screen_with_one_line(text: str, width: int) -> None:
    rows = log_rows(text * 40, width)
    assert len(rows) <= LONGEST
    assert all(width_of(line(row)) <= width for row in rows)


@given(TEXTS, st.integers(min_value=-5, max_value=6), st.sampled_from(["", "  ", "        "]))
def test_wrapping_ends_in_any_width(text: str, width: int, indent: str) -> None:
    wrapped = wrap(text, width, indent)
    assert "".join("".join(wrapped).split()) == "".join(text.split())


def test_a_row_made_of_columns_wraps_its_last_one_below_itself() -> None:
    row = "cause           the database stopped answering after its disk was full"
    assert in_columns(row, 50) == [
        "cause           the database stopped answering",
        "                after its disk was full",
    ]
    assert in_columns(row, 200) == [row]
    assert in_columns("no columns here at all", 12) == ["no columns", "here at all"]
