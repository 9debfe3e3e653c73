"""Markdown in, a book out: decisions, annotations, problems, and no line lost."""

from __future__ import annotations

import time
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.anchors import anchor_of
from runbooks.model import Book, Code, Decision, Item, ItemList, Quote, Table
from runbooks.reader import read


def book_of(text: str) -> Book:
    return read(dedent(text).lstrip("\n"), "test")


def lines_claimed(book: Book) -> list[int]:
    spans = [element.lines for section in book.sections for element in section.elements]
    return [number for first, last in spans for number in range(first, last + 1)]


def texts(code: Code) -> tuple[str, ...]:
    return tuple(group.text for group in code.groups)


DECISION = """
    # Book

    ## Is it up?

    <!-- label: N1; timebox: 5m; on-expire: #help -->

    Look first.

    - **Yes** → [All good](#all-good) <!-- when: health.ok; path: up -->
    - **No** -> [Help](#help), and hurry
      <!-- when: not health.ok; never-suggested -->
    - **Cannot tell** => [Help](#help)

    ## All good

    Next: [Help](#help)

    ## Help
    """


def test_a_list_of_bold_answers_with_arrows_and_links_is_a_decision() -> None:
    book = book_of(DECISION)
    section = book.by_label("N1")
    assert section is not None
    yes, no, unsure = section.branches
    assert (yes.answer, yes.target, yes.path, str(yes.when and yes.when.text)) == ("Yes", "all-good", "up", "health.ok")
    assert (no.answer, no.target, no.then, no.never_suggested) == ("No", "help", "and hurry", True)
    assert (unsure.answer, unsure.when) == ("Cannot tell", None)
    assert (section.timebox, section.on_expire) == (300.0, "help")
    assert book.problems == ()


def test_a_next_link_is_the_single_way_on() -> None:
    section = book_of(DECISION).section("all-good")
    assert section is not None
    assert section.next == "help"
    assert section.branches == ()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("- **No** → look at the database", "no link to a section"),
        ("- **No** → [there](other.md#x)", "no link to a section"),
        ("- **No** → [there](#nowhere)", "no section “#nowhere”"),
        ("- **No** → [there](#up) <!-- when: health.ok = 5 -->", "condition cannot be read"),
        ("- **No** → [there](#up) <!-- wait: soon -->", "no duration"),
        ("- **No** → [there](#up) <!-- exit: many -->", "no list of exit codes"),
        ("- **No** → [there](#up) <!-- go: home -->", "not known"),
        ("- **No** → [there](#up) <!-- wait: 5m; at-most: 3; then: #gone -->", "no section “#gone”"),
        ("**No** → [there](#up)", "must stand in a list"),
        ("Next: [there](#nowhere)", "no section “#nowhere”"),
    ],
)
def test_near_misses_are_reported_with_their_line(line: str, words: str) -> None:
    book = read(f"# Up\n\nText.\n\n{line}\n", "test")
    assert [(problem.line, words in problem.words) for problem in book.problems] == [(5, True)]


def test_a_broken_link_leaves_the_answer_without_a_target() -> None:
    book = read("# Up\n\n- **No** → [there](#nowhere)\n", "test")
    assert book.sections[0].branches[0].target == ""


def test_ordinary_bold_lists_are_no_decisions() -> None:
    book = read("# Up\n\n- **Note:** see [this](#up)\n- **Arrow** in → text\n- [x](#up)\n", "test")
    assert book.sections[0].branches == ()
    assert isinstance(book.sections[0].elements[1], ItemList)
    assert book.problems == ()


def test_tasks_have_roles_due_times_and_nesting() -> None:
    section = read(
        "# T\n\n- [ ] **Comms:** send it <!-- due: 5m -->\n- [x] done\n- plain\n  - [ ] inner\n", "t"
    ).sections[0]
    found = [(task.text, task.role, task.due, task.ticked) for task in section.tasks]
    assert found == [("send it", "Comms", 300.0, False), ("done", "", None, True), ("inner", "", None, False)]


def test_fences_bind_checks_actions_and_messages() -> None:
    text = (
        "# T\n\n```bash {check=health timeout=10s}\ncurl x\n```\n\n"
        "```bash {action=rollback confirm=type-env}\nvigie rollback\n```\n\n"
        "```text {message=initial due=5m lang=fr}\nBonjour\n```\n\n"
        "1. **Back up**\n\n   ```bash {action=backup}\n   vigie backup\n   ```\n"
    )
    section = read(text, "t").sections[0]
    (check,), (message,) = section.codes("check"), section.codes("message")
    assert (check.name, check.timeout, check.language, texts(check)) == ("health", 10.0, "bash", ("curl x",))
    assert [(action.name, action.text) for action in section.actions] == [
        ("rollback", "vigie rollback"),
        ("backup", "vigie backup"),
    ]
    assert (message.name, message.due, message.attributes["lang"], message.text) == ("initial", 300.0, "fr", "Bonjour")
    assert section.is_act


@pytest.mark.parametrize(
    ("text", "is_act"),
    [
        ("# ⚠ Restart\n", True),
        ("# Look\n\n```sh {action=smoke}\nvigie smoke\n```\n", False),
        ("# Do\n\n```sh {action=own-script}\n./x\n```\n", True),
        ("# Look\n\n```sh\nrm x\n```\n", False),
    ],
)
def test_a_section_is_an_act_by_its_title_or_by_an_action_that_changes_something(text: str, is_act: bool) -> None:
    assert read(text, "t").sections[0].is_act is is_act


def test_commands_stand_in_groups_that_run_together() -> None:
    text = "# T\n\n```bash\nexport A=1\ncurl \\\n  x\n\n# Or ask\ncat <<EOF\na\n\nb\nEOF\n# Option B\nls\n```\n"
    (code,) = (element for element in read(text, "t").sections[0].elements if isinstance(element, Code))
    assert texts(code) == ("export A=1\ncurl \\\n  x", "# Or ask\ncat <<EOF\na\n\nb\nEOF", "# Option B\nls")


def test_prompts_are_stripped_and_printed_lines_are_no_commands() -> None:
    text = "# T\n\n```\n$ uptime\n 03:07 up 9 days\n$ df -h\n```\n"
    (code,) = (element for element in read(text, "t").sections[0].elements if isinstance(element, Code))
    assert texts(code) == ("uptime\ndf -h",)


def test_tables_and_loud_quotes_are_kept_as_such() -> None:
    section = read("# T\n\n| a | b |\n|---|---|\n| 1 | **2** |\n\n> [!WARNING]\n> careful\n", "t").sections[0]
    _, table, quote = section.elements
    assert isinstance(table, Table)
    assert table.rows == (("a", "b"), ("1", "**2**"))
    assert isinstance(quote, Quote)
    assert (quote.alert, quote.text) == ("WARNING", "careful")


def test_front_matter_is_read_by_hand() -> None:
    book = read("---\ntitle: 'A b'\nstart: \"#two\"\napplies-to: [x, y]\nvars:\n  A: b\n---\n# One\n\n# Two\n", "t")
    assert book.front is not None
    assert book.front.values == {"title": "A b", "start": "#two", "applies-to": ("x", "y"), "vars": ("A: b",)}
    assert (book.title, book.start) == ("A b", "two")


def test_bad_front_matter_is_kept_as_text_and_reported() -> None:
    book = read("---\n{{ what is this\n---\n# One\n", "t")
    assert book.front is not None
    assert book.front.values is None
    assert "front matter" in book.problems[0].words
    assert lines_claimed(book) == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        ("Is it up?", "is-it-up"),
        ("⚠ Roll back", "-roll-back"),
        ("Mitigation 1: bad deploy", "mitigation-1-bad-deploy"),
        ("Ça marche à 3 h", "ça-marche-à-3-h"),
        ("snake_case & more", "snake_case--more"),
        ("0-15 minutes", "0-15-minutes"),
    ],
)
def test_anchors_are_as_github_makes_them(title: str, anchor: str) -> None:
    assert anchor_of(title) == anchor


def test_equal_titles_get_numbered_anchors() -> None:
    book = read("# A\n\n# A\n\n# A 1\n\n## `A`\n", "t")
    assert [section.anchor for section in book.sections] == ["a", "a-1", "a-1-1", "a-2"]


def test_windows_newlines_and_a_byte_order_mark_change_nothing() -> None:
    unix = dedent(DECISION).lstrip("\n")
    windows = read(b"\xef\xbb\xbf" + unix.replace("\n", "\r\n").encode(), "test")
    assert windows.sections == read(unix, "test").sections
    assert windows.hash != read(unix, "test").hash


def test_an_entry_between_answers_is_kept_beside_them() -> None:
    decision = read("# T\n\n- **Yes** → [T](#t)\n- a remark\n", "t").sections[0].elements[1]
    assert isinstance(decision, Decision)
    assert [type(other) for other in decision.others] == [Item]


PIECES = st.sampled_from(
    [
        *("# A", "## B", "- **Yes** → [A](#a)", "- [ ] x", "1. y", "  - z", "```bash {check=a}", "```", "    code"),
        *("> q", "| a | b |", "|---|---|", "---", "***", "===", "", "  ", "<!--", "-->", "<!-- label: X -->", "<div>"),
        *("</div>", "[x]: http://y", "[x]:", "Next: [A](#a)", "text", "\ttab", "**Yes** → [A](#a)", "> - a", "- > b"),
        *("-", "\x0c", "title: x", "...", "<!-- when: a >", "~~~", "* ", "\\", "\x00", "\u2028x", "\x85y", "[^1]: n"),
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(PIECES | st.text(max_size=12), max_size=30).map("\n".join))
def test_every_line_that_is_not_blank_belongs_to_exactly_one_element(text: str) -> None:
    book = read(text, "random")
    claimed = lines_claimed(book)
    filled = {number for number, line in enumerate(book.source.split("\n"), 1) if line.strip()}
    assert len(claimed) == len(set(claimed))
    assert filled <= set(claimed)
    assert claimed == sorted(claimed)


@settings(deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200))
def test_any_input_is_a_book(source: bytes | str) -> None:
    book = read(source, "any")
    assert book.name == "any"
    assert len(book.hash) == 64


def test_hostile_nesting_is_shown_not_raised() -> None:
    for text in ("> " * 3000 + "x", "- " * 3000 + "x", "[" * 20_000, "<!--" * 20_000, "*" * 20_000, "`" * 20_000):
        assert lines_claimed(read(text, "deep")) == [1]


def test_five_thousand_lines_are_read_without_a_pause() -> None:
    """The budget is 150 ms on a quiet machine; this only catches what grows faster than the file."""
    page = (
        "## Step\n\nSome words about it.\n\n- [ ] **IC:** do it\n- **Yes** → [Step](#step)\n\n```bash\ncurl x\n```\n\n"
    )
    started = time.process_time()
    book = read(page * 460, "long")
    assert book.source.count("\n") > 5000
    assert time.process_time() - started < 3.0
