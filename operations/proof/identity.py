"""What a database says of itself: server, name, mark. And whether two connections end in one database: the nonce.

Read-only with short limits; the nonce is an advisory lock for the length of one transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operations.database_mark import mark_in
from operations.errors import VigieError
from operations.settings import Secret
from operations.text import one_line

if TYPE_CHECKING:
    import psycopg

CONNECT_LIMIT = 5
_SESSION = "set statement_timeout = 5000; set default_transaction_read_only = on"
_ASKED = """
select current_setting('server_version_num')::int / 10000, current_setting('server_version'), datname, oid,
       shobj_description(oid, 'pg_database'), pg_database_size(oid)
  from pg_database where datname = coalesce(nullif(%s, ''), current_database())
"""
_SEEN = """
select count(*) from pg_locks where locktype = 'advisory' and granted and objsubid = 1
   and (classid::bigint << 32 | objid::bigint) = %s
   and database = %s
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a database says of itself. `identifier` is the server's own number, empty when it does not tell.

    `mark` is empty for a database without one; `size` is bytes on disk.
    """

    database: str
    identifier: str
    oid: int
    mark: str
    major: int
    version: str
    size: int


@contextmanager
def asking(address: Secret, through: str = "") -> Iterator[psycopg.Connection[Any]]:
    """A read-only connection with short limits, to the database `through` instead of its own where one is named.

    Raises VigieError (code 2) when the database does not answer.
    """
    import psycopg
    from psycopg.conninfo import make_conninfo

    way = address.reveal()
    try:
        connection = psycopg.connect(
            make_conninfo(way, dbname=through) if through else way,
            autocommit=True,
            connect_timeout=CONNECT_LIMIT,
            application_name="vigie proof",
        )
    except psycopg.Error as error:
        raise VigieError(database_words(error), code=2) from None
    with connection:
        # Not as a start option: poolers refuse those.
        connection.execute(_SESSION)
        yield connection


def identity_over(connection: psycopg.Connection[Any], database: str = "") -> Identity:
    """Ask over an open connection, of `database` on the same server where one is named. Raises VigieError (2)."""
    import psycopg

    try:
        row = connection.execute(_ASKED, (database,)).fetchone()
        identifier = _identifier(connection)
    except psycopg.Error as error:
        raise VigieError(database_words(error), code=2) from None
    if row is None:
        raise VigieError(f"the server knows no database {database}", code=2)
    major, version, database, oid, comment, size = row
    return Identity(database, identifier, oid, mark_in(comment), major, one_line(version, 40), size)


def read_identity(address: Secret) -> Identity:
    """Ask. Raises VigieError (code 2) when the database does not answer."""
    with asking(address) as connection:
        return identity_over(connection)


def nonce_shows(here: psycopg.Connection[Any], there: psycopg.Connection[Any], oid: int) -> bool:
    """Take a random advisory lock `here` and look for it in the database `oid` `there`: True when both are one."""
    nonce = secrets.randbits(62)
    with here.transaction():
        here.execute("select pg_advisory_xact_lock(%s)", (nonce,))
        row = there.execute(_SEEN, (nonce, oid)).fetchone()
    return bool(row and row[0])


def database_words(error: Exception) -> str:
    """Why a database failed, without the address in it."""
    diagnosis = getattr(getattr(error, "diag", None), "message_primary", None)
    return one_line(diagnosis or str(error).rpartition("failed: ")[2], 120)


def _identifier(connection: psycopg.Connection[Any]) -> str:
    import psycopg

    try:
        row = connection.execute("select system_identifier from pg_control_system()").fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return ""
    return str(row[0]) if row else ""
