"""One story: the address, the running version, the platform, the database's mark and the bucket belong together.

A contradiction of identity (a part that belongs to another environment) refuses. A difference of versions, or a part
that cannot be read, only warns: in an outage much is unreadable.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from operations.engine.model import Guard
from operations.settings import Environment, Settings
from operations.text import one_line

GUARD = "one story"


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen outside. None: not looked at or not readable, with the reason in `unreadable`.

    `mark` is the database's own word for its environment, empty when it has none. `reported` is the version the site
    tells; `live_commit` and `live_name` what the platform tells.
    """

    url: str = ""
    reported: str | None = None
    live_commit: str | None = None
    live_name: str = ""
    mark: str | None = None
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that does not fit. `identity` marks the kind that refuses."""

    part: str
    says: str
    identity: bool


def check_story(settings: Settings, environment: str, observed: Observed) -> tuple[Contradiction, ...]:
    """Everything that does not fit, contradictions of identity first."""
    env = settings.environments.get(environment)
    if env is None:
        known = ", ".join(settings.environments) or "none"
        return (Contradiction("environment", f"there is no environment {environment}; there is {known}", True),)
    found = [
        *_shared_parts(settings, environment, env, observed.url or env.url),
        *_process(settings, environment),
        *_mark(settings, environment, observed.mark),
        *_versions(observed),
        *(Contradiction("unreadable", one_line(reason), False) for reason in observed.unreadable),
    ]
    return tuple(sorted(found, key=lambda one: not one.identity))


def story_guard(contradictions: Sequence[Contradiction]) -> Guard:
    """The guard of a plan: refuses for identity (code 1), warns for the rest."""
    refusing = [one.says for one in contradictions if one.identity]
    if refusing:
        return Guard(GUARD, "refuse", "; ".join(refusing), 1)
    if contradictions:
        return Guard(GUARD, "warn", "; ".join(one.says for one in contradictions))
    return Guard(GUARD, "pass")


def check_addresses(settings: Settings, environment: str, *, url: str = "", app_url: str = "") -> str:
    """Why `--url` or APP_URL does not belong to `--env`, empty when it does. A refusal here is code 1.

    An address that no environment has is taken as one of this environment's own, e.g. a preview.
    """
    env = settings.environments.get(environment)
    if env is None:
        return ""
    for name, given in (("--url", url), ("APP_URL", app_url)):
        owner = _owner_of_address(settings, environment, given)
        if owner:
            return f"{name} {one_line(given, 80)} belongs to {owner}, not to {environment}"
    if url and app_url and _host(url) != _host(app_url) and _host(app_url) != _host(env.url):
        return f"--url {one_line(url, 80)} and APP_URL {one_line(app_url, 80)} are not the same site"
    return ""


def process_address(settings: Settings) -> str:
    """APP_URL of this process, which the manuals' scripts read; a drill takes nothing from the process environment."""
    return "" if settings.drill else os.environ.get("APP_URL", "")


def _shared_parts(settings: Settings, environment: str, env: Environment, url: str) -> Iterator[Contradiction]:
    """Parts that another environment's settings hold too, or that carry another environment's name."""
    owner = _owner_of_address(settings, environment, url)
    if owner:
        yield Contradiction("url", f"the address {_host(url)} belongs to {owner}", True)
    for name, other in _others(settings, environment):
        for which in ("database", "database_readonly"):
            address = _database(getattr(env, which).reveal())
            if address and address in {_database(other.database.reveal()), _database(other.database_readonly.reveal())}:
                yield Contradiction(which, f"the database {address} belongs to {name} too", True)
        root = settings.resolve(env.platform.root) if env.platform.root else None
        if root and other.platform.root and settings.resolve(other.platform.root) == root:
            yield Contradiction("platform", f"the platform's folder {root} belongs to {name} too", True)
        if name in env.backups.prefix.strip("/").split("/"):
            yield Contradiction("bucket", f"the bucket prefix {one_line(env.backups.prefix)} is named for {name}", True)


def _process(settings: Settings, environment: str) -> Iterator[Contradiction]:
    disagreement = check_addresses(settings, environment, app_url=process_address(settings))
    if disagreement:
        yield Contradiction("APP_URL", disagreement, True)


def _mark(settings: Settings, environment: str, mark: str | None) -> Iterator[Contradiction]:
    if mark == "":
        yield Contradiction("mark", f"the database has no mark (vigie mark --env {environment} sets it)", False)
    elif mark is not None and mark != environment:
        yield Contradiction("mark", f"the database is marked {one_line(mark, 40)}, not {environment}", True)


def _versions(observed: Observed) -> Iterator[Contradiction]:
    if observed.reported is None or observed.live_commit is None:
        return
    if not same_version(observed.reported, observed.live_commit, observed.live_name):
        live = observed.live_name or observed.live_commit[:7]
        told = one_line(observed.reported, 40)
        yield Contradiction("version", f"the site reports {told}, the platform says {live} is live", False)


def same_version(reported: str, commit: str, name: str) -> bool:
    """Whether what a site reports is that release: its commit (7 letters or more of it) or its name."""
    told = reported.strip().lower()
    if not told:
        return False
    if name and told.removeprefix("v") == name.strip().lower().removeprefix("v"):
        return True
    wanted = commit.strip().lower()
    return len(told) >= 7 and len(wanted) >= 7 and (wanted.startswith(told) or told.startswith(wanted))


def _owner_of_address(settings: Settings, environment: str, url: str) -> str:
    """The other environment that this address belongs to rather than to this one; empty when it is none's or ours."""
    host = _host(url)
    own = settings.environments.get(environment)
    if not host or own is None:
        return ""
    for name, other in _others(settings, environment):
        same_settings = _place(own.url) == _place(other.url)
        if _host(other.url) == host and (_host(own.url) != host or same_settings):
            return name
    return ""


def _others(settings: Settings, environment: str) -> Iterable[tuple[str, Environment]]:
    return ((name, env) for name, env in settings.environments.items() if name != environment)


def _host(url: str) -> str:
    """`host:port`, lower case, the scheme's port filled in; empty when unreadable."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def _place(url: str) -> str:
    """Host, port and path of an address: two environments may share a host, not a place on it."""
    return _host(url) + urlsplit(url).path.rstrip("/")


def _database(url: str) -> str:
    """`host:port/name`, the port filled in, without user, password and options."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or 5432}{parts.path}" if parts.hostname else ""
    except ValueError:
        return ""
