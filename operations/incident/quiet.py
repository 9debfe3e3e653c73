"""The quiet watch before an incident is called resolved: ten minutes in which users got no errors. Pure."""

from __future__ import annotations

from operations.ages import age_words
from operations.watch.model import Overall, Snapshot
from runbooks.facts import fact_of

QUIET = 600.0
"""Seconds that the health endpoint must have been well for (V1 of the decision tree)."""
_MOST_ERRORS = 1.0


def not_quiet(snapshot: Snapshot | None, speed: float = 1.0) -> str:
    """Why it is too early, in words; empty after ten quiet minutes. `speed` is a drill's."""
    if snapshot is None:
        return "nothing watches the site, so nobody knows whether it is quiet"
    if snapshot.overall is Overall.DOWN:
        return "the site is down by the last readings"
    rate = fact_of(snapshot.facts, "errors.rate").known(snapshot.at)
    if isinstance(rate, int | float) and rate > _MOST_ERRORS:
        return f"{rate:.1f}% of the answers are errors"
    wanted, quiet = QUIET / max(speed, 0.1), fact_of(snapshot.facts, "health.ok_for").known(snapshot.at)
    if not isinstance(quiet, int | float):
        return "how long the site has been well is not known"
    if quiet < wanted:
        return f"the site has been well for {age_words(quiet)}, and a quiet watch takes {age_words(wanted)}"
    return ""
