"""The database probe against a real PostgreSQL: each way in which one can fail has its own word."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from operations.settings import Environment, Secret, Settings, Site
from operations.watch.database_link import DatabaseLink
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, place_for
from operations.watch.probes.business import BusinessProbe
from operations.watch.probes.database import DatabaseProbe
from operations.watch.probes.migrations import MigrationsProbe
from tests.servers import PostgresServer, free_port, postgres_server


def _place(address: str, **keys: object) -> Place:
    environment = Environment(database=Secret(address), **keys)  # type: ignore[arg-type]
    return place_for(
        Settings(site=Site(name="x", repository="/nonexistent"), environments={"production": environment}), "production"
    )


def _probe(address: str) -> DatabaseProbe:
    return DatabaseProbe(_place(address), DatabaseLink(Secret(address)))


async def _read(address: str) -> Reading:
    probe = _probe(address)
    try:
        return await probe.read()
    finally:
        await probe.close()


async def _until(probe: DatabaseProbe, fits: Callable[[Reading], bool]) -> Reading:
    async with asyncio.timeout(30):
        while True:
            reading = await probe.read()
            if fits(reading):
                return reading
            await asyncio.sleep(0.02)


@contextmanager
def _session(address: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(address) as connection:
        yield connection


async def test_a_well_database_tells_its_figures(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    postgres.run(f"comment on database \"{name}\" is 'ours\nvigie:environment=production'")
    reading = await _read(address)
    assert reading.status is Status.OK
    data = reading.data
    assert (data["answers"], data["error"], data["writable"], data["mark"]) == (True, "none", True, "production")
    assert 0 < data["connections"] <= data["usable"] == 37
    assert (data["waiters"], data["longest_wait"]) == (0, 0.0)
    assert data["size"] > 1_000_000
    assert abs(data["skew"]) < 5


async def test_nobody_there_is_refused() -> None:
    reading = await _read(f"postgresql://u:p@127.0.0.1:{free_port()}/x")
    assert (reading.status, reading.data["error"], reading.data["network"]) == (Status.DOWN, "refused", True)


async def test_a_wrong_password_or_name_is_auth_and_shows_no_secret(postgres: PostgresServer) -> None:
    wrong = await _read(postgres.url(password="hunter2hunter2"))
    assert (wrong.data["error"], wrong.data["network"]) == ("auth", False)
    assert "hunter2" not in wrong.detail
    assert (await _read(postgres.url("nowhere"))).data["error"] == "auth"


async def test_silence_is_a_timeout() -> None:
    server = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    probe = _probe(f"postgresql://u:p@127.0.0.1:{port}/x")
    probe.limit = 0.5
    reading = await probe.read()
    await probe.close()
    server.close()
    assert (reading.status, reading.data["error"]) == (Status.DOWN, "timeout")


async def test_a_read_only_database_answers_and_is_not_writable(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    postgres.run(f'alter database "{address.rpartition("/")[2]}" set default_transaction_read_only = on')
    reading = await _read(address)
    assert (reading.status, reading.detail) == (Status.DOWN, "read-only")
    assert (reading.data["answers"], reading.data["writable"]) == (True, False)


async def test_sessions_that_wait_for_a_lock_are_counted_with_the_longest_wait(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    with _session(address) as holder:
        holder.execute("create table held (id int)")
        holder.commit()
        holder.execute("lock table held in access exclusive mode")
        waiting = [threading.Thread(target=_wait_for_lock, args=(address,)) for _ in range(3)]
        for thread in waiting:
            thread.start()
        probe = _probe(address)
        reading = await _until(probe, lambda reading: reading.data["waiters"] >= 3)
        again = await probe.read()
        await probe.close()
        holder.rollback()
    for thread in waiting:
        thread.join(30)
    assert reading.data["longest_query"] < 5, "those who wait for a lock are not the slow query"
    assert again.data["longest_wait"] > 0


def _wait_for_lock(address: str) -> None:
    with _session(address) as connection:
        connection.execute("select * from held")


async def test_a_long_query_is_seen(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    slow = threading.Thread(target=_sleep_in, args=(address,))
    slow.start()
    probe = _probe(address)
    reading = await _until(probe, lambda reading: reading.data["longest_query"] >= 0.3)
    await probe.close()
    postgres.run("select pg_cancel_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'")
    slow.join(30)
    assert reading.status is Status.OK


def _sleep_in(address: str) -> None:
    with _session(address) as connection, pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("select pg_sleep(60)")


async def test_a_full_server_still_answers_over_the_held_connection_and_says_so() -> None:
    with postgres_server(settings={"max_connections": "8"}) as server:
        server.run("create role app login password 'p'")
        address = server.url(user="app", password="p")
        probe = _probe(address)
        assert (await probe.read()).data["answers"] is True
        crowd = [psycopg.connect(address) for _ in range(4)]
        reading = await probe.read()
        late = await _read(address)
        for connection in crowd:
            connection.close()
        await probe.close()
    assert (reading.status, reading.data["answers"], reading.data["error"]) == (Status.DOWN, True, "too many clients")
    assert reading.data["used"] == 100
    assert (late.data["answers"], late.data["error"], late.data["network"]) == (False, "too many clients", False)


async def test_a_connection_that_was_ended_is_opened_again_unseen(postgres: PostgresServer) -> None:
    probe = _probe(postgres.new_database())
    await probe.read()
    postgres.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'vigie'")
    reading = await probe.read()
    await probe.close()
    assert reading.status is Status.OK


async def test_a_server_that_stops_is_down_and_comes_back() -> None:
    with postgres_server() as server:
        probe = _probe(server.url())
        assert (await probe.read()).status is Status.OK
        server.process.send_signal(2)
        await asyncio.to_thread(server.process.wait, 30)
        reading = await probe.read()
        await probe.close()
    assert (reading.status, reading.data["error"]) == (Status.DOWN, "refused")


async def test_the_session_can_change_nothing(postgres: PostgresServer) -> None:
    link = DatabaseLink(Secret(postgres.new_database()))
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        await link.rows(("create table x (id int)",), 10)
    await link.close()


async def test_the_business_count_is_one_number(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    for sql, status, value in (("select 42", Status.OK, 42.0), ("select 1 where false", Status.UNKNOWN, None)):
        probe = BusinessProbe(_place(address, business_count=sql), DatabaseLink(Secret(address)))
        reading = await probe.read()
        await probe.close()
        assert (reading.status, reading.value) == (status, value)


async def _migrations(address: str) -> Reading:
    probe = MigrationsProbe(_place(address), DatabaseLink(Secret(address)))
    try:
        return await probe.read()
    finally:
        await probe.close()


async def test_migrations_are_read_from_the_plain_table(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    assert (await _migrations(address)).status is Status.UNKNOWN
    postgres.run(
        "create table vigie_migrations (name text primary key, applied_at timestamptz, finished_at timestamptz, "
        "error text)",
        name,
    )
    postgres.run("insert into vigie_migrations values ('0001_start.sql', '2026-03-01Z', '2026-03-01Z', null)", name)
    good = await _migrations(address)
    assert (good.status, good.data["failed"]) == (Status.OK, [])
    assert good.data["applied"][0][0] == "0001_start.sql"
    postgres.run("insert into vigie_migrations values ('0002_zone.sql', now(), null, 'column exists')", name)
    bad = await _migrations(address)
    assert (bad.status, bad.detail) == (Status.DOWN, "failed: 0002_zone.sql")


async def test_a_migration_of_an_odd_name_is_pending_until_it_is_recorded(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations/0006_two  spaces.sql").touch()
    (tmp_path / "migrations/0006_two  spaces.down.sql").touch()
    postgres.run("create table vigie_migrations (name text, applied_at date, finished_at date, error text)", name)
    settings = Settings(
        site=Site(name="x", repository=str(tmp_path)),
        environments={"production": Environment(database=Secret(address))},
    )
    probe = MigrationsProbe(place_for(settings, "production"), DatabaseLink(Secret(address)))
    try:
        assert (await probe.read()).data["pending"] == ["0006_two spaces.sql"]
        postgres.run("insert into vigie_migrations values ('0006_two  spaces', null, null, null)", name)
        assert (await probe.read()).data["pending"] == []
    finally:
        await probe.close()


async def test_migrations_are_read_from_prismas_and_supabases_tables(postgres: PostgresServer) -> None:
    prisma = postgres.new_database()
    name = prisma.rpartition("/")[2]
    postgres.run(
        "create table _prisma_migrations (migration_name text, started_at timestamptz, finished_at timestamptz, "
        "rolled_back_at timestamptz, logs text)",
        name,
    )
    postgres.run("insert into _prisma_migrations values ('1_a', '2026-03-01Z', '2026-03-01Z', null, null)", name)
    postgres.run("insert into _prisma_migrations values ('2_b', '2026-03-02Z', null, null, 'boom')", name)
    assert (await _migrations(prisma)).data["failed"] == ["2_b"]
    supabase = postgres.new_database()
    name = supabase.rpartition("/")[2]
    postgres.run("create schema supabase_migrations", name)
    postgres.run("create table supabase_migrations.schema_migrations (version text, name text)", name)
    postgres.run("insert into supabase_migrations.schema_migrations values ('20260301', 'start')", name)
    assert (await _migrations(supabase)).data["applied"][0][0] == "20260301_start"
