"""What a migration holds up while it runs, and whether it can run in one transaction. Read with Postgres' own parser.

Lock modes from the PostgreSQL manual, "Explicit Locking" (table-level lock modes) and each statement's own page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from operations.migration_sql import SQL_LIMIT
from operations.text import one_line

NO_TRANSACTION = "-- vigie: no-transaction"
"""A line that says that the file must not run in one transaction."""
_OUTSIDE_ONLY = frozenset(
    {"VacuumStmt", "CreatedbStmt", "DropdbStmt", "CreateTableSpaceStmt", "DropTableSpaceStmt", "AlterSystemStmt"}
)
_ALL = "reads and writes wait"
_WRITES = "writes wait"


@dataclass(frozen=True, slots=True)
class Running:
    """How a file runs. `wrapped`: in one transaction, so that a failure leaves nothing. `holds` says what waits."""

    wrapped: bool
    holds: tuple[str, ...] = ()
    why_not: str = ""


def running_of(text: str) -> Running:
    """What Postgres does while it runs that file; a file that cannot be read runs in one transaction."""
    text = text.removeprefix("\ufeff")
    statements = _statements(text)
    holds = tuple(_holds(statements))
    if text.startswith(NO_TRANSACTION) or f"\n{NO_TRANSACTION}" in text:
        return Running(False, holds, "it says so")
    why = next(_own_transactions(statements), "")
    return Running(not why, holds, why)


def _statements(text: str) -> list[Any]:
    import pglast

    if len(text) > SQL_LIMIT or "\0" in text:
        return []
    try:
        return [raw.stmt for raw in pglast.parse_sql(text)]
    except (pglast.Error, ValueError, RecursionError):
        return []


def _own_transactions(statements: Sequence[Any]) -> Iterator[str]:
    for statement in statements:
        kind = type(statement).__name__
        if kind == "TransactionStmt":
            yield "it begins and commits by itself"
        elif kind in _OUTSIDE_ONLY and not (kind == "VacuumStmt" and not statement.is_vacuumcmd):
            yield "it holds a statement that refuses to run in one"
        elif getattr(statement, "concurrent", False) or getattr(statement, "concurrently", False):
            yield "it works CONCURRENTLY"


def _holds(statements: Sequence[Any]) -> Iterator[str]:
    """`trucks: reads and writes wait`, once a table; what the file itself makes holds up nobody."""
    made: set[str] = set()
    said: dict[str, str] = {}
    for statement in statements:
        kind = type(statement).__name__
        if kind in ("CreateStmt", "CreateTableAsStmt"):
            relation = statement.relation if kind == "CreateStmt" else statement.into.rel
            made.add(relation.relname)
            continue
        for table, what in _locked(kind, statement):
            if table not in made and said.get(table) != _ALL:
                said[table] = what
    for table, what in said.items():
        yield f"{one_line(table, 60)}: {what}"


def _locked(kind: str, statement: Any) -> Iterator[tuple[str, str]]:
    if kind in ("AlterTableStmt", "RenameStmt", "CreatePolicyStmt", "RuleStmt") and _relation(statement):
        yield _relation(statement), _ALL
    elif kind == "TruncateStmt":
        yield from ((relation.relname, _ALL) for relation in statement.relations)
    elif kind == "DropStmt":
        names = [item for item in statement.objects if isinstance(item, tuple)]
        yield from ((str(name[-1].sval), _ALL) for name in names if hasattr(name[-1], "sval"))
    elif kind in ("IndexStmt", "CreateTrigStmt") and not getattr(statement, "concurrent", False):
        yield _relation(statement), _WRITES
    elif kind in ("UpdateStmt", "DeleteStmt"):
        yield _relation(statement), "changed rows wait"
    elif kind == "LockStmt":
        yield from ((relation.relname, _ALL) for relation in statement.relations)


def _relation(statement: Any) -> str:
    relation = getattr(statement, "relation", None) or getattr(statement, "table", None)
    return str(getattr(relation, "relname", ""))
