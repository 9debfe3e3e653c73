"""The watch after a deploy: close for half an hour, then for 72 hours; says when a rollback is advised. Pure.

The manuals' limits: 5xx risen by more than 5 points, or p95 by more than half, against the hour before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median

from operations.ages import time_words
from operations.engine.record import JobRecord
from operations.watch.model import Snapshot
from runbooks.facts import fact_of

LOOKS = (5, 15, 30)
"""Minutes after a deploy at which somebody looks."""
WATCHED = 72 * 3600.0
RISEN = 5.0
"""Points of 5xx, in percent of the requests."""


def error_rate_before(snapshot: Snapshot | None) -> float | None:
    """The usual share of 5xx in the last hour, in percent; None where nothing was watched."""
    known = [rate for _, rate in (snapshot.rates if snapshot else ()) if rate is not None]
    return round(median(known), 2) if known else None


def ladder_line(snapshot: Snapshot | None, jobs: Sequence[JobRecord], now: datetime) -> str:
    """One line for the newest deploy of `jobs` (newest first) while it is watched; empty without one."""
    changed = ("deploy", "redeploy", "rollback")
    job = next((one for one in jobs if one.operation in changed and one.past_no_return and one.ended_at), None)
    if job is None or job.ended_at is None or job.operation == "rollback" or job.code not in (0, 6):
        return ""
    age = (now - job.ended_at).total_seconds()
    if age > WATCHED:
        return ""
    name = str(job.plan.details.get("to_name") or "the release")
    against = list(_against(snapshot, job)) if snapshot else []
    if against:
        return f"rollback advised: {'; '.join(against)} since {name}, live {time_words(job.ended_at, now)}"
    left = next((minutes for minutes in LOOKS if minutes * 60 > age), None)
    if left is None:
        return ""
    live = time_words(job.ended_at, now)
    return f"{name} went live {live}: look again {left} min after it (then {_then(left)})"


def _then(left: int) -> str:
    later = [f"{minutes}" for minutes in LOOKS if minutes > left]
    return f"{', '.join(later)} min, and for 72 h" if later else "for 72 h"


def _against(snapshot: Snapshot, job: JobRecord) -> Sequence[str]:
    found = []
    before = job.plan.details.get("error_rate_before")
    rate = fact_of(snapshot.facts, "errors.rate").known(snapshot.at)
    if isinstance(before, int | float) and isinstance(rate, int | float) and rate - before > RISEN:
        found.append(f"5xx {before:.1f}% -> {rate:.1f}%")
    slower = fact_of(snapshot.facts, "latency.after_release")
    if slower.known(snapshot.at) is True:
        found.append(slower.says or "p95 is half as slow again")
    return found
