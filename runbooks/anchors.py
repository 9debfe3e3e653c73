"""Anchors as GitHub makes them from headings, and the plain words of a line of Markdown."""

from __future__ import annotations

import re
import unicodedata

from runbooks.annotations import without_comments
from runbooks.tags import without_tags

LONGEST = 2000
"""Characters of a heading or an answer that are looked at."""

_MARKED = re.compile(r"[<\[*_`~\\]")
_LINK = re.compile(r"!?\[((?:[^\[\]\\]|\\.)*+)\](?:\([^()]*+(?:\([^()]*+\)[^()]*+)?\)|\[[^\[\]]*+\])")
_EMPHASIS = re.compile(r"\*\*|__|\*|`+|~~")
_NOT_IN_ANCHOR = re.compile(r"[^a-z0-9_\- ]")
_CIRCLED = re.compile("[\u24b6-\u24e9\U0001f130-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]")
"""Letters in circles and squares: symbols that count as letters."""
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def plain(markdown: str) -> str:
    """The words of one piece of Markdown without its marks: links become their text, comments and tags go, blanks
    such as `<name>` stay."""
    if not _MARKED.search(markdown):
        return " ".join(markdown[:LONGEST].split())
    text = without_tags(without_comments(markdown[:LONGEST]))
    text = _LINK.sub(r"\1", text)
    return " ".join(_ESCAPED.sub(r"\1", _EMPHASIS.sub("", text)).split())


def anchor_of(words: str) -> str:
    """GitHub's anchor of a heading's words: lower case, only letters, digits, marks, `_` and `-`, each space a `-`."""
    if words.isascii():
        return _NOT_IN_ANCHOR.sub("", words.lower()).replace(" ", "-")
    return "".join("-" if c == " " else c for c in words.lower() if c in "- " or _is_word(c))


def unique(anchor: str, taken: dict[str, int]) -> str:
    """`anchor`, or the first of `anchor-1`, `anchor-2`, … that is not taken; `taken` counts how often each was used."""
    found = anchor
    while found in taken:
        taken[anchor] += 1
        found = f"{anchor}-{taken[anchor]}"
    taken[found] = 0
    return found


def _is_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category in ("Nd", "Nl", "Pc") or bool(_CIRCLED.match(character))
