"""Papers in Markdown and HTML: what readers of both formats get is the text itself, whatever stands in it."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from operations.documents.html import html
from operations.documents.markdown import escaped, markdown
from operations.documents.model import (
    Blank,
    Block,
    Bullets,
    Document,
    Paragraph,
    Picture,
    Section,
    Subtitle,
    Table,
    Verbatim,
)
from operations.text import clean

HOSTILE = (
    "<script>alert(1)</script>", "</pre></td></table><img src=x onerror=alert(1)>", "[a](javascript:alert(1))",
    "![x](http://evil.example/x.png)", "| a | b |", "a\\|b", "\\", "```\n# x\n```", "~~~", "# heading", "- item",
    "1. one", "> quote", "* * *", "===", "---", "&lt;b&gt;&#60;", "<!-- x -->", "**bold** _it_", "`code`", "$x$",
    "[x]: http://evil.example", "\x1b[2J\x1b]8;;http://evil.example\x07x", "\u202eevil", "    indented", "\tx", "+ x",
    "<https://evil.example>", "a\nb\n\n# c", "[ ] x", "é日本🚒", "]]>", "' onclick='x", "%3Cscript%3E",
)  # fmt: skip
HARMLESS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "section", "p", "strong", "ul", "li", "table",
    "thead", "tbody", "tr", "th", "td", "pre", "figure", "svg",
}  # fmt: skip


def flat(text: str) -> str:
    return " ".join(clean(text).split())


def paper(words: str) -> Document:
    """The same words in every place that text can stand in."""
    blocks: tuple[Block, ...] = (
        Paragraph(words), Subtitle(words), Blank(words), Bullets((words, words)), Bullets((words,), (True,)),
        Table((words, "b"), ((words, words), ("", words))), Verbatim(words), Picture(words, "<svg></svg>", words),
    )  # fmt: skip
    return Document(words, (Section(words, blocks),))


def read(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


class Reader(HTMLParser):
    """What a browser would find: elements, their attributes, and the text of the body."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def browsed(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    return reader


def check_markdown(words: str) -> None:
    tokens = read(markdown(paper(words)))
    kinds = {token.type for token in tokens}
    inline = [child for token in tokens for child in token.children or ()]
    assert not kinds & {"html_block", "code_block", "hr", "ordered_list_open"}
    assert {child.type for child in inline} <= {"text", "strong_open", "strong_close", "text_special", "softbreak"}
    cells = [
        "".join(child.content for child in token.children or ())
        for before, token in pairwise(tokens)
        if before.type == "td_open"
    ]
    expected = flat(words)
    assert cells == [expected, expected, "", expected]
    fences = [token.content for token in tokens if token.type == "fence"]
    assert fences == [clean(words) + "\n"] * 2
    headings = [token for token in tokens if token.type == "heading_open"]
    assert [token.tag for token in headings] == ["h1", "h2", "h3"]


def check_html(words: str) -> None:
    found = browsed(html(paper(words)))
    assert found.tags <= HARMLESS
    assert found.attributes <= {"lang", "charset", "http-equiv", "content", "name", "class", "aria-label"}
    text = "".join(found.texts)
    assert text.count(clean(words)) >= 8


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_text_in_markdown(words: str) -> None:
    check_markdown(words)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_is_text_in_html(words: str) -> None:
    check_html(words)


@given(st.one_of(st.text(max_size=200), st.lists(st.sampled_from(HOSTILE), max_size=4).map(" ".join)))
def test_any_text_is_text_in_both(words: str) -> None:
    check_markdown(words)
    check_html(words)


@pytest.mark.parametrize(
    "words", ["v2.4.1 a1b2c3d", "03:07:00Z", "rollback to v2.4.0", "8 of 8 passed", "api/health, 5xx"]
)
def test_ordinary_words_stay_readable_in_the_markdown_itself(words: str) -> None:
    assert escaped(words) == words


def test_a_picture_is_named_by_its_file_and_drawn_in_text_as_well() -> None:
    text = markdown(paper("x"), "pictures/my curve (1).png")
    assert "![x](<pictures/my%20curve%20%281%29.png>)" in text
    assert [token.content for token in read(text) if token.type == "fence"] == ["x\n", "x\n"]


def test_a_browser_is_told_to_run_and_load_nothing() -> None:
    assert "default-src &#x27;none&#x27;" in html(paper("x")) or "default-src 'none'" in html(paper("x"))


def test_tasks_are_ticked_in_markdown() -> None:
    text = markdown(Document("x", (Section("y", (Bullets(("a", "b"), (True, False)),)),)))
    assert "- [x] a\n- [ ] b" in text


def test_what_is_still_to_be_written_is_listed() -> None:
    assert paper("the cause").blanks == ("the cause",)
