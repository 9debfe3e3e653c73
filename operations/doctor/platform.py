"""One environment's platform: the driver answers, its folder can be switched, there is something to go back to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from operations.ages import size_words
from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.errors import VigieError
from operations.platforms import platform_for
from operations.platforms.base import Platform
from operations.settings import Settings

LITTLE = 1_000_000_000
"""Bytes free for releases: a rebuild or a deploy fills some of it."""


def check_platform(settings: Settings, environment: str) -> Iterator[Finding]:
    """Read-only: nothing is switched."""
    key = f"environments.{environment}.platform"
    chosen = settings.environments[environment].platform
    platform = platform_for(settings, environment)
    if platform is None:
        mend = f'{key}: driver = "releases", with its root'
        yield skip("driver", f"{key}.driver is not set: no rollback from here, no version to compare", mend)
        return
    yield ok("driver", chosen.driver)
    yield from _folder(settings.resolve(chosen.root), key)
    if not chosen.restart:
        says = "no restart command: the site has to notice by itself that current has changed"
        yield warn("restart", says, f'{key}: restart = ["systemctl", "restart", "my-site"]; harmless if it notices')
    yield from _releases(platform)


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
