"""From readings to states: one bad answer is not an outage, one good one is not the end of it. Pure, without a clock.

A reading that could not be made says nothing about the site: it makes a state unknown, never down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from operations.watch.model import ProbeState, Reading, Status

REPEAT_SECONDS = 2.0
"""How soon a probe asks again while it is deciding, so that DOWN shows within 15 s."""
AHEAD_SECONDS = 5.0
"""How far a reading may lie ahead of the clock before the clock must have been set back."""
SET_BACK = "the clock was set back"


@dataclass(frozen=True, slots=True)
class Rule:
    """`down_after` bad of the last `down_of` make a state down, `ok_after` good of the last `ok_of` make it good."""

    down_after: int = 3
    ok_after: int = 2
    down_of: int = 3
    ok_of: int = 2

    @property
    def longest(self) -> int:
        """How many readings the rule looks back at."""
        return max(self.down_of, self.ok_of)


DEFAULT_RULE = Rule()


def fold(state: ProbeState, reading: Reading, rule: Rule = DEFAULT_RULE) -> ProbeState:
    """The state after one more reading.

    The very first good reading is believed at once, for nothing speaks against it; every later turn is decided by the
    rule. A turn counts from its first contrary reading, not from the moment it was decided.
    """
    if reading.status is Status.UNKNOWN:
        return _could_not_measure(state, reading)
    recent = (*state.recent, reading.status)[-rule.longest :]
    settled = replace(state, last=reading, recent=recent, contrary=0, deciding=False, turning=None, reason="")
    if reading.status is state.status:
        return settled
    if _is_bad(reading.status) == _is_bad(state.status) and state.status is not Status.UNKNOWN:
        return replace(settled, status=reading.status, since=reading.at, since_is_watch_start=False)
    first_ever = state.since is None
    if first_ever and not state.recent and not _is_bad(reading.status):
        return replace(settled, status=reading.status, since=reading.at, since_is_watch_start=True)
    turning = _turn_began(state, reading)
    if _is_decided(recent, reading.status, rule):
        return replace(settled, status=reading.status, since=turning, since_is_watch_start=first_ever)
    reason = "deciding" if state.status is Status.UNKNOWN else ""
    contrary = _row_of(recent)
    return replace(state, last=reading, recent=recent, contrary=contrary, deciding=True, turning=turning, reason=reason)


def aged(state: ProbeState, now: datetime) -> ProbeState:
    """The state as it counts at `now`: past twice the interval plus the limit without a reading it is unknown.

    So is one whose reading lies ahead of `now`: the clock was set back, and nobody can tell how old it is.
    """
    if state.last is None or state.status is Status.UNKNOWN:
        return state
    age = (now - state.last.at).total_seconds()
    if age < -AHEAD_SECONDS:
        return replace(state, status=Status.UNKNOWN, deciding=False, reason=SET_BACK)
    if age <= state.stale_after:
        return state
    return replace(state, status=Status.UNKNOWN, deciding=False, reason=f"last answer {age:.0f} s ago")


def _could_not_measure(state: ProbeState, reading: Reading) -> ProbeState:
    since = state.since if state.status is Status.UNKNOWN else reading.at
    return replace(
        state,
        status=Status.UNKNOWN,
        since=since,
        since_is_watch_start=state.since_is_watch_start if state.status is Status.UNKNOWN else False,
        last=reading,
        recent=(),
        contrary=0,
        deciding=False,
        turning=None,
        reason=reading.detail or "could not measure",
    )


def _is_bad(status: Status) -> bool:
    return status is Status.DOWN


def _is_decided(recent: tuple[Status, ...], answer: Status, rule: Rule) -> bool:
    if _is_bad(answer):
        return sum(_is_bad(status) for status in recent[-rule.down_of :]) >= rule.down_after
    return sum(not _is_bad(status) for status in recent[-rule.ok_of :]) >= rule.ok_after


def _turn_began(state: ProbeState, reading: Reading) -> datetime:
    """The first reading of the row that speaks as this one does."""
    goes_on = bool(state.recent) and _is_bad(state.recent[-1]) == _is_bad(reading.status)
    return state.turning if goes_on and state.turning is not None else reading.at


def _row_of(recent: tuple[Status, ...]) -> int:
    """How many of the newest verdicts are on one side."""
    row = 0
    for status in reversed(recent):
        if _is_bad(status) != _is_bad(recent[-1]):
            break
        row += 1
    return row
