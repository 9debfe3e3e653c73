"""How a prepared command group is called: the program, its arguments, its folder and its environment.

A secret is in the environment alone. A shell reads no start-up file, so that nothing but the text decides what runs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from operations.child_trust import trusting
from operations.command_group import Prepared
from operations.dump.connection import child_way, way_to
from operations.dump.tools import find_tool
from operations.engine.process import child_environment
from operations.errors import PrerequisiteMissing
from operations.settings import Secret, Settings
from operations.sql_group import sql_call
from runbooks.shell_programs import changes_what_is_found, programs_in

BASH = ("--noprofile", "--norc", "-e", "-o", "pipefail", "-c", "--")
SH = ("-e", "-c", "--")


@dataclass(frozen=True, slots=True)
class Call:
    """What the engine runs. `env` is added to its minimal environment."""

    argv: tuple[str, ...]
    folder: Path
    env: Mapping[str, str]


def shell() -> tuple[str, tuple[str, ...]]:
    """The shell of this machine with its options: bash, else sh. Raises PrerequisiteMissing where there is neither."""
    for name, options in (("bash", BASH), ("sh", SH)):
        path = shutil.which(name)
        if path:
            return path, options
    raise PrerequisiteMissing("There is neither bash nor sh here.", next_step="Install bash.")


def psql_for(settings: Settings, environment: str) -> str:
    """The psql that fits the environment's database. Raises PrerequisiteMissing, or VigieError for its address."""
    way = way_to(database_of(settings, environment))
    return find_tool("psql", at_least=0, loopback=way.is_loopback).path


def missing_programs(settings: Settings, prepared: Prepared) -> tuple[str, ...]:
    """Programs that its text calls and that the PATH it gets does not have; none where it changes what is found."""
    if prepared.kind == "sql" or changes_what_is_found(prepared.text):
        return ()
    own = {value.name: value.value.reveal() for value in prepared.values}
    path = child_environment({**_base(settings), **own})["PATH"]
    return tuple(name for name in programs_in(prepared.text) if shutil.which(name, path=path) is None)


@contextmanager
def calling(
    settings: Settings, environment: str, prepared: Prepared, *, writes: bool, limit: float, session: str
) -> Iterator[Call]:
    """The call, and while the block lasts the password file it needs. `session` is its name in the database's server.

    Raises PrerequisiteMissing for a missing program, or for certificates that cannot be read.
    """
    folder = settings.folder
    if prepared.kind == "sql":
        argv = sql_call(psql_for(settings, environment), prepared.text, writes=writes, limit=limit)
        with child_way(way_to(database_of(settings, environment)), session) as way:
            yield Call(argv, folder, {**_base(settings), **way, "PGCLIENTENCODING": "UTF8"})
        return
    path, options = shell()
    values = {value.name: value.value.reveal() for value in prepared.values}
    with trusting(settings, environment) as trusted:
        yield Call((path, *options, prepared.text), folder, {**_base(settings), **trusted, **values})


def database_of(settings: Settings, environment: str) -> Secret:
    """The address of the environment's own database."""
    return settings.environments[environment].database


def _base(settings: Settings) -> dict[str, str]:
    """No colours; in a drill also a HOME of its own, so that nobody's real logins are used."""
    base = {"TERM": "dumb"}
    if settings.drill is not None:
        from operations.practice.containment import child_environment
        from operations.practice.layout import Layout

        base = {**child_environment(Layout(settings.resolve(settings.drill.home))), **base}
    return base
