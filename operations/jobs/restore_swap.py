"""The swap of two databases' names, there and back, and what cleaning does after one that did not come to its end.

At no moment are both names gone: the renames are one transaction. What a kill can leave is a database that lets nobody
in, and a fresh one that is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from operations.desk import Desk
from operations.dump import server
from operations.engine.steps import StepContext
from operations.errors import VigieError
from operations.proof.not_production import prove_target
from operations.settings import Secret

Renames = Sequence[tuple[str, str]]


def close_and_swap(context: StepContext, address: Secret, renames: Renames) -> None:
    """Let nobody into either database, end their sessions, rename all in one transaction, let everybody in again."""
    maintenance = server.look_at(address).maintenance
    names = sorted({name for pair in renames for name in pair})
    closed = [old for old, _ in renames]
    words = f"no connections to {' and '.join(closed)}"
    debris = context.leaves("closed", words, maintenance=maintenance, databases=names)
    with server.connected(address, maintenance) as connection:
        try:
            for name in closed:
                server.allow_connections(connection, name, False)
            for name in closed:
                server.end_sessions(connection, name, context.wait)
            context.no_return()
            server.rename_both(connection, renames)
        finally:
            _open_again(connection, names)
    context.settled(debris)


def clean_restore(desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Clean one piece of a restore that did not come to its end. Raises VigieError when it could not be."""
    kind = str(debris.get("kind"))
    if kind == "download":
        path = Path(str(debris["path"]))
        if path.parent.name != "restore" or not path.name.endswith(".sql.gz"):
            raise VigieError(f"{path} is no download of a restore: it is left alone.")
        path.unlink(missing_ok=True)
        say(f"{path} removed")
    elif kind == "database":
        _drop(desk, str(debris["database"]), say)
    elif kind == "closed":
        maintenance = str(debris["maintenance"])
        _check_target(desk, maintenance)
        with server.connected(desk.env.database, maintenance) as connection:
            _open_again(connection, [str(name) for name in debris["databases"]])
        say("connections are allowed again")
    else:
        raise VigieError(f"A restore leaves nothing of the kind {kind}.")


def _drop(desk: Desk, name: str, say: Callable[[str], None]) -> None:
    """Remove a half restored database; one that took the target's name is none any more, and its old name is gone."""
    _check_target(desk)
    with server.connected(desk.env.database) as connection:
        server.drop_database(connection, name)
    say(f"database {name} removed")


def _check_target(desk: Desk, through: str = "") -> None:
    refusal = prove_target(desk.settings, desk.environment, through=through).refusal
    if refusal is not None:
        raise VigieError(f"blocked by “{refusal.name}”: {refusal.says}", code=refusal.code)


def _open_again(connection: Any, names: Sequence[str]) -> None:
    for name in names:
        if server.oid_of(connection, name) is not None:
            server.allow_connections(connection, name, True)
