"""PostgreSQL's client programs, which backups and restores run."""

from __future__ import annotations

from collections.abc import Iterator

from operations.doctor.commands import check_commands
from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.dump.tools import Program, find_tool, installed
from operations.errors import VigieError
from operations.settings import Settings

_CLIENTS = "Install PostgreSQL's client programs: apt install postgresql-client, or dnf install postgresql"


def check_programs(settings: Settings) -> Iterator[Finding]:
    """Each program once, whichever environments want it, and then the commands the settings name."""
    if any(env.database for env in settings.environments.values()):
        yield _client("pg_dump", "backups need it")
        yield _client("psql", "restores need it")
    else:
        yield skip("pg_dump, psql", "no environment has a database")
    yield from check_commands(settings)


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
