"""What is still open when somebody wants to call an incident resolved: one list for the console and the command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from operations.engine.record import JobRecord
from operations.incident.clock_facts import facts_of, wait_for_the_end
from operations.incident.model import Incident
from operations.incident.quiet import not_quiet
from operations.jobs.smoke_since import smoke_passed_since
from operations.jobs.standing import maintenance_line
from operations.watch.model import Overall, Snapshot, Status

About = Literal["smoke", "quiet", "maintenance", "notice", "state"]


@dataclass(frozen=True, slots=True)
class StillOpen:
    """One thing, in words; `stops`: only a reason gets past it."""

    about: About
    words: str
    stops: bool = True


def still_open(
    incident: Incident,
    jobs: Sequence[JobRecord],
    snapshot: Snapshot | None,
    now: datetime,
    *,
    speed: float = 1.0,
    looked: bool = True,
) -> tuple[StillOpen, ...]:
    """Everything that speaks against "resolved" at `now`; `jobs` are the environment's, newest first.

    `speed` is a drill's. Where nobody `looked` the quiet watch is not judged: a reason was given before.
    """
    found: list[StillOpen] = []
    if not smoke_passed_since(incident, jobs, now):
        found.append(StillOpen("smoke", "no smoke run has passed since it was opened and last acted on"))
    if looked and (early := not_quiet(snapshot, speed)):
        found.append(StillOpen("quiet", early))
    if closed := maintenance_line(jobs, now):
        found.append(StillOpen("maintenance", closed))
    if snapshot is not None and (wrong := _still_wrong(snapshot)):
        found.append(StillOpen("state", wrong, stops=False))
    if wait_for_the_end(facts_of(incident)):
        # It is sent right after as well as before: whoever is told it is over reads when it ended.
        found.append(StillOpen("notice", "users were told that it broke, and not yet that it is over", stops=False))
    return tuple(found)


def _still_wrong(snapshot: Snapshot) -> str:
    """What is not well by the last readings, where it is not down: that is the quiet watch's word."""
    if snapshot.overall in (Overall.OK, Overall.DOWN):
        return ""
    states = snapshot.states
    bad = [one.title for one in states if one.status is Status.DOWN or (one.critical and one.status is not Status.OK)]
    what = f": {', '.join(bad[:4])}" if bad else ""
    return f"the site is {snapshot.overall.value} by the last readings{what}"
