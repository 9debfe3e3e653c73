"""Cleans what a dead rollback left, each kind in its own way. Idempotent; what it decides it says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from operations.desk import Desk
from operations.errors import VigieError
from operations.jobs.going_live import WORKTREE_PREFIX, discard_half
from operations.jobs.outside import wait_until_seen
from operations.platforms import platform_for
from operations.platforms.base import Platform
from operations.repository import Repository

Say = Callable[[str], None]


def clean_debris(desk: Desk, debris: Mapping[str, Any], say: Say, wait_limit: float) -> None:
    """Clean one piece. Raises VigieError when it could not be: then it stays listed."""
    cleaners: dict[str, Callable[[], None]] = {
        "recovery-tag": lambda: _tag(desk, debris, say),
        "worktree": lambda: _worktree(desk, debris, say),
        "half-published": lambda: _half_published(desk, debris, say),
        "switch": lambda: _switch(desk, debris, say, wait_limit),
    }
    kind = str(debris.get("kind"))
    if kind not in cleaners:
        raise VigieError(f"A rollback leaves nothing of the kind {kind}.")
    cleaners[kind]()


def _tag(desk: Desk, debris: Mapping[str, Any], say: Say) -> None:
    """Remove the tag when nothing was rolled back; keep it when the target did go live: it names the way forward."""
    tag = str(debris.get("tag"))
    at = datetime.fromisoformat(str(debris.get("at")))
    release = str(debris.get("release"))
    platform = _platform(desk)
    ids = {release, *(one.id for one in platform.releases() if one.goes_by(release))}
    live = platform.live()
    # The platform's clock is not ours: what is live now went live after its tag, whatever the times say.
    went_live = live is not None and live.goes_by(release)
    if went_live or any(period.release in ids and period.start >= at for period in platform.periods()):
        say(f"recovery tag {tag} is kept: {release} went live, and the tag names the way forward again")
        return
    removed = _repository(desk).delete_tag(tag)
    say(f"recovery tag {tag} {'removed' if removed else 'is not there'}: nothing was rolled back")


def _worktree(desk: Desk, debris: Mapping[str, Any], say: Say) -> None:
    folder = Path(str(debris.get("folder")))
    if not folder.name.startswith(WORKTREE_PREFIX):
        raise VigieError(f"{folder} is not a checkout of ours: it is left alone.")
    _repository(desk).remove_worktree(folder)
    if folder.exists():
        raise VigieError(f"{folder} could not be removed.")
    say(f"checkout {folder} removed")


def _half_published(desk: Desk, debris: Mapping[str, Any], say: Say) -> None:
    discard_half(_platform(desk), str(debris.get("release")), say)


def _switch(desk: Desk, debris: Mapping[str, Any], say: Say, wait_limit: float) -> None:
    """Finish a switch that happened, so that what runs is what is live, and look from outside whether it does."""
    release = str(debris.get("release"))
    platform = _platform(desk)
    live = platform.live()
    if live is None or not live.goes_by(release):
        if any(one.state == "building" and one.goes_by(release) for one in platform.releases()):
            raise VigieError(
                f"{release} is still on its way live: look again when the platform is done with it.", code=5
            )
        now = live.name if live else "nothing"
        say(f"{release} is not live (live is {now}): there is no switch to finish")
        return
    platform.promote(live.id, who=desk.settings.operator or "vigie")
    names = [str(name) for name in debris.get("names") or (release,)]
    try:
        seen = wait_until_seen(
            desk, str(debris.get("commit")), names, pause=time.sleep, tell=lambda words: None, limit=wait_limit
        )
    except TimeoutError as late:
        raise VigieError(f"{release} was started again, but {late}", code=5) from None
    say(f"{release} was started again and is seen from outside: {seen.says}")


def _platform(desk: Desk) -> Platform:
    platform = platform_for(desk.settings, desk.environment)
    if platform is None:
        raise VigieError("The platform is not configured any more.", code=2)
    return platform


def _repository(desk: Desk) -> Repository:
    return Repository(desk.settings.resolve(desk.settings.site.repository))
