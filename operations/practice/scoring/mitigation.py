"""Mitigation, 40 points: find the right branch, act, see that it works; each against the reference's time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from operations.engine.events import Event
from operations.practice.scoring.played import Deduction, Played, is_passed_smoke

FIND, ACT, VERIFY = 14.0, 14.0, 12.0
MOST = FIND + ACT + VERIFY


def taken(played: Played) -> Iterator[Deduction]:
    """What is taken. Nothing is earned by being faster than the reference."""
    reference, found, acted = played.scenario.reference, played.found, played.acted
    way = f"the way to {reference.goal}"
    yield from timed(FIND, found, played.began_at, reference.find, "the first right branch", way)
    since = found.at if found else played.began_at
    right = "a call that reaches who can mend it" if played.scenario.mends else "the act that mends it, ended well,"
    yield from timed(ACT, acted, since, reference.act, "the right act", right)
    if not played.recovered:
        yield Deduction("", VERIFY, "the service is not right at the end; once users are served again they are earned")
        return
    proof = next((e for e in played.events if acted and e.at >= acted.at and is_passed_smoke(e)), None)
    start = played.mended_at or played.began_at
    yield from timed(VERIFY, proof, start, reference.verify, "seeing from outside that it works", "a passed smoke run")


def timed(
    full: float, event: Event | None, since: datetime, reference: float, what: str, earns: str
) -> Iterator[Deduction]:
    """Full points within the reference time (seconds), falling to nothing at four times it."""
    if event is None:
        yield Deduction("", full, f"{what} never happened; {earns} within {reference:.0f} s earns all {full:g}")
        return
    seconds = max(0.0, (event.at - since).total_seconds())
    late = min(1.0, max(0.0, (seconds - reference) / (3 * reference)))
    if late > 0:
        words = f"{what} took {seconds:.0f} s; within {reference:.0f} s, the reference, it has all {full:g}"
        yield Deduction(event.id, full * late, words)
