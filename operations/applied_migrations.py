"""The database's own record of its migrations: a plain table, Prisma's, Supabase's. Read-only, with time limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from operations.errors import VigieError
from operations.settings import Secret
from operations.text import one_line

if TYPE_CHECKING:
    import psycopg

CONNECT_LIMIT = 5
_READ_ONLY = b"set statement_timeout = 5000; set lock_timeout = 1000; set default_transaction_read_only = on"
"""Statements, not options of the connection: poolers refuse those."""
_MOST = 5000
_LONGEST_NAME = 4096
"""Characters; a path in git is no longer."""


@dataclass(frozen=True, slots=True)
class Applied:
    """One migration the database says it has. `failed` holds why it did not end well; `at` is UTC when recorded.

    `name` is as recorded, to compare with: whoever shows it cleans it. `version` is what Supabase knows it by.
    """

    name: str
    at: datetime | None = None
    failed: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class _Record:
    """A table that migrations are recorded in; the query gives name, started, finished, error, taken back, version."""

    table: str
    query: str


_RECORDS = (
    _Record(
        "vigie_migrations",
        "select name, applied_at, finished_at, error, null, null from vigie_migrations order by applied_at limit %s",
    ),
    _Record(
        "_prisma_migrations",
        "select migration_name, started_at, finished_at, case when finished_at is null then logs end, rolled_back_at,"
        " null from _prisma_migrations order by started_at limit %s",
    ),
    _Record(
        "supabase_migrations.schema_migrations",
        "select version || coalesce('_' || nullif(to_jsonb(m) ->> 'name', ''), ''), null, now(), null, null,"
        " version"
        " from supabase_migrations.schema_migrations m order by version limit %s",
    ),
)


def read_applied(address: Secret) -> Sequence[Applied] | None:
    """Migrations recorded in the database, oldest first; None when it keeps no record of a kind known here.

    Raises VigieError (one line, no address in it) when the database cannot be read.
    """
    with looking(address, "The database's migrations cannot be read") as connection:
        connection.execute(_READ_ONLY)
        there = [record for record in _RECORDS if _exists(connection, record.table)]
        rows = [row for record in there for row in connection.execute(record.query.encode(), (_MOST,)).fetchall()]
    return [_applied(row) for row in rows] if there else None


@contextmanager
def looking(address: Secret, refused: str) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """A connection for one look; what the database refuses raises VigieError: `refused`, and why in one line."""
    import psycopg

    try:
        with psycopg.connect(
            address.reveal(),
            autocommit=True,
            connect_timeout=CONNECT_LIMIT,
            application_name="vigie migrations",
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise VigieError(f"{refused}: {_why(error)}", code=2) from None


def _exists(connection: psycopg.Connection[tuple[Any, ...]], table: str) -> bool:
    found = connection.execute("select to_regclass(%s) is not null", (table,)).fetchone()
    return bool(found and found[0])


def _applied(row: tuple[Any, ...]) -> Applied:
    name, started, finished, error, taken_back, version = row
    failed = ""
    if taken_back is None and finished is None:
        failed = one_line(str(error or ""), 120) or "never finished"
    elif taken_back is None and error and str(error).strip():
        failed = one_line(str(error), 120)
    at = started.astimezone(UTC) if isinstance(started, datetime) else None
    return Applied(bounded(str(name)), at, failed, str(version or ""))


def bounded(name: str) -> str:
    """A name to compare with: cut where it is absurdly long, and then still another than any other."""
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}…{sha256(name.encode()).hexdigest()}"


def _why(error: psycopg.Error) -> str:
    """The server's own words; a connection error is cut to its last line, which names no user."""
    if error.diag.message_primary:
        return one_line(error.diag.message_primary, 120)
    return one_line(str(error).rpartition("failed: ")[2] or type(error).__name__, 120)
