"""What stays to be mended after a rollback: the bad commits are still on the branch the next push publishes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from operations.ages import time_words
from operations.desk import Desk
from operations.engine.record import JobRecord
from operations.errors import VigieError
from operations.freezes import freeze_of
from operations.jobs.ladder import ladder_line
from operations.jobs.situation import Situation
from operations.platforms import platform_for
from operations.platforms.base import Release
from operations.repository import Commit, Repository
from operations.watch.model import Snapshot, Status
from operations.watch.overall import PAGE, shows_closed_page

_PERIODS = 50
_RELEASES = 25


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A release that was rolled back from, and the commit it was rolled back to."""

    name: str
    commit: str
    to_commit: str


def everything_standing(desk: Desk) -> tuple[str, ...]:
    """All that stays in sight: a freeze, maintenance mode, the watch after a deploy, a rollback to be mended."""
    history, now = desk.history(), desk.now()
    freeze, snapshot = freeze_of(desk.settings, desk.environment, now), desk.snapshot()
    closed = maintenance_line(history, now, _page_says(desk, snapshot, history))
    lines = [freeze.words if freeze else "", closed, ladder_line(snapshot, history, now)]
    try:
        mend = standing_lines(desk, history)
    except VigieError as error:
        rolled_back = any(job.operation == "rollback" and job.past_no_return for job in history)
        mend = (f"whether a rollback is to be mended cannot be told: {error.what}",) if rolled_back else ()
    return (*filter(None, lines), *mend)


def maintenance_line(history: Sequence[JobRecord], now: datetime, page: str = "") -> str:
    """What our own jobs (newest first) know of maintenance mode; empty when it is off, and was seen so.

    `page` says what the front page shows instead; without it nobody looked, or it is the closed page.
    """
    last = next((job for job in history if job.operation == "maintenance" and job.past_no_return), None)
    if last is None or last.live:
        return ""
    at = time_words(last.ended_at or last.created_at, now)
    seen = last.code == 0 and (last.details or {}).get("verified") is True
    if last.plan.request.get("value") == "on":
        if not seen:
            return f"maintenance mode was turned on {at}, and nobody saw whether users get the closed page"
        return f"maintenance mode is on since {at}: {page or 'users see the closed page'}"
    return "" if last.code == 0 else f"maintenance mode was turned off {at}, and the site did not show it: look at it"


def _page_says(desk: Desk, snapshot: Snapshot | None, history: Sequence[JobRecord]) -> str:
    """What speaks against the closed page, by a reading newer than the switch; empty when nothing does."""
    page = next((state for state in snapshot.states if state.probe == PAGE), None) if snapshot else None
    if page is None or page.last is None or shows_closed_page(page, desk.settings.switches.maintenance_status):
        return ""
    turned = next((job.ended_at for job in history if job.operation == "maintenance" and job.ended_at), None)
    if turned is not None and page.last.at <= turned:
        return ""
    if page.status is Status.UNKNOWN:
        return "what users see now is not known"
    return f"but users do not see the closed page now: {page.last.detail or page.status.value}"


def standing_lines(
    desk: Desk, history: Sequence[JobRecord] | None = None, repository: Repository | None = None
) -> tuple[str, ...]:
    """One line for the last rollback until it is mended: reverted by later commits, or live again with a fix on top.

    Raises VigieError when platform or git do not answer. `history` and `repository` default to the desk's own.
    """
    platform = platform_for(desk.settings, desk.environment)
    if platform is None:
        return ()
    git = repository or Repository(desk.settings.resolve(desk.settings.site.repository))
    releases = platform.releases(_RELEASES)
    periods = platform.periods(_PERIODS)
    taken = _by_platform([(period.release, period.how) for period in periods], releases)
    taken = taken or _by_jobs(desk.history() if history is None else history)
    live = platform.live()
    if taken is None or live is None:
        return ()
    line = _line(desk, git, taken, live)
    return (line,) if line else ()


def commits_taken_back(desk: Desk, situation: Situation, tip: str) -> tuple[str, Sequence[Commit]]:
    """The release last rolled back from, and its commits that `tip` (a full hash) brings back.

    Its name is empty without such a release, and where `tip` has nothing of it. Raises VigieError when git does not
    answer, or cannot tell because this checkout lacks what was rolled back.
    """
    periods = [(period.release, period.how) for period in situation.periods]
    taken = _by_platform(periods, situation.releases) or _by_jobs(situation.history)
    if taken is None:
        return "", ()
    git = situation.repository
    bad, good = git.find(taken.commit), git.find(taken.to_commit)
    behind = git.is_ancestor(bad, tip) if bad and good else None
    if behind is None or (not behind and git.is_shallow()):
        says = f"whether it brings {taken.name} back, which was rolled back from, cannot be told: not in this checkout"
        raise VigieError(says, next_step="git fetch --unshallow --tags", code=2)
    return (taken.name, git.not_reverted(good, bad, tip)) if behind else ("", ())


def _line(desk: Desk, git: Repository, taken: TakenBack, now_live: Release) -> str:
    branch = desk.settings.site.branch
    live = git.find(now_live.commit)
    bad, good = git.find(taken.commit), git.find(taken.to_commit)
    if not bad or not good:
        return (
            f"{taken.name} was rolled back; its commit is not in this checkout, so look whether {branch} still has it"
        )
    if (live and git.is_ancestor(bad, live)) or not git.is_on_branch(bad, branch):
        return ""
    left = git.not_reverted(good, bad, *git.forms_of(branch).values())
    if not left:
        return ""
    all_of_it = len(left) == len(git.commits_between(good, bad, merges=False))
    what = taken.name if all_of_it else f"{len(left)} commit{'s' if len(left) > 1 else ''} of {taken.name}"
    verb = "is" if all_of_it or len(left) == 1 else "are"
    span = f"{good[:7]}..{bad[:7]}" if all_of_it else " ".join(commit.hash[:7] for commit in left[:5])
    then = "pinned, but the next promote publishes it" if now_live.pinned else "the next push publishes it"
    return f"{what} {verb} still on {branch}: {then}. Mend: git revert --no-edit {span}"


def _by_platform(periods: Sequence[tuple[str, str]], releases: Sequence[Release]) -> TakenBack | None:
    """The newest rollback in the platform's record (newest first): what was live before it was taken back.

    Of several in a row the first one counts, which left what was published last: all since then is still on the branch.
    """
    commits = {release.id: (release.name, release.commit) for release in releases}
    for at, (release, how) in enumerate(periods):
        to_commit = commits.get(release, ("", ""))[1]
        if how == "rollback" and to_commit:
            before = next((older for older, how_older in periods[at + 1 :] if how_older != "rollback"), "")
            name, commit = commits.get(before, (before, ""))
            return TakenBack(name, commit, to_commit) if commit else None
    return None


def _by_jobs(history: Sequence[JobRecord]) -> TakenBack | None:
    """The newest rollback of ours that passed its switch, with those right before it; going forward again is none."""
    found: TakenBack | None = None
    for job in history:
        if job.operation != "rollback" or not job.past_no_return:
            continue
        details = job.plan.details
        if job.plan.request.get("forward") or (found and details["to_commit"] != found.commit):
            break
        to_commit = found.to_commit if found else str(details["to_commit"])
        found = TakenBack(str(details["from_name"]), str(details["from_commit"]), to_commit)
    return found
