"""The front matter: known keys, a title, durations that can be read, and a review that is not overdue. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from runbooks.front_matter import value_of
from runbooks.lint_finding import Finding, error, warning
from runbooks.model import Book
from runbooks.units import duration

KEYS = (
    "title", "start", "severity", "applies-to", "owner", "reviewed", "review-every", "cadence", "escalate", "vars",
)  # fmt: skip
_LADDERS = ("cadence", "escalate")
_SEVERITIES = ("P0", "P1", "P2", "P3")


def front_matter_fits(book: Book, today: date) -> Iterator[Finding]:
    """Every rule about the book's own settings."""
    values = (book.front.values if book.front else None) or {}
    if not value_of(book.front, "title") and not any(section.level == 1 for section in book.sections):
        yield error(1, "front-matter", "the book has no title: add “title:” to the front matter, or a first heading")
    for key in values:
        if key not in KEYS:
            yield warning(_line(book, key), "front-matter", f"“{key}” is no setting of ours{_near(key)}")
    severity = values.get("severity", "")
    if severity and severity not in _SEVERITIES:
        written = severity if isinstance(severity, str) else ", ".join(severity)
        words = f"“severity: {written}” is none: write one of {', '.join(_SEVERITIES)}"
        yield error(_line(book, "severity"), "value", words)
    for key in _LADDERS:
        value = values.get(key, ())
        for step in (value,) if isinstance(value, str) else value:
            if (key == "escalate" or step[:2] in _SEVERITIES) and duration(step.split(" ")[-1]) is None:
                words = f"“{step}” in {key} does not end with a time such as 30m"
                yield error(_line(book, key), "value", words)
    yield from _review(book, today)


def _review(book: Book, today: date) -> Iterator[Finding]:
    reviewed, every = value_of(book.front, "reviewed"), value_of(book.front, "review-every")
    missing = [key for key, value in (("reviewed", reviewed), ("review-every", every)) if not value]
    if missing:
        words = f"nobody hears when this page gets old: add {' and '.join(missing)} to the front matter"
        yield warning(book.front.lines[0] if book.front else 1, "review", words)
    day, seconds = _day(reviewed), duration(every)
    if reviewed and day is None:
        yield error(_line(book, "reviewed"), "review", f"“reviewed: {reviewed}” is no date such as 2026-11-21")
    if every and seconds is None:
        yield error(_line(book, "review-every"), "review", f"“review-every: {every}” is no duration such as 90d")
    if day is None or seconds is None:
        return
    days = int(seconds // 86_400)
    if day > today + timedelta(days=1):
        yield error(
            _line(book, "reviewed"), "review", f"“reviewed: {reviewed}” lies ahead: write the day of the review"
        )
    elif (today - day).days > days:
        overdue = (today - day).days - days
        words = f"its review is {overdue} days overdue: read it, mend it, and set “reviewed: {today.isoformat()}”"
        yield error(_line(book, "reviewed"), "review", words)


def _day(text: str) -> date | None:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _line(book: Book, key: str) -> int:
    lines = book.front.text.split("\n") if book.front else []
    return next((number for number, line in enumerate(lines, 2) if line.startswith(f"{key}:")), 1)


def _near(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key[:40], KEYS, 1, 0.75)
    return f": did you mean “{near[0]}”?" if near else ": see docs/runbooks.md"
