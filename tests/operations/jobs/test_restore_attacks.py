"""A restore attacked: what is dropped, where psql really runs, which server is renamed on, what a cut load leaves."""

from __future__ import annotations

import gzip
import hashlib
import subprocess
from pathlib import Path

import psycopg
import pytest

from operations.dump.connection import child_way, way_to
from operations.dump.loading import Loading, checking, counting
from operations.dump.server import connected
from operations.dump.tools import find_tool
from operations.engine.model import StepFailed
from operations.engine.process import child_environment
from operations.errors import VigieError
from operations.jobs import operation_named
from operations.jobs.restore_swap import _same_server
from operations.proof.identity import read_identity
from operations.settings import Secret
from tests.operations.jobs.rig import Bench
from tests.operations.jobs.test_restore_faults import original, rewritten, untouched, yard
from tests.operations.jobs.yard import Yard
from tests.servers import postgres_server

__all__ = ["original", "yard"]


def test_what_became_production_meanwhile_is_never_dropped(yard: Yard) -> None:
    """The walk of a disaster: restored beside, then the settings and the mark were changed to it."""
    name = f"{yard.target}_rescue"
    outcome, bench = yard.restore({"as": name})
    desk = yard.desk_after(bench, outcome)
    drop, restore = operation_named("restore-drop"), operation_named("restore")
    plan = drop.plan(desk, {"job": "1"})
    yard.mark("production", name)
    ended = Bench(plan).go(drop, desk)
    assert (ended.code, "left alone" in ended.says) == (1, True)
    with pytest.raises(VigieError, match="marked production"):
        restore.clean(desk, {"kind": "database", "database": name}, lambda words: None)
    yard.mark("staging", name)
    yard.production = yard.postgres.url(name)
    with pytest.raises(VigieError, match="database of production by now"):
        restore.clean(yard.desk(), {"kind": "database", "database": name}, lambda words: None)
    assert name in yard.databases()


def test_a_database_that_somebody_made_at_the_same_moment_stays(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"{yard.target}_race"
    yard.postgres.run(f'create database "{name}"')
    monkeypatch.setattr("operations.dump.server.oid_of", lambda connection, database: None)
    outcome, bench = yard.restore({"as": name})
    assert (outcome.code, bench.debris) == (6, {})
    assert name in yard.databases()


def test_a_name_that_leads_to_another_server_is_not_renamed_over(yard: Yard) -> None:
    proven = read_identity(Secret(yard.address))
    with postgres_server() as other, connected(Secret(other.url())) as elsewhere:
        other.run(f'create database "{yard.target}"')
        with pytest.raises(StepFailed, match="is not on the server of"):
            _same_server(Secret(yard.address), elsewhere, "postgres", proven)
    with connected(Secret(yard.address), "postgres") as here:
        _same_server(Secret(yard.address), here, "postgres", proven)


def test_a_load_whose_pipe_breaks_commits_nothing(yard: Yard, tmp_path: Path) -> None:
    """psql takes the end of a broken pipe for the end of its script."""
    packed = tmp_path / "d.sql.gz"
    packed.write_bytes(gzip.compress(b"create table half (id int);\n"))
    loading = Loading(packed, "", "\n", hashlib.sha256(packed.read_bytes()).hexdigest())
    pieces = list(iter(loading.next_piece, b""))
    with child_way(way_to(Secret(yard.address))) as child:
        for sent, there in ((pieces[:-1], None), (pieces, "half")):
            tool = find_tool("psql", at_least=18, loopback=True).path
            argv = [tool, "-X", "-q", "--set=ON_ERROR_STOP=1", "--file=-"]
            subprocess.run(argv, env=child_environment(child), input=b"".join(sent), check=True)
            assert yard.run("select to_regclass('half')::text") == [(there,)]


def test_a_commit_inside_a_dump_is_code_6_and_nothing_ran(yard: Yard) -> None:
    rewritten(yard, lambda sql: sql.replace(b"COPY public.calls", b"COMMIT;\nCOPY public.calls", 1))
    outcome, _ = yard.restore(in_place=True)
    assert (outcome.code, "COMMIT" in outcome.says) == (6, True)
    assert untouched(yard)


def test_code_6_when_the_file_changes_between_check_and_load(yard: Yard) -> None:
    def cut(step: str) -> None:
        if step == "load":
            (file,) = (yard.folder / "state/restore").iterdir()
            file.write_bytes(gzip.compress(b"create table other (id int);\n"))

    outcome, bench = yard.restore(before=cut)
    assert (outcome.code, bench.debris) == (6, {})
    assert "not the file any more that was checked" in outcome.says
    assert untouched(yard)


def test_the_load_refuses_a_database_that_was_not_proven(yard: Yard) -> None:
    found = read_identity(Secret(yard.address))
    for words in (
        checking("another", found.oid, "", ""),
        checking(found.database, found.oid + 1, "", ""),
        checking(found.database, found.oid, "17", ""),
        checking(found.database, found.oid, found.identifier, "stag"),
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="not the database that was proven"):
            yard.run(words)
    yard.run(checking(found.database, found.oid, found.identifier, "staging"))


def test_a_table_of_an_extension_may_hold_more_than_the_dump_and_no_other_may(yard: Yard) -> None:
    yard.run("create table public.srs as select generate_series(1, 50) n")
    with pytest.raises(psycopg.errors.RaiseException, match=r"public\.srs has 50 rows, the dump has 0"):
        yard.run(counting({"public.srs": 0}))
    yard.run("alter extension plpgsql add table public.srs")
    yard.run(counting({"public.srs": 0}))
    with pytest.raises(psycopg.errors.RaiseException, match="has 50 rows, the dump has 51"):
        yard.run(counting({"public.srs": 51}))


def test_in_place_what_lies_in_no_schema_is_replaced_too(yard: Yard) -> None:
    yard.run("create publication everything for all tables")
    # A minute later, for it would have the name of the one before within the same second.
    assert yard.back_up(days_ago=-1 / 1440)[0].code == 4, "stored, and much smaller than the one before"
    newest = yard.stored().backups[0].name
    yard.run("select lo_from_bytea(0, 'a letter')")
    outcome, _ = yard.restore(in_place=True, file=newest)
    assert outcome.code == 0, outcome.says
    assert yard.run("select (select count(*) from pg_publication), (select count(*) from pg_largeobject_metadata)") == [
        (1, 0)
    ]


def test_a_dump_with_large_objects_is_refused_in_words(yard: Yard) -> None:
    yard.run("select lo_from_bytea(0, 'a letter')")
    yard.back_up()
    outcome, bench = yard.restore(file=yard.stored().backups[0].name)
    assert (outcome.code, bench.debris) == (6, {})
    assert "around large objects" in outcome.says
    assert untouched(yard)
