"""Markdown source to elements: every non-blank line ends up in exactly one of them.

markdown-it finds the blocks; inline text is left as the file has it. This is the only file that knows its tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runbooks import answers, meanings
from runbooks.anchors import LONGEST, plain
from runbooks.annotations import fence_attributes, notes_in, without_comments
from runbooks.blanks import blanks_in
from runbooks.commands import groups
from runbooks.headings import anchors_of
from runbooks.model import (
    Code,
    Comment,
    Element,
    Heading,
    Item,
    ItemList,
    Paragraph,
    Problem,
    Purpose,
    Quote,
    Raw,
    Table,
)
from runbooks.parts import Lines
from runbooks.units import duration

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_SUMMARY = re.compile(r"<summary[^<>]*>(.*?)(?:</summary|$)", re.IGNORECASE | re.DOTALL)
_MARKS = {
    "table": "|",
    "code": ("    ", "\t"),
    "fence": ("```", "~~~"),
    "blockquote": ">",
    "reference": ("]:",),
    "html_block": "<",
    "heading": "#",
}
"""What a text has to have for one of markdown-it's rules to find something."""
_SHAPES = {
    "hr": re.compile(r"([-*_])[ \t]*+\1[ \t]*+\1"),
    "lheading": re.compile(r"^[ \t>]*+(?:=+|-+)[ \t]*$", re.MULTILINE),
}
PURPOSES: tuple[Purpose, ...] = ("message", "check", "action")


def elements(lines: list[str], first: int, problems: list[Problem], anchors: dict[str, int]) -> list[Element]:
    """The elements of `lines` from line `first` (counted from 1) on; what no block claims is kept as Raw. Puts the
    anchor of every heading, nested ones too, with its line into `anchors`."""
    blank = [""] * (first - 1)
    env: dict[str, Any] = {}
    # The newline at the end: where a comment of a list in a quote is not closed markdown-it reads one sign too many.
    text = "\n".join([*blank, *lines[first - 1 :], ""])
    tokens = _markdown(_needed(text)).parse(text, env)
    for index, anchor in anchors_of(tokens, env).items():
        tokens[index].meta["anchor"] = anchor
        anchors[anchor] = _span(tokens[index], lines)[0]
    found: list[Element] = []
    reached = first
    for block in _blocks(tokens):
        start, end = _span(block[0], lines)
        if start < reached or end < start:
            continue
        found += _unclaimed(lines, reached, start - 1)
        found.append(_element(block, (start, end), lines, problems))
        reached = end + 1
    return found + _unclaimed(lines, reached, len(lines))


@lru_cache(maxsize=32)
def _markdown(rules: tuple[str, ...]) -> MarkdownIt:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark")
    markdown.core.ruler.enableOnly(["normalize", "block"])
    markdown.block.ruler.enableOnly(["list", "paragraph", *rules])
    return markdown


def _needed(text: str) -> tuple[str, ...]:
    """The rules that can find anything in this text: each of the others would be asked at every line for nothing."""
    return tuple(rule for rule, marks in _MARKS.items() if any(mark in text for mark in marks)) + tuple(
        rule for rule, pattern in _SHAPES.items() if pattern.search(text)
    )


def _blocks(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Each block of the outermost level with everything inside it."""
    start = depth = 0
    for index, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            yield tokens[start : index + 1]
            start = index + 1


def _span(token: Token, lines: list[str]) -> Lines:
    """First and last line of a block, trailing blank lines left out."""
    first, after = token.map or (0, 0)
    after = min(after, len(lines))
    while after > first and not lines[after - 1].strip():
        after -= 1
    return first + 1, after


def _unclaimed(lines: list[str], first: int, last: int) -> list[Raw]:
    """Runs of non-blank lines between blocks: link definitions, and whatever markdown-it passes over."""
    runs: list[Raw] = []
    start = 0
    for number in range(first, last + 2):
        filled = number <= last and bool(lines[number - 1].strip())
        if filled and not start:
            start = number
        elif not filled and start:
            runs.append(Raw((start, number - 1), "\n".join(lines[start - 1 : number - 1]), "definitions"))
            start = 0
    return runs


def _element(block: Sequence[Token], span: Lines, lines: list[str], problems: list[Problem]) -> Element:
    token = block[0]
    text = "\n".join(lines[span[0] - 1 : span[1]])
    if token.type == "heading_open":
        return Heading(span, block[1].content, int(token.tag[1:]), token.meta["anchor"])
    if token.type == "paragraph_open":
        return answers.next_link(block[1].content, span) or _paragraph(block[1].content, span, problems)
    if token.type in ("bullet_list_open", "ordered_list_open"):
        items = tuple(_items(block, lines, problems))
        listed = ItemList(span, items, token.type == "ordered_list_open")
        return answers.decision(listed, problems) or listed
    if token.type in ("fence", "code_block"):
        return _code(token, span)
    if token.type == "table_open":
        return Table(span, tuple(_rows(block)))
    if token.type == "blockquote_open":
        return _quote(text, span)
    if token.type == "html_block":
        return _html(text, span)
    return Raw(span, text, "rule" if token.type == "hr" else "text")


def _paragraph(content: str, span: Lines, problems: list[Problem]) -> Paragraph:
    answers.report_stray_answer(content, span[0], problems)
    text = without_comments(content)
    return Paragraph(span, text, meanings.loud(text))


def _items(block: Sequence[Token], lines: list[str], problems: list[Problem]) -> Iterator[Item]:
    """The entries of a list; what stands in an entry beside its first paragraph becomes its children."""
    for entry in _blocks(block[1:-1]):
        span = _span(entry[0], lines)
        inner = [list(part) for part in _blocks(entry[1:-1])]
        content = inner[0][1].content if inner and inner[0][0].type == "paragraph_open" else ""
        rest = inner[1:] if content else inner
        notes = [content, *(part[0].content for part in rest if part[0].type == "html_block")]
        children = tuple(_element(part, _span(part[0], lines), lines, problems) for part in rest)
        yield answers.item(content, "\n".join(notes), span, children)


def _code(token: Token, span: Lines) -> Code:
    fenced = token.type == "fence"
    language, attributes = fence_attributes(token.info) if fenced else ("", {})
    purpose: Purpose = next((p for p in PURPOSES if attributes.get(p)), "code")
    text = token.content.removesuffix("\n")
    # Blank lines before an indented block are none of its text.
    first = span[0] + fenced
    made = Code(
        lines=span,
        text=text,
        language=language,
        purpose=purpose,
        name=attributes.get(purpose, ""),
        attributes=attributes,
        groups=groups(text, language, first),
        due=duration(attributes.get("due", "")),
        timeout=duration(attributes.get("timeout", "")),
    )
    name = made.name or ("" if purpose != "code" else meanings.message_name(made))
    if purpose == "code" and name:
        made = replace(made, purpose="message", name=name)
    return replace(made, blanks=blanks_in(text, "message")) if made.purpose == "message" else made


def _html(text: str, span: Lines) -> Comment | Raw:
    """A comment of ours, the beginning or the end of something folded, or HTML that is kept."""
    bare = text.strip()
    if bare.startswith("<!--") and not without_comments(bare):
        return Comment(span, text, notes_in(text))
    lower = bare[:LONGEST].lower()
    if lower.startswith("<details") and "</details" not in lower:
        found = _SUMMARY.search(bare[:LONGEST])
        return Raw(span, plain(found[1]) if found else "", "details")
    return Raw(span, text, "details-end" if lower.startswith("</details") else "html")


def _rows(block: Sequence[Token]) -> Iterator[tuple[str, ...]]:
    row: list[str] = []
    for token in block:
        if token.type == "inline":
            row.append(token.content)
        elif token.type == "tr_close":
            yield tuple(row)
            row = []


def _quote(text: str, span: Lines) -> Quote:
    """The words of a quote without its marks; `> [!WARNING]` names its alert."""
    bare = [line.lstrip().removeprefix(">").removeprefix(" ") for line in text.split("\n")]
    alert = bare[0].strip()
    if alert.startswith("[!") and alert.endswith("]"):
        return Quote(span, "\n".join(bare[1:]), alert[2:-1].upper())
    return Quote(span, "\n".join(bare))
