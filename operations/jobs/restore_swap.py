"""The swap of two databases' names, there and back, and what cleaning does after one that did not come to its end.

At no moment are both names gone: the renames are one transaction. What a kill can leave is a database that lets nobody
in, and a fresh one that is not needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from operations.desk import Desk
from operations.dump import server
from operations.engine.model import StepFailed
from operations.engine.steps import StepContext
from operations.errors import VigieError
from operations.proof.identity import Identity, asking, identity_over, nonce_shows
from operations.proof.not_production import MARK, prove_target
from operations.proof.place import place_of_database
from operations.settings import Secret

Renames = Sequence[tuple[str, str]]
_HALF = re.compile(r"_restore_[0-9a-z]{10,}\Z")


def close_and_swap(context: StepContext, address: Secret, renames: Renames, proven: Identity) -> None:
    """Let nobody into either database, end their sessions, rename all in one transaction, let everybody in again.

    Names are changed over another database than the target: that this is on the same server is shown first.
    """
    maintenance = server.look_at(address).maintenance
    if not maintenance:
        raise StepFailed(6, f"there is no other database on this server to rename {proven.database} from")
    names = sorted({name for pair in renames for name in pair})
    closed = [old for old, _ in renames]
    with server.connected(address, maintenance) as connection:
        _same_server(address, connection, maintenance, proven)
        words = f"no connections to {' and '.join(closed)}"
        debris = context.leaves("closed", words, maintenance=maintenance, databases=names)
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


def _same_server(address: Secret, connection: Any, maintenance: str, proven: Identity) -> None:
    """A router may lead another name to another server: number and oid must be those proven, and a lock must show."""
    found = identity_over(connection, proven.database)
    with asking(address) as target:
        shows = nonce_shows(target, connection, proven.oid)
    if (found.oid, found.identifier, found.mark) != (proven.oid, proven.identifier, proven.mark) or not shows:
        raise StepFailed(
            6, f"the database {maintenance} is not on the server of {proven.database}: nothing was renamed"
        )


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
        drop_proven(desk, str(debris["database"]), say)
    elif kind == "closed":
        maintenance = str(debris["maintenance"])
        _check_target(desk, maintenance)
        with server.connected(desk.env.database, maintenance) as connection:
            _open_again(connection, [str(name) for name in debris["databases"]])
        say("connections are allowed again")
    else:
        raise VigieError(f"A restore leaves nothing of the kind {kind}.")


def drop_proven(desk: Desk, name: str, say: Callable[[str], None]) -> None:
    """Remove a database that a restore made or kept beside the target: one that passes the same tests as a target.

    Raises VigieError for one that is marked otherwise, or that any environment's settings mean by now.
    """
    target = _check_target(desk)
    with server.connected(desk.env.database) as connection:
        if server.oid_of(connection, name) is None:
            say(f"database {name} is not there")
            return
        meant = replace(place_of_database(desk.env.database), database=name)
        for other, env in desk.settings.environments.items():
            for address in (env.database, env.database_readonly):
                if address and meant.meets(place_of_database(address)):
                    raise VigieError(f"{name} is the database of {other} by now: it is left alone.", code=1)
        proof = prove_target(desk.settings, desk.environment, database=name)
        refusal = proof.refusal
        # A worker that was killed between making it and marking it; nobody else makes such a name.
        blank = proof.identity is not None and not proof.identity.mark and _HALF.search(name)
        if name == target.database or (refusal is not None and not (blank and refusal.name == MARK)):
            why = f"“{refusal.name}”: {refusal.says}" if refusal else "it is the target itself"
            raise VigieError(f"{name} is left alone by {why}", code=1)
        server.drop_database(connection, name)
    say(f"database {name} removed")


def _check_target(desk: Desk, through: str = "") -> Identity:
    proof = prove_target(desk.settings, desk.environment, through=through)
    if proof.refusal is not None:
        raise VigieError(f"blocked by “{proof.refusal.name}”: {proof.refusal.says}", code=proof.refusal.code)
    assert proof.identity is not None
    return proof.identity


def _open_again(connection: Any, names: Sequence[str]) -> None:
    for name in names:
        if server.oid_of(connection, name) is not None:
            server.allow_connections(connection, name, True)
