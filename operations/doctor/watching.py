"""What the watch needs: a recorder, places that tell "we are offline" from "the site is down", its other sources."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urljoin

from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.http import Answer, ask, client_with
from operations.settings import Environment, Provider, Settings, address_of
from operations.watch.store import open_for_reading

ANSWER_LIMIT = 4.0
_UNIT = "vigie watch --record, as a systemd unit: docs/settings.md"


def check_targets(settings: Settings) -> Iterator[Finding]:
    """Whether there are two places that answer when the site does not."""
    name, targets = "control targets", settings.watch.control_targets
    mend = 'watch: control_targets = ["https://one.one.one.one", "https://dns.google"], not on your provider\'s'
    if not targets:
        yield fail(name, "there are none: a bastion that is offline would look like a site that is down", mend)
        return
    answers = asyncio.run(_answers(settings, targets))
    silent = [address_of(answer.url) for answer in answers if answer.kind != "http"]
    if len(silent) == len(targets):
        online = "Is this machine online (name server, proxy, firewall)? Else name two that it may reach: "
        says = f"none answers ({answers[0].error}): everything would count as unknown"
        yield fail(name, says, f"{online}watch.control_targets")
    elif silent:
        yield warn(name, f"{', '.join(silent)} does not answer", mend)
    elif len(targets) < 2:
        yield warn(name, "only one: when it is down, we would seem offline", mend)
    else:
        yield ok(name, f"{len(targets)} answer")


def check_providers(settings: Settings) -> Iterator[Finding]:
    """Each provider's status page is asked once."""
    for provider, answer in asyncio.run(_provider_answers(settings)):
        yield _provider(provider, answer)
    if not settings.providers:
        yield skip("providers", "no provider's status page is set", "[[providers]] with name, status and components")


def check_recorder(settings: Settings, environment: str, now: datetime) -> Iterator[Finding]:
    """Whether somebody watches while nobody looks, and whether the other sources of readings are there."""
    store = open_for_reading(settings)
    recording = False
    if store is not None:
        try:
            recording = store.is_recording(environment, now)
        except sqlite3.Error:
            recording = False
        finally:
            store.close()
    if recording:
        yield ok("recorder", "it runs")
    else:
        yield warn("recorder", "none runs here: no past, and no alarms while nobody looks", _UNIT)
    env = settings.environments[environment]
    for key in ("request_log", "settings_log"):
        if getattr(env, key):
            yield _log(settings, environment, key, getattr(env, key))
    yield from asyncio.run(_sources(settings, environment, env))


async def _answers(settings: Settings, urls: Sequence[str]) -> list[Answer]:
    async with client_with("", {}, settings) as client:
        return await asyncio.gather(*(ask(client, url, limit=ANSWER_LIMIT) for url in urls))


async def _provider_answers(settings: Settings) -> list[tuple[Provider, Answer]]:
    async def one(provider: Provider) -> tuple[Provider, Answer]:
        authority = str(settings.resolve(provider.authority)) if provider.authority else ""
        try:
            client = client_with(authority, {}, settings)
        except OSError as error:
            return provider, Answer(provider.status, "connect", error=f"{authority}: {error.strerror or error}")
        async with client:
            return provider, await ask(client, provider.status, limit=ANSWER_LIMIT, follow_same_host=True)

    return list(await asyncio.gather(*map(one, settings.providers)))


def _provider(provider: Provider, answer: Answer) -> Finding:
    name = f"provider {provider.name}"
    # The watch asks below the page for its JSON; here it is enough that somebody is there.
    if answer.status is None or answer.status >= 500:
        mend = "Correct its status address, or see whether this machine may reach it."
        return warn(name, f"its status page does not answer: {answer.says}", mend)
    return ok(name, "its status page answers")


def _log(settings: Settings, environment: str, key: str, path: str) -> Finding:
    file, name = settings.resolve(path), key.replace("_", " ")
    if not file.is_file():
        says = f"{file} is not there: what it tells is unknown"
        return warn(name, says, f"Correct environments.{environment}.{key}, or have the site write it.")
    if not os.access(file, os.R_OK):
        return warn(name, f"{file} cannot be read", f"Let this user read it: setfacl -m u:$USER:r {file}")
    return ok(name, str(file))


async def _sources(settings: Settings, environment: str, env: Environment) -> list[Finding]:
    named = [(key, getattr(env, key)) for key in ("metrics", "prometheus", "alertmanager") if getattr(env, key)]
    if not named:
        return []
    authority = str(settings.resolve(env.authority)) if env.authority else ""
    try:
        client = client_with(authority, {name: value.reveal() for name, value in env.headers.items()}, settings)
    except OSError:
        return []  # the site's own check says so
    async with client:
        answers = await asyncio.gather(
            *(ask(client, urljoin(env.url, address), limit=ANSWER_LIMIT) for _, address in named)
        )
    return [_source(environment, key, answer) for (key, _), answer in zip(named, answers, strict=True)]


def _source(environment: str, key: str, answer: Answer) -> Finding:
    if answer.status is None or answer.status >= 400:
        mend = f"Correct environments.{environment}.{key}, or see that it runs."
        return warn(key, f"{address_of(answer.url)} answers {answer.says}", mend)
    return ok(key, f"{address_of(answer.url)} answers")
