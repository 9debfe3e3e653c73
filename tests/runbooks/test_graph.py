"""The tree as a chart and as lines: everything that can be reached, once, whatever its title is."""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks import shelf
from runbooks.graph import Gone, TreeLine, mermaid, tree_lines
from runbooks.model import Book, Decision
from runbooks.reader import read
from runbooks.ways import arrows, reached, ways
from tests.runbooks.good_book import GOOD
from tests.runbooks.mermaid_parser import read_by_mermaid

BOOK = read(GOOD, "kettle")

# The whole grammar of what we write: nothing between quotes but letters, harmless signs and character codes.
WORDS = r'"(?:[^\x00-\x7f]|[A-Za-z0-9 ,?!\'/.()-]|#\d+;)+"'
LINE = re.compile(
    rf"flowchart TD"
    rf"|    n\d+(?:\{{{WORDS}\}}|\(\[{WORDS}\]\)|\(\(\({WORDS}\)\)\)|\[\[{WORDS}\]\]|\[{WORDS}\])"
    rf"(?::::(?:act|help|finish))?"
    rf"|    n\d+ (?:-->|==>|-\.->)(?:\|{WORDS}\|)? n\d+"
    rf"|    classDef \w+ [a-z:0-9,-]+"
    rf"|    class n\d+ (?:seen|here)"
)
HOSTILE = (
    'say "no"', "a [b] {c} (d)", "`code`", '%%{init: {"theme": "x"}}%%', "%% comment", "---", "1. first", "2) second",
    "- dash", "* star", "# hash", "a --> b", "end", "subgraph", "graph TD", "<b>bold</b> &amp; &", "🚨 P0 👩‍💻", "a;b",
    "a|b", "click n0 x", "style n0 fill:#f00;", "#quot;", "\\", "$$x$$", "fa:fa-car", "@{ shape: x }", "مرحبا",
    "日本語", "\u202eabc", "\x00\x07", "   ", "x" * 900, "~~~", ":::", "title: style: #35;", "default",
    "in direction LR", "direction TB",
)  # fmt: skip


def titled(title: str) -> Book:
    """A small book whose first question and whose answers have that title."""
    book = read("# B\n\n## Q\n\n- **Yes** → [A](#a)\n- **No** → [A](#a)\n\n## A\n", "b")
    question = book.sections[1]
    elements = tuple(
        replace(e, branches=tuple(replace(b, answer=title) for b in e.branches)) if isinstance(e, Decision) else e
        for e in question.elements
    )
    return replace(
        book, sections=(book.sections[0], replace(question, title=title, elements=elements), *book.sections[2:])
    )


def test_a_small_book_is_drawn() -> None:
    assert mermaid(BOOK, ("is-it-on", "-switch-it-on")).split("\n")[:12] == [
        "flowchart TD",
        '    n0{"K1 Is it on?"}',
        '    n1((("END Done"))):::finish',
        '    n2{"K2 ⚠ Switch it on"}:::act',
        '    n3(["E1 Call for help"]):::help',
        '    n0 -->|"Yes"| n1',
        '    n0 ==>|"No"| n2',
        '    n0 -->|"Cannot tell"| n3',
        '    n0 -.->|"after 5 min"| n3',
        '    n2 -->|"It went on"| n1',
        '    n2 -->|"Not yet"| n0',
        '    n2 -->|"Not yet, too often"| n3',
    ]


def test_a_jump_of_the_path_is_drawn_once_although_no_way_leads_there() -> None:
    drawn = mermaid(BOOK, ("done", "-switch-it-on", "done", "-switch-it-on"))
    assert drawn.count("n1 ==> n2\n") == 1
    assert "class n2 here" in drawn and "class n1 seen" in drawn


@pytest.mark.parametrize("name", shelf.names())
def test_every_book_of_the_library_is_drawn_in_our_grammar(name: str) -> None:
    book = shelf.open_book(name)
    lines = mermaid(book, tuple(section.anchor for section in book.sections)).splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []


@pytest.mark.parametrize("title", HOSTILE)
def test_any_title_is_drawn_in_our_grammar(title: str) -> None:
    assert [line for line in mermaid(titled(title)).splitlines() if not LINE.fullmatch(line)] == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_drawn_in_our_grammar(title: str) -> None:
    assert [line for line in mermaid(titled(title)).split("\n")[:-1] if not LINE.fullmatch(line)] == []


@pytest.mark.mermaid
@pytest.mark.timeout(600)
def test_mermaid_reads_every_chart_with_all_its_nodes_and_edges() -> None:
    books = [shelf.open_book(name) for name in shelf.names()] + [titled(title) for title in HOSTILE]
    charts = [mermaid(book) for book in books]
    for chart, read_there in zip(charts, read_by_mermaid(charts), strict=True):
        nodes, edges = len(re.findall(r"^    n\d+[{(\[]", chart, re.M)), len(re.findall(r"^    n\d+ [-=]", chart, re.M))
        assert read_there == {"nodes": nodes, "edges": edges, "error": ""}, chart


def test_a_small_book_is_a_tree_of_lines() -> None:
    assert [line.text for line in tree_lines(BOOK, [Gone("is-it-on", "-switch-it-on", 1)], "-switch-it-on")] == [
        "* K1 Is it on?",
        "    Yes -> END Done",
        ">   No -> K2 ⚠ Switch it on",
        "      It went on -> END Done (above)",
        "      Not yet -> K1 Is it on? (above)",
        "      Not yet, too often -> E1 Call for help (below)",
        "      Cannot tell -> E1 Call for help (below)",
        "    Cannot tell -> E1 Call for help (below)",
        "    after 5 min -> E1 Call for help (below)",
        "  E1 Call for help",
        "    Somebody came -> K1 Is it on? (above)",
        "    They say it is over -> END Done (above)",
    ]


def marked(gone: list[Gone], here: str) -> list[str]:
    return [line.text.strip() for line in tree_lines(BOOK, gone, here) if line.seen]


def test_only_the_answer_that_was_given_is_starred_and_not_the_other_ways_to_the_same_place() -> None:
    tried = [Gone("is-it-on", "-switch-it-on", 1), Gone("-switch-it-on", "done", 0)]
    assert marked(tried, "done") == [
        "* K1 Is it on?",
        "*   No -> K2 ⚠ Switch it on",
        ">     It went on -> END Done (above)",
    ]
    assert marked([Gone("is-it-on", "call-for-help", 2)], "call-for-help")[1:] == [
        ">   Cannot tell -> E1 Call for help (below)",
        "* E1 Call for help",
    ]


def test_a_jump_stars_no_answer_and_stands_where_the_section_has_its_own_line() -> None:
    assert marked([Gone("is-it-on", "-switch-it-on")], "-switch-it-on") == [
        "* K1 Is it on?",
        ">   No -> K2 ⚠ Switch it on",
    ]


def own_lines(lines: tuple[TreeLine, ...]) -> Counter[str]:
    return Counter(line.anchor for line in lines if not line.elsewhere)


@pytest.mark.parametrize("name", shelf.names())
@pytest.mark.parametrize("everywhere", [False, True])
def test_each_section_has_its_own_line_once_and_each_way_one(name: str, everywhere: bool) -> None:
    book = shelf.open_book(name)
    path = tuple(section.anchor for section in book.sections if section.level) if everywhere else ()
    drawn = reached([*path, book.start, *([book.help] if book.help else [])], arrows(ways(book)))
    lines = tree_lines(book, [Gone(a, b) for a, b in pairwise(path)])
    assert own_lines(lines) == Counter(dict.fromkeys(drawn, 1))
    assert sum(bool(line.answer) for line in lines) == sum(way.source in drawn for way in ways(book))
    where = {line.anchor: number for number, line in enumerate(lines) if not line.elsewhere}
    for number, line in enumerate(lines):
        if line.elsewhere:
            assert (where[line.anchor] < number) == (line.elsewhere == "above")


def test_a_circle_that_only_the_path_knows_is_shown() -> None:
    book = read("# S\n\n## A\n\nNext: [B](#b)\n\n## B\n\nNext: [A](#a)\n", "x")
    lines = tree_lines(replace(book, start="s"), [Gone("a", "b")], "b")
    assert own_lines(lines) == Counter({"s": 1, "a": 1, "b": 1})


def test_a_long_chain_is_drawn_in_a_moment() -> None:
    text = "# Long\n\n" + "".join(f"## S {n}\n\nNext: [S](#s-{n + 1})\n\n" for n in range(2000)) + "## S 2000\n"
    book = replace(read(text, "long"), start="s-0")
    before = time.process_time()
    assert len(tree_lines(book)) == 2001
    assert mermaid(book).count("\n") == 1 + 2001 + 2000 + 5
    assert time.process_time() - before < 2
