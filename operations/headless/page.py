"""A section of a walk as plain lines: what there is to do, what could be run, the question with what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import takewhile

from operations.ages import age_words, expected_words
from operations.headless.doable import Doable, doables_of
from operations.text import clean, one_line
from runbooks.anchors import plain
from runbooks.conditions import Evidence
from runbooks.facts import Facts
from runbooks.layout import wrapped
from runbooks.model import Code, ItemList, Paragraph, Quote, Section
from runbooks.parts import Blank, Group
from runbooks.plain_text import plain_text
from runbooks.suggest import suggest
from runbooks.units import seconds_in_words
from runbooks.view import AnswerView, TaskView, WalkView, view
from runbooks.walk import WalkState

_IN = "  "


def page(
    state: WalkState,
    facts: Facts,
    now: datetime,
    *,
    environment: str,
    width: int,
    numbered: bool = False,
    short: bool = False,
    known: Callable[[Blank], bool] = lambda blank: False,
) -> list[str]:
    """Everything of the section where the walk stands; with `numbered`, what can be run carries its number.

    Blanks that are `known` are not among those that somebody has to fill in.
    A `short` one fits a small screen: evidence only of answers that may be right.
    """
    seen, section = view(state, facts, now), state.section
    rows = ["", head_line(seen), *_times(seen, section)]
    rows += _loud(section, width)
    for task in seen.tasks:
        rows += _task(task, width)
    rows += _commands(section, environment, numbered=numbered, known=known)
    for check in seen.checks:
        rows += _check(check.code, "" if check.result is None else _ended(check.result.exit_code, check.result.why))
    rows += [f"{_IN}message “{code.name}”{_due(code.due)}" for code in seen.messages]
    for release in seen.failed_releases:
        rows.append(f"{_IN}! {one_line(release, 60)} did not go through; it is not offered again")
    for answer in seen.answers:
        may_be = answer.suggested or (seen.suggested is None and answer.verdict is not False)
        rows += _answer(answer, width, evidence=may_be or not short)
    if seen.answers and seen.suggested is None:
        rows += behind(f"{_IN}no suggestion: ", seen.why_not, width)
    if not seen.answers and seen.next_title:
        rows.append(f"{_IN}Next: {one_line(seen.next_title, 100)}")
    return rows


def why_lines(state: WalkState, facts: Facts, now: datetime, width: int) -> list[str]:
    """What is suggested and what decides it, then every answer with all its evidence."""
    seen, chosen = view(state, facts, now), suggest(state, facts, now).chosen
    if chosen is None:
        rows = [f"Nothing is suggested: {seen.why_not}."]
    else:
        rows = [f"Suggested is {chosen.index + 1} “{chosen.branch.answer}”, as nothing else fits what is measured."]
        rows += behind(f"{_IN}its condition: ", chosen.branch.when.text, width) if chosen.branch.when else []
    for answer in seen.answers:
        rows += _answer(answer, width, evidence=True)
    return rows


def head_line(seen: WalkView) -> str:
    """Which step of how many, the section's short name and its title."""
    label = f"{seen.label}  " if seen.label else ""
    act = "   (an act: it changes something)" if seen.is_act else ""
    return f"step {seen.number} of about {seen.about}   {label}{one_line(seen.title, 120)}{act}"


def behind(head: str, text: str, width: int) -> list[str]:
    """`text` behind `head`, the following lines under its beginning."""
    return wrapped(one_line(text, 2000), width, head)


def evidence_lines(evidence: Evidence, word: str, width: int) -> list[str]:
    """One comparison: whether it is for or against, what was seen, by whom, how long ago."""
    age = f", {age_words(evidence.age)} ago" if evidence.age is not None else ""
    source = f"   ({evidence.source}{age})" if evidence.source else ""
    return behind(f"       {word:<8}", f"{evidence.text}{source}", width)


def section_text(state: WalkState, width: int) -> str:
    """The whole section as plain text."""
    return clean("\n".join(plain_text(state.book, width, [state.section]))).strip("\n")


def _times(seen: WalkView, section: Section) -> Iterator[str]:
    if seen.time_box is not None:
        left = seen.time_box.left
        much = f"{seconds_in_words(left)} left" if left > 0 else f"over by {seconds_in_words(-left)}"
        offers = f"; then it offers: {seen.time_box_offers}" if seen.time_box_offers else ""
        yield f"{_IN}time box {seconds_in_words(seen.time_box.total)}, {much}{offers}"
    if seen.wait is not None:
        left = seen.wait.left
        much = f"{seconds_in_words(left)} left" if left > 0 else "over"
        onward = f"; then: {seen.wait_offers}" if seen.wait_offers else ""
        yield f"{_IN}wait {seconds_in_words(seen.wait.total)}, {much}{onward}"


def _loud(section: Section, width: int) -> Iterator[str]:
    """Warnings, and the lists that say when to do it and when not to."""
    for element in section.elements:
        if isinstance(element, Paragraph) and element.loud:
            yield from behind(f"{_IN}! ", plain(element.text), width)
        elif isinstance(element, Quote) and element.alert in ("WARNING", "CAUTION", "IMPORTANT"):
            words = " ".join(line.lstrip("> ") for line in element.text.splitlines())
            yield from behind(f"{_IN}! ", plain(words).removeprefix(f"[!{element.alert}]").strip(), width)
        elif isinstance(element, ItemList) and element.meaning in ("hint-for", "hint-against"):
            yield from behind(_IN, plain(element.said) or "When:", width)
            for item in element.items:
                yield from behind(f"{_IN}  - ", plain(item.text), width)


def _task(task: TaskView, width: int) -> list[str]:
    sign = {"open": " ", "done": "x", "skipped": "-", "failed": "!"}[task.standing]
    role = f"{task.role}: " if task.role else ""
    due = ""
    if task.due_in is not None and task.standing == "open":
        over = "overdue by" if task.due_in < 0 else "due in"
        due = f"   ({over} {expected_words(abs(task.due_in))})"
    why = f"   ({task.standing}: {task.why})" if task.why else ""
    return behind(f"{_IN}[{sign}] ", f"{role}{task.text}{due}{why}", width)


def _commands(section: Section, environment: str, *, numbered: bool, known: Callable[[Blank], bool]) -> Iterator[str]:
    """Acts with the line that does them, groups of commands, and what is for a person to do."""
    doable = doables_of(section, environment)
    number_of = {one.line: f"r{n} " if numbered else "" for n, one in enumerate(doable, 1)}
    for one in doable:
        if one.act:
            yield f"{_IN}{number_of[one.line]}act {one.title}"
            yield f"{_IN}  $ {one.text}"
            yield from _to_fill(one.written)
        else:
            there = replace(one, blanks=tuple(blank for blank in one.blanks if not known(blank)))
            yield from _group(there, number_of[one.line])
    for code in section.blocks:
        if code.purpose not in ("code", "action"):
            continue
        for group in code.groups:
            if group.kind == "manual":
                act = f"act {code.name}, " if code.purpose == "action" else ""
                yield f"{_IN}{act}by hand: {one_line(group.says or group.text, 200)}"
            elif group.kind == "message":
                yield f"{_IN}text to send (line {group.lines[0]})"


def _group(one: Doable, number: str) -> Iterator[str]:
    kind = "statement" if one.kind == "sql" else "command"
    other = ", one way of several" if one.alternative else ""
    says = f": {one.title}" if one.title else ""
    yield f"{_IN}{number}{kind} (line {one.line}{other}){says}"
    sign = "sql>" if one.kind == "sql" else "$"
    lines = clean(one.text).splitlines()
    # The comments above it are its title.
    said = len(list(takewhile(lambda line: line.lstrip().startswith(("#", "--")), lines))) if one.title else 0
    for place, line in enumerate(lines[said:]):
        yield f"{_IN}  {sign if place == 0 else ' ' * len(sign)} {line}"
    yield from _to_fill(one.written)
    for hazard in one.hazards:
        yield f"{_IN}  ! line {hazard.line}: {hazard.words}"


def _to_fill(blanks: tuple[str, ...]) -> Iterator[str]:
    if blanks:
        yield f"{_IN}  fill in: {', '.join(blanks)}"


def _check(code: Code, result: str) -> Iterator[str]:
    limit = f", at most {seconds_in_words(code.timeout)}" if code.timeout else ""
    yield f"{_IN}check {code.name}{limit}: {result or 'not run'}"
    for group in code.groups:
        if group.runs:
            yield from _first_line(group)


def _first_line(group: Group) -> Iterator[str]:
    lines = clean(group.text).splitlines()
    yield f"{_IN}  $ {lines[0] if lines else ''}{' …' if len(lines) > 1 else ''}"


def _ended(exit_code: int | None, why: str) -> str:
    if exit_code is None:
        return f"unknown, {one_line(why, 120) or 'it did not end'}"
    return {0: "ok", 2: "a warning (exit 2)"}.get(exit_code, f"failed (exit {exit_code})")


def _due(due: float | None) -> str:
    return f", due {seconds_in_words(due)} after the start" if due else ""


def _answer(answer: AnswerView, width: int, *, evidence: bool) -> Iterator[str]:
    marks = [
        "suggested" if answer.suggested else "",
        "an act" if answer.leads_to_act else "",
        "tried, did not help" if answer.struck else "",
        "its link is broken" if answer.broken else "",
    ]
    mark = ", ".join(word for word in marks if word)
    leads = f" -> {answer.leads_to}" if answer.leads_to else ""
    yield from behind(
        f"{'>' if answer.suggested else ' '} {answer.key:>2}  ",
        f"{answer.text}{leads}{f'   [{mark}]' if mark else ''}",
        width,
    )
    if not evidence:
        return
    for word, lines in (("for", answer.supports), ("against", answer.opposes), ("unknown", answer.missing)):
        for line in {line.text: line for line in lines}.values():
            yield from evidence_lines(line, word, width)
