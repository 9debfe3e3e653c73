"""What came before what: the onset of the errors against the changes, said only when the clocks allow it.

Pure. Every moment is a bracket: the last time it was not yet so, and the first time it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from operations.watch.changes import parse_time
from operations.watch.history import BadRun, History
from operations.watch.model import Change

WINDOW = timedelta(hours=1)
"""How long before the onset a change may lie to be the nearest one."""
_ONE_DEPLOY = timedelta(minutes=10)
KINDS = ("release", "migration", "flag", "config")
SKEW_SHOWN = 5.0
SKEW_BLINDS = 30.0


@dataclass(frozen=True, slots=True)
class Bracket:
    """Something happened after `earliest` and not later than `latest`."""

    earliest: datetime
    latest: datetime

    @property
    def width(self) -> float:
        """Seconds between the two."""
        return (self.latest - self.earliest).total_seconds()

    def before(self, other: Bracket, skew: float) -> bool | None:
        """Whether this came before `other`; None when they are closer than both brackets and the clocks' difference."""
        apart = (other.latest - self.latest).total_seconds()
        slack = self.width + other.width + skew
        return None if abs(apart) <= slack else apart > 0


@dataclass(frozen=True, slots=True)
class Onset:
    """When the present errors began. Without `at` the reason says why that is not known."""

    at: datetime | None = None
    bracket: Bracket | None = None
    source: str = ""
    reason: str = ""

    @property
    def margin(self) -> float:
        """Seconds by which the onset may lie before `at`."""
        return self.bracket.width if self.bracket else 0.0


def find_onset(history: History, told: datetime | None = None) -> Onset:
    """The first bad reading of the present run, from the source that knows best (watch.md, Facts).

    Prometheus or the request log, which the errors probe reads; then our own readings of errors, health and page;
    then what a person says. A run that watching began with is unknown.
    """
    if (run := history.source_run) is not None:
        first, good = parse_time(run.get("first_bad")), parse_time(run.get("last_good"))
        if first and good:
            return Onset(first, Bracket(good, first), str(run.get("source", "")))
    own = [(name, found) for name in ("errors", "health", "page") if (found := history.runs.get(name))]
    if own and all(found.last_good is not None for _, found in own):
        name, earliest = min(own, key=lambda row: row[1].first_bad)
        return _from_run(earliest, f"our readings of {name}")
    if told is not None:
        return Onset(told, Bracket(told - timedelta(minutes=5), told + timedelta(minutes=5)), "a person says so")
    if own or run is not None:
        return Onset(reason=f"watched only since {_clock(history.watching_since)}")
    return Onset(reason="no errors now")


def bracket_of(change: Change) -> Bracket:
    """When a change happened: between the last sight of the old and the first of the new, else within its margin."""
    if change.after is not None:
        return Bracket(change.after, change.at)
    half = timedelta(seconds=change.margin)
    return Bracket(change.at - half, change.at + half)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The change nearest to the onset: its kind, `none`, or None with the reason why that cannot be told."""

    kind: str | None
    change: Change | None = None
    reason: str = ""
    says: str = ""


def nearest_change(onset: Onset, changes: Sequence[Change], skew: float, *, complete: bool = True) -> Nearest:
    """Which change lies just before the onset.

    Looked at are those between one hour before the onset and its margin after it. A single one needs no order. Among
    several, one that is known to come after the onset is out, a migration that belongs to a release counts with it,
    and what remains must be in a known order or of one kind. `complete` False: some source of changes cannot speak
    for that hour, so that neither `none` nor any kind but a release can be said.
    """
    if onset.bracket is None or onset.at is None:
        return Nearest(None, reason=onset.reason)
    if skew > SKEW_BLINDS:
        return Nearest(None, reason=f"clocks differ by {skew:.0f} s")
    begin, end = onset.bracket.earliest - WINDOW, onset.bracket.latest + timedelta(seconds=onset.margin + skew)
    window = [c for c in changes if c.kind in KINDS and bracket_of(c).latest >= begin and bracket_of(c).earliest <= end]
    open_ones = [c for c in window if onset.bracket.before(bracket_of(c), skew) is not True]
    if not open_ones:
        if not complete:
            return Nearest(None, reason="not every source of changes could be read")
        return Nearest("none", says="nothing changed in the hour before")
    alone = _without_its_migrations(open_ones)
    if not complete and all(change.kind != "release" for change in alone):
        return Nearest(None, reason="not every source of changes could be read")
    if len({change.kind for change in alone}) == 1:
        nearest = max(alone, key=lambda change: bracket_of(change).latest)
        return Nearest(nearest.kind, nearest, says=_distance(onset, nearest))
    nearest = max(alone, key=lambda change: bracket_of(change).latest)
    others = [change for change in alone if change.kind != nearest.kind]
    if all(bracket_of(other).before(bracket_of(nearest), skew) for other in others):
        undecided = bracket_of(nearest).before(onset.bracket, skew) is None
        if not undecided:
            return Nearest(nearest.kind, nearest, says=_distance(onset, nearest))
    kinds = ", ".join(sorted({change.kind for change in alone}))
    return Nearest(None, reason=f"{kinds}: too close together to tell which came first")


def _without_its_migrations(changes: Sequence[Change]) -> list[Change]:
    """A deploy applies its migrations just before it publishes: those are part of the release."""
    releases = [change for change in changes if change.kind == "release"]

    def belongs(change: Change) -> bool:
        return change.kind == "migration" and any(
            bracket_of(release).earliest - _ONE_DEPLOY <= change.at <= bracket_of(release).latest
            for release in releases
        )

    return [change for change in changes if not belongs(change)]


def _distance(onset: Onset, change: Change) -> str:
    assert onset.at is not None and onset.bracket is not None
    seconds = (onset.at - change.at).total_seconds()
    margin = onset.margin + bracket_of(change).width
    when = f"{abs(seconds):.0f} s (±{margin:.0f} s) {'before' if seconds >= 0 else 'after'} the errors began"
    return f"{change.kind} {change.title}, {when}"


def _from_run(run: BadRun, source: str) -> Onset:
    assert run.last_good is not None
    return Onset(run.first_bad, Bracket(run.last_good, run.first_bad), source)


def _clock(at: datetime | None) -> str:
    return f"{at:%H:%MZ}" if at else "now"
