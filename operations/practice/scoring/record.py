"""Record, 10 points: who commanded, what led to the act, and what only a person can tell the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from operations.practice.scoring.played import Deduction, Played

ROLES, TIMELINE, REPORT = 3.0, 3.0, 4.0
MOST = ROLES + TIMELINE + REPORT
BY_HAND = ("walk.answered", "walk.noted", "walk.ticked", "incident.note")
"""What a person put on the timeline: answers with their evidence, ticks and notes."""
TOLD: Mapping[str, float] = {"cause": 2.0, "summary": 2.0}
"""What the report cannot say by itself, and what it is worth."""


def taken(played: Played) -> Iterator[Deduction]:
    """What is taken."""
    if played.opened is None:
        yield Deduction("", MOST, "no incident was opened, so there is no record; I opens one and keeps it")
        return
    yield from _roles(played)
    yield from _timeline(played)
    for name, points in TOLD.items():
        said = [e for e in played.events if e.kind == "incident.told" and e.data.get("field") == name]
        if not said or not said[-1].data.get("value"):
            words = f"nobody told the {name}, and no report can guess it; Enter on the incident's page, then its words"
            yield Deduction(said[-1].id if said else "", points, words)


def _roles(played: Played) -> Iterator[Deduction]:
    taken = next((e for e in played.events if e.kind == "role.taken" and e.data.get("role") == "commander"), None)
    act = played.first_act
    if taken is None:
        yield Deduction("", ROLES, "nobody was incident commander; taking the role on the incident's page earns them")
    elif act is not None and act.at < taken.at:
        words = "nobody was incident commander when the first act was begun; taking the role before it earns them"
        yield Deduction(act.id, ROLES / 2, words)


def _timeline(played: Played) -> Iterator[Deduction]:
    act = played.first_act
    kept = [e for e in played.events if e.kind in BY_HAND and (act is None or e.at <= act.at)]
    if kept:
        return
    before = "before the first act" if act is not None else "at all"
    words = f"nothing was put on the timeline {before}; an answer of the walk or a note (n) that says why earns them"
    yield Deduction(act.id if act is not None else "", TIMELINE, words)
