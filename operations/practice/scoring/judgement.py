"""Judgement, 20 points: harmful and needless acts, and acting on old evidence.

An act that the console itself suggested is the console's defect, never the player's harm.
"""

from __future__ import annotations

from collections.abc import Sequence

from operations.engine.events import Event
from operations.practice.scoring.played import CHANGING, Deduction, Played

MOST = 20.0
NEEDLESS = 5.0
STALE_EVIDENCE = 30.0
"""Seconds that evidence before an act may be old."""
_NOBODYS_FAULT = 75
"""Another job held the lock."""


def judged(played: Played) -> tuple[tuple[Deduction, ...], bool, tuple[str, ...]]:
    """What is taken, whether harm was done, and the console's own defects."""
    left, harmed = MOST, False
    taken: list[Deduction] = []
    defects: list[str] = []
    reasons = {harm.act: harm.why for harm in played.scenario.harmful}
    for event in played.events:
        name, code = str(event.data.get("operation", "")), event.data.get("code")
        if event.kind != "job.finished" or name not in CHANGING:
            continue
        lost, words = 0.0, ""
        if name in reasons and code in (0, 6):
            if _was_suggested(played.events, event):
                defects.append(f"the console suggested {name}, which does harm here: {reasons[name]}")
                continue
            lost, harmed = left, True
            words = f"{name} does harm here: {reasons[name]}; leaving it undone keeps them"
        elif (name in reasons or code != 0) and code != _NOBODYS_FAULT:
            lost = min(left, NEEDLESS)
            words = f"{name} ended with {code}: a needless act; its plan says beforehand what stands against it"
        if lost:
            taken.append(Deduction(event.id, lost, words))
            left -= lost
    taken += _old_evidence(played.events, left)
    return tuple(taken), harmed, tuple(defects)


def _was_suggested(events: Sequence[Event], finished: Event) -> bool:
    """True when the walk led to this act by answers that the console itself had suggested."""
    acted = next((e for e in events if e.kind == "walk.acted" and e.data.get("job") == finished.job), None)
    if acted is None:
        return False
    into = [e for e in events if e.kind == "walk.answered" and e.at <= acted.at]
    last = into[-1] if into else None
    return (
        last is not None and last.data.get("target") == acted.data.get("section") and bool(last.data.get("suggested"))
    )


def _old_evidence(events: Sequence[Event], left: float) -> list[Deduction]:
    for event in events:
        if event.kind != "walk.answered" or not event.data.get("suggested"):
            continue
        ages = [age for _, _, age in event.data.get("evidence") or () if isinstance(age, int | float)]
        acted = any(e.kind == "walk.acted" and e.data.get("section") == event.data.get("target") for e in events)
        if acted and ages and max(ages) > STALE_EVIDENCE:
            words = f"the evidence before the act was {max(ages):.0f} s old; {STALE_EVIDENCE:.0f} s at most keep them"
            return [Deduction(event.id, min(left, NEEDLESS), words)]
    return []
