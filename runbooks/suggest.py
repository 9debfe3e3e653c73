"""Suggest, never decide: what the facts say for and against each answer, and which one may be preselected.

An answer is preselected only when exactly one condition is true (or several that lead to the same place). Before an act
every other condition must be false, not unknown, and no fact older than 30 s. Unknown never suggests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from runbooks.checks import facts_with_checks
from runbooks.conditions import ACT_MAX_AGE, Evidence
from runbooks.events import Answered, Seen
from runbooks.facts import Facts
from runbooks.model import Book, Branch, Section
from runbooks.walk import WalkError, WalkState, apply, is_act, where_it_leads


@dataclass(frozen=True, slots=True)
class Weighed:
    """One answer against the facts.

    `verdict` is what its condition says; None also where it has none (`measured` is false then). `target` is where it
    leads now. `supports`, `opposes` and `missing` are its comparisons by what they say; contra-indications of an act
    stand among `opposes`.
    """

    index: int
    branch: Branch
    target: str
    measured: bool
    verdict: bool | None
    supports: tuple[Evidence, ...]
    opposes: tuple[Evidence, ...]
    missing: tuple[Evidence, ...]
    struck: bool
    never_suggested: bool
    leads_to_act: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The answer to preselect, counted from 0, or None and why not; and every answer weighed."""

    index: int | None
    why_not: str
    answers: tuple[Weighed, ...]

    @property
    def chosen(self) -> Weighed | None:
        """The suggested answer."""
        return None if self.index is None else self.answers[self.index]


@dataclass(frozen=True, slots=True)
class ClearStep:
    """A decision that is clear: its suggested answer with one line of evidence."""

    section: str
    label: str
    title: str
    index: int
    answer: str
    target: str
    evidence: str
    age: float | None


def suggest(state: WalkState, facts: Facts, now: datetime) -> Suggestion:
    """What to preselect at the section where the walk stands."""
    section = state.section
    facts = facts_with_checks(state.results, facts, state.book.check_names)
    targets = [where_it_leads(state, branch, index)[0] for index, branch in enumerate(section.branches)]
    return suggest_at(state.book, section, facts, now, struck=state.struck, last_exit=state.last_exit, targets=targets)


def suggest_at(
    book: Book,
    section: Section,
    facts: Facts,
    now: datetime,
    *,
    struck: frozenset[tuple[str, str]] = frozenset(),
    last_exit: int | None = None,
    targets: Sequence[str] | None = None,
) -> Suggestion:
    """What to preselect at any section, without a walk. `last_exit` is how the section's action ended."""
    places = targets if targets is not None else [branch.target for branch in section.branches]
    answers = tuple(
        _weigh(book, section, index, branch, places[index], facts, now, struck, last_exit)
        for index, branch in enumerate(section.branches)
    )
    fitting = [answer for answer in answers if answer.verdict]
    why_not = _objection(fitting, answers) or _objection_to_act(book, fitting[0], answers, facts, now)
    return Suggestion(None if why_not else fitting[0].index, why_not, answers)


def answer(state: WalkState, index: int, facts: Facts, now: datetime, why: str = "") -> Answered:
    """The event for giving answer `index` (from 0). Raises WalkError when there is none, when it leads nowhere, or when
    it goes against the suggestion to an act without a line of why."""
    suggestion = suggest(state, facts, now)
    if not 0 <= index < len(suggestion.answers):
        raise WalkError(f"this question has {len(suggestion.answers)} answers")
    given = suggestion.answers[index]
    if state.book.section(given.target) is None:
        raise WalkError(f"“{given.branch.answer}” leads nowhere: its link is broken")
    chosen = suggestion.chosen
    against = chosen is not None and chosen.target != given.target
    if against and given.leads_to_act and not why.strip():
        raise WalkError("this goes against the suggestion and leads to an act: say why in one line")
    target, strikes = where_it_leads(state, given.branch, index)
    return Answered(
        section=state.current,
        branch=index,
        answer=given.branch.answer,
        target=target,
        suggested=chosen is not None and not against,
        against=against,
        why=" ".join(why.split()),
        path=given.branch.path or given.branch.answer,
        verdict=given.verdict,
        evidence=tuple(_seen(line) for line in (*given.opposes, *given.supports, *given.missing)),
        strikes=strikes,
        wait=given.branch.wait if target == given.branch.target else None,
    )


def clear_run(state: WalkState, facts: Facts, now: datetime) -> tuple[ClearStep, ...]:
    """Every decision from here up to the first that is not clear.

    Never past an act (the step that enters its section is the last), never past an unknown (a decision with a condition
    that is unknown is not clear), never round in a circle, and never through an answer that waits.
    """
    steps: list[ClearStep] = []
    seen = {state.current}
    facts = facts_with_checks(state.results, facts, state.book.check_names)
    section, suggestion = state.section, suggest(state, facts, now)
    while not section.is_act and (chosen := suggestion.chosen) is not None and _is_clear(suggestion, chosen):
        reason = (chosen.branch.when.reasons(facts, now) if chosen.branch.when else ()) or chosen.supports
        line = "; ".join(evidence.text for evidence in reason[:2])
        steps.append(
            ClearStep(
                section=section.anchor,
                label=section.label,
                title=section.title,
                index=chosen.index,
                answer=chosen.branch.answer,
                target=chosen.target,
                evidence=line,
                age=max((evidence.age for evidence in reason if evidence.age is not None), default=None),
            )
        )
        onward = state.book.section(chosen.target)
        if onward is None or onward.anchor in seen:
            break
        seen.add(onward.anchor)
        section = onward
        suggestion = suggest_at(state.book, section, facts, now, struck=state.struck)
    return tuple(steps)


def take_clear(state: WalkState, steps: Sequence[ClearStep], facts: Facts, now: datetime) -> tuple[Answered, ...]:
    """The events for taking `steps` as they were shown; it ends early where an answer is no longer the clear one."""
    events: list[Answered] = []
    at: WalkState | None = state
    for step in steps:
        still = clear_run(at, facts, now)[:1] if at else ()
        if at is None or [(s.section, s.index, s.target) for s in still] != [(step.section, step.index, step.target)]:
            break
        events.append(answer(at, step.index, facts, now))
        at = apply(at, events[-1], now)
    return tuple(events)


def no_longer_holds(state: WalkState, facts: Facts, now: datetime) -> tuple[int, ...]:
    """Which answers of `state.path` (counted from 0) fitted the facts when they were given and no longer do."""
    turned: list[int] = []
    facts = facts_with_checks(state.results, facts, state.book.check_names)
    for position, step in enumerate(state.path):
        section = state.book.section(step.section)
        given = step.answered
        if section is None or given is None or given.verdict is not True:
            continue
        if not 0 <= given.branch < len(section.branches):
            continue
        when = section.branches[given.branch].when
        if when is not None and when.evaluate(facts, now) is False:
            turned.append(position)
    return tuple(turned)


def facts_of(book: Book, section: Section) -> tuple[str, ...]:
    """The facts to read again when that decision is shown: those of its conditions and of the acts it leads to."""
    conditions = [branch.when for branch in section.branches]
    conditions += [target.unless for branch in section.branches if (target := book.section(branch.target))]
    return tuple(dict.fromkeys(name for condition in conditions if condition for name in condition.names()))


def _weigh(
    book: Book,
    section: Section,
    index: int,
    branch: Branch,
    target: str,
    facts: Facts,
    now: datetime,
    struck: frozenset[tuple[str, str]],
    last_exit: int | None,
) -> Weighed:
    onward = book.section(target)
    if branch.when is not None:
        verdict, lines = branch.when.evaluate(facts, now), branch.when.evidence(facts, now)
    elif branch.exits:
        line = _exit_evidence(branch.exits, last_exit)
        verdict, lines = line.verdict, (line,)
    else:
        verdict, lines = None, ()
    unless = onward.unless if onward is not None else None
    against = unless.reasons(facts, now) if unless is not None and unless.evaluate(facts, now) else ()
    return Weighed(
        index=index,
        branch=branch,
        target=target,
        measured=branch.when is not None or bool(branch.exits),
        verdict=verdict,
        supports=tuple(line for line in lines if line.verdict is True),
        opposes=(
            *(replace(line, verdict=False) for line in against),
            *(line for line in lines if line.verdict is False),
        ),
        missing=tuple(line for line in lines if line.verdict is None),
        struck=(section.anchor, target) in struck,
        never_suggested=branch.never_suggested or (onward is not None and onward.never_suggested),
        leads_to_act=is_act(book, target),
    )


def _exit_evidence(exits: tuple[int, ...], last_exit: int | None) -> Evidence:
    codes = ", ".join(str(code) for code in exits)
    ended = "unknown, it has not run to its end" if last_exit is None else str(last_exit)
    verdict = None if last_exit is None else last_exit in exits
    return Evidence(f"exit in [{codes}]", "exit", f"the act's exit code: {ended}", ended, "job", None, verdict)


def _objection(fitting: Sequence[Weighed], answers: Sequence[Weighed]) -> str:
    """Why nothing is preselected, or nothing when one answer fits."""
    if not any(answer.measured for answer in answers):
        return "a person has to answer this one" if answers else "nothing is asked here"
    if not fitting:
        missing = dict.fromkeys(line.text for answer in answers if answer.verdict is None for line in answer.missing)
        return "; ".join(list(missing)[:3]) if missing else _nearest(answers)
    if len({answer.target for answer in fitting}) > 1:
        return "more than one answer fits: " + ", ".join(f"“{answer.branch.answer}”" for answer in fitting)
    if any(answer.struck for answer in fitting):
        return f"“{fitting[0].branch.answer}” was tried and did not help"
    if any(answer.never_suggested for answer in fitting):
        return f"“{fitting[0].branch.answer}” fits, but only a person may say so"
    return ""


def _nearest(answers: Sequence[Weighed]) -> str:
    """Of the answers that do not fit the one that is nearest to it, and what is still against it."""
    against = [answer for answer in answers if answer.verdict is False and answer.opposes]
    if not against:
        return "no answer fits what is measured"
    near = min(against, key=lambda answer: len(answer.opposes) / (len(answer.opposes) + len(answer.supports)))
    return f"not “{near.branch.answer}” yet: {'; '.join(line.text for line in near.opposes[:2])}"


def _objection_to_act(book: Book, fitting: Weighed, answers: Sequence[Weighed], facts: Facts, now: datetime) -> str:
    """Why an act is not suggested although one answer fits: contra-indications, unknown rivals, old facts."""
    onward = book.section(fitting.target)
    if onward is None:
        return f"“{fitting.branch.answer}” leads nowhere: its link is broken"
    if not onward.is_act:
        return ""
    if onward.unless is not None and onward.unless.evaluate(facts, now):
        against = "; ".join(line.text for line in onward.unless.reasons(facts, now)[:2])
        return f"this speaks against it: {against}"
    for answer in answers:
        when = answer.branch.when
        if when is None:
            continue
        verdict = when.evaluate(facts, now, max_age=ACT_MAX_AGE)
        if verdict is None or (verdict is False and answer.index == fitting.index):
            unsure = "; ".join(line.text for line in when.reasons(facts, now, max_age=ACT_MAX_AGE)[:2])
            return f"it leads to an act, and this has to be known first: {unsure}"
    return ""


def _is_clear(suggestion: Suggestion, chosen: Weighed) -> bool:
    unknown = any(answer.measured and answer.verdict is None for answer in suggestion.answers)
    return not unknown and not chosen.branch.going and not chosen.branch.wait


def _seen(line: Evidence) -> Seen:
    return (line.text, line.verdict, line.age)
