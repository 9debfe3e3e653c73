"""What stays open when an incident is over: a commit to be mended, flags off, a freeze, a pinned platform, backups."""

from __future__ import annotations

from collections.abc import Sequence

from operations.ages import time_words
from operations.desk import Desk
from operations.engine.record import JobRecord
from operations.errors import VigieError
from operations.jobs.standing import everything_standing
from operations.platforms import platform_for
from operations.text import one_line
from operations.watch.model import Snapshot, Status

_BACKUPS = "backups"


def left_open(desk: Desk) -> tuple[str, ...]:
    """One line for each; what cannot be learned is said as well. Asks platform and git: it takes a moment."""
    lines = (*everything_standing(desk), *flags_off(desk), *_pinned(desk), backups_line(desk.snapshot()))
    return tuple(one_line(line, 300) for line in lines if line)


def flags_off(desk: Desk) -> tuple[str, ...]:
    """The feature flags that our own jobs turned off and not on again, or did not see turn."""
    now, last = desk.now(), _last_of_each(desk.history())
    found = []
    for name, job in sorted(last.items()):
        at = time_words(job.ended_at or job.created_at, now)
        if job.plan.request.get("value") == "off":
            seen = "" if job.code == 0 else ", and nobody saw whether it is"
            found.append(f"the flag {name} was turned off {at}{seen}")
        elif job.code != 0:
            found.append(f"the flag {name} was turned on {at}, and the site did not show it")
    return tuple(found)


def backups_line(snapshot: Snapshot | None) -> str:
    """What is wrong with the backups by the watch; empty when nothing is, and where nobody watches them."""
    state = next((one for one in snapshot.states if one.probe == _BACKUPS), None) if snapshot else None
    if state is None or state.status is Status.OK:
        return ""
    detail = state.last.detail if state.last and state.status is not Status.UNKNOWN else state.reason
    return f"backups: {detail or state.status.value}"


def _last_of_each(history: Sequence[JobRecord]) -> dict[str, JobRecord]:
    """The newest job of every flag that was really switched; `history` is newest first."""
    last: dict[str, JobRecord] = {}
    for job in history:
        if job.operation == "flag" and job.past_no_return and not job.live:
            last.setdefault(str(job.plan.request.get("name") or ""), job)
    return last


def _pinned(desk: Desk) -> tuple[str, ...]:
    try:
        platform = platform_for(desk.settings, desk.environment)
        live = platform.live() if platform is not None else None
    except VigieError as error:
        return (f"whether the platform is pinned cannot be told: {error.what}",)
    if live is None or not live.pinned:
        return ()
    return (f"the platform is pinned to {live.name}: what is published goes live only when somebody promotes it",)
