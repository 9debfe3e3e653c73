"""Ends what a program of ours left running in a database: killing a client does not end what its server does for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from operations.applied_migrations import looking
from operations.settings import Secret

if TYPE_CHECKING:
    import psycopg

PATIENCE = 4.0
"""Seconds a session has to end after a cancel, and again after a terminate."""
_LIMITS = b"set statement_timeout = 5000; set lock_timeout = 1000"
_OURS = (
    b"from pg_stat_activity where application_name = %s and datname = current_database() and pid <> pg_backend_pid()"
)
_COUNT = b"select count(*) " + _OURS
_BUSY = _COUNT + b" and state = 'active'"
_CANCEL = b"select pg_cancel_backend(pid) " + _OURS
_TERMINATE = b"select pg_terminate_backend(pid) " + _OURS
_PAUSE = 0.05


def session_name(job: str) -> str:
    """The application_name of a job's own sessions; the server keeps 63 bytes of it."""
    return f"vigie-{job}"[:63]


def end_sessions(address: Secret, name: str, patience: float = PATIENCE) -> bool:
    """End the sessions of that name in this database; False when one of them goes on all the same.

    Raises VigieError (one line, no address in it) when nobody can look, or may not end them.
    """
    with looking(address, "The database's sessions cannot be looked at") as connection:
        connection.execute(_LIMITS)
        if _none(connection, _COUNT, name, 0.0):
            return True
        # What waits for its client hears no cancel: it is enough that nothing is busy any more.
        connection.execute(_CANCEL, (name,))
        _none(connection, _BUSY, name, patience)
        connection.execute(_TERMINATE, (name,))
        return _none(connection, _COUNT, name, patience)


def _none(connection: psycopg.Connection[tuple[object, ...]], counted: bytes, name: str, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while connection.execute(counted, (name,)).fetchone() != (0,):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_PAUSE)
    return True
