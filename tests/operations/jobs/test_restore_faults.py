"""What a restore must survive, made to happen for real: the right code, clear words, the target as it was."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from operations.backups import Backup
from operations.engine.record import JobRecord, JobState
from operations.jobs import operation_named
from operations.jobs.restore import CODES
from tests.operations.jobs.runs import Runs
from tests.operations.jobs.yard import Yard, beside, new_yard
from tests.s3faults import FaultyS3, Harm, faulty_s3
from tests.servers import PostgresServer, S3Server

ROWS = 300


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, s3: S3Server) -> Yard:
    """One backup, made once; nobody changes it."""
    made = new_yard(tmp_path_factory.mktemp("original"), postgres, s3, rows=ROWS)
    outcome, _ = made.back_up()
    assert outcome.code == 0, outcome.says
    return made


@pytest.fixture
def yard(tmp_path: Path, original: Yard) -> Yard:
    """A target with one caller, and the backup of 300 in a bucket of its own."""
    return beside(original, tmp_path, rows=1)


@pytest.fixture
def faulty(s3: S3Server) -> Iterator[FaultyS3]:
    with faulty_s3(s3.endpoint) as proxy:
        yield proxy


def the_one(yard: Yard) -> Backup:
    (backup,) = yard.stored().backups
    return backup


def change(yard: Yard, how: Callable[[bytes], bytes], suffix: str = "") -> None:
    key = f"{the_one(yard).key}{suffix}"
    yard.s3.client().put_object(Bucket=yard.bucket, Key=key, Body=how(yard.read(key)))


def rewritten(yard: Yard, how: Callable[[bytes], bytes], **manifest: object) -> None:
    """Another dump under the same name, with a checksum and a manifest that fit it."""
    change(yard, lambda raw: gzip.compress(how(gzip.decompress(raw))))
    raw = yard.s3.client().get_object(Bucket=yard.bucket, Key=the_one(yard).key)["Body"].read()
    told = {"sha256": hashlib.sha256(raw).hexdigest(), "size": len(raw), **manifest}
    change(yard, lambda old: f"{told['sha256']}  x\n".encode(), ".sha256")
    change(yard, lambda old: json.dumps({**json.loads(old), **told}).encode(), ".manifest.json")


def untouched(yard: Yard) -> bool:
    return yard.databases() == {yard.target} and yard.callers() == 1


def test_code_5_for_a_flipped_byte_and_nothing_ran(yard: Yard) -> None:
    change(yard, lambda raw: raw[:2000] + bytes([raw[2000] ^ 1]) + raw[2001:])
    outcome, bench = yard.restore()
    assert (outcome.code, outcome.meaning) == (5, CODES[5])
    assert "its .sha256 says" in outcome.says
    assert bench.debris == {} and untouched(yard)


def test_code_5_for_a_truncated_object_with_a_checksum_that_fits(yard: Yard) -> None:
    name = the_one(yard).name
    change(yard, lambda raw: raw[:-2000])
    raw = yard.read(the_one(yard).key)
    change(yard, lambda old: f"{hashlib.sha256(raw).hexdigest()}  x\n".encode(), ".sha256")
    outcome, _ = yard.restore(file=name)
    assert outcome.code == 5
    assert "cut short" in outcome.says
    assert untouched(yard)


def test_a_dump_whose_end_is_missing_in_valid_gzip_is_code_5(yard: Yard) -> None:
    rewritten(yard, lambda sql: sql.partition(b"-- PostgreSQL database dump complete")[0])
    outcome, _ = yard.restore(file=the_one(yard).name)
    assert outcome.code == 5
    assert "its end was not seen" in outcome.says


def test_a_missing_checksum_is_held_against_the_manifest(yard: Yard) -> None:
    name = the_one(yard).name
    yard.s3.client().delete_object(Bucket=yard.bucket, Key=f"{the_one(yard).key}.sha256")
    outcome, bench = yard.restore(file=name)
    assert outcome.code == 0, outcome.says
    assert "not compared: no checksum lies beside it" in bench.said
    assert "cannot be trusted" in str(bench.plan.guards)


def test_code_4_for_a_missing_object_and_for_one_that_goes_after_the_plan(yard: Yard) -> None:
    key, name = the_one(yard).key, the_one(yard).name
    yard.back_up()

    def gone(step: str) -> None:
        if step == "download":
            yard.s3.client().delete_object(Bucket=yard.bucket, Key=key)

    outcome, bench = yard.restore(file=name, before=gone)
    assert (outcome.code, bench.debris) == (4, {})
    assert untouched(yard)
    plan = yard.restore_plan(file=name)
    assert plan.refusal is not None
    assert (plan.refusal.code, plan.refusal.name) == (4, "backup there")


def test_code_4_when_the_bucket_refuses_the_download(yard: Yard, faulty: FaultyS3) -> None:
    desk = yard.desk(endpoint=faulty.endpoint)

    def refuse(method: str, path: str) -> Harm | None:
        return Harm(status=403, code="AccessDenied") if method == "GET" and path.endswith(".sql.gz") else None

    faulty.pick = refuse
    outcome, bench = yard.restore(desk=desk)
    assert (outcome.code, bench.debris) == (4, {})
    assert "AccessDenied" in outcome.says or "403" in outcome.says
    assert untouched(yard)


def test_code_6_for_an_sql_error_midway_in_each_form(yard: Yard) -> None:
    end = b"-- PostgreSQL database dump complete"
    rewritten(yard, lambda sql: sql.replace(end, b"select 1 / 0;\n" + end))
    for request in ({}, {"in_place": True}, {"as": f"{yard.target}_x"}):
        outcome, bench = yard.restore(request)
        assert (outcome.code, outcome.meaning) == (6, CODES[6])
        assert "division by zero" in outcome.says
        assert bench.debris == {} and untouched(yard)


def test_code_6_when_a_table_has_not_the_rows_the_dump_has(yard: Yard) -> None:
    """A trigger of the dump's own eats rows: psql is content, the count is not."""
    eats = b"""
create function public.eat() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger eat before insert on public.calls for each row execute function public.eat();
"""
    rewritten(yard, lambda sql: sql.replace(b"COPY public.calls", eats + b"COPY public.calls"))
    outcome, _ = yard.restore(in_place=True)
    assert outcome.code == 6
    assert f"public.calls has 0 rows, the dump has {ROWS}" in outcome.says
    assert untouched(yard)


def test_a_command_for_psql_inside_a_dump_is_code_5_and_never_runs(yard: Yard, tmp_path: Path) -> None:
    proof = tmp_path / "ran"
    rewritten(yard, lambda sql: sql.replace(b"COPY public.calls", f"\\! touch {proof}\nCOPY public.calls".encode(), 1))
    outcome, _ = yard.restore()
    assert outcome.code == 5
    assert "command for psql itself" in outcome.says
    assert not proof.exists() and untouched(yard)


def test_code_2_for_a_newer_dump_by_its_manifest_and_by_itself(yard: Yard) -> None:
    newer = b"-- Dumped from database version 99.1"
    rewritten(yard, lambda sql: b"\n".join(newer if b"Dumped from" in line else line for line in sql.split(b"\n")))
    outcome, _ = yard.restore()
    assert outcome.code == 2
    assert "PostgreSQL 99" in outcome.says and untouched(yard)
    change(yard, lambda raw: json.dumps({**json.loads(raw), "server_version": "99.1"}).encode(), ".manifest.json")
    plan = yard.restore_plan()
    assert plan.refusal is not None
    assert (plan.refusal.code, plan.refusal.name) == (2, "server new enough")


def test_code_2_names_the_roles_and_extensions_that_lack(yard: Yard) -> None:
    more = (
        b"CREATE EXTENSION IF NOT EXISTS postgis WITH SCHEMA public;\nALTER TABLE public.calls OWNER TO nobody_here;\n"
    )
    rewritten(yard, lambda sql: sql.replace(b"CREATE TABLE public.calls", more + b"CREATE TABLE public.calls", 1))
    outcome, _ = yard.restore()
    assert outcome.code == 2
    assert "roles nobody_here; extensions postgis" in outcome.says
    assert untouched(yard)


def test_code_2_without_room_for_the_download(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: os.terminal_size((0, 0)) and type("Free", (), {"free": 10})())
    plan = yard.restore_plan()
    assert plan.refusal is not None
    assert (plan.refusal.code, plan.refusal.name) == (2, "room for the download")


def test_code_7_when_the_site_is_not_well_afterwards_and_the_way_back_is_named(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.jobs.restore_steps._SMOKE_PAUSES", (0.01,))
    yard.url = "http://127.0.0.1:9"
    outcome, bench = yard.restore()
    assert (outcome.code, outcome.meaning) == (7, CODES[7])
    assert f"Back: vigie restore --env staging --undo {bench.job}" in outcome.says
    assert yard.callers() == ROWS
    undone, _ = yard.go("restore-undo", yard.desk_after(bench, outcome), {"job": "1"})
    assert undone.code == 7
    assert yard.callers() == 1


@pytest.mark.parametrize("step", ["download", "verify", "load", "dress", "swap"])
def test_cancelled_before_the_swap_nothing_is_left(yard: Yard, step: str) -> None:
    outcome, bench = yard.restore(cancel_in=step)
    assert (outcome.code, bench.debris) == (143, {})
    assert untouched(yard)


def test_a_database_of_that_name_is_never_written_into(yard: Yard) -> None:
    name = f"{yard.target}_mine"
    yard.postgres.run(f'create database "{name}"')
    outcome, _ = yard.restore({"as": name})
    assert outcome.code == 6
    assert "already" in outcome.says
    assert name in yard.databases(), "it is somebody's own"


def killed_when(yard: Yard, runs: Runs, moment: Callable[[], bool]) -> JobRecord:
    """Start a restore and kill its worker with 9 at that moment."""
    job = runs.start({})
    deadline = time.monotonic() + 60
    while not moment():
        assert time.monotonic() < deadline and runs.job(job.id).live, runs.job(job.id).says
        time.sleep(0.002)
    return runs.kill(runs.until(job.id, lambda one: one.worker is not None))


@contextmanager
def rename_held_up(yard: Yard) -> Iterator[None]:
    """Somebody is about to comment on the target: a rename of it has to wait for that, closing its doors has not."""
    with psycopg.connect(yard.postgres.url()) as session:
        session.execute(f"comment on database \"{yard.target}\" is 'never committed'".encode())
        yield
        session.rollback()


@pytest.fixture
def runs(yard: Yard) -> Iterator[Runs]:
    made = Runs(yard.settings(), "restore", "staging")
    yield made
    made.journal.close()


def test_kill_9_before_the_swap_names_the_half_database_and_cleaning_removes_it(yard: Yard, runs: Runs) -> None:
    job = killed_when(yard, runs, lambda: len(yard.databases()) == 2)
    assert {piece.kind for piece in job.debris} >= {"database"}
    assert yard.callers() == 1
    cleaned, said = runs.clean(job)
    assert cleaned.debris == () and untouched(yard), said
    assert list((yard.folder / "state/restore").iterdir()) == []


def test_kill_9_while_nobody_is_let_in_is_cleaned_without_the_target_answering(yard: Yard, runs: Runs) -> None:
    """The worker is killed between closing the doors and the swap."""

    def closed() -> bool:
        return yard.postgres.run(f"select datallowconn from pg_database where datname = '{yard.target}'") == [(False,)]

    with rename_held_up(yard):
        job = killed_when(yard, runs, closed)
    assert yard.target in yard.databases(), "never both names gone"
    cleaned, said = runs.clean(job)
    assert cleaned.debris == (), said
    assert untouched(yard)
    assert yard.postgres.run(f"select datallowconn from pg_database where datname = '{yard.target}'") == [(True,)]


def test_kill_9_after_the_swap_can_still_be_undone(yard: Yard, runs: Runs) -> None:
    yard.url = "http://127.0.0.1:9"
    yard.settings()
    job = killed_when(yard, runs, lambda: any("_before_" in name for name in yard.databases()))
    assert job.state is not JobState.DONE
    runs.clean(job)
    assert yard.callers() == ROWS
    yard.url = ""
    undo = Runs(yard.settings(), "restore-undo", "staging")
    ended = undo.ended(undo.start({"job": job.id}).id)
    undo.journal.close()
    assert (ended.code, yard.callers()) == (0, 1)


def test_the_second_of_two_at_once_is_told_who_holds_the_lock(yard: Yard, runs: Runs, faulty: FaultyS3) -> None:
    faulty.pick = lambda method, path: Harm("hold") if method == "GET" and path.endswith(".sql.gz") else None
    runs.settings = yard.settings(endpoint=faulty.endpoint)
    first = runs.start({})
    assert faulty.holding.wait(30)
    plan = operation_named("restore").plan(runs.desk(), {})
    assert plan.refusal is not None
    assert plan.refusal.code == 75
    os.kill(runs.job(first.id).worker.pid, signal.SIGTERM)  # type: ignore[union-attr]
    faulty.let_go.set()
    ended = runs.ended(first.id)
    assert (ended.code, ended.debris) == (143, ())
    assert untouched(yard)
