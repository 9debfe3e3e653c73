"""What the reader could not use, as findings: with the line of the very comment or setting."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbooks.lint_finding import Finding, Rule, Severity
from runbooks.lint_links import did_you_mean
from runbooks.model import Book, Comment, Problem

_ANCHOR = re.compile(r"“#(.*)”")
_RULES: tuple[tuple[str, Rule], ...] = (
    ("there is no section", "target"),
    ("has an arrow", "near-miss"),
    ("must stand in a list", "near-miss"),
    ("the condition cannot be read", "condition"),
    ("the front matter", "front-matter"),
)
_MENDED_BY: dict[Rule, str] = {
    "near-miss": "write - **Answer** → [Title](#its-anchor)",
}


def problems(book: Book, severity: Severity = "error") -> Iterator[Finding]:
    """Every problem of the reader, as a finding."""
    for problem in book.problems:
        rule: Rule = next((rule for words, rule in _RULES if words in problem.words), "value")
        mend = _MENDED_BY.get(rule, "")
        words = f"{problem.words}: {mend}" if mend else problem.words
        if anchor := _ANCHOR.search(problem.words) if rule == "target" else None:
            words += did_you_mean(anchor[1], book)
        yield Finding(_line(book, problem), severity, rule, words)


def _line(book: Book, problem: Problem) -> int:
    """Where the words in quotes stand; the reader tells a section's first line for all its comments."""
    quoted = problem.words.partition("“")[2].partition("”")[0]
    if problem.line == 1 and book.front is not None:
        lines = book.front.text.split("\n")
        return next((2 + n for n, line in enumerate(lines) if quoted and quoted in line), problem.line)
    section = next((one for one in book.sections if one.lines[0] == problem.line), None)
    for element in section.elements if section else ():
        if isinstance(element, Comment):
            for number, line in enumerate(element.text.split("\n"), element.lines[0]):
                if (quoted and quoted in line) or (not quoted and "unless" in line):
                    return number
    return problem.line
