"""The statements of a runbook as psql gets them: one by one, read-only unless a person says otherwise.

psql takes a text that begins with a backslash for a command of its own, which may run any program here: whatever
PostgreSQL's own parser does not read as a statement is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from operations.errors import VigieError
from operations.migrating import looking_after_client
from operations.migration_locks import running_of
from operations.migration_sql import SQL_LIMIT
from operations.text import one_line

_NEEDS_WRITES = "It runs only where a person allows it to write."
_LONGEST = 2**31 - 1
"""Milliseconds, the most that a server takes as a limit."""
_ERROR = re.compile(r"\b(?:ERROR|FATAL|error):")
_COMMENTS = frozenset({"SQL_COMMENT", "C_COMMENT"})
_MODES = frozenset({"transaction_read_only", "default_transaction_read_only"})


def statements_of(text: str) -> tuple[str, ...]:
    """The statements of a text, in order. Raises VigieError where it is not wholly made of them."""
    import pglast

    if len(text) > SQL_LIMIT or "\0" in text:
        raise VigieError("These statements are too long, or hold a character that no statement has.")
    try:
        found = tuple(part.strip() for part in pglast.split(text))
    except (pglast.Error, ValueError, RecursionError) as error:
        own = next((line for line in text.splitlines() if line.lstrip().startswith("\\")), "")
        if own:
            raise VigieError(f"{one_line(own, 60)} is a command of psql's own, and never run as a statement.") from None
        raise VigieError(f"This cannot be read as SQL: {one_line(str(error), 120)}.") from None
    if not found or any(part.startswith("\\") for part in found):
        raise VigieError("There is no statement in it.")
    return found


def tokens_in(text: str) -> int:
    """How many words, signs and constants a text is made of: what is filled in must not change that."""
    import pglast.parser

    try:
        return sum(token.name not in _COMMENTS for token in pglast.parser.scan(text))
    except (pglast.Error, ValueError):
        return -1


def leaves_reading(text: str) -> str:
    """Why these statements cannot be kept from writing by a read-only transaction; empty when they can."""
    for statement in _parsed(text):
        kind = type(statement).__name__
        if kind == "TransactionStmt":
            return f"It begins or ends transactions by itself. {_NEEDS_WRITES}"
        if kind == "VariableSetStmt" and _sets_mode(statement):
            return f"It changes what a transaction may do. {_NEEDS_WRITES}"
        if kind == "DiscardStmt":
            return f"It throws the session's settings away. {_NEEDS_WRITES}"
        if kind == "CopyStmt" and (statement.is_program or statement.filename):
            return f"It copies to or from the database's own machine. {_NEEDS_WRITES}"
    return ""


def runs_as_one(text: str) -> bool:
    """Whether the statements can run in one transaction, so that a failure leaves nothing."""
    return running_of(text).wrapped


def sql_call(program: str, text: str, *, writes: bool, limit: float) -> tuple[str, ...]:
    """One psql run of all statements of `text`, each a `--command` of its own, stopping at the first error.

    Read-only it is one transaction, made so by a statement, because poolers refuse options of the connection and hand
    connections on between transactions. `limit` is the seconds one statement may take then.
    """
    one = not writes or runs_as_one(text)
    before = [looking_after_client(local=True)] if one else []
    if not writes:
        longest = min(int(limit * 1000), _LONGEST)
        before = [f"set transaction read only; set local statement_timeout = {longest}", *before]
    commands = [part for statement in (*before, *statements_of(text)) for part in ("--command", statement)]
    single = ("--single-transaction",) if one else ()
    # What a write did ("UPDATE 3") is worth a line; that a setting was made is not.
    quiet = () if writes else ("--quiet",)
    return (
        program, "--no-psqlrc", "--no-password", "--echo-errors", "--set", "ON_ERROR_STOP=1",
        *quiet, *single, *commands,
    )  # fmt: skip


def error_line(lines: Sequence[str]) -> str:
    """The line with which psql says what went wrong, else the last one; empty where it said nothing."""
    said = [line for line in lines if line.strip()]
    return one_line(next((line for line in said if _ERROR.search(line)), said[-1] if said else ""), 160)


def refused_to_write(lines: Sequence[str]) -> str:
    """The server's own words for a write that a read-only transaction kept out; empty when there are none."""
    found = (line for line in lines if "in a read-only transaction" in line)
    return next((one_line(line.partition("ERROR:")[2] or line, 120) for line in found), "")


def _parsed(text: str) -> Sequence[Any]:
    import pglast

    try:
        return [raw.stmt for raw in pglast.parse_sql(text)]
    except (pglast.Error, ValueError, RecursionError):
        return []


def _sets_mode(statement: Any) -> bool:
    name = (statement.name or "").lower()
    # Without a name it is RESET ALL.
    return not name or name in _MODES or name in ("transaction", "session characteristics")
