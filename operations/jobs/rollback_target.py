"""Chooses what to roll back to: the newest release that was healthy. Pure; what is not known stays unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from operations.ages import age_words
from operations.platforms.base import LivePeriod, Release
from operations.watch.model import Alarm

LONG_ENOUGH = 600.0
"""Seconds a release has to have been live, with traffic, to count as healthy."""
Standing = Literal["healthy", "unknown", "alarmed", "short", "idle", "rolled-back"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is known of the requests in a stretch of time: whether there were any, and how many a second."""

    had: bool | None = None
    per_second: float | None = None


Traffics = Callable[[datetime, datetime], Traffic]


def _unknown_traffic(start: datetime, end: datetime) -> Traffic:
    return Traffic()


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of the past. `watched_since` None: nothing watched, so no alarm means nothing.

    `rolled_back_from` and `failed_targets` hold release ids and commits from the history of jobs; `behind` says for a
    release id whether its commit lies behind the live one (None: git cannot tell).
    """

    alarms: tuple[Alarm, ...] = ()
    watched_since: datetime | None = None
    traffic: Traffics = _unknown_traffic
    rolled_back_from: frozenset[str] = frozenset()
    failed_targets: frozenset[str] = frozenset()
    behind: Mapping[str, bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A release that could be gone back to. `ran` is the seconds of its last time live, `until` when that ended."""

    release: Release
    standing: Standing
    says: str
    ran: float | None = None
    since: datetime | None = None
    until: datetime | None = None
    behind: bool | None = None
    failed_before: bool = False

    @property
    def words(self) -> str:
        """One line for a list: "v2.4.0 9f8e7d6  ran 3d2h, 44 req/s, no alarm"."""
        kept = "" if self.release.kept else ", build not kept"
        return f"{self.release.name} {self.release.commit[:7]}  {self.says}{kept}"


@dataclass(frozen=True, slots=True)
class Choice:
    """The default target (None: there is no good one), every candidate, newest first, and why it was chosen."""

    target: Candidate | None
    candidates: tuple[Candidate, ...]
    why: str


def choose_target(
    releases: Sequence[Release], periods: Sequence[LivePeriod], live: Release, record: Record, now: datetime
) -> Choice:
    """The newest healthy release; where none is known to be, the previous one of unknown health, and it says so.

    Newest is by when it was last live, then by when it was built. Never a default: a release that was rolled back from,
    one a rollback failed to reach since, and one that git knows is not behind the live one.
    """
    candidates = tuple(_candidates(releases, periods, live, record, now))
    recorded = any(one.since is not None for one in candidates)
    usable = [
        one
        for one in candidates
        if one.behind is not False and not one.failed_before and (one.since is not None or not recorded)
    ]
    for standing in ("healthy", "unknown"):
        found = next((one for one in usable if one.standing == standing), None)
        if found is not None:
            why = f"the newest release that was {standing}" if standing == "healthy" else _UNKNOWN
            return Choice(found, candidates, why)
    return Choice(None, candidates, _none_left(candidates))


def skipped_words(choice: Choice) -> str:
    """Why the default is not the release before the live one: the newer ones it went past; empty where it is."""
    if choice.target is None:
        return ""
    past = choice.candidates[: choice.candidates.index(choice.target)]
    words = "; ".join(f"{one.release.name}: {_why_not(one)}" for one in past[:_SKIPPED])
    return f"{words}; {len(past) - _SKIPPED} more" if len(past) > _SKIPPED else words


def candidate_for(release: Release, periods: Sequence[LivePeriod], record: Record, now: datetime) -> Candidate:
    """What is known of one release that somebody named, good or not."""
    return _candidate(release, periods, record, now)


def _candidates(
    releases: Sequence[Release], periods: Sequence[LivePeriod], live: Release, record: Record, now: datetime
) -> Iterable[Candidate]:
    last_live = {period.release: place for place, period in reversed(list(enumerate(periods)))}
    others = [one for one in releases if one.id != live.id and not (one.commit and one.commit == live.commit)]
    built = {one.id: place for place, one in enumerate(others)}
    ordered = sorted(others, key=lambda one: (last_live.get(one.id, len(periods)), built[one.id]))
    return (_candidate(one, periods, record, now) for one in ordered if one.state in ("ready", "unknown"))


def _candidate(release: Release, periods: Sequence[LivePeriod], record: Record, now: datetime) -> Candidate:
    own = [period for period in periods if period.release == release.id]
    standing, says = _standing(release, own, record, now)
    last = own[0] if own else None
    return Candidate(
        release=release,
        standing=standing,
        says=says,
        ran=_seconds(last, now) if last else None,
        since=last.start if last else None,
        until=last.end if last else None,
        behind=record.behind.get(release.id),
        failed_before=bool({release.id, release.commit} & record.failed_targets),
    )


def _standing(release: Release, own: Sequence[LivePeriod], record: Record, now: datetime) -> tuple[Standing, str]:
    """The verdict on one release with the words for it; the longest of its times live is the one that is judged."""
    if not own:
        return "unknown", "no record of it being live"
    longest = max(own, key=lambda period: _seconds(period, now))
    ran = f"ran {age_words(_seconds(longest, now))}"
    taken_back = any(period.ended_by == "rollback" for period in own)
    if taken_back or {release.id, release.commit} & record.rolled_back_from:
        return "rolled-back", f"{ran}, was rolled back from"
    alarm = _own_alarm(own, record.alarms, now)
    if alarm is not None:
        return "alarmed", f"{ran}, alarm: {alarm.title}"
    if _seconds(longest, now) < LONG_ENOUGH:
        return "short", f"{ran} only"
    traffic = record.traffic(longest.start, longest.end or now)
    if traffic.had is False:
        return "idle", f"{ran} without traffic"
    watched = _watched(longest, record.watched_since, now)
    requests = "traffic unknown"
    if traffic.had:
        requests = f"{traffic.per_second:.3g} req/s" if traffic.per_second is not None else "with traffic"
    if watched < LONG_ENOUGH:
        return "unknown", f"{ran}, {requests}, not watched then"
    return ("healthy" if traffic.had else "unknown"), f"{ran}, {requests}, no alarm"


def _own_alarm(own: Sequence[LivePeriod], alarms: Iterable[Alarm], now: datetime) -> Alarm | None:
    """An alarm about the site that opened while this release was live: one that it inherited is not its own."""
    return next(
        (
            alarm
            for alarm in alarms
            if alarm.about_site and any(period.start <= alarm.opened_at < (period.end or now) for period in own)
        ),
        None,
    )


def _watched(period: LivePeriod, watched_since: datetime | None, now: datetime) -> float:
    """Seconds of the period in which an alarm would have been seen."""
    if watched_since is None:
        return 0.0
    return ((period.end or now) - max(period.start, watched_since)).total_seconds()


def _seconds(period: LivePeriod, now: datetime) -> float:
    return max(0.0, ((period.end or now) - period.start).total_seconds())


_SKIPPED = 2
"""Releases that are named one by one."""
_UNKNOWN = "the health of no earlier release is known; this is the previous one"


def _none_left(candidates: Sequence[Candidate]) -> str:
    if not candidates:
        return "there is no other release"
    reasons = "; ".join(f"{one.release.name}: {_why_not(one)}" for one in candidates[:3])
    return f"no earlier release was healthy ({reasons})"


def _why_not(candidate: Candidate) -> str:
    if candidate.failed_before:
        return "a rollback to it failed"
    if candidate.behind is False:
        return "not behind the live one in git"
    return candidate.says
