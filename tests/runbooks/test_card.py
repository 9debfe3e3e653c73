"""The card of a runbook: one page, the same for every book, and nothing gone without a word."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks import shelf
from runbooks.card import COLUMNS, LINES, card
from runbooks.layout import width_of
from runbooks.reader import read
from tests.runbooks.good_book import GOOD


def test_a_small_book_is_whole_on_its_card() -> None:
    assert card(read(GOOD, "kettle")) == (
        "Is the kettle on?",
        "=================",
        "Start: K1 Is it on?",
        "",
        "Questions:",
        "  K1 Is it on?",
        "    Yes → END",
        "    No → K2",
        "    Cannot tell → E1",
        "  K2 ⚠ Switch it on",
        "    It went on → END",
        "    Not yet → K1",
        "    Cannot tell → E1",
        "  E1 Call for help",
        "    Somebody came → K1",
        "    They say it is over → END",
        "",
        "Acts:",
        "  K2 ⚠ Switch it on: vigie flag kettle on --env production",
        "",
        "Call:",
        "  ladder: on-call 0m, team lead 15m",
        "",
        "Messages:",
        "  initial (en, fr), due after 5 min",
        "",
        "Times:",
        "  5 min: K1 Is it on?, then E1",
    )


def test_a_quick_card_of_the_file_stands_for_its_questions() -> None:
    lines = card(
        read(f"{GOOD}\n## Quick card\n\n| See | Go |\n|---|---|\n| steam | [Is it on?](#is-it-on) |\n", "kettle")
    )
    assert lines[4:6] == ("Quick card:", "  steam  K1 Is it on?")
    assert "Questions:" not in lines


def test_foreign_markdown_has_its_commands_people_and_limits() -> None:
    text = (
        "# Deploy\n\n## Reset (5 minutes max)\n\n```bash\n# all of it\ndropdb app\n```\n\n## Contacts\n\n"
        "| Role | Phone |\n|---|---|\n| Lead | 555 |\n\n"
        "| Metric | Target | Alert |\n|---|---|---|\n| Error rate | < 1% | > 5% |\n"
    )
    assert card(read(text, "x"))[3:] == (
        *("", "Commands:", "  ! Reset (5 minutes max): dropdb app"),
        *("", "Call:", "  Lead: 555"),
        *("", "Limits:", "  Error rate: expected < 1%; alarm > 5%"),
        *("", "Times:", "  Reset (5 minutes max)"),
    )


def test_a_plain_manual_shows_what_destroys_before_everything_else_and_its_warnings() -> None:
    text = (
        "# Queue\n\n**WARNING: ask Julie first**\n\n## Look\n\n```bash\n# how many\n$ queue count <zone>\n\n# Or\n"
        "$ queue list\n```\n\n## Empty\n\n```bash\nqueue stop\ndropdb app\n```\n\n> [!CAUTION]\n> Not at noon\n\n"
        "```bash\nrm -rf /var/queue\n```\n"
    )
    assert card(read(text, "x"))[3:] == (
        *("", "Commands:", "  ! Empty: dropdb app", "  ! Empty: rm -rf /var/queue"),
        *("  Look: queue count <zone>", "  Look: queue list"),
        *("", "Warnings:", "  WARNING: ask Julie first", "  Not at noon"),
    )


def test_no_line_that_destroys_leaves_a_full_card_and_every_heading_keeps_a_command() -> None:
    many = "".join(f"## S{n}\n\n```bash\nls {n}a\n\nls {n}b\n\ndropdb a{n}\n```\n\n" for n in range(20))
    lines = card(read(f"# Long\n\n{many}", "x"))
    assert len(lines) <= LINES
    assert [line for line in lines if line.startswith("  ! ")] == [f"  ! S{n}: dropdb a{n}" for n in range(20)]
    assert {f"  S{n}: ls {n}a" for n in range(20)} <= set(lines)
    assert lines[-1].startswith("  … and ")


def test_prose_alone_has_its_contents() -> None:
    assert card(read("# A\n\n## One\n\ntext\n\n## Two\n", "x"))[-3:] == ("Contents:", "  One", "  Two")


def test_what_does_not_fit_is_counted() -> None:
    text = "# Long\n\n" + "".join(f"## Q{n}\n\n- **Yes** → [Q0](#q0)\n- **No** → [Q1](#q1)\n\n" for n in range(60))
    lines = card(read(f"{text}```text {{message=a lang=en}}\nx\n```\n", "x"))
    assert len(lines) == LINES
    shown = lines.index("") + 2, lines.index("", lines.index("") + 1)
    hidden = 180 - (shown[1] - shown[0] - 1)
    assert lines[shown[1] - 1] == f"  … and {hidden} more"
    assert lines[-2:] == ("Messages:", "  a (en)")


@pytest.mark.parametrize("name", shelf.names())
def test_every_card_of_the_library_is_one_page(name: str) -> None:
    lines = card(shelf.open_book(name))
    assert len(lines) <= LINES
    assert max(width_of(line) for line in lines) <= COLUMNS


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([*GOOD.split("\n"), "## Contacts", "- Lead: 555", "## (5 minutes)", "日本語" * 40]),
        max_size=200,
    )
)
def test_any_book_has_a_card_of_one_page(lines: list[str]) -> None:
    shown = card(read("\n".join(lines), "x"))
    assert len(shown) <= LINES
    assert all(width_of(line) <= COLUMNS for line in shown)
