"""The anchors of a file's headings as GitHub makes them: from the words that are shown, counted over the whole file.

A heading inside a quote or a list has an anchor, too. What a heading shows is told by markdown-it, so that links, code,
emphasis, entities and escapes count as they are rendered; pictures and tags show no words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from runbooks.anchors import LONGEST, anchor_of, unique

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_MARKED = re.compile(r"[*_`\\[\]<>&!~\n]")
_SHOWN = frozenset({"text", "code_inline", "text_special"})


def anchors_of(tokens: Sequence[Token], env: MutableMapping[str, Any]) -> dict[int, str]:
    """The anchor of every heading, by the place of its opening token. `env` has the file's link definitions."""
    taken: dict[str, int] = {}
    return {
        index: unique(anchor_of(words_of(tokens[index + 1].content, env)), taken)
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    }


def words_of(markdown: str, env: MutableMapping[str, Any] | None = None) -> str:
    """The words that a heading shows, spaces as they are."""
    text = markdown[:LONGEST]
    if not _MARKED.search(text):
        return text
    return "".join(_shown(_inline().parseInline(text, {} if env is None else env)))


def _shown(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _shown(token.children or ())
        elif token.type in _SHOWN:
            yield token.content


@cache
def _inline() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable("strikethrough")
