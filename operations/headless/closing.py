"""The last lines of a headless walk: where it stopped, why, and how to go on from there."""

from __future__ import annotations

import shlex

from operations.headless.doable import first_act, own_act
from operations.headless.walker import Ended
from runbooks.layout import wrapped
from runbooks.model import Section

_PLANNED = frozenset(
    {"rollback", "redeploy", "deploy", "backup", "restore", "smoke", "flag", "maintenance", "freeze", "unfreeze"}
)
"""Commands that take `--plan`."""


def closing_lines(ended: Ended, environment: str, *, width: int) -> list[str]:
    """Where it stopped and why, then what can be done about it."""
    section, words = ended.state.section, ended.stop.words
    name = f"{section.label} {section.title}".strip()
    says = {
        "end": f"The walk ends at {name}: {words}.",
        "act": f"The walk stops at {name}: {words}.",
        "waits": f"The walk waits at {name}: {words}.",
        "person": f"A person has to decide at {name}: {words or 'nothing is suggested'}.",
    }[ended.stop.reason]
    rows = ["", *wrapped(says, width)]
    if ended.stop.reason == "act":
        rows += _how_to_act(section, environment)
    elif ended.stop.reason == "waits":
        rows.append("  --now goes on as if that were over")
    if ended.stop.reason != "end" and section.branches:
        rows.append(f"  {_how_to_answer(section)} gives one of its answers")
    if ended.stop.reason == "end" and not any(one.branches for one in ended.state.book.sections):
        rows.append(f"  it asks no question; to read it whole: vigie runbook show {shlex.quote(ended.state.book.name)}")
    return rows


def _how_to_act(section: Section, environment: str) -> list[str]:
    first = first_act(section, environment)
    if own_act(section, environment) is not None:
        return ["  the console runs it, and so does this walk at a terminal: --run without --yes, then its r number"]
    if first is None or first.twin is None:
        return []
    twin = first.twin
    if twin.words[0] in _PLANNED and not twin.blanks:
        return [f"  {twin.text} --plan   shows what it would do"]
    return [f"  {twin.text}"]


def _how_to_answer(section: Section) -> str:
    where = section.label or f"#{section.anchor}"
    count = len(section.branches)
    return f"--answer {shlex.quote(f'{where}=N')}, N from 1 to {count}," if count > 1 else f"--answer {where}=1"
