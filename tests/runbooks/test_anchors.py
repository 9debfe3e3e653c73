"""Anchors are GitHub's: compared with pairs that its reference implementation made (see the file for its versions)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.anchors import anchor_of, plain, unique
from runbooks.headings import words_of
from runbooks.reader import read

PAIRS = json.loads((Path(__file__).parent.parent / "data" / "github-anchors.json").read_text("utf-8"))["pairs"]


@pytest.mark.parametrize(("markdown", "anchors"), PAIRS)
def test_a_file_has_the_anchors_that_github_gives_it(markdown: str, anchors: list[str]) -> None:
    assert list(read(markdown, "t").anchors) == anchors


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("plain", "plain"),
        ("`code` and **bold**", "code and bold"),
        ("[a](b) ![c](d) <i>e</i> &amp; f", "a  e & f"),
        ("snake_case and _emphasis_", "snake_case and emphasis"),
        ("a\\*b", "a*b"),
    ],
)
def test_a_heading_shows_its_words_without_marks(title: str, words: str) -> None:
    assert words_of(title) == words


def test_a_link_to_a_heading_inside_a_quote_leads_to_the_section_around_it() -> None:
    book = read("# Top\n\n> ## Inside\n\n- **Yes** → [there](#inside)\n\n# Next\n", "t")
    section = book.section("inside")
    assert section is not None
    assert section.title == "Top"
    assert book.problems == ()


@given(st.lists(st.sampled_from(["a", "a-1", "a-2", "b", ""]), max_size=30))
def test_no_anchor_is_given_twice(anchors: list[str]) -> None:
    taken: dict[str, int] = {}
    made = [unique(anchor, taken) for anchor in anchors]
    assert len(set(made)) == len(made)


@given(st.text(max_size=60))
def test_an_anchor_needs_no_escaping_in_a_link(title: str) -> None:
    assert not set(anchor_of(title)) & set(" \t\n()[]<>#\"'\\/?&%")


@pytest.mark.parametrize(
    ("markdown", "words"),
    [
        ("run `ssh <user@host>` as <your name>", "run ssh <user@host> as <your name>"),
        ("[first notice](#first-notice) <b>now</b><br> <a href='x'>y</a>", "first notice now y"),
        ("<https://h.test/x> or <ana@h.test>", "https://h.test/x or ana@h.test"),
    ],
)
def test_plain_words_keep_blanks_and_lose_tags(markdown: str, words: str) -> None:
    assert plain(markdown) == words


@given(st.text(max_size=200))
def test_plain_words_stand_on_one_line(markdown: str) -> None:
    assert "\n" not in plain(markdown)
