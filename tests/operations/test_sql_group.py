"""Statements for psql: one by one, never a command of psql's own, and read-only ones that cannot leave that."""

from __future__ import annotations

from itertools import pairwise

import pytest

from operations.errors import VigieError
from operations.sql_group import leaves_reading, sql_call, statements_of


def test_statements_are_told_apart_as_the_server_would() -> None:
    text = "select ';' ; -- a; comment\nselect $$b;c$$;\n"
    assert statements_of(text) == ("select ';'", "select $$b;c$$")


@pytest.mark.parametrize(
    "text",
    [
        "\\! id", "select 1; \\! id", "select 1;\n  \\copy t from program 'id'", "\\dt", "select 1 \\g | id",
        "nonsense", "-- nothing", "select 'open",
    ],
)  # fmt: skip
def test_what_is_no_statement_is_refused(text: str) -> None:
    with pytest.raises(VigieError):
        statements_of(text)


@pytest.mark.parametrize("writes", [True, False])
def test_no_argument_of_psql_begins_with_a_backslash(writes: bool) -> None:
    call = sql_call("psql", "/*\n\\! id */ select '\\! id'; select 2", writes=writes, limit=5)
    statements = [given for option, given in pairwise(call) if option == "--command"]
    assert statements[-2:] == ["select '\\! id'", "select 2"]
    assert not any(word.startswith("\\") for word in call)


@pytest.mark.parametrize(
    "text",
    [
        "commit; delete from t", "begin read write", "set transaction read write", "reset all", "discard all",
        "set default_transaction_read_only = off", "set session characteristics as transaction read write",
        "copy t to program 'id'", "copy t to '/tmp/x'",
    ],
)  # fmt: skip
def test_what_would_leave_a_read_only_transaction_is_named(text: str) -> None:
    assert leaves_reading(text).endswith("It runs only where a person allows it to write.")


def test_what_only_reads_or_is_kept_out_by_the_server_is_let_through() -> None:
    assert leaves_reading("select 1; set local work_mem = '1MB'; update t set a = 1; copy t to stdout") == ""
