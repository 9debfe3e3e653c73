"""The programs that operations run: PostgreSQL's clients, and the commands the settings name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.dump.tools import Program, find_tool, installed
from operations.errors import VigieError
from operations.platforms.restart import check_restart
from operations.settings import Environment, Settings

_CLIENTS = "Install PostgreSQL's client programs: apt install postgresql-client, or dnf install postgresql"
_NODE = "Install Node.js, which brings npm: nodejs.org, apt install nodejs npm, or your version manager"
_HINTS = {
    "npm": _NODE,
    "npx": _NODE,
    "node": _NODE,
    "pnpm": "Install pnpm: npm install -g pnpm",
    "yarn": "Install yarn: npm install -g yarn",
}
_RUN_BY_NODE = frozenset({"npm", "npx", "pnpm", "yarn"})


def check_programs(settings: Settings) -> Iterator[Finding]:
    """Each program once, whichever environments want it."""
    if any(env.database for env in settings.environments.values()):
        yield _client("pg_dump", "backups need it")
        yield _client("psql", "restores need it")
    else:
        yield skip("pg_dump, psql", "no environment has a database")
    for name, env in settings.environments.items():
        yield from _commands(settings, name, env)


def fits_server(program: Program, major: int, *, loopback: bool) -> Finding:
    """Whether there is one that is no older than the server, with TLS where the way leaves this machine."""
    name = f"{program} fits"
    try:
        tool = find_tool(program, at_least=major, loopback=loopback)
    except VigieError as error:
        return fail(name, error.what, error.next_step)
    return ok(name, f"{tool.version} for a server of version {major}")


def _client(program: Program, why: str) -> Finding:
    found = installed(program)
    own = [tool for tool in found if tool.has_tls]
    if own:
        best = max(own, key=lambda tool: tool.major)
        return ok(program, f"{best.version} ({best.path})")
    if found:
        says = f"only the practice site's own, {found[0].version}, which speaks no TLS: it serves this machine alone"
        return warn(program, says, _CLIENTS)
    return fail(program, f"{program} is not installed, or not in PATH: {why}", _CLIENTS)


def _commands(settings: Settings, environment: str, env: Environment) -> Iterator[Finding]:
    platform = env.platform
    if platform.restart:
        name = f"restart command of {environment}"
        try:
            check_restart(platform.restart, settings.resolve(platform.root))
        except VigieError:
            says = f"{platform.restart[0]} is not there"
            yield fail(name, says, f"Install it, or correct environments.{environment}.platform.restart")
        else:
            yield ok(name, platform.restart[0])
    if platform.build:
        # It is run in a checkout of the release, so a relative path is looked for in the repository.
        there = settings.resolve(settings.site.repository)
        yield _build(environment, platform.build[0], there)
        if platform.build[0] in _RUN_BY_NODE and _runs(platform.build[0], there) and not _runs("node", there):
            yield fail(f"build command of {environment}", "node is not there, which runs it", _NODE)


def _build(environment: str, program: str, there: Path) -> Finding:
    name = f"build command of {environment}"
    if _runs(program, there):
        return ok(name, program)
    says = f"{program} is not there: a rollback that has to rebuild would fail"
    mend = _HINTS.get(program, "Install it")
    return fail(name, says, f"{mend}; or correct environments.{environment}.platform.build")


def _runs(program: str, there: Path) -> bool:
    return shutil.which(program) is not None or ("/" in program and os.access(there / program, os.X_OK))
