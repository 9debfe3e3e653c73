"""Verification, 10 points: a passed smoke run and a quiet watch before "resolved"."""

from __future__ import annotations

from collections.abc import Iterator

from operations.incident.quiet import QUIET as QUIET_SECONDS
from operations.practice.scoring.played import Deduction, Played, is_passed_smoke

SMOKE, QUIET = 6.0, 4.0
MOST = SMOKE + QUIET


def taken(played: Played) -> Iterator[Deduction]:
    """What is taken. The quiet watch is ten minutes of the drill's clock."""
    resolved, mended = played.resolved, played.mended_at
    if resolved is None:
        earns = "a passed smoke run, ten quiet minutes and then r, resolved, earn them"
        yield Deduction("", MOST, f"it was never called resolved; {earns}")
        return
    if not played.recovered or not any(is_passed_smoke(e) and e.at <= resolved.at for e in played.events):
        yield Deduction(resolved.id, SMOKE, "called resolved without a smoke run that passed; T before it earns them")
    quiet = (resolved.at - mended).total_seconds() * played.speed if mended else 0.0
    if quiet < QUIET_SECONDS:
        words = f"called resolved after {max(0.0, quiet):.0f} s of quiet; {QUIET_SECONDS / 60:.0f} minutes"
        clock = " of the drill's clock" if played.speed != 1 else ""
        yield Deduction(resolved.id, QUIET, f"{words}{clock} earn them")
