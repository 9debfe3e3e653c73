"""Lint: each rule finds its mistake on its line, a good book has none, and foreign Markdown is asked for links only."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks import shelf
from runbooks.annotations import KEYS as KEYS_OF_COMMENTS
from runbooks.checks import KEYS
from runbooks.lint import Finding, lint
from runbooks.lint_blocks import ATTRIBUTES, CONFIRMATIONS
from runbooks.lint_facts import CHECK_FIELDS
from runbooks.lint_finding import Rule
from runbooks.lint_front import KEYS as FRONT_KEYS
from runbooks.model import Book
from runbooks.names import ACTIONS
from runbooks.new_book import new_book
from runbooks.reader import read
from tests.runbooks.good_book import GOOD, changed
from tests.runbooks.mistakes import MISTAKES

TODAY = date(2026, 11, 22)


def linted(text: str, today: date = TODAY) -> tuple[Finding, ...]:
    return lint(read(text, "kettle"), today)


def line_with(text: str, words: str) -> int:
    lines = [number for number, line in enumerate(text.split("\n"), 1) if words in line]
    assert len(lines) == 1, (words, lines)
    return lines[0]


def test_a_good_book_has_no_findings() -> None:
    assert linted(GOOD) == ()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_found_on_its_line_with_its_words(mistake: str) -> None:
    edits, where, said, words = MISTAKES[mistake]
    text = changed(*edits)
    line = 1 if where == "---" else line_with(text, where)
    found = linted(text)
    assert [one for one in found if (one.line, f"{one.severity} {one.rule}") == (line, said) and words in one.words], (
        found
    )


@pytest.mark.parametrize(
    "mistake",
    [
        "an answer's link leads nowhere",
        "a time box leads nowhere",
        "a link in the text leads nowhere",
        "a circle has no wait and no person",
        "the review is overdue",
        "a check changes something",
        "a confirmation is lowered",
    ],
)
def test_one_mistake_is_one_finding(mistake: str) -> None:
    assert len(linted(changed(*MISTAKES[mistake].edits))) == 1


def test_a_check_of_a_section_may_be_asked_for_all_it_tells() -> None:
    fields = 'kettle.ok or kettle.warn or kettle.code == 3 or kettle.num > 2 or kettle.time > 2s or kettle.out ~ "on"'
    assert linted(changed(("kettle.failed;", f"{fields};"))) == ()


def test_lint_knows_every_field_that_a_check_tells() -> None:
    assert set(CHECK_FIELDS) == set(KEYS)


def test_a_check_takes_five_minutes_at_most() -> None:
    (found,) = linted(changed(("timeout=10s", "timeout=6m")))
    assert (found.rule, found.severity) == ("check", "error")


def test_a_way_without_an_end_is_found() -> None:
    text = changed(
        ("label: END; end", "label: END"),
        ("# Reference", "Next: [Is it on?](#is-it-on)\n\n# Reference"),
    )
    assert {one.rule for one in linted(text)} == {"no-end"}


def test_the_unsure_may_be_led_to_a_careful_act_when_the_answer_says_so() -> None:
    text = changed(
        (
            "**Cannot tell** → [Call for help](#call-for-help)\n  <!-- path: on? -->",
            "**Cannot tell** → [Switch it on](#-switch-it-on)",
        )
    )
    assert linted(text) == ()


@pytest.mark.parametrize("held", ["wait: 2m", "", "- [ ] stir"])
def test_a_circle_is_well_with_a_wait_a_persons_own_answer_or_something_to_do(held: str) -> None:
    edits = MISTAKES["a circle has no wait and no person"].edits
    circle = "<!-- when: not kettle.ok -->"
    if held.startswith("- "):
        text = changed(*edits).replace("## Is it warm?\n", f"## Is it warm?\n\n{held}\n\nSo:\n")
    else:
        text = changed(*edits).replace(circle, f"<!-- when: not kettle.ok; {held} -->" if held else "")
    assert linted(text) == ()


def test_what_stands_before_the_start_and_leads_there_need_not_be_reached() -> None:
    text = changed(("Read [the reference](#reference) first.", "Next: [Is it on?](#is-it-on)"))
    assert linted(text) == ()


def test_a_book_of_tasks_without_any_way_is_read_in_order() -> None:
    text = GOOD.split("## Is it on?")[0].replace('start: "#is-it-on"\n', "").replace("(#reference)", "(#two)")
    text += "## One\n\n- [ ] **Ops:** look <!-- due: 5m -->\n\n```bash {action=backup}\nvigie backup\n```\n"
    text += "\n## Two\n\n- [ ] tell\n"
    assert linted(text) == ()


def test_links_to_other_runbooks_are_looked_up() -> None:
    book = read(
        changed(
            ("(#reference)", "(tea.md) or [it](tea.md#milk) or [that](sub/none.md#x) or [w](https://x.example/y.md)")
        ),
        "kettle",
    )
    tea = read("# Tea\n\n## Sugar\n", "tea")

    def other(name: str) -> Book | None:
        return tea if name == "tea.md" else None

    found = lint(book, TODAY, other)
    assert {one.words.split(":")[0] for one in found} == {
        "there is no runbook “sub/none.md”",
        "“tea.md” has no section “#milk”",
    }
    assert lint(book, TODAY) == ()


FOREIGN = dedent(
    """\
    ---
    tags: [a, b]
    layout: page
    ---
    # Deploy

    <!-- toc --> <!-- markdownlint-disable MD013 -->
    See [rollback](#rollback), [top](#top), [that](other.md#gone), [named](#old-name) and `[code](#nowhere)`.

    <a name="old-name"></a>

    ## Rollback

    ```bash {linenos=true}
    rm -rf build  # [not a link](#nowhere)
    ```

    - **CPU**: over 80 % is an alarm
    - [ ] **Ops:** look
    """
)


def test_foreign_markdown_is_linted_quietly() -> None:
    assert lint(read(FOREIGN, "x"), TODAY, lambda name: None) == ()


def test_foreign_markdown_hears_of_its_broken_links() -> None:
    text = FOREIGN + "\n[x](#nowhere)\n"
    (found,) = lint(read(text, "x"), TODAY)
    assert (found.line, found.severity, found.rule) == (text.count("\n"), "error", "target")


def test_foreign_markdown_hears_gently_of_what_looks_like_an_answer() -> None:
    (found,) = lint(read("# A\n\n- **Yes** → go on\n- that\n", "x"), TODAY)
    assert (found.line, found.severity, found.rule) == (3, "warning", "near-miss")


@pytest.mark.parametrize("name", shelf.names())
def test_our_library_lints_clean(name: str) -> None:
    def other(file: str) -> Book | None:
        return shelf.open_book(file.removesuffix(".md")) if shelf.path_of(file.removesuffix(".md")) else None

    assert lint(shelf.open_book(name), TODAY, other) == ()


SCRAPS = st.sampled_from(
    [*GOOD.split("\n"), "<!--", "-->", "```", "{check=", "](#x)", "- **a** → [b](#b)", "## b", "\0", "<!-- when: x -->"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(SCRAPS, st.text(max_size=30)), max_size=40).map("\n".join))
def test_any_text_is_linted_without_an_exception(text: str) -> None:
    book = read(text, "x")
    last = text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    assert all(1 <= one.line <= last for one in lint(book, TODAY))


def test_a_long_book_is_linted_in_a_moment() -> None:
    sections = [
        f"## Q {n}\n\n- **Yes** → [Q {n + 1}](#q-{n + 1})\n  <!-- when: health.ok -->\n"
        f"- **No idea** → [Q 1500](#q-1500)\n"
        for n in range(1500)
    ]
    book = read("# Long\n\n" + "\n".join([*sections, "## Q 1500\n\n<!-- end -->\n"]), "long")
    before = time.process_time()
    found = lint(replace(book, name="long"), TODAY)
    assert {one.rule for one in found} <= {"review"}
    assert time.process_time() - before < 2


DOCUMENT = (Path(__file__).parent.parent.parent / "docs" / "runbooks.md").read_text("utf-8")


@pytest.mark.parametrize("rule", get_args(Rule))
def test_every_rule_is_explained(rule: str) -> None:
    assert f"\n| {rule} | " in DOCUMENT


@pytest.mark.parametrize("word", sorted({*KEYS_OF_COMMENTS, *ATTRIBUTES, *ACTIONS, *CONFIRMATIONS, *FRONT_KEYS}))
def test_every_word_of_ours_is_explained(word: str) -> None:
    assert re.search(rf"[`{{\s,;.=]{re.escape(word)}[`=:;, .}}\n]", DOCUMENT)


def test_a_time_box_alone_is_no_mistake() -> None:
    assert linted(changed(("timebox: 5m; on-expire: #call-for-help", "timebox: 5m"))) == ()


def test_the_document_says_how_the_anchor_of_a_title_with_a_warning_sign_looks() -> None:
    assert list(read("## ⚠ Start it", "x").anchors) == ["-start-it"]
    assert "`## ⚠ Start it` is `#-start-it`" in DOCUMENT


def test_each_rule_has_a_mistake_that_shows_it() -> None:
    shown = {mistake.found.split()[1] for mistake in MISTAKES.values()}
    assert shown == set(get_args(Rule)) - {"no-end"}


def test_the_example_of_the_document_is_a_decision() -> None:
    example = DOCUMENT.split("```markdown\n")[1].split("```")[0]
    assert [branch.answer for branch in read(example, "x").sections[0].branches] == ["Yes", "No", "Cannot tell"]


def test_a_new_runbook_lints_clean() -> None:
    assert lint(read(new_book("cache-cold", TODAY), "cache-cold"), TODAY) == ()
