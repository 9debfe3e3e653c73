"""What speaks for and against a rollback, from the watch's snapshot. Advice, never a block. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from operations.ages import age_words
from operations.platforms.base import LivePeriod, Release
from operations.watch.model import Change, Overall, Snapshot
from runbooks.facts import Value, fact_of

AN_HOUR = 3600.0
_MOST = 6


@dataclass(frozen=True, slots=True)
class Evidence:
    """Contrary evidence first; `other_changes` are the last hour's, the release itself apart."""

    against: tuple[str, ...] = ()
    in_favour: tuple[str, ...] = ()
    other_changes: tuple[str, ...] = ()


def weigh(snapshot: Snapshot | None, live: Release, period: LivePeriod | None, now: datetime) -> Evidence:
    """Weigh what the watch knows about the live release. Without a watch that is said, not passed over."""
    if snapshot is None:
        return Evidence(against=("nothing is watching: there is no evidence that this release is to blame",))
    live_at = _live_at(snapshot, live, period)
    others = tuple(change for change in snapshot.changes if not _is_release(change, live))
    return Evidence(
        against=(*_order(snapshot, live_at, before=True), *_elsewhere(snapshot), *_nearer(snapshot, live_at, others)),
        in_favour=(*_order(snapshot, live_at, before=False), *_new_errors(snapshot, live)),
        other_changes=tuple(_last_hour(others, snapshot.onset or now, now)),
    )


def _live_at(snapshot: Snapshot, live: Release, period: LivePeriod | None) -> tuple[datetime, float] | None:
    """When the live release went live and how exactly that is known: as the site showed it, else as recorded."""
    seen = next((change for change in snapshot.changes if _is_release(change, live)), None)
    if seen is not None:
        return seen.at, seen.margin
    return (period.start, 1.0) if period is not None else None


def _order(snapshot: Snapshot, live_at: tuple[datetime, float] | None, *, before: bool) -> Iterator[str]:
    if snapshot.onset is None or live_at is None:
        if before and live_at is None:
            yield "it is not known when this release went live"
        elif before:
            rate = fact_of(snapshot.facts, "errors.rate").known(snapshot.at)
            well = snapshot.overall is Overall.OK and rate == 0
            yield "there are no errors now" if well else "it is not known when the errors began"
        return
    went_live, release_margin = live_at
    distance = (snapshot.onset - went_live).total_seconds()
    margin = snapshot.onset_margin + release_margin
    exactly = f" (±{margin:.0f} s)" if margin >= 1 else ""
    if abs(distance) <= margin:
        if before:
            yield f"errors and release began within {margin:.0f} s of each other: which came first cannot be told"
    elif distance < 0:
        if before:
            yield f"errors began {age_words(-distance)} before this release{exactly}"
    elif distance > AN_HOUR:
        if before:
            yield f"errors began only {age_words(distance)} after this release"
    elif not before:
        yield f"errors began {age_words(distance)} after this release{exactly}"


def _elsewhere(snapshot: Snapshot) -> Iterator[str]:
    """Database or provider trouble, which no rollback mends."""
    database = _known(snapshot, "database.error")
    if isinstance(database, str) and database not in ("", "none"):
        yield f"the database does not answer: {database}"
    elif _known(snapshot, "database.writable") is False:
        yield "the database does not take writes"
    waiters = _known(snapshot, "database.waiters")
    if isinstance(waiters, float | int) and not isinstance(waiters, bool) and waiters >= 3:
        yield f"{waiters:.0f} database sessions wait for a lock"
    if _known(snapshot, "provider.used") in ("partial", "major") and _known(snapshot, "provider.fits_onset") is True:
        yield "a provider in use reports an outage that fits the onset"
    if _known(snapshot, "vantage.ok") is False:
        yield "this bastion itself has no network"


def _nearer(snapshot: Snapshot, live_at: tuple[datetime, float] | None, others: tuple[Change, ...]) -> Iterator[str]:
    """Changes that lie between the release and the onset, or at least nearer to it."""
    onset = snapshot.onset
    if onset is None or live_at is None:
        return
    distance = abs((onset - live_at[0]).total_seconds())
    for change in others[: _MOST * 2]:
        own = (onset - change.at).total_seconds()
        if -change.margin <= own < distance and own < AN_HOUR:
            yield f"nearer to the onset: {change.kind} {change.title}, {age_words(max(0.0, own))} before it"


def _new_errors(snapshot: Snapshot, live: Release) -> Iterator[str]:
    counts: Counter[str] = Counter()
    for signature in snapshot.signatures:
        if signature.new_in and signature.new_in in (live.name, live.commit, live.commit[:7]):
            counts[signature.text] += signature.count
    for text, count in counts.most_common(3):
        yield f"new in {live.name}: {text} ×{count}"


def _last_hour(changes: tuple[Change, ...], onset: datetime, now: datetime) -> Iterator[str]:
    begin = min(onset, now) - timedelta(seconds=AN_HOUR)
    recent = [change for change in changes if begin <= change.at <= now]
    for change in sorted(recent, key=lambda change: change.at, reverse=True)[:_MOST]:
        who = f", {change.who}" if change.who else ""
        yield f"{age_words((now - change.at).total_seconds())} ago: {change.kind} {change.title}{who}"
    if len(recent) > _MOST:
        yield f"and {len(recent) - _MOST} more"


def _is_release(change: Change, live: Release) -> bool:
    if change.kind != "release":
        return False
    same_commit = bool(change.commit) and len(change.commit) >= 7 and live.commit.startswith(change.commit)
    return same_commit or (bool(live.name) and live.name in change.title.split())


def _known(snapshot: Snapshot, name: str) -> Value | None:
    return fact_of(snapshot.facts, name).known(snapshot.at)
