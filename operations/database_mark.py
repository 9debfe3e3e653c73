"""The database's own word for its environment: a line `vigie:environment=…` in its comment."""

from __future__ import annotations

import re

from operations.errors import VigieError
from operations.settings import Secret
from operations.text import one_line

_MARK = re.compile(r"(?m)^vigie:environment=(\S+)\s*$")
_LIMIT = 3


def read_mark(address: Secret) -> str:
    """The environment this database is marked for, empty when it has no mark. Raises VigieError when unreadable."""
    import psycopg

    try:
        with psycopg.connect(
            address.reveal(),
            autocommit=True,
            connect_timeout=_LIMIT,
            application_name="vigie mark",
            options="-c statement_timeout=3000 -c default_transaction_read_only=on",
        ) as connection:
            row = connection.execute(
                "select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()"
            ).fetchone()
    except psycopg.Error as error:
        why = error.diag.message_primary or str(error).rpartition("failed: ")[2]
        raise VigieError(f"the database's mark cannot be read: {one_line(why, 100)}", code=2) from None
    return mark_in(row[0] if row else None)


def mark_in(comment: object) -> str:
    """The environment that a database's comment names, empty when it names none."""
    found = _MARK.search(str(comment)) if comment else None
    return one_line(found[1], 40) if found else ""


def with_mark(comment: str | None, environment: str) -> str:
    """A database's comment with that mark in it; the other lines stay."""
    others = _MARK.sub("", comment or "").strip("\n")
    return f"{others}\nvigie:environment={environment}".lstrip("\n")


def write_mark(address: Secret, environment: str) -> None:
    """Set the mark of the database that `address` leads to. Raises VigieError (code 2) when it may not be set."""
    import psycopg
    from psycopg import sql

    try:
        with psycopg.connect(address.reveal(), connect_timeout=_LIMIT, application_name="vigie mark") as connection:
            row = connection.execute(
                "select datname, shobj_description(oid, 'pg_database') from pg_database"
                " where datname = current_database()"
            ).fetchone()
            assert row is not None
            name, comment = row
            text = with_mark(comment, environment)
            connection.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(name), sql.Literal(text)))
    except psycopg.Error as error:
        why = error.diag.message_primary or str(error).rpartition("failed: ")[2]
        raise VigieError(f"the mark cannot be set: {one_line(why, 100)}", code=2) from None
