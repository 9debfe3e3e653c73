"""Everything a rollback's plan looks at, read once and at the same time: platform, site, database's mark, git, watch.

Reading fails softly: in an outage much is unreadable, and each gap is said in `unreadable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from operations.coherence import Observed
from operations.database_mark import read_mark
from operations.desk import Desk
from operations.engine.record import JobRecord
from operations.errors import PrerequisiteMissing, VigieError
from operations.jobs.outside import Look, look
from operations.jobs.rollback_target import Record, Traffic
from operations.platforms import platform_for
from operations.platforms.base import LivePeriod, Platform, Release
from operations.repository import Repository
from operations.watch.model import Snapshot

_RELEASES = 25
_PERIODS = 200
DID_NOT_ARRIVE = (3, 4, 5)
"""Codes of a rollback that never got its target to the users."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What was found. `live_commit` is the full hash when this checkout has it, else what the platform says."""

    now: datetime
    platform: Platform
    releases: Sequence[Release]
    periods: Sequence[LivePeriod]
    live: Release | None
    repository: Repository
    no_repository: str
    live_commit: str
    live_in_git: bool
    look: Look
    snapshot: Snapshot | None
    history: Sequence[JobRecord]
    observed: Observed

    def release_of(self, name_or_commit: str) -> Release | None:
        """The release of that name, or of that commit (7 letters or more): a kept one before a removed one."""
        wanted = name_or_commit.strip().lower()
        by_name = next((one for one in self.releases if one.name.lower() == wanted), None)
        same = [one for one in self.releases if len(wanted) >= 7 and one.commit.lower().startswith(wanted)]
        return by_name or next((one for one in same if one.kept), same[0] if same else None)


def survey(desk: Desk, *, outside: bool = True) -> Situation:
    """Read everything; without `outside` neither the site nor its database is asked.

    Raises PrerequisiteMissing (2) without a platform, VigieError when the platform cannot say what it has.
    """
    platform = platform_for(desk.settings, desk.environment)
    if platform is None:
        raise PrerequisiteMissing(
            f"environments.{desk.environment}.platform is not configured, so nobody knows its releases.",
            next_step='Set driver = "releases" and root, or driver = "vercel", project and token, in vigie.toml.',
        )
    with ThreadPoolExecutor(2) as pool:
        looking = pool.submit(look if outside else _unseen, desk)
        marking = pool.submit(_mark if outside else _unmarked, desk)
        found = (platform.releases(_RELEASES), platform.periods(_PERIODS), platform.live())
        snapshot = _snapshot(desk)
        seen, (mark, trouble) = looking.result(), marking.result()
    releases, periods, live = found
    repository = Repository(desk.settings.resolve(desk.settings.site.repository))
    no_repository = _trouble(repository.check)
    commit = repository.find(live.commit) if live and not no_repository else ""
    return Situation(
        now=desk.now(),
        platform=platform,
        releases=releases,
        periods=periods,
        live=live,
        repository=repository,
        no_repository=no_repository,
        live_commit=commit or (live.commit if live else ""),
        live_in_git=bool(commit),
        look=seen,
        snapshot=snapshot,
        history=desk.history(),
        observed=_observed(desk, live, seen, mark, trouble),
    )


def record_of(situation: Situation, traffic: Callable[[datetime, datetime], float | None]) -> Record:
    """The past as the choice of a target needs it."""
    snapshot = situation.snapshot
    return Record(
        alarms=snapshot.alarms if snapshot else (),
        watched_since=snapshot.watching_since if snapshot else None,
        traffic=lambda start, end: _traffic(snapshot, traffic, start, end),
        rolled_back_from=frozenset(_rolled_back_from(situation.history)),
        failed_targets=frozenset(_failed_targets(situation)),
        behind=_behind(situation),
    )


def _traffic(
    snapshot: Snapshot | None,
    measured: Callable[[datetime, datetime], float | None],
    start: datetime,
    end: datetime,
) -> Traffic:
    """The recorder's own count; else whether the last hour's error rates, which need traffic, fall into that time."""
    per_second = measured(start, end)
    if per_second is not None:
        return Traffic(per_second > 0, per_second)
    known = any(rate is not None and start <= at < end for at, rate in (snapshot.rates if snapshot else ()))
    return Traffic(True if known else None)


def _rolled_back_from(history: Sequence[JobRecord]) -> set[str]:
    """Releases and commits that a rollback of ours switched away from; going forward again takes nothing back."""
    left = [job for job in history if job.operation == "rollback" and job.past_no_return and not _forward(job)]
    return {str(job.plan.details.get(key) or "") for job in left for key in ("from_name", "from_commit")} - {""}


def _failed_targets(situation: Situation) -> set[str]:
    """Targets that a rollback failed to reach since the live release went live: the same again is not offered."""
    since = situation.periods[0].start if situation.periods else None
    failed = [
        job
        for job in situation.history
        if job.operation == "rollback" and job.code in DID_NOT_ARRIVE and (since is None or job.created_at >= since)
    ]
    return {str(job.plan.details.get(key) or "") for job in failed for key in ("to_name", "to_commit")} - {""}


def _forward(job: JobRecord) -> bool:
    return bool(job.plan.request.get("forward"))


def _behind(situation: Situation) -> Mapping[str, bool | None]:
    if not situation.live_in_git:
        return {}
    shallow = situation.repository.is_shallow()
    behind = situation.repository.behind({release.commit for release in situation.releases}, situation.live_commit)
    answers = {release.id: behind[release.commit] for release in situation.releases}
    return {id_: None if shallow and not answer else answer for id_, answer in answers.items()}


def _observed(desk: Desk, live: Release | None, seen: Look, mark: str | None, trouble: str) -> Observed:
    unreadable = [trouble] if trouble else []
    if desk.env.version and seen.version is None:
        unreadable.append(f"the site does not tell its version: {seen.says}")
    return Observed(
        url=desk.env.url,
        reported=seen.version,
        live_commit=live.commit if live else None,
        live_name=live.name if live else "",
        mark=mark,
        unreadable=tuple(unreadable),
    )


def _mark(desk: Desk) -> tuple[str | None, str]:
    address = desk.env.database_readonly or desk.env.database
    if not address:
        return None, ""
    try:
        return read_mark(address), ""
    except VigieError as error:
        return None, error.what


def _unseen(desk: Desk) -> Look:
    return Look(None, False, "not looked")


def _unmarked(desk: Desk) -> tuple[str | None, str]:
    return None, ""


def _snapshot(desk: Desk) -> Snapshot | None:
    """The watch's view; one that cannot say anything is none, and the plan says that its evidence is missing."""
    try:
        return desk.snapshot()
    except VigieError:
        return None


def _trouble(check: Callable[[], None]) -> str:
    try:
        check()
    except VigieError as error:
        return str(error)
    return ""
