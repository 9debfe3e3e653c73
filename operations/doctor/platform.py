"""One environment's platform: its driver answers and may act, and there is something to go back to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from operations.ages import age_words, size_words
from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.errors import VigieError
from operations.platforms import platform_for
from operations.platforms.base import Platform
from operations.platforms.vercel import VercelPlatform
from operations.platforms.vercel_api import Refused
from operations.settings import Settings
from operations.text import one_line

LITTLE = 1_000_000_000
"""Bytes free for releases: a rebuild or a deploy fills some of it."""
ENDING = timedelta(days=14)
"""So long before its end a token is worth a warning."""
_ANOTHER = "Make one for that team alone, with an end you know: vercel.com, account settings, tokens."


def check_platform(settings: Settings, environment: str, now: datetime) -> Iterator[Finding]:
    """Read-only: nothing is switched. `now` is UTC."""
    key = f"environments.{environment}.platform"
    chosen = settings.environments[environment].platform
    platform = platform_for(settings, environment)
    if platform is None:
        mend = f'{key}: driver = "releases", with its root'
        yield skip("driver", f"{key}.driver is not set: no rollback from here, no version to compare", mend)
        return
    yield ok("driver", chosen.driver)
    if chosen.driver == "releases":
        yield from _folder(settings.resolve(chosen.root), key)
        if not chosen.restart:
            says = "no restart command: the site has to notice by itself that current has changed"
            yield warn("restart", says, f'{key}: restart = ["systemctl", "restart", "my-site"]; harmless if it notices')
    if isinstance(platform, VercelPlatform):
        yield _token(platform, now)
    if not platform.can_promote:
        says = "there is no command that makes a kept release live again: each rollback has to build"
        yield warn("promote", says, f"Set {key}.commands.promote, where the platform can do it.")
    yield from _releases(platform)


def _token(platform: VercelPlatform, now: datetime) -> Finding:
    """Until when the token in use is good, and whether it may do more than it has to."""
    try:
        token, account = platform.token(), platform.project_account()
    except Refused as error:
        # One that is good for a project alone may not ask about itself; what it is good for, the rest shows.
        return skip("token", f"what it may do cannot be told with this token: {error.what}")
    except VigieError as error:
        return fail("token", error.what, error.next_step or "Mend what it names.")
    name = one_line(token.name, 40) or "without a name"
    if token.ends is not None and token.ends - now < ENDING:
        left = (token.ends - now).total_seconds()
        when = f"ends in {age_words(left)}" if left > 0 else "has ended"
        return warn("token", f"{name} {when}: then nothing can be rolled back or deployed", _ANOTHER)
    until = f"until {token.ends:%Y-%m-%d}" if token.ends else "without an end"
    if not token.teams and account.startswith("team_"):
        return warn(
            "token", f"{name}, {until}, is good for all that its user may do, not for this team alone", _ANOTHER
        )
    return ok("token", f"{name}, {until}")


def _folder(root: Path, key: str) -> Iterator[Finding]:
    if not root.is_dir():
        yield fail("folder", f"{root} is not there", f"Correct {key}.root: the folder that holds releases/ and current")
        return
    locked = [
        place for place in (root, root / "releases") if place.exists() and not os.access(place, os.W_OK | os.X_OK)
    ]
    if locked:
        mend = f"Run Vigie as its owner, or: chgrp -R ops {root} && chmod -R g+w {root}"
        yield fail("folder", f"{locked[0]} cannot be written to: nothing can be switched", mend)
        return
    free = shutil.disk_usage(root).free
    if free < LITTLE:
        yield warn("folder", f"only {size_words(free)} free for {root}", "Free some, or set platform.keep lower.")
    else:
        yield ok("folder", f"{root}, {size_words(free)} free")


def _releases(platform: Platform) -> Iterator[Finding]:
    try:
        live, releases = platform.live(), platform.releases()
    except VigieError as error:
        yield fail("live", error.what, error.next_step or error.means or "Mend what it names.")
        return
    if live is None:
        yield warn("live", "nothing is live yet", "Publish a first release; there is nothing to look after before.")
        return
    yield ok("live", f"{live.name} {live.commit[:7]}")
    back = [release for release in releases if release.kept and not release.live and release.state == "ready"]
    if not back:
        says = "no other build is kept: a rollback has to build first"
        yield warn("a way back", says, "Keep some: platform.keep; with the next release there is one.")
    else:
        yield ok("a way back", f"{len(back)} kept build{'' if len(back) == 1 else 's'}, the newest {back[0].name}")
