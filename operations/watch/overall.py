"""The state of the whole: what users feel decides. A provider or a backup never makes the site DOWN (console.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from operations.watch.history import VANTAGE
from operations.watch.model import Overall, ProbeState, Status


def overall_of(states: Sequence[ProbeState], maintenance: bool = False) -> tuple[Overall, datetime | None]:
    """The overall state, and since when it has been so; None when that is not known.

    DOWN when a critical probe is down, UNKNOWN when the control targets fail or a critical probe is unknown (for
    want of traffic is no want of knowledge), DEGRADED on any warning and on anything else that is down.
    """
    if maintenance:
        return Overall.MAINTENANCE, None
    critical = [state for state in states if state.critical]
    down = [state for state in critical if state.status is Status.DOWN]
    if down:
        return Overall.DOWN, _earliest(down)
    vantage = [state for state in states if state.probe == VANTAGE and state.status is Status.DOWN]
    blind = [state for state in critical if state.status is Status.UNKNOWN and not _is_quiet(state)]
    if vantage or blind or not critical:
        return Overall.UNKNOWN, _earliest(vantage or blind)
    worse = [state for state in states if state.status in (Status.WARN, Status.DOWN)]
    if worse:
        return Overall.DEGRADED, _earliest(worse)
    known = [state.since for state in critical if state.since is not None]
    return Overall.OK, max(known, default=None)


def _is_quiet(state: ProbeState) -> bool:
    return state.last is not None and bool(state.last.data.get("quiet"))


def _earliest(states: Sequence[ProbeState]) -> datetime | None:
    return min((state.since for state in states if state.since is not None), default=None)
