"""What is read after a drill: the fault by its name, the score, the path beside the reference, every point taken with
its event, the curve, and the questions. Rows for the console and for a terminal alike; pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from textwrap import wrap
from typing import Literal

from operations.engine.events import Event
from operations.incident.curve import Curve, curve_of
from operations.incident.model import Incident
from operations.incident.picture_text import STEPS, curve_lines
from operations.incident.timeline import timeline_of
from operations.practice.scenarios.model import Scenario
from operations.practice.score import MOST, Score
from operations.text import one_line
from runbooks.model import Book

Look = Literal["plain", "title", "strong", "good", "bad", "dim"]
_EVENT_WORDS = 90


@dataclass(frozen=True, slots=True)
class Row:
    """One row, and how it looks; a title heads what follows it."""

    text: str
    look: Look = "plain"


@dataclass(frozen=True, slots=True)
class Step:
    """One place of both paths: the section walked to and the reference's; an empty one was left out."""

    walked: str
    reference: str


@dataclass(frozen=True, slots=True)
class Debrief:
    """All of it as data. `said` are the words of events by their ids."""

    score: Score
    scenario: Scenario
    curve: Curve | None
    steps: tuple[Step, ...]
    astray: tuple[str, ...]
    """Where the path left the reference, with the runbook's line that decides there."""
    said: Mapping[str, str]


def debrief_of(
    score: Score, scenario: Scenario, book: Book, incident: Incident | None, events: Sequence[Event]
) -> Debrief:
    """The debrief of a scored session; `incident` is its first one. The curve goes to the end of the drill."""
    steps = beside_reference(score.path, score.reference)
    ended = next((event.at for event in events if event.kind == "drill.scored"), None)
    curve = curve_of(incident, ended) if incident is not None else None
    return Debrief(score, scenario, curve, steps, tuple(_astray(steps, book)), _said(incident, events))


def beside_reference(path: Sequence[str], reference: Sequence[str]) -> tuple[Step, ...]:
    """Both paths step by step, what they share beside each other."""
    steps: list[Step] = []
    for _, from_, to, other_from, other_to in SequenceMatcher(None, path, reference, autojunk=False).get_opcodes():
        mine, others = path[from_:to], reference[other_from:other_to]
        for number in range(max(len(mine), len(others))):
            steps.append(
                Step(mine[number] if number < len(mine) else "", others[number] if number < len(others) else "")
            )
    return tuple(steps)


def printed_rows(debrief: Debrief, width: int) -> Iterator[Row]:
    """The whole for a terminal, where the eye is at the end: what matters most comes last."""
    yield from _taken(debrief, width)
    yield from _curve(debrief, width, STEPS)
    yield from _questions(debrief, width)
    yield from _way(debrief, width)
    yield from head_rows(debrief, width)


def head_rows(debrief: Debrief, width: int) -> Iterator[Row]:
    """What it was, and the score by category."""
    score, scenario = debrief.score, debrief.scenario
    yield Row(f"Drill {scenario.code_name} was {scenario.name}", "title")
    yield from _folded(scenario.fault, width)
    missing = f": {'; '.join(score.missing)}" if score.missing else ""
    words = f"Score {score.score} of 100, {'passed' if score.passed else 'not passed'}{missing}"
    yield from _folded(words, width, look="good" if score.passed else "bad")
    parts = [f"{name} {score.categories.get(name, 0.0):g} of {most:g}" for name, most in MOST.items()]
    yield from (Row(words) for words in _flowing(parts, width))


def body_rows(debrief: Debrief, width: int, steps: str) -> Iterator[Row]:
    """Points taken, defects, both paths, the curve with `steps` for signs, the questions."""
    yield from _taken(debrief, width)
    yield from _way(debrief, width)
    yield from _curve(debrief, width, steps)
    yield from _questions(debrief, width)


def _taken(debrief: Debrief, width: int) -> Iterator[Row]:
    score = debrief.score
    if score.deductions:
        yield Row("Points taken", "title")
    for one in score.deductions:
        yield from _folded(f"-{one.points:<4g} {one.why}", width, "      ")
        # What never happened has no event, and its words say so.
        if one.event:
            yield from _folded(f"      {debrief.said.get(one.event, one.event)}", width, "      ", "dim")
    if score.defects:
        yield Row("The console's own faults: they cost nothing", "title")
    for defect in score.defects:
        yield from _folded(f"- {defect}", width, "  ")


def _curve(debrief: Debrief, width: int, steps: str) -> Iterator[Row]:
    yield Row("Errors and p95", "title")
    lines = curve_lines(debrief.curve, width, steps) if debrief.curve is not None else ()
    yield from (Row(words) for words in lines or ("no curve: an open incident keeps one",))


def _questions(debrief: Debrief, width: int) -> Iterator[Row]:
    yield Row("Worth a minute together", "title")
    for question in debrief.scenario.questions:
        yield from _folded(f"- {question}", width, "  ")


def _way(debrief: Debrief, width: int) -> Iterator[Row]:
    """Both paths in columns, so that one sees where they part."""
    yield Row("The way", "title")
    sizes = [max(2, len(step.walked), len(step.reference)) for step in debrief.steps]
    label = 16
    rows: list[list[int]] = [[]]
    room = width - label
    for number, size in enumerate(sizes):
        if rows[-1] and sum(sizes[one] + 1 for one in rows[-1]) + size > room:
            rows.append([])
        rows[-1].append(number)
    for row in rows:
        mine = " ".join(f"{debrief.steps[one].walked:<{sizes[one]}}" for one in row)
        reference = " ".join(f"{debrief.steps[one].reference:<{sizes[one]}}" for one in row)
        yield Row(f"{'Your path':<{label}}{mine if mine.strip() else 'no walk was begun'}".rstrip())
        yield Row(f"{'Reference path':<{label}}{reference}".rstrip(), "dim")
    for words in debrief.astray:
        yield from _folded(f"- {words}", width, "  ")


def _astray(steps: Sequence[Step], book: Book) -> Iterator[str]:
    """Each place where the paths part."""
    last, number = "", 0
    while number < len(steps):
        step = steps[number]
        if step.walked == step.reference:
            last, number = step.walked, number + 1
            continue
        end = next((n for n in range(number, len(steps)) if steps[n].walked == steps[n].reference), len(steps))
        walked = [one.walked for one in steps[number:] if one.walked]
        been = {one.walked for one in steps[:number]}
        other = next((one.reference for one in steps[number:] if one.reference), "")
        # Back from help to where it was called from is no other way, where the reference has nothing more.
        mine = next((label for label in walked if label not in been or other), "")
        if last and (mine or other or not walked):
            after = f"after {_titled(last, book)} you {f'went to {_titled(mine, book)}' if mine else 'went no further'}"
            reference = f"the reference {f'goes to {_titled(other, book)}' if other else 'does not'}"
            section = book.by_label(last)
            where = f" (the runbook's line {section.lines[0]})" if section is not None else ""
            yield f"{after}, {reference}{where}"
        number = end


def _titled(label: str, book: Book) -> str:
    section = book.by_label(label)
    return f"{label} {one_line(section.title, 50)}" if section is not None else label


def _said(incident: Incident | None, events: Sequence[Event]) -> dict[str, str]:
    """Each event in the timeline's words, by its id; one that has no line there by its kind."""
    said = {event.id: f"{event.at:%H:%M:%SZ} {event.actor}: {event.kind.replace('.', ' ')}" for event in events}
    for one in timeline_of(incident) if incident is not None else ():
        entry = one.entry
        said[entry.event] = f"{entry.at:%H:%M:%SZ} {one_line(entry.who, 20)}: {one_line(one.text, _EVENT_WORDS)}"
    return said


def _folded(text: str, width: int, indent: str = "", look: Look = "plain") -> Iterator[Row]:
    lead = text[: len(text) - len(text.lstrip())]
    found = wrap(text.strip(), max(20, width), initial_indent=lead, subsequent_indent=indent, break_on_hyphens=False)
    return (Row(words, look) for words in found or [""])


def _flowing(parts: Sequence[str], width: int) -> list[str]:
    """Parts side by side, broken between them."""
    rows: list[str] = []
    for part in parts:
        if rows and len(rows[-1]) + 3 + len(part) <= width:
            rows[-1] += f"   {part}"
        else:
            rows.append(part)
    return rows
