"""Links and comments as they stand in a runbook's source, with their lines; what stands in code is neither. Pure."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from runbooks.model import Book

_INLINE = re.compile(r"\]\(\s*+<?([^\s()<>]*+)>?(?:\s[^()\n]*+)?\)")
_DEFINED = re.compile(r" {0,3}\[[^\[\]]+\]:\s*<?([^\s<>]+)")
_NAMED = re.compile(r"""<[a-z][a-z0-9]*\s[^<>]*?\b(?:id|name)\s*=\s*["']?([^\s"'<>]+)""", re.IGNORECASE)
_TICKS = re.compile(r"`+")


@dataclass(frozen=True, slots=True)
class Link:
    """One link: its line, and where it points as written (`#verify`, `site-down.md#is-it-over`, `https://…`)."""

    line: int
    target: str


@dataclass(frozen=True, slots=True)
class Note:
    """One HTML comment: the line it begins on, and what stands inside."""

    line: int
    text: str


def links(book: Book) -> tuple[Link, ...]:
    """Every link outside code and comments, in order."""
    text, at = "", 0
    whole = prose(book)
    for start, end in _comments(whole):
        text += whole[at:start] + "\n" * whole.count("\n", start, end)
        at = end
    text += whole[at:]
    found: list[Link] = []
    for number, line in enumerate(text.split("\n"), 1):
        if "](" not in line and "]:" not in line:
            continue
        bare = _without_code(line)
        found += [Link(number, unquote(one[1])) for one in _INLINE.finditer(bare) if one[1]]
        if defined := _DEFINED.match(bare):
            found.append(Link(number, unquote(defined[1])))
    return tuple(found)


def comments(book: Book) -> tuple[Note, ...]:
    """Every HTML comment outside code, in order."""
    text = prose(book)
    line, at = 1, 0
    found: list[Note] = []
    for start, end in _comments(text):
        line += text.count("\n", at, start)
        at = start
        found.append(Note(line, text[start + 4 : end - 3]))
    return tuple(found)


def named_places(book: Book) -> frozenset[str]:
    """The `id` and `name` of HTML tags: links lead there, too."""
    return frozenset(found[1] for found in _NAMED.finditer(book.source)) if "<" in book.source else frozenset()


def prose(book: Book) -> str:
    """The source with front matter and code blocks blanked out; its lines keep their numbers."""
    lines = book.source.split("\n")
    for first, last in _hidden(book):
        lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(lines)


def _comments(text: str) -> Iterator[tuple[int, int]]:
    """Where comments begin and end. One that is never closed is text, and so is all behind it."""
    end = 0
    while (start := text.find("<!--", end)) >= 0 and (closing := text.find("-->", start + 4)) >= 0:
        end = closing + 3
        yield start, end


def _hidden(book: Book) -> Iterator[tuple[int, int]]:
    if book.front is not None:
        yield book.front.lines
    for section in book.sections:
        for code in section.blocks:
            yield code.lines


def _without_code(line: str) -> str:
    """The line without what stands between backticks: a run of them ends at the next one of its length."""
    if "`" not in line:
        return line
    runs = [found.span() for found in _TICKS.finditer(line)]
    same: defaultdict[int, deque[int]] = defaultdict(deque)
    for number, (start, end) in enumerate(runs):
        same[end - start].append(number)
    kept, at, index = "", 0, 0
    while index < len(runs):
        start, end = runs[index]
        closing = same[end - start]
        while closing and closing[0] <= index:
            closing.popleft()
        if closing:
            kept += line[at:start]
            index = closing[0]
            at = runs[index][1]
        index += 1
    return kept + line[at:]
