"""What users would see: the version the site reports and its health, asked from outside; success is claimed on it."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from operations.coherence import same_version
from operations.desk import Desk
from operations.health import judge_health
from operations.http import Answer, ask, client_for
from operations.jobs.smoke_own import as_word, at_path
from operations.text import one_line
from operations.watch.model import Status

LOOK_LIMIT = 5.0
WAIT_LIMIT = 90.0
_PAUSE = 0.5
_IN_A_ROW = 2
_COMMIT = re.compile("[0-9a-f]{40}")
NOT_VERIFIED = "version not verified"


@dataclass(frozen=True, slots=True)
class Look:
    """One look from outside. `version` is None when the site does not tell it (or has no version setting).

    `says` is what was seen, for a person; `healthy` whether its health endpoint says so; `age` the seconds a cache has
    held the answer that counts.
    """

    version: str | None
    healthy: bool
    says: str
    age: float = 0.0


def look(desk: Desk) -> Look:
    """Ask the site once for its version and its health. Not to be called inside an event loop; never raises for it."""
    return asyncio.run(look_async(desk))


async def look_async(desk: Desk) -> Look:
    """As `look`, inside an event loop."""
    env = desk.env
    if not urlsplit(env.url).hostname:
        return Look(None, False, f"environments.{desk.environment}.url is not set")
    path, _, field = env.version.partition("#")
    try:
        client = client_for(desk.settings, desk.environment)
    except OSError as error:
        return Look(None, False, f"the authority {env.authority} cannot be read: {error.strerror or error}")
    async with client:
        health = asyncio.ensure_future(ask(client, urljoin(env.url, env.health), limit=LOOK_LIMIT))
        told = await ask(client, urljoin(env.url, path), limit=LOOK_LIMIT, follow_same_host=True) if path else None
        answered = await health
        verdict = judge_health(answered)
    healthy = verdict.status is not Status.DOWN
    if told is None:
        return Look(None, healthy, f"health: {verdict.says}{_cached(answered)}", answered.cached_for)
    version, why = _version(told, field)
    says = f"version {_short(version)}{_cached(told)}" if version else f"version: {why}"
    return Look(version, healthy, says, told.cached_for)


def wait_until_seen(
    desk: Desk,
    commit: str,
    names: Sequence[str],
    *,
    pause: Callable[[float], None],
    tell: Callable[[str], None],
    limit: float = WAIT_LIMIT,
) -> Look:
    """Wait until the site answers with that release, twice in a row; returns what was seen.

    `names` are what the release may be called beside its commit. Without a version setting two healthy answers in a
    row must do, and the words say so. Raises TimeoutError with the last thing seen after `limit` seconds.
    """
    verified = bool(desk.env.version)
    began = time.monotonic()
    row = 0
    while True:
        found = look(desk)
        told = found.version or ""
        fits = any(same_version(told, commit, name) for name in names) if verified else found.healthy
        waited = time.monotonic() - began
        # What a cache has held since before the switch proves nothing.
        row = row + 1 if fits and found.age <= waited else 0
        tell(found.says)
        if row >= _IN_A_ROW:
            return found if verified else replace(found, says=f"{found.says}, {NOT_VERIFIED}")
        if waited > limit:
            raise TimeoutError(f"after {waited:.0f} s the site still answers with {found.says}")
        pause(_PAUSE)


def _short(version: str) -> str:
    """A full commit as a person reads it; any other version as it is."""
    return version[:7] if _COMMIT.fullmatch(version) else version


def _cached(answer: Answer) -> str:
    return f" ({answer.age} s old, from a cache)" if answer.cached_for else ""


def _version(answer: Answer, field: str) -> tuple[str | None, str]:
    """The version in an answer, or why there is none."""
    if answer.status != 200 or answer.error:
        return None, answer.says
    if not field:
        word = one_line(answer.body, 80)
        return (word, "") if word else (None, "an empty answer")
    found = at_path(answer.body, field)
    if not isinstance(found, str | int | float):
        return None, f"no {field} in the answer"
    word = one_line(as_word(found), 80)
    return (word, "") if word else (None, f"{field} is empty")
