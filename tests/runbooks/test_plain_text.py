"""A runbook as plain text: every word of the file once and in order, and what matters marked."""

from __future__ import annotations

import re
import time
from itertools import count
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks import shelf
from runbooks.layout import width_of
from runbooks.plain_text import plain_text
from runbooks.reader import read
from tests.runbooks.good_book import GOOD


def shown(text: str, width: int = 60) -> list[str]:
    return list(plain_text(read(dedent(text).lstrip("\n"), "test"), width))


def test_a_decision_shows_its_answers_with_keys_targets_and_conditions() -> None:
    assert shown(
        """
        ## Is it up?

        <!-- label: N1; timebox: 5m -->

        - **Yes** → [All good](#all-good)
          <!-- when: health.ok; path: up -->
        - **No** → [Call for help](#call-for-help), and hurry as fast as you ever can, now

        Next: [All good](#all-good)
        """
    ) == [
        "Is it up?",
        "---------",
        "",
        "· label: N1; timebox: 5m",
        "",
        "1) Yes → All good (#all-good)",
        "   · when: health.ok; path: up",
        "2) No → Call for help (#call-for-help), and hurry as fast as",
        "   you ever can, now",
        "",
        "Next: All good (#all-good)",
    ]


def test_tasks_and_steps_keep_their_marks() -> None:
    assert shown(
        """
        - [ ] **IC:** open the incident <!-- due: 5m -->
        - [x] done
        * other
          1. **First**: a
             line that goes on
          2. second
        """
    ) == [
        "[ ] IC: open the incident (due: 5m)",
        "[x] done",
        "- other",
        "  1. First: a line that goes on",
        "  2. second",
    ]


def test_commands_show_where_they_begin_what_destroys_and_what_to_fill_in() -> None:
    assert shown(
        """
        ```bash {check=look timeout=5s}
        # First look
        curl [deployment-url]/health \\
          --max-time 5

        # Or start again
        dropdb "$NAME"
        ```
        """
    ) == [
        "  [bash check=look timeout=5s]",
        "      # First look",
        "    $ curl [deployment-url]/health \\",
        "        --max-time 5",
        "",
        "      # Or start again",
        '  ! $ dropdb "$NAME"',
        "      ! drops a database",
        "      needs: $NAME",
        "      fill in: deployment-url",
    ]


def test_a_secret_is_never_asked_for() -> None:
    (*_, last) = shown('```bash\ncurl -H "token: $API_TOKEN" https://x.example/\n```\n')
    assert last == "      needs: $API_TOKEN (a secret, from the settings)"


def test_a_prompt_is_shown_once_and_printed_output_without_one() -> None:
    assert shown("```console\n$ uptime\n 10:00 up 3 days\n```\n") == [
        "  [console]",
        "    $ uptime",
        "       10:00 up 3 days",
    ]


def test_warnings_stand_in_a_box() -> None:
    assert shown("> [!WARNING]\n> Never on\n> production.\n\n**WARNING**: look twice\n", 40) == [
        "+-- WARNING ----------",
        "| Never on production.",
        "+---------------------",
        "",
        "+---------------------",
        "| WARNING: look twice",
        "+---------------------",
    ]


def test_a_table_that_fits_has_columns_and_a_wide_one_has_its_cells_below_each_other() -> None:
    assert shown("| A | Column |\n|---|:-:|\n| x | [y](z.md) |\n") == ["A  Column", "-  --------", "x  y (z.md)"]
    wide = shown(f"| A | B |\n|---|---|\n| x | {'word ' * 20}|\n", 40)
    assert wide[:3] == ["A", "    B", "x"]
    assert all(width_of(line) <= 40 for line in wide)


def test_text_in_the_wrong_encoding_is_repaired_and_flagged() -> None:
    garbled = "It’s a café → “fine”".encode().decode("cp1252", "replace")
    lines = shown(f"# T\n\n{garbled}\n")
    assert lines[0].startswith("[repaired] 1 line in the wrong encoding, shown as meant: 3;")
    assert "It’s a café" in lines[-1] or "It's a café" in lines[-1]


def test_a_destructive_command_in_running_text_is_marked() -> None:
    assert shown("Then run `dropdb app` by hand.\n") == [
        "Then run `dropdb app` by hand.",
        "  ! drops a database (line 1)",
    ]


def test_folded_text_shows_its_summary_and_what_it_holds() -> None:
    assert shown("<details>\n<summary>More</summary>\n\nInside\n\n</details>\n") == ["[+] More", "", "Inside", ""]


def test_a_foreign_comment_stays_as_it_is_and_emphasis_in_code_too() -> None:
    assert shown("A **bold** `SELECT **x**` <https://a.example>\n<!-- toc -->\n") == [
        "A bold `SELECT **x**` <https://a.example>",
        "<!-- toc -->",
    ]


def test_only_the_chosen_section_is_shown() -> None:
    book = read(GOOD, "kettle")
    section = book.section("done")
    assert section is not None
    assert plain_text(book, sections=[section]) == ("Done", "----", "", "· label: END; end")


# A document with every kind of block, each with words that occur nowhere else.
BLOCKS = (
    "# @ @ <!-- @ -->",
    "@ @\n====",
    "### @ [@](#@) @",
    "@ **@** @\n@ [@](@.md) `@` <!-- @ --> @\n@",
    "**WARNING**: @\n@",
    "- @\n- [ ] **IC:** @ <!-- due: 5m -->\n  @\n\n  @\n- **@** → [@](#@) @\n  <!-- path: @ -->",
    "1. **@** @\n   - @\n     - @\n2. @\n   ```bash\n   @ @\n\n   @\n   ```\n   @",
    "- ```\n  @\n  ```\n- > @\n  > @",
    "- **@** → [@](#@)\n  ```\n  @\n  ```\n  - @\n- **@** -> [@](#@)\n  <!-- when: health.ok; path: @ -->\n  @",
    "```bash {check=@ timeout=5s}\n# @\n@ @\n\n@\n```",
    "~~~\n@\n   @\n~~~",
    "    @\n      @",
    "| @ | @ |\n|---|---|\n| @ | [@](@) @ |\n| @ | @ | @ |\n| @ |",
    "> [!NOTE]\n> @ @\n>\n> - @\n>   @\n> ```\n> @\n> ```",
    "> @\n@",
    "<!-- label: @; end -->",
    "<!--\n@\n@\n-->",
    "<!-- @ --> @",
    "<div>@\n@</div>",
    "<details>\n<summary>@</summary>\n@\n\n@\n\n</details>",
    "---",
    "[@]: @",
    "Next: [@](#@)",
    "@  \n@\\\n@",
    "```\n@",
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(BLOCKS), max_size=8), st.integers(20, 120), st.booleans())
def test_every_word_of_the_file_is_shown_once_and_in_order(blocks: list[str], width: int, tight: bool) -> None:
    numbers = count(1)
    text = re.sub("@", lambda _: f"w{next(numbers):04}", ("\n" if tight else "\n\n").join(blocks))
    lines = plain_text(read(text, "x"), width)
    words = re.findall(r"w\d{4}", "\n".join(lines))
    assert words == [f"w{number:04}" for number in range(1, next(numbers))]


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab \n\t#->*_`[](){}|!<~1.:=\\é🚨&$\"'"), max_size=200), st.integers(0, 100))
def test_any_text_is_shown(text: str, width: int) -> None:
    letters = "".join(plain_text(read(text, "x"), width))
    assert letters.count("🚨") == text.count("🚨")


@pytest.mark.parametrize("name", shelf.names())
@pytest.mark.parametrize("width", [60, 100])
def test_our_library_fits_the_width_but_for_commands_and_settings(name: str, width: int) -> None:
    book = shelf.open_book(name)
    inside = {line.strip() for section in book.sections for code in section.blocks for line in code.text.split("\n")}
    settings_lines = {line.strip() for line in book.front.text.split("\n")} if book.front else set()
    for line in plain_text(book, width):
        bare = line.strip("$>! ")
        long_word = any(width_of(word) > width - 20 for word in line.split())
        assert width_of(line) <= width or bare in inside | settings_lines or long_word or line.startswith("      "), (
            line
        )


def test_a_long_file_is_shown_in_a_moment() -> None:
    line = "- [ ] **Ops:** look at `dropdb x` and [that](#a) <!-- due: 5m -->\n"
    book = read("# A\n\n" + line * 3000, "long")
    before = time.process_time()
    assert len(plain_text(book)) == 3 + 2 * 3000
    assert time.process_time() - before < 2
