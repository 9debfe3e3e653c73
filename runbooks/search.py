"""Words looked for in many runbooks: titles first, then sections, then lines of text. Upper and lower case alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from runbooks.anchors import plain
from runbooks.model import Book, Section
from runbooks.mojibake import repaired

Where = Literal["book", "section", "text"]
MOST = 200
"""Finds of one search: whoever gets more looks for more words."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where the words stand: the runbook's name, the section's anchor and title, the line and its text."""

    book: str
    anchor: str
    title: str
    line: int
    text: str
    where: Where


def search(books: Iterable[Book], words: str) -> tuple[Hit, ...]:
    """Every place with all of `words`, at most one a section, the most telling first."""
    wanted = words.casefold().split()
    if not wanted:
        return ()
    hits = [hit for book in books for hit in _in_book(book, wanted)]
    order: dict[Where, int] = {"book": 0, "section": 1, "text": 2}
    return tuple(sorted(hits, key=lambda hit: order[hit.where])[:MOST])


def find_line(book: Book, words: str, after: int = 0) -> int | None:
    """The first line behind `after` with all of `words`, from the beginning again where there is none; None at all."""
    wanted = words.casefold().split()
    lines = book.source.split("\n")
    found = [number for number, line in enumerate(lines, 1) if wanted and _has(line, wanted)]
    return next((number for number in found if number > after), found[0] if found else None)


def _in_book(book: Book, wanted: list[str]) -> Iterable[Hit]:
    if _has(f"{book.name} {book.title}", wanted):
        yield Hit(book.name, "", book.title, 1, book.title, "book")
    lines = book.source.split("\n")
    for section in book.sections:
        if section.level and _has(section.title, wanted):
            yield Hit(book.name, section.anchor, section.title, section.lines[0], section.title, "section")
        elif hit := _in_text(book, section, lines, wanted):
            yield hit


def _in_text(book: Book, section: Section, lines: list[str], wanted: list[str]) -> Hit | None:
    """One line with all words, else a section that has them on several lines."""
    first, last = section.lines
    spread = _has("\n".join(lines[first - 1 : last]), wanted)
    for number in range(first, last + 1) if spread else ():
        if _has(lines[number - 1], wanted) or (len(wanted) > 1 and _has(lines[number - 1], wanted[:1])):
            text = plain(lines[number - 1])
            return Hit(book.name, section.anchor, section.title, number, text, "text")
    return None


def _has(text: str, wanted: list[str]) -> bool:
    folded = repaired(text).casefold()
    return all(word in folded for word in wanted)
