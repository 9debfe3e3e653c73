"""The ways through a runbook: every arrow from section to section, for whoever follows, checks or draws them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from runbooks.model import Book, Branch, ItemList, Next, Section

Kind = Literal["answer", "next", "instead", "time box", "wait"]


@dataclass(frozen=True, slots=True)
class Way:
    """One arrow between two sections that exist.

    `words` are the answer's, empty for a way without one. `holds` says that a wait or a person's own answer stands on
    it: nobody is led along it round and round by the facts alone.
    """

    source: str
    target: str
    line: int
    kind: Kind
    words: str = ""
    holds: bool = True
    returns: bool = False
    """True for an answer that goes back to who called, or to the question before the last act."""


def ways(book: Book) -> tuple[Way, ...]:
    """Every way of the book, in order of writing; broken links are none."""
    return tuple(way for section in book.sections for way in ways_from(book, section))


def ways_from(book: Book, section: Section) -> tuple[Way, ...]:
    """The ways on from one section: its answers, its `Next:`, then what its time box and its wait offer."""
    found: list[Way] = []
    for branch in section.branches:
        found += _of_answer(section.anchor, branch)
    line = section.lines[0]
    for element in section.elements:
        if isinstance(element, Next):
            found.append(Way(section.anchor, element.target, element.lines[0], "next", holds=False))
    found.append(Way(section.anchor, section.on_expire, line, "time box"))
    found.append(Way(section.anchor, section.then, line, "wait"))
    return tuple(way for way in found if way.source and book.section(way.target) is not None)


def arrows(found: Iterable[Way]) -> Mapping[str, tuple[str, ...]]:
    """Where each section's ways lead, each target once."""
    onward: defaultdict[str, dict[str, None]] = defaultdict(dict)
    for way in found:
        onward[way.source][way.target] = None
    return {source: tuple(targets) for source, targets in onward.items()}


def backwards(onward: Mapping[str, Iterable[str]]) -> Mapping[str, tuple[str, ...]]:
    """The same arrows turned round."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for source, targets in onward.items():
        for target in targets:
            found[target].append(source)
    return {target: tuple(sources) for target, sources in found.items()}


def reached(starts: Iterable[str], onward: Mapping[str, Iterable[str]]) -> dict[str, None]:
    """Everything that can be reached from `starts`, they themselves first; nearer ones before farther ones."""
    seen = dict.fromkeys(starts)
    queue = list(seen)
    for anchor in queue:
        for target in onward.get(anchor, ()):
            if target not in seen:
                seen[target] = None
                queue.append(target)
    return seen


def needs_a_person(section: Section) -> bool:
    """True where somebody has to do something with their own hands before going on: an act, tasks, steps, a call."""
    lists = (element for element in section.elements if isinstance(element, ItemList))
    return section.is_act or section.is_help or bool(section.tasks) or any(one.meaning == "steps" for one in lists)


def name_of(section: Section) -> str:
    """What a person calls it: its label and title, or its line where it has neither."""
    return " ".join(word for word in (section.label, section.title) if word) or f"line {section.lines[0]}"


def _of_answer(source: str, branch: Branch) -> list[Way]:
    measured = branch.when is not None or bool(branch.exits)
    holds = not measured or bool(branch.wait)
    returns = bool(branch.going)
    found = [Way(source, branch.target, branch.line, "answer", branch.answer, holds, returns)]
    if branch.instead:
        found.append(Way(source, branch.instead, branch.line, "instead", branch.answer))
    return found
