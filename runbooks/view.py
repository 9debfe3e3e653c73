"""Everything a panel shows of a walk at one moment, so that the panel itself needs no rules. Pure data."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from runbooks.anchors import plain
from runbooks.checks import facts_with_checks
from runbooks.conditions import Evidence
from runbooks.events import Checked, Failed, Skipped, Ticked
from runbooks.facts import Facts
from runbooks.model import Book, Code, Item, ItemList, Section
from runbooks.suggest import Suggestion, Weighed, no_longer_holds, suggest, suggest_at
from runbooks.walk import Done, TimeLeft, WalkState, is_act, read_on, time_left, wait_left

Mark = Literal["holds", "turned", "person"]
"""Of an earlier answer: its evidence stood for it and still does, has since turned, or a person gave it."""

Standing = Literal["open", "done", "skipped", "failed"]
WORDS: dict[Mark, str] = {"holds": "✓", "turned": "no longer holds", "person": ""}


@dataclass(frozen=True, slots=True)
class Crumb:
    """One earlier answer; `depth` is what `walk.go_back` takes to return to its question."""

    label: str
    title: str
    answer: str
    path: str
    mark: Mark
    depth: int

    @property
    def word(self) -> str:
        """The mark as it stands behind the crumb."""
        return WORDS[self.mark]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer: `key` is its digit, `leads_to` the title of where it leads, `then` the hint behind the link."""

    key: int
    text: str
    leads_to: str
    then: str
    verdict: bool | None
    suggested: bool
    struck: bool
    leads_to_act: bool
    broken: bool
    supports: tuple[Evidence, ...]
    opposes: tuple[Evidence, ...]
    missing: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task or a numbered step of the section as it stands on this walk.

    `why` is why it was skipped or how it failed, `who` and `at` tell of the last mark. `due_in` is in seconds, negative
    when overdue.
    """

    line: int
    text: str
    role: str
    standing: Standing
    why: str
    who: str
    at: datetime | None
    due_in: float | None

    @property
    def done(self) -> bool:
        """True when it was ticked."""
        return self.standing == "done"


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check of the section and its last result; `age` in seconds, None when it was not run."""

    code: Code
    result: Checked | None
    age: float | None


@dataclass(frozen=True, slots=True)
class WalkView:
    """A walk at one moment. `number` counts this step from 1, `about` is how many there may be in all.

    `evidence` is for and against the suggested answer, or, without one, what is known and what is missing. `then` is
    the question that follows the suggested answer. `time_box` and `wait` have negative seconds left when they are over.
    """

    book: str
    number: int
    about: int
    label: str
    title: str
    crumbs: tuple[Crumb, ...]
    answers: tuple[AnswerView, ...]
    suggested: int | None
    why_not: str
    evidence: tuple[Evidence, ...]
    then: str
    time_box: TimeLeft | None
    time_box_offers: str
    wait: TimeLeft | None
    wait_offers: str
    tasks: tuple[TaskView, ...]
    actions: tuple[Code, ...]
    checks: tuple[CheckView, ...]
    messages: tuple[Code, ...]
    next_title: str
    return_title: str
    can_call_help: bool
    is_act: bool
    is_end: bool
    last_exit: int | None
    failed_releases: tuple[str, ...]
    notices: tuple[str, ...]
    read_on: str = ""
    """The next section's title, in a book that asks nothing."""


def view(state: WalkState, facts: Facts, now: datetime, *, file: Book | None = None) -> WalkView:
    """What to show of `state`. `file` is the runbook as it is on disk now; when it differs, a notice says so."""
    section = state.section
    facts = facts_with_checks(state.results, facts, state.book.check_names)
    suggestion = suggest(state, facts, now)
    chosen = suggestion.chosen
    box, wait = time_left(state, now), wait_left(state, now)
    number = len(state.path) + 1
    return WalkView(
        book=state.book.title,
        number=number,
        about=number + _steps_ahead(state, suggestion, facts, now),
        label=section.label,
        title=section.title,
        crumbs=_crumbs(state, facts, now),
        answers=tuple(_answer(state.book, answer, suggestion.index) for answer in suggestion.answers),
        suggested=suggestion.index,
        why_not=suggestion.why_not,
        evidence=_evidence(suggestion),
        then=_title(state.book, chosen.target) if chosen else "",
        time_box=box,
        time_box_offers=_title(state.book, box.offers) if box else "",
        wait=wait,
        wait_offers=_title(state.book, wait.offers) if wait else "",
        tasks=_tasks(state, section, now),
        actions=section.actions,
        checks=_checks(state, section, now),
        messages=section.codes("message"),
        next_title=_title(state.book, section.next),
        return_title=_title(state.book, state.return_to),
        can_call_help=bool(state.book.help) and state.current != state.book.help,
        is_act=section.is_act,
        is_end=section.is_end,
        last_exit=state.last_exit,
        failed_releases=state.failed_releases,
        notices=_notices(state, file),
        read_on=_title(state.book, read_on(state)),
    )


def _crumbs(state: WalkState, facts: Facts, now: datetime) -> tuple[Crumb, ...]:
    turned = set(no_longer_holds(state, facts, now))
    crumbs: list[Crumb] = []
    for depth, step in enumerate(state.trail):
        if step.answered is None:
            continue
        section = state.book.section(step.section)
        held: Mark = "holds" if step.answered.verdict else "person"
        crumbs.append(
            Crumb(
                label=section.label if section else "",
                title=section.title if section else step.section,
                answer=step.answered.answer,
                path=step.answered.path or step.answered.answer,
                mark="turned" if len(crumbs) in turned else held,
                depth=depth,
            )
        )
    return tuple(crumbs)


def _answer(book: Book, answer: Weighed, suggested: int | None) -> AnswerView:
    return AnswerView(
        key=answer.index + 1,
        text=answer.branch.answer,
        leads_to=_title(book, answer.target),
        then=answer.branch.then,
        verdict=answer.verdict,
        suggested=answer.index == suggested,
        struck=answer.struck,
        leads_to_act=answer.leads_to_act,
        broken=book.section(answer.target) is None,
        supports=answer.supports,
        opposes=answer.opposes,
        missing=answer.missing,
    )


def _evidence(suggestion: Suggestion) -> tuple[Evidence, ...]:
    """What decides, each line once. Without a suggestion what the fitting or undecided answers rest on, against first.

    Of a suggested answer the condition is true: what stands against it are the other ways in which it could have been.
    """
    chosen = suggestion.chosen
    if chosen is not None:
        lines = [*chosen.supports, *chosen.missing, *chosen.opposes]
    else:
        fitting = [answer for answer in suggestion.answers if answer.verdict]
        shown = fitting or [answer for answer in suggestion.answers if answer.measured and answer.verdict is None]
        lines = [line for answer in shown for line in (*answer.opposes, *answer.missing, *answer.supports)]
    return tuple({line.text: line for line in reversed(lines)}.values())[::-1]


def task_view(
    state: WalkState, section: Section, task: Item, now: datetime, marks: Mapping[tuple[str, int], Done]
) -> TaskView:
    """One task or step as it stands on this walk; `section` is the one it stands in. `marks` are the walk's: whoever
    asks for many tasks folds them once."""
    mark = marks.get((section.anchor, task.lines[0]))
    standing: Standing = "done" if task.ticked else "open"
    why = ""
    if mark is not None:
        payload = mark.payload
        if isinstance(payload, Ticked):
            standing = "done" if payload.done else "open"
        elif isinstance(payload, Skipped | Failed):
            standing, why = ("skipped" if isinstance(payload, Skipped) else "failed"), payload.why
    here = section.anchor == state.current and task.due is not None
    return TaskView(
        line=task.lines[0],
        text=plain(task.text),
        role=task.role,
        standing=standing,
        why=why,
        who=mark.who if mark else "",
        at=mark.at if mark else None,
        due_in=task.due - (now - state.entered_at).total_seconds() if here and task.due is not None else None,
    )


def steps_of(section: Section) -> tuple[Item, ...]:
    """What can be ticked off in a section: its tasks, and where it has none its numbered steps."""
    lists = [element for element in section.elements if isinstance(element, ItemList) and element.meaning == "steps"]
    return section.tasks or tuple(item for listed in lists for item in listed.items)


def _tasks(state: WalkState, section: Section, now: datetime) -> tuple[TaskView, ...]:
    marks = state.marks
    return tuple(task_view(state, section, task, now, marks) for task in steps_of(section))


def _checks(state: WalkState, section: Section, now: datetime) -> tuple[CheckView, ...]:
    results = state.results
    found: list[CheckView] = []
    for code in section.codes("check"):
        at, result = results.get(code.name, (None, None))
        found.append(CheckView(code, result, (now - at).total_seconds() if at else None))
    return tuple(found)


def _steps_ahead(state: WalkState, suggestion: Suggestion, facts: Facts, now: datetime) -> int:
    """Steps still to come: along the suggestions as far as they go, then the shortest way to an act or an end."""
    anchor, seen, steps = state.current, {state.current}, 0
    while not is_act(state.book, anchor) and suggestion.chosen and suggestion.chosen.target not in seen:
        anchor = suggestion.chosen.target
        seen.add(anchor)
        steps += 1
        section = state.book.section(anchor)
        if section is None:
            break
        suggestion = suggest_at(state.book, section, facts, now, struck=state.struck)
    return steps + _shortest(state.book, anchor)


def _shortest(book: Book, start: str) -> int:
    queue, seen = deque([(start, 0)]), {start}
    while queue:
        anchor, steps = queue.popleft()
        section = book.section(anchor)
        if section is None or section.is_act or section.is_end or section.is_help:
            return steps
        onward = [branch.target for branch in section.branches if not branch.never_suggested] + [section.next]
        for target in onward:
            if target and target not in seen:
                seen.add(target)
                queue.append((target, steps + 1))
    return 0


def _notices(state: WalkState, file: Book | None) -> tuple[str, ...]:
    notices: list[str] = []
    if file is not None and file.hash != state.book.hash:
        notices.append("the file has changed since; this walk goes on with the text it began with")
    if state.set_aside:
        count = len(state.set_aside)
        notices.append(f"{count} answer{'s' * (count > 1)} came when the walk had moved on already and changed nothing")
    if state.book.problems:
        first = state.book.problems[0]
        notices.append(f"line {first.line}: {first.words}")
    return tuple(notices)


def _title(book: Book, anchor: str) -> str:
    section = book.section(anchor)
    return section.title if section else ""
