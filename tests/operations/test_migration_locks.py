"""What a migration holds up while it runs, and whether it runs in one transaction."""

from __future__ import annotations

import pytest

from operations.migration_locks import running_of


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("alter table calls add zone int", ("calls: reads and writes wait",)),
        ("alter table calls rename to rings", ("calls: reads and writes wait",)),
        ("create index on calls (id)", ("calls: writes wait",)),
        ("create index on calls (id); alter table calls add x int", ("calls: reads and writes wait",)),
        ("alter table calls add x int; create index on calls (x)", ("calls: reads and writes wait",)),
        ("update calls set id = 1", ("calls: changed rows wait",)),
        ("truncate calls, zones", ("calls: reads and writes wait", "zones: reads and writes wait")),
        ("drop table public.calls", ("calls: reads and writes wait",)),
        ("create policy p on calls", ("calls: reads and writes wait",)),
        ("lock table calls", ("calls: reads and writes wait",)),
        ("create table calls (id int); create index on calls (id); alter table calls add x int", ()),
        ("create index concurrently on calls (id)", ()),
        ("select 1", ()),
        ("not sql at all", ()),
        ("select '\0'", ()),
    ],
)
def test_what_waits_is_named_once_a_table(text: str, holds: tuple[str, ...]) -> None:
    assert running_of(text).holds == holds


@pytest.mark.parametrize(
    "text",
    [
        "-- vigie: no-transaction\nalter table calls add x int",
        "select 1;\n-- vigie: no-transaction\nselect 2",
        "begin; select 1; commit",
        "create index concurrently on calls (id)",
        "drop index concurrently calls_id",
        "refresh materialized view concurrently counts",
        "vacuum calls",
        "create database other",
        "alter system set work_mem = '1MB'",
    ],
)
def test_what_cannot_run_in_one_transaction_does_not(text: str) -> None:
    running = running_of(text)
    assert not running.wrapped
    assert running.why_not


@pytest.mark.parametrize("text", ["alter table calls add x int", "analyze calls", "not sql", ""])
def test_everything_else_does(text: str) -> None:
    assert running_of(text).wrapped
