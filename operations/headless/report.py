"""A headless walk as JSON types, for `--json`: each step with its evidence, what could be run, where it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from operations.headless.doable import doables_of
from operations.headless.walker import Ended
from operations.text import clean
from runbooks.conditions import Evidence
from runbooks.events import Answered, Moved
from runbooks.facts import Facts
from runbooks.model import Section
from runbooks.suggest import Weighed, suggest
from runbooks.view import view
from runbooks.walk import WalkState


def step_body(state: WalkState, facts: Facts, now: datetime, made: Answered | Moved) -> dict[str, Any]:
    """One step: the question, the answer, whether it was the suggested one, and the evidence for and against it."""
    body = _place(state.section)
    if isinstance(made, Moved):
        return {**body, "answer": "", "how": made.how, "to": made.target}
    weighed = suggest(state, facts, now).answers[made.branch]
    return {
        **body,
        "answer": made.answer,
        "number": made.branch + 1,
        "how": "answer",
        "suggested": made.suggested,
        "against": made.against,
        "why": made.why,
        "evidence": _evidence(weighed),
        "to": made.target,
    }


def end_body(ended: Ended) -> dict[str, Any]:
    """Where the walk stopped: why, what there is to do and to wait for, and which answers exist."""
    seen = view(ended.state, ended.facts, ended.at)
    suggestion = suggest(ended.state, ended.facts, ended.at)
    return {
        **_place(ended.state.section),
        "reason": ended.stop.reason,
        "why": ended.stop.words,
        "is_act": seen.is_act,
        "last_exit": seen.last_exit,
        "wait_seconds": max(0.0, seen.wait.left) if seen.wait is not None else None,
        "time_box_seconds": seen.time_box.left if seen.time_box is not None else None,
        "tasks": [
            {"line": task.line, "text": task.text, "role": task.role, "standing": task.standing} for task in seen.tasks
        ],
        "messages": list(dict.fromkeys(code.name for code in seen.messages)),
        "answers": [
            {
                "number": weighed.index + 1,
                "answer": weighed.branch.answer,
                "to": weighed.target,
                "suggested": weighed.index == suggestion.index,
                "verdict": weighed.verdict,
                "evidence": _evidence(weighed),
            }
            for weighed in suggestion.answers
        ],
    }


def commands_body(section: Section, environment: str) -> list[dict[str, Any]]:
    """What could be run at that section: its acts, its commands, its checks."""
    found: list[dict[str, Any]] = []
    for one in doables_of(section, environment):
        hazards = [{"line": hazard.line, "words": hazard.words} for hazard in one.hazards]
        blanks = list(one.twin.blanks) if one.twin else [blank.written for blank in one.blanks]
        found.append({**_command(section, one.kind, one.act, one.line, one.text), "blanks": blanks, "hazards": hazards})
    for code in section.codes("check"):
        text = "\n\n".join(group.text for group in code.groups if group.runs)
        blanks = [blank.written for group in code.groups for blank in group.blanks]
        found.append({**_command(section, "check", code.name, code.lines[0], text), "blanks": blanks, "hazards": []})
    return found


def earlier_body(state: WalkState) -> list[dict[str, Any]]:
    """The answers that led to where a recorded walk is taken up."""
    steps = ((step, state.book.section(step.section)) for step in state.path)
    return [
        {**_place(section), "answer": step.answered.answer if step.answered else "", "to": step.target}
        for step, section in steps
        if section is not None
    ]


def _place(section: Section) -> dict[str, Any]:
    return {"label": section.label, "section": section.anchor, "question": section.title}


def _command(section: Section, kind: str, name: str, line: int, text: str) -> dict[str, Any]:
    return {"section": section.anchor, "kind": kind, "name": name, "line": line, "text": clean(text)}


def _evidence(weighed: Weighed) -> list[dict[str, Any]]:
    words = (("for", weighed.supports), ("against", weighed.opposes), ("unknown", weighed.missing))
    return [_line(line, word) for word, lines in words for line in lines]


def _line(line: Evidence, word: str) -> dict[str, Any]:
    age = None if line.age is None else round(line.age, 3)
    return {"says": word, "fact": line.name, "text": line.text, "source": line.source, "age": age}
