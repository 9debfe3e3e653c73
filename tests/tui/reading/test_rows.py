"""A runbook as rows: every line of the file once, nothing wider than the screen, the right thing under the cursor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks import shelf
from runbooks.events import Acted, Checked, Failed, Noted, Payload, Ticked
from runbooks.model import Book
from runbooks.names import OPERATIONS
from runbooks.reader import read
from runbooks.walk import apply, begin
from tests.runbooks.support import NOW, facts_from
from tui.doing import BOUND
from tui.lines import text_of, width_of
from tui.reading.reading import Beside, reading
from tui.reading.rows import Reading
from tui.theme import ASCII, UNICODE


def rows_of(text: str, width: int = 78, beside: Beside | None = None) -> Reading:
    return reading(read(text, "book"), width, UNICODE, beside or Beside(NOW))


def shown(made: Reading) -> str:
    return "\n".join(text_of(row.line).rstrip() for row in made.rows)


def unfolded(book: Book) -> Beside:
    """Everything open."""
    return Beside(NOW, unfolded=frozenset(range(1, book.source.count("\n") + 2)))


def lines_seen(made: Reading) -> list[int]:
    return [n for row in made.rows for n in range(row.source[0], row.source[1] + 1) if n]


@pytest.mark.parametrize("name", shelf.names())
@pytest.mark.parametrize("width", [20, 78, 118])
def test_every_line_of_a_library_file_is_shown_within_the_width(name: str, width: int) -> None:
    book = shelf.open_book(name)
    made = reading(book, width, UNICODE, unfolded(book))
    filled = {n for n, line in enumerate(book.source.split("\n"), 1) if line.strip()}
    assert filled <= set(lines_seen(made))
    assert max(width_of(row.line) for row in made.rows) <= width


PIECES = st.sampled_from(
    [
        *(
            "# A",
            "## B (0-15 minutes)",
            "- **Yes** → [A](#a)",
            "- [ ] x `y`",
            "1. **z** z",
            "   - inner",
            "```bash",
            "```",
        ),
        *(
            "rm -rf /x",
            '"Hello you all"',
            "> [!WARNING]",
            "> q",
            "| a | b |",
            "|---|---|",
            "| [x](#a) | 2 |",
            "---",
            "",
        ),
        *(
            "<details><summary>more</summary>",
            "</details>",
            "<!-- label: X -->",
            "![i](p.png)",
            "**bold** text",
            "\ttab",
        ),
        *(
            "‚úÖ done",
            "Next: [A](#a)",
            "wide 漢字漢字漢字漢字漢字漢字漢字漢字",
            "x" * 200,
            "[a",
            "\x1b[31mred",
            "`",
            "**",
        ),
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=25).map("\n".join), st.integers(min_value=1, max_value=90))
def test_any_text_is_shown_whole_and_within_the_width(text: str, width: int) -> None:
    book = read(text, "any")
    made = reading(book, width, UNICODE, unfolded(book))
    filled = {n for n, line in enumerate(book.source.split("\n"), 1) if line.strip()}
    assert filled <= set(lines_seen(made))
    assert all(width_of(row.line) <= width for row in made.rows)
    assert all(row.stop is None or row.stop < len(made.stops) for row in made.rows)
    assert all(made.rows_of(n) for n in range(len(made.stops)))


def test_commands_are_stops_and_comments_quotes_and_output_are_none() -> None:
    groups = ("# Look\nls", "# Ask the owner", '"We are on it, please wait"', "[INFO] fine", "# Or this\nrm -rf /x")
    text = "# T\n\n```bash\n" + "\n\n".join(groups) + "\n```\n"
    made = rows_of(text)
    found = [(stop.kind, stop.group.kind if stop.group else "") for stop in made.stops]
    assert found == [("group", "command"), ("step", "manual"), ("message", "message"), ("group", "command")]
    assert "▲ removes a whole folder" in shown(made)
    ends = [line.split()[-1] for line in shown(made).split("\n") if line.endswith(("run", "send", "hand", "printed"))]
    assert ends == ["run", "hand", "send", "printed", "run"]


def test_a_decision_shows_its_answers_on_their_digits_with_where_they_lead() -> None:
    made = rows_of("# Q\n\n- **Yes** → [⚠ Act](#-act)\n- **No** → [Gone](#gone)\n\n## ⚠ Act\n\nx\n")
    assert " 1 Yes › ⚠ Act ▲" in shown(made)
    assert " 2 No › leads nowhere: its link is broken" in shown(made)
    assert [stop.links for stop in made.stops[:2]] == [(("Yes", "#-act"),), ()]


def test_what_is_folded_is_hidden_until_it_is_opened() -> None:
    text = "# T\n\n<details><summary>The long story</summary>\n\nOnce upon a time.\n\n</details>\n\nEnd.\n"
    closed = rows_of(text)
    assert "+ The long story" in shown(closed)
    assert "Once upon" not in shown(closed)
    assert closed.hidden == 1
    opened = rows_of(text, beside=Beside(NOW, unfolded=frozenset({closed.stops[0].line})))
    assert "- The long story" in shown(opened)
    assert "Once upon a time." in shown(opened)


def test_words_in_the_wrong_encoding_are_shown_as_they_were_meant() -> None:
    assert "✅ Ready" in shown(rows_of("# T\n\nâœ… Ready\n"))


def test_a_live_value_stands_beside_its_limit() -> None:
    text = "# T\n\n| Metric | Target | Alert |\n|---|---|---|\n| Error rate | < 1 % | > 5 % |\n| Mood | good | bad |\n"
    made = rows_of(text, beside=Beside(NOW, facts=facts_from({"errors.rate": 38.0})))
    rows = shown(made).split("\n")
    assert any(row.split() == ["Error", "rate", "<", "1", "%", ">", "5", "%", "38", "%"] for row in rows)
    stale = rows_of(text, beside=Beside(NOW + timedelta(hours=1), facts=facts_from({"errors.rate": 38.0})))
    assert "38 %" not in shown(stale)


WALKED = (
    "# T\n\n## Do\n\n- [ ] **IC:** first\n- [ ] second\n\n```sh\nls\n```\n\n"
    "```sh {check=look timeout=5s}\n./look\n```\n\n## Next\n"
)


def walked(*payloads: Payload) -> str:
    book = read(WALKED, "book")
    state = apply(None, begin(book, "do"), NOW)
    for payload in payloads:
        state = apply(state, payload, NOW, who="ana")
    return shown(reading(book, 78, UNICODE, Beside(NOW + timedelta(minutes=3), state)))


def test_what_was_done_stands_beside_it_with_who_and_when() -> None:
    text = walked(
        Ticked("do", 5, "first"),
        Failed("do", 6, "second", "no rights"),
        Acted("do", "command", "j1", 4, line=9),
        Checked("do", "look", 0, "all 7 answer\nmore"),
        Noted("do", "the log is full"),
    )
    assert "[x] IC: first (ana 3m ago)" in text
    assert "[!] second (failed: no rights, ana 3m ago)" in text
    assert "ended, exit 4 ana 3m ago" in text
    assert "ok 3m ago all 7 answer" in text
    assert "note: the log is full" in text
    assert "the walk is here" in text


def test_without_a_walk_nothing_is_said_to_be_done() -> None:
    text = shown(rows_of(WALKED))
    assert "[ ] IC: first" in text
    assert "ago" not in text


def test_a_tick_of_the_file_itself_is_dim_until_somebody_ticks() -> None:
    text = "# A\n\n## Do\n\n- [x] VPN works\n- [ ] look\n"
    book = read(text, "book")
    state = apply(None, begin(book, "do"), NOW)
    assert state is not None
    for beside in (Beside(NOW), Beside(NOW, state)):
        assert ("[x]", "dim") in [span for row in rows_of(text, beside=beside).rows for span in row.line]
    ticked = apply(state, Ticked("do", 5, "VPN works"), NOW, who="ana")
    rows = rows_of(text, beside=Beside(NOW, ticked)).rows
    assert ("[x]", "good") in [span for row in rows for span in row.line]


def test_in_ascii_nothing_else_is_drawn() -> None:
    made = reading(read(WALKED, "book"), 60, ASCII, Beside(NOW))
    assert all(text_of(row.line).isascii() for row in made.rows)


def test_the_manuals_shapes_read_as_a_person_expects() -> None:
    hint = "# Roll back\n\n**Rollback if:**\n\n- Errors rise\n\n"
    rows = shown(rows_of(hint + "**WARNING: never on production**\n\n> [!CAUTION]\n> Careful\n> now\n"))
    assert " ✓ Errors rise" in rows
    assert "▲ WARNING: never on production" in rows
    assert "│ CAUTION\n│ Careful now" in rows


def test_a_word_of_a_megabyte_and_marks_that_nothing_closes_are_shown_whole() -> None:
    """Looking at each character more than a few times would take minutes, and the console would stand still."""
    for word in ("x" + " " * 40_000 + "x", "x" * 1_000_000, "漢" * 300_000, "`" * 19_000, "**a " * 4_000):
        made = rows_of(f"# T\n\n-- {word}\n")
        assert sum(text_of(row.line).count(word[0]) for row in made.rows) == word.count(word[0])


def test_a_place_is_found_by_its_row() -> None:
    made = rows_of("# T\n\n- [ ] a\n\n## B\n\n- [ ] b " + "word " * 40 + "\n\n- [ ] c\n")
    last = made.rows_of(1)
    assert [number for number, row in enumerate(made.rows) if row.stop == 1] == list(last)
    assert len(last) > 1
    assert made.section_at(made.at["b"] - 1) == "t"
    assert made.section_at(last[0]) == "b"
    assert made.rows_of(99) == range(0)


def test_an_act_of_ours_says_that_what_stands_in_its_fence_is_never_run() -> None:
    assert "these lines are never run" in shown(rows_of("# T\n\n```sh {action=smoke}\nrm -rf /srv\n```\n"))
    assert "never run" not in shown(rows_of("# T\n\n```sh {action=smoke}\nvigie smoke\n```\n"))
    assert "never run" not in shown(rows_of("# T\n\n```sh {action=own confirm=yes}\nrm -rf /srv\n```\n"))


def test_every_act_goes_through_an_operation_or_is_shown_as_what_it_runs() -> None:
    assert set(BOUND) | {"cancel-job", "flag", "restore", "undo"} == OPERATIONS


def test_keys_of_ours_are_not_printed_and_what_somebody_else_says_in_a_comment_is() -> None:
    told = "<!-- label: V1; timebox: 5m -->\n\nLook.\n\n<!-- ask tom -->\n\n<!-- label: X; by hand -->"
    rows = shown(rows_of(f"# A\n\n## Verify\n\n{told}\n")).split("\n")
    assert not any("label: V1" in row for row in rows)
    assert "ask tom" in rows and "label: X; by hand" in rows
