"""The state of the whole: what users feel decides. A provider or a backup never makes the site DOWN (console.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from operations.watch.history import VANTAGE
from operations.watch.model import Overall, ProbeState, Status

PAGE = "page"


def overall_of(states: Sequence[ProbeState], maintenance: datetime | None = None) -> tuple[Overall, datetime | None]:
    """The overall state, and since when it has been so; None when that is not known.

    DOWN when a critical probe is down, UNKNOWN when the control targets fail or a critical probe is unknown (for
    want of traffic is no want of knowledge), DEGRADED on any warning and on anything else that is down.
    """
    if maintenance is not None:
        return Overall.MAINTENANCE, maintenance
    critical = [state for state in states if state.critical]
    down = [state for state in critical if state.status is Status.DOWN]
    if down:
        return Overall.DOWN, _earliest(down)
    vantage = [state for state in states if state.probe == VANTAGE and state.status is Status.DOWN]
    blind = [state for state in critical if state.status is Status.UNKNOWN and not _is_quiet(state)]
    if vantage or blind or not critical:
        return Overall.UNKNOWN, _latest(_earliest(vantage or blind), critical)
    worse = [state for state in states if state.status in (Status.WARN, Status.DOWN)]
    if worse:
        return Overall.DEGRADED, _latest(_earliest(worse), critical)
    return Overall.OK, _latest(None, critical)


def shows_closed_page(page: ProbeState | None, status: int) -> bool:
    """Whether the front page's newest reading, not yet stale, is the answer of maintenance mode."""
    if page is None or page.last is None or page.status is Status.UNKNOWN:
        return False
    return page.last.data.get("code") == status


def _is_quiet(state: ProbeState) -> bool:
    return state.last is not None and bool(state.last.data.get("quiet"))


def _latest(began: datetime | None, critical: Sequence[ProbeState]) -> datetime | None:
    """`began`, or when the last critical probe came back: before that the whole was worse."""
    known = [state.since for state in critical if state.status is Status.OK and state.since is not None]
    return max([*known, *([began] if began is not None else [])], default=None)


def _earliest(states: Sequence[ProbeState]) -> datetime | None:
    return min((state.since for state in states if state.since is not None), default=None)
