"""The walk: answers enough, a way out when unsure, nothing out of reach, no circle, an end. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from runbooks.lint_finding import Finding, error, line_of, warning
from runbooks.model import Book, Branch, Section
from runbooks.ways import Way, arrows, backwards, name_of, needs_a_person, reached, ways

MOST_ANSWERS = 9
"""Answers that a key of their own can give."""
_SAYS_UNSURE = re.compile(
    r"\b(?:can(?:not|'t|’t) (?:tell|say)|not sure|unsure|in doubt|do(?:n't|n’t| not) know|nobody knows|no idea|unclear"
    r"|unknown|none of (?:these|them)|nothing|ne sa(?:is|it) pas|aucune? idée|dans le doute)\b",
    re.IGNORECASE,
)


def walk_holds(book: Book) -> Iterator[Finding]:
    """Every rule about the ways through the book."""
    found = ways(book)
    for section in book.sections:
        yield from _decision(book, section)
        yield from _exits(section)
        yield from _waits(section)
    if found:
        yield from _unreachable(book, found)
        yield from _endless(book, found)
        yield from _circles(book, found)


def _decision(book: Book, section: Section) -> Iterator[Finding]:
    branches = section.branches
    if not branches:
        return
    line = branches[0].line
    if len(branches) < 2:
        words = "a decision needs two answers or more: add one, or write “Next:” if this is the only way on"
        yield error(line, "branches", words)
    if len(branches) > MOST_ANSWERS:
        words = "only nine answers have a key of their own, the others stand behind 0: make two questions of it"
        yield warning(branches[MOST_ANSWERS].line, "branches", words)
    if not any(_is_way_out(book, section, branch) for branch in branches):
        words = (
            "no way out when unsure: add an answer without a condition, such as **Cannot tell**, that leads "
            "somewhere safe and not back here"
        )
        yield error(line, "unsure", words)


def _is_way_out(book: Book, section: Section, branch: Branch) -> bool:
    """A person's own answer that leads on; to an act (the careful one) only where its words say that one is unsure."""
    if branch.when is not None or branch.exits or branch.never_suggested:
        return False
    if branch.going:
        return True
    target = book.section(branch.target)
    if target is None or target.anchor == section.anchor:
        return False
    return not target.is_act or _SAYS_UNSURE.search(branch.answer) is not None


def _exits(section: Section) -> Iterator[Finding]:
    given: dict[int, Branch] = {}
    for branch in section.branches:
        if branch.exits and not section.actions:
            words = (
                "“exit:” asks how an act ended, and this section has none: bind one, as in ```bash {action=rollback}"
            )
            yield error(branch.line, "exit", words)
        for code in branch.exits:
            if code in given and given[code].target != branch.target:
                words = (
                    f"exit code {code} belongs to the answer of line {given[code].line} already: take it away in one"
                )
                yield error(branch.line, "exit", words)
            given.setdefault(code, branch)


def _waits(section: Section) -> Iterator[Finding]:
    if section.wait is not None and not (section.then or section.branches or section.next):
        words = "after this wait nothing follows: add “then: #section”, or answers"
        yield error(line_of(section, "wait"), "wait", words)
    if section.then and section.wait is None:
        yield error(line_of(section, "then"), "wait", "“then:” follows a wait: add “wait: 5m”, or use “Next:”")
    if section.on_expire and section.timebox is None:
        words = "“on-expire:” has no time box: add “timebox: 15m”"
        yield error(line_of(section, "on-expire"), "wait", words)
    for branch in section.branches:
        if branch.at_most is not None and not (branch.wait and branch.instead):
            words = "“at-most:” counts waits, and leads somewhere else after the last: add “wait: 5m; then: #section”"
            yield error(branch.line, "wait", words)
        elif branch.instead and branch.at_most is None:
            words = "“then:” on an answer follows “at-most:”: add it, or leave “then:” out"
            yield error(branch.line, "wait", words)


def _unreachable(book: Book, found: tuple[Way, ...]) -> Iterator[Finding]:
    onward = arrows(found)
    start = book.anchors.get(book.start, 0)
    to_start = reached([book.start], backwards(onward))
    before = [section.anchor for section in book.sections[:start] if section.anchor in to_start]
    seen = reached([book.start, *before, *([book.help] if book.help else [])], onward)
    for section in book.sections:
        if _is_a_step(section) and section.anchor not in seen:
            words = f"nobody gets to “{name_of(section)}” from the start: lead an answer or a “Next:” here"
            yield error(section.lines[0], "unreachable", words)


def _is_a_step(section: Section) -> bool:
    """A question, an act, a check, or one with a way on. Plain text and lists need nobody to lead there."""
    return bool(section.branches or section.next or section.is_act or section.actions or section.codes("check"))


def _endless(book: Book, found: tuple[Way, ...]) -> Iterator[Finding]:
    onward = arrows(found)
    ends = [s.anchor for s in book.sections if s.is_end or not onward.get(s.anchor)]
    ending = reached(ends, backwards(onward))
    for section in book.sections:
        if section.anchor in onward and section.anchor not in ending:
            words = f"from “{name_of(section)}” no way comes to an end: mark a last section with <!-- end -->"
            yield error(section.lines[0], "no-end", words)


def _circles(book: Book, found: tuple[Way, ...]) -> Iterator[Finding]:
    """Rounds that the facts alone could lead: no wait, no person, and no time box that offers another way."""
    free = {section.anchor for section in book.sections if not (needs_a_person(section) or section.on_expire)}
    quick: dict[str, list[Way]] = {}
    for way in found:
        if not way.holds and way.source in free and way.target in free:
            quick.setdefault(way.source, []).append(way)
    done: set[str] = set()
    for start in quick:
        for circle in _closing(start, quick, done):
            titles = [name_of(section) for way in circle if (section := book.section(way.source))]
            names = " → ".join(f"“{title}”" for title in [*titles, titles[0]])
            words = (
                f"this closes a circle without a wait or a person, {names}: add “wait: 5m”, or a person's own answer"
            )
            yield error(circle[-1].line, "cycle", words)


def _closing(start: str, quick: Mapping[str, list[Way]], done: set[str]) -> Iterator[list[Way]]:
    """Each way that leads back onto the path it came by, as the circle it closes; depth first, without recursion."""
    path: list[Way] = []
    on_path = {start: 0}
    stack = [] if start in done else [iter(quick[start])]
    while stack:
        way = next(stack[-1], None)
        if way is None:
            stack.pop()
            left = path.pop() if path else None
            leaving = left.target if left else start
            done.add(leaving)
            on_path.pop(leaving, None)
        elif way.target in on_path:
            yield [*path[on_path[way.target] :], way]
        elif way.target not in done:
            path.append(way)
            on_path[way.target] = len(path)
            stack.append(iter(quick.get(way.target, ())))
