"""What is in the servers: roles, the template made once, and the databases put back from it at every session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from operations.practice import dataset
from operations.practice.layout import BESIDE_PRODUCTION, DATABASE_NAMES
from operations.practice.postgres import ADMIN, address

if TYPE_CHECKING:
    import psycopg

    from operations.practice.postgres import Server

OWNER, APPLICATION, READER = "harbour", "harbour_app", "harbour_readonly"
TEMPLATE = "harbour_template"
BUSINESS_COUNT = "select count(*) from calls where status = 'open'"
_RIGHTS = {
    OWNER: ("CREATEDB", "pg_monitor, pg_signal_backend"),
    APPLICATION: ("", "pg_read_all_data, pg_write_all_data"),
    READER: ("", "pg_read_all_data, pg_monitor"),
}


def make_roles(server: Server, passwords: Mapping[str, str]) -> None:
    """The owner, the application's role and a read-only one, on a new cluster; again is harmless."""
    from psycopg import sql

    with _connect(server, "postgres") as connection:
        for role, (attributes, groups) in _RIGHTS.items():
            name = sql.Identifier(role)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {}").format(name))
            # Only words of the table above are put into the statement unquoted.
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN {} PASSWORD {}").format(
                    name, sql.SQL(attributes), sql.Literal(passwords[role])
                )
            )
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.SQL(groups), name))
        connection.execute(
            sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(READER))
        )


def make_template(
    server: Server, owner_password: str, size: float, anchor: datetime, after_stage: Callable[[int, str], None]
) -> None:
    """Make the template database from the migrations and the data set.

    `after_stage(days, address)` is called when it holds what the backup so many days before the newest one holds.
    """
    import psycopg

    _drop_and_create(server, TEMPLATE, "template0")
    own = address(server.port, OWNER, owner_password, TEMPLATE)
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute(dataset.MIGRATIONS_TABLE)
        for file in dataset.migration_files():
            _execute(connection, file.read_text("utf-8"))
            connection.execute(
                "INSERT INTO vigie_migrations (name, applied_at, finished_at) VALUES (%s, %s, %s)",
                (file.name, anchor, anchor),
            )
        _execute(connection, dataset.fixed_rows())
        first = 1
        for days in reversed(range(dataset.BACKUP_DAYS)):
            last = dataset.calls_at_backup(days, size)
            _execute(connection, dataset.calls_between(first, last, size, anchor))
            first = last + 1
            after_stage(days, own)
        _execute(connection, dataset.calls_between(first, dataset.total_calls(size), size, anchor))
        _execute(connection, dataset.closing())


def put_back(server: Server, environment: str, applied: Mapping[str, datetime], shift: timedelta) -> None:
    """Every database of that server as it should be: others dropped, ours fresh from the template, and marked.

    `applied` says when each migration went in; `shift` (whole days) moves the data's dates up to today.
    """
    import psycopg

    names = [DATABASE_NAMES[environment]] + ([BESIDE_PRODUCTION] if environment == "production" else [])
    with _connect(server, "postgres") as connection:
        query = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname NOT IN ('postgres', %s)"
        for (found,) in connection.execute(query, (TEMPLATE,)).fetchall():
            _drop(connection, str(found))
    for name in names:
        _drop_and_create(server, name, TEMPLATE)
        with psycopg.connect(server.cluster.address(server.port, name), autocommit=True) as connection:
            for migration, at in applied.items():
                connection.execute(
                    "UPDATE vigie_migrations SET applied_at = %s, finished_at = %s WHERE name = %s",
                    (at, at, migration),
                )
            if shift:
                connection.execute("UPDATE calls SET created_at = created_at + %s", (shift,))
                connection.execute(
                    "UPDATE invoices SET created_at = created_at + %(by)s, paid_at = paid_at + %(by)s", {"by": shift}
                )
    _mark(server, DATABASE_NAMES[environment], environment)


def count_open_calls(server: Server, environment: str) -> float:
    """The business count, as the settings ask for it."""
    with _connect(server, DATABASE_NAMES[environment]) as connection:
        found = connection.execute(BUSINESS_COUNT).fetchone()
    return float(str(found[0])) if found else 0.0


def _mark(server: Server, name: str, environment: str) -> None:
    from psycopg import sql

    with _connect(server, "postgres") as connection:
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(name), sql.Literal(f"vigie:environment={environment}")
            )
        )


def _drop_and_create(server: Server, name: str, template: str) -> None:
    from psycopg import sql

    with _connect(server, "postgres") as connection:
        _drop(connection, name)
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
            )
        )


def _drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    from psycopg import sql

    # A restore that was killed may have left a database that allows no connections.
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(connection: psycopg.Connection[tuple[object, ...]], statements: str) -> None:
    connection.execute(statements.encode())


def _connect(server: Server, database: str) -> psycopg.Connection[tuple[object, ...]]:
    import psycopg

    return psycopg.connect(address(server.port, ADMIN, server.cluster.password, database), autocommit=True)
