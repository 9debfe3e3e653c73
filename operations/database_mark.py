"""The database's own word for its environment: a line `vigie:environment=…` in its comment. Read-only."""

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
