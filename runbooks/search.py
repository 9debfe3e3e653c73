"""Words looked for in many runbooks: names and titles first, then text. A word is found where a word begins with it,
upper and lower case alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from runbooks.anchors import plain
from runbooks.model import Book, Section
from runbooks.mojibake import repaired

Where = Literal["book", "section", "line", "text"]
MOST = 200
"""Finds of one search: whoever gets more looks for more words."""
_RULER = re.compile(r"[\s>]*+(?=[\s:|]*+-)[\s:|-]++")
_ORDER: dict[Where, int] = {"book": 0, "section": 1, "line": 2, "text": 3}


@dataclass(frozen=True, slots=True)
class Hit:
    """Where the words stand: the runbook's name, the section's anchor and title, the line and its text.

    `where` is the book's name or title, a section's title, one line with all words, or a text with them on several.
    """

    book: str
    anchor: str
    title: str
    line: int
    text: str
    where: Where


def search(books: Iterable[Book], words: str) -> tuple[Hit, ...]:
    """Every place with all of `words`, at most one a section, the most telling first."""
    wanted = _wanted(words)
    hits = [hit for book in books for hit in _in_book(book, wanted)] if wanted else []
    return tuple(sorted(hits, key=lambda hit: _ORDER[hit.where])[:MOST])


def find_line(book: Book, words: str, after: int = 0) -> int | None:
    """The first line behind `after` with all of `words`, from the beginning again where there is none; None at all."""
    wanted = _wanted(words)
    lines = book.source.split("\n")
    found = [number for number, line in enumerate(lines, 1) if wanted and _has(line, wanted)]
    return next((number for number in found if number > after), found[0] if found else None)


def _wanted(words: str) -> list[re.Pattern[str]]:
    """The words as patterns; one that begins with a sign is found anywhere."""
    return [
        re.compile((r"\b" if word[0].isalnum() else "") + re.escape(word), re.IGNORECASE) for word in words.split()[:20]
    ]


def _in_book(book: Book, wanted: list[re.Pattern[str]]) -> Iterable[Hit]:
    named = _has(f"{book.name} {book.title}", wanted)
    if named:
        yield Hit(book.name, "", book.title, 1, book.title, "book")
    lines = _searched(book)
    for section in book.sections:
        if section.level and _has(section.title, wanted):
            if named and section.title == book.title:
                continue  # its heading is the book itself
            yield Hit(book.name, section.anchor, section.title, section.lines[0], section.title, "section")
        elif hit := _in_text(book, section, lines, wanted):
            yield hit


def _searched(book: Book) -> list[str]:
    """The lines of the book; those of its settings and the rulers of tables are empty, nobody looks for them."""
    lines = book.source.split("\n")
    front = book.front.lines[1] if book.front else 0
    return ["" if number <= front or _RULER.fullmatch(line) else line for number, line in enumerate(lines, 1)]


def _in_text(book: Book, section: Section, lines: list[str], wanted: list[re.Pattern[str]]) -> Hit | None:
    """The line that has all words, else the first one with any of them in a section that has all."""
    first, last = section.lines
    if not _has("\n".join(lines[first - 1 : last]), wanted):
        return None
    numbers = range(first, last + 1)
    whole = next((number for number in numbers if _has(lines[number - 1], wanted)), None)
    number = whole or next(n for n in numbers if any(_has(lines[n - 1], [word]) for word in wanted))
    code = any(block.lines[0] <= number <= block.lines[1] for block in section.blocks)
    text = lines[number - 1].strip() if code else plain(lines[number - 1])
    return Hit(book.name, section.anchor, section.title, number, text, "line" if whole else "text")


def _has(text: str, wanted: list[re.Pattern[str]]) -> bool:
    shown = repaired(text)
    return all(word.search(shown) for word in wanted)
