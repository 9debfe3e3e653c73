"""One environment's site from outside: its address, health and version, and whether all parts tell one story."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urljoin

from operations.coherence import Contradiction, Observed, check_story, process_address
from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.errors import VigieError
from operations.health import judge_health
from operations.http import Answer, ask, client_for
from operations.platforms import platform_for
from operations.platforms.base import Release
from operations.settings import Environment, Settings
from operations.watch.model import Status
from operations.watch.probes.release import version_in

ANSWER_LIMIT = 4.0
_STORY = {
    "mark": "Correct the database's address, or its mark (vigie mark).",
    "url": "Give every environment an address of its own.",
    "database": "Give every environment a database of its own.",
    "database_readonly": "Give every environment a database of its own.",
    "platform": "Give every environment a folder of its own: platform.root.",
    "bucket": "Correct backups.prefix: the prefix is followed by the environment's name anyway.",
    "APP_URL": "unset APP_URL, or set it to this environment's address.",
    "version": "A deploy under way, a cache, or a release made live by hand: vigie status, vigie facts",
}


def check_site(settings: Settings, environment: str) -> Iterator[Finding]:
    """Ask it as a user's browser would."""
    env = settings.environments[environment]
    key = f"environments.{environment}"
    if not env.url:
        yield skip("address", f"{key}.url is not set: nothing is seen from outside", f'{key}: url = "https://…"')
        yield from _story(settings, environment, None, None)
        return
    try:
        page, health, version = asyncio.run(_asked(settings, environment, env))
    except OSError as error:
        says = f"the file of certificates {env.authority} cannot be read: {error.strerror or error}"
        yield fail("address", says, f"Correct {key}.authority")
        return
    yield _address(env, key, page)
    reported = None
    if page.status is not None:
        yield _health(env, key, health)
        field = env.version.partition("#")[2]
        reported = version_in(version.body, field) if version is not None and version.status == 200 else ""
        yield _version(env, key, version, reported)
    yield from _story(settings, environment, reported or None, _live(settings, environment))


async def _asked(settings: Settings, environment: str, env: Environment) -> tuple[Answer, Answer, Answer | None]:
    paths = [env.page, env.health, *([env.version.partition("#")[0]] if env.version else [])]
    async with client_for(settings, environment) as client:
        asking = (ask(client, urljoin(env.url, path), limit=ANSWER_LIMIT, follow_same_host=True) for path in paths)
        page, health, *version = await asyncio.gather(*asking)
    return page, health, version[0] if version else None


def _address(env: Environment, key: str, page: Answer) -> Finding:
    if page.status is None:
        mend = f"Correct {key}.url, or see what is between: name, certificate ({key}.authority), proxy, firewall."
        return fail("address", f"{env.url} does not answer: {page.error}", mend)
    if page.status >= 400:
        mend = f"If that is not its front page: {key}.page. If it is: vigie status"
        return warn("address", f"{env.url} answers {page.status}", mend)
    return ok("address", f"{env.url} answers {page.status}")


def _health(env: Environment, key: str, answer: Answer) -> Finding:
    if answer.status in (404, 405, 501):
        says = f"{env.health} answers {answer.status}: the site's health cannot be known"
        return fail("health", says, f'Correct {key}.health, e.g. health = "/healthz"')
    verdict = judge_health(answer)
    if verdict.status is Status.OK:
        return ok("health", verdict.says)
    return warn("health", f"{env.health} says {verdict.says}", "If that is so, it is an incident: vigie status")


def _version(env: Environment, key: str, answer: Answer | None, reported: str) -> Finding:
    if answer is None:
        says = f"{key}.version is not set: after a rollback nobody can see that the old version runs"
        return warn("version", says, f'{key}: version = "/api/version#commit"')
    if not reported:
        says = f"{env.version} tells none: {answer.says if answer.status != 200 else 'it is not in the answer'}"
        return warn("version", says, f"Correct {key}.version: a path, # and the field in its JSON.")
    return ok("version", reported)


def _live(settings: Settings, environment: str) -> Release | None:
    try:
        platform = platform_for(settings, environment)
        return platform.live() if platform is not None else None
    except (VigieError, OSError):
        return None  # the platform's own check says why


def _story(settings: Settings, environment: str, reported: str | None, live: Release | None) -> Iterator[Finding]:
    observed = Observed(
        reported=reported, live_commit=live.commit if live else None, live_name=live.name if live else ""
    )
    found = check_story(settings, environment, observed)
    for contradiction in found:
        yield _told(contradiction)
    if found:
        return
    compared = tuple(_compared(settings, environment, observed))
    if compared:
        yield ok("one story", "; ".join(compared))
    else:
        mend = f"environments.{environment}: url, version and platform; a second environment is compared with it too"
        yield skip("one story", "there is nothing to compare yet", mend)


def _compared(settings: Settings, environment: str, observed: Observed) -> Iterator[str]:
    """What was held against each other, and fits; nothing is claimed of a part that is not there."""
    env = settings.environments[environment]
    if observed.reported and observed.live_commit is not None:
        yield "the site runs what its platform says"
    parts = {
        "address": env.url,
        "database": env.database.reveal() or env.database_readonly.reveal(),
        "platform": env.platform.root,
        "bucket prefix": env.backups.prefix,
    }
    own = [name for name, value in parts.items() if value]
    if own and len(settings.environments) > 1:
        yield f"{', '.join(own)}: no other environment's"
    if env.url and process_address(settings):
        yield "APP_URL fits the address"


def _told(contradiction: Contradiction) -> Finding:
    mend = _STORY.get(contradiction.part, "Correct the settings.")
    return Finding("one story", "fail" if contradiction.identity else "warn", contradiction.says, mend)
