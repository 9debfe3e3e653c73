"""What lint finds, and which books it asks anything of. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from runbooks.annotations import notes_in
from runbooks.front_matter import value_of
from runbooks.model import Book, Comment, Next, Section
from runbooks.source_marks import comments

Severity = Literal["error", "warning"]
Rule = Literal[
    "target", "near-miss", "condition", "value", "front-matter", "review", "comment", "place", "fence", "label",
    "branches", "unreachable", "unsure", "cycle", "no-end", "exit", "wait", "fact", "check", "action", "message",
]  # fmt: skip
Lookup = Callable[[str], Book | None]
"""The runbook behind a relative link such as `site-down.md`, None when there is none."""

_PURPOSES = ("message", "check", "action")
_ALSO_FOREIGN = frozenset({"end", "help", "label", "path", "wait", "then", "go", "due"})
"""Keys that other programs' comments may hold as well: alone they make a file none of ours."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: its line, whether it stops the file (`error`), the rule, what is wrong and how to mend it."""

    line: int
    severity: Severity
    rule: Rule
    words: str


def error(line: int, rule: Rule, words: str) -> Finding:
    """A finding that makes `vigie runbook lint` end with 1."""
    return Finding(line, "error", rule, words)


def warning(line: int, rule: Rule, words: str) -> Finding:
    """A finding that is shown and stops nothing."""
    return Finding(line, "warning", rule, words)


def is_walkable(book: Book) -> bool:
    """True where the author wrote for the walk: an answer, a `Next:`, an annotation, or where to start.

    Of any other Markdown nothing is asked but that its own links lead somewhere.
    """
    if value_of(book.front, "start"):
        return True
    for section in book.sections:
        if section.branches or any(isinstance(element, Next) for element in section.elements):
            return True
        if any(code.attributes.get(purpose) for code in section.blocks for purpose in _PURPOSES):
            return True
    return any(set(notes_in(f"<!--{note.text}-->")) - _ALSO_FOREIGN for note in comments(book))


def line_of(section: Section, key: str) -> int:
    """The line of the comment that sets `key` on that section, else the section's first."""
    for element in section.elements:
        if isinstance(element, Comment) and key in element.annotations:
            before = element.text.split(key, 1)[0]
            return element.lines[0] + before.count("\n")
    return section.lines[0]
