"""Checks a runbook: every mistake with its line, what is wrong and how to mend it. Pure; it reads no other file.

The rules are explained in docs/runbooks.md. A file that nobody wrote for the walk is asked for whole links only.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from runbooks.lint_blocks import blocks_fit
from runbooks.lint_facts import facts_are_known
from runbooks.lint_finding import Finding, Lookup, is_walkable
from runbooks.lint_front import front_matter_fits
from runbooks.lint_links import links_lead_somewhere, near_misses
from runbooks.lint_notes import comments_fit
from runbooks.lint_problems import problems
from runbooks.lint_walk import walk_holds
from runbooks.model import Book

__all__ = ["Finding", "Lookup", "lint"]


def lint(book: Book, today: date, other: Lookup | None = None) -> tuple[Finding, ...]:
    """Everything to mend in `book`, in order of lines.

    `today` is what its review date is held against. `other` finds runbooks that it links to; without it links to other
    files are not looked at.
    """
    found = list(_findings(book, today, other))
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (one.line, one.severity, one.rule)))


def _findings(book: Book, today: date, other: Lookup | None) -> Iterator[Finding]:
    if not is_walkable(book):
        yield from links_lead_somewhere(book, None)
        yield from (one for one in problems(book, "warning") if one.rule == "near-miss")
        return
    yield from problems(book)
    yield from links_lead_somewhere(book, other)
    yield from near_misses(book)
    yield from front_matter_fits(book, today)
    yield from comments_fit(book)
    yield from walk_holds(book)
    yield from facts_are_known(book)
    yield from blocks_fit(book)
