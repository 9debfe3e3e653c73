"""How a walk goes on where nobody is asked: by answers given beforehand, else by suggestions. Pure; it never waits.

It never goes past an act that was not run, and never takes an answer that nothing suggests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from runbooks.events import Answered, Moved
from runbooks.facts import Facts
from runbooks.model import Book, Section
from runbooks.suggest import answer, suggest
from runbooks.units import seconds_in_words
from runbooks.walk import WalkError, WalkState, go_on, take_wait, wait_left

Reason = Literal["end", "act", "person", "waits"]
"""Why a walk stops: at an end, at an act, where a person has to answer or decide, where time has to pass."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the walk does not go on by itself, and why in words."""

    reason: Reason
    words: str


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was given beforehand, counted from 1: for the section `anchor`, or in order where that is empty.

    `written` is how it was written.
    """

    anchor: str
    number: int
    written: str


def next_step(
    state: WalkState, facts: Facts, now: datetime, *, number: int | None = None, why: str = "", wait_over: bool = False
) -> Answered | Moved | Stop:
    """The next event, or why there is none. `number` is an answer given for this section, counted from 1.

    `wait_over` takes what is to be waited for as past. Raises WalkError for an answer that cannot be given here.
    """
    section = state.section
    asked_to_wait = state.wait_until is not None and now < state.wait_until
    if asked_to_wait and not wait_over:
        return _waits(state, now)
    if number is not None:
        return answer(state, number - 1, facts, now, why)
    if section.is_end:
        return Stop("end", "this is the end of the runbook")
    if section.is_act and state.last_exit is None:
        return Stop("act", "this is an act, and nothing was run")
    suggestion = suggest(state, facts, now)
    if suggestion.index is not None:
        return answer(state, suggestion.index, facts, now)
    if section.wait is not None and not asked_to_wait:
        left = wait_left(state, now)
        if left is not None and left.left > 0 and not wait_over:
            return _waits(state, now)
        if section.then:
            return take_wait(state)
    if section.branches:
        return Stop("person", suggestion.why_not)
    if state.last_exit:
        return Stop("person", f"the act ended with exit code {state.last_exit}; a person has to say what follows")
    if section.next:
        return go_on(state)
    return Stop("end", "no way leads on from here")


def given_answers(words: Sequence[str], book: Book) -> tuple[Given, ...]:
    """Answers as they are written on a command line: `N7=2`, `#can-the-old-release-run=2`, or `2` in order.

    Raises WalkError for one that names no decision of the book or no answer of it.
    """
    return tuple(_given(word, book) for word in words)


def section_named(book: Book, name: str) -> Section:
    """The section with that label or anchor. Raises WalkError when there is none."""
    name = name.strip()
    found = book.by_label(name) if name else None
    found = found or book.section(name.removeprefix("#"))
    if found is None:
        labels = ", ".join(section.label for section in book.sections if section.label)
        known = f"its labels are {labels}" if labels else "it has no labels; name an anchor, as in “#its-title”"
        raise WalkError(f"“{book.name}” has no section “{name}”; {known}")
    return found


def _given(word: str, book: Book) -> Given:
    where, _, number = word.rpartition("=")
    if not (number.isascii() and number.strip().isdigit() and len(number) < 5 and int(number) > 0):
        raise WalkError(f"“{word}” is no answer: write its number, as in 2, or N7=2 for the section N7")
    if "=" not in word:
        return Given("", int(number), word)
    section = section_named(book, where)
    count = len(section.branches)
    if int(number) > count:
        has = f"has {count} answers" if count else "asks nothing"
        raise WalkError(f"“{word}”: the section “{section.title}” {has}")
    return Given(section.anchor, int(number), word)


def _waits(state: WalkState, now: datetime) -> Stop:
    left = wait_left(state, now)
    if left is None:
        return Stop("waits", "there is something to wait for")
    onward = state.book.section(left.offers)
    then = f", then: {onward.title}" if onward is not None else ""
    return Stop("waits", f"wait {seconds_in_words(max(1.0, left.left))}{then}")
