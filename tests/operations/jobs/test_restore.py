"""Restoring on real servers: what is there afterwards, in each form, and the way back."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from operations.jobs import operation_named
from tests.attack.world import heard
from tests.operations.jobs.yard import Yard, beside, new_yard
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
    """With one backup of its 300 callers, all of whom are gone since."""
    made = beside(original, tmp_path, rows=ROWS)
    made.run("delete from calls")
    return made


def test_it_is_restored_and_the_old_one_is_kept_beside(yard: Yard) -> None:
    outcome, bench = yard.restore()
    assert (outcome.code, bench.debris) == (0, {}), outcome.says
    assert yard.callers() == ROWS
    before = outcome.details["before"]
    assert yard.databases() == {yard.target, before}
    assert yard.callers(before) == 0
    assert outcome.says == f"{yard.target} restored: {ROWS + 2} rows of 2 tables from {outcome.details['backup']}"
    assert {"download_seconds", "verify_seconds", "load_seconds"} <= set(outcome.details)
    assert list((yard.folder / "state/restore").iterdir()) == [], "the download is gone"


def test_settings_grants_limits_comment_and_owner_of_the_database_come_with_it(yard: Yard) -> None:
    role, reader = f"{yard.target}_owner", f"{yard.target}_reader"
    database = f'"{yard.target}"'
    for statement in (
        f'create role "{role}"',
        f'create role "{reader}"',
        f"alter database {database} set statement_timeout = '7s'",
        f"""alter database {database} set search_path = "$user", public, "odd, name" """,
        f"alter role \"{reader}\" in database {database} set work_mem = '5MB'",
        f"revoke all on database {database} from public",
        f'grant connect on database {database} to "{reader}" with grant option',
        f"alter database {database} connection limit 17",
        f"comment on database {database} is 'the board''s\nvigie:environment=staging'",
        f'alter database {database} owner to "{role}"',
    ):
        yard.postgres.run(statement)
    wanted = about(yard)
    outcome, _ = yard.restore()
    assert outcome.code == 0, outcome.says
    assert about(yard) == wanted
    assert yard.run("show statement_timeout") == [("7s",)]


def about(yard: Yard) -> list[tuple[object, ...]]:
    return yard.postgres.run(
        "select pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider::text,"
        " datconnlimit, shobj_description(d.oid, 'pg_database'), datallowconn,"
        " (select array_agg(x::text order by x::text) from aclexplode(datacl) x),"
        " (select array_agg(setrole || array_to_string(setconfig, ';') order by setrole)"
        "    from pg_db_role_setting s where s.setdatabase = d.oid)"
        f" from pg_database d where datname = '{yard.target}'"
    )


def test_undo_swaps_back_and_what_is_left_can_be_removed(yard: Yard) -> None:
    outcome, bench = yard.restore()
    desk = yard.desk_after(bench, outcome)
    undone, _ = yard.go("restore-undo", desk, {"job": "1"})
    assert undone.code == 0, undone.says
    assert yard.callers() == 0
    assert yard.databases() == {yard.target, undone.details["away"]}
    again = operation_named("restore-undo").plan(desk, {"job": bench.job})
    assert again.refusal is not None
    assert (again.refusal.code, "nothing to swap back" in again.refusal.says) == (1, True)
    dropped, _ = yard.go("restore-drop", desk, {"job": "1"})
    assert (dropped.code, yard.databases()) == (0, {yard.target})
    assert operation_named("restore-drop").plan(desk, {"job": "1"}).refusal is not None


def test_beside_nothing_is_touched(yard: Yard) -> None:
    name = f"{yard.target}_compared"
    outcome, bench = yard.restore({"as": name})
    assert (outcome.code, bench.debris) == (0, {}), outcome.says
    assert (yard.callers(), yard.callers(name)) == (0, ROWS)
    assert bench.plan.confirm.phrase == name
    dropped, _ = yard.go("restore-drop", yard.desk_after(bench, outcome), {"job": "1"})
    assert (dropped.code, yard.databases()) == (0, {yard.target})


def test_in_place_it_is_emptied_and_loaded_in_one_transaction(yard: Yard) -> None:
    yard.run("create schema later; create table later.than_the_backup (id int); create table public.new_one (id int)")
    outcome, bench = yard.restore(in_place=True)
    assert (outcome.code, bench.debris) == (0, {}), outcome.says
    assert yard.callers() == ROWS
    assert yard.databases() == {yard.target}
    assert yard.run("select to_regclass('public.new_one'), to_regnamespace('later')") == [(None, None)]
    assert "nothing to swap back" in str(bench.plan.lines)


def test_a_user_who_may_not_create_databases_restores_in_place_and_the_plan_says_why(yard: Yard) -> None:
    role = f"{yard.target}_app"
    yard.postgres.run(f"create role \"{role}\" login password 'x'")
    yard.postgres.run(f'alter database "{yard.target}" owner to "{role}"')
    desk = yard.desk(address=yard.postgres.url(yard.target, role, "x"))
    plan = yard.restore_plan(desk=desk)
    assert plan.details["form"] == "in place"
    assert "may not create databases" in str(plan.lines)


def test_the_database_postgres_is_never_renamed(yard: Yard) -> None:
    yard.address = yard.postgres.url("postgres")
    yard.mark("staging")
    try:
        plan = yard.restore_plan()
        assert plan.details["form"] == "in place"
        assert "services and poolers" in str(plan.lines)
    finally:
        yard.postgres.run("comment on database postgres is null")


def test_sessions_on_the_target_are_ended_and_the_plan_says_whose(yard: Yard) -> None:
    with psycopg.connect(yard.address, application_name="the board") as board:
        board.execute("select 1")
        plan = yard.restore_plan()
        assert "1 are ended at the swap: the board" in str(plan.lines)
        outcome, _ = yard.restore()
        assert outcome.code == 0, outcome.says
        with pytest.raises(psycopg.OperationalError):
            board.execute("select 1")


def test_from_production_its_personal_data_is_named_asked_for_and_recorded(yard: Yard) -> None:
    production = yard.desk()
    production = type(production)(production.settings, "production")
    plan = operation_named("backup").plan(production, {})
    from tests.operations.jobs.rig import Bench

    assert Bench(plan).go(operation_named("backup"), production).code == 0
    asked = yard.restore_plan({"from": "production"})
    assert asked.refusal is not None
    assert (asked.refusal.code, "personal data" in asked.refusal.says) == (1, True)
    outcome, bench = yard.restore({"from": "production", "services_off": True})
    assert outcome.code == 0, outcome.says
    assert (bench.plan.request["services_off"], outcome.details["source"]) == (True, "production")
    assert yard.run("select to_regclass('public.calls')") == [(None,)], "production was empty"
    assert yard.run(
        f"select shobj_description(oid, 'pg_database') from pg_database where datname = '{yard.target}'"
    ) == [("vigie:environment=staging",)]


def test_one_of_a_shell_pipeline_is_restored_with_a_plain_warning(yard: Yard) -> None:
    (backup,) = yard.stored().backups
    for suffix in (".sha256", ".manifest.json"):
        yard.s3.client().delete_object(Bucket=yard.bucket, Key=backup.key + suffix)
    none = yard.restore_plan()
    assert none.refusal is not None
    assert (none.refusal.code, none.refusal.name) == (4, "backup there"), "it is never --latest"
    outcome, bench = yard.restore(file=backup.name)
    assert outcome.code == 0, outcome.says
    assert "all that can be checked" in str(bench.plan.lines)
    assert "not compared: no checksum lies beside it" in bench.said
    assert yard.callers() == ROWS


def test_a_recovery_environment_is_a_target_too(yard: Yard) -> None:
    yard.kind = "recovery"
    outcome, _ = yard.restore()
    assert outcome.code == 0, outcome.says


def test_the_command_asks_for_the_databases_name_and_nothing_else_will_do(yard: Yard) -> None:
    yard.settings()
    config = str(yard.folder / "vigie.toml")
    base = ("--config", config, "restore", "--env", "staging")
    assert heard(*base).returncode == 1
    assert heard(*base, "--latest", "--backup-file", "x").returncode == 1
    assert heard(*base, "--backup-file", " ").returncode == 1
    assert heard(*base, "--latest", "--as", "no-name", "--plan").returncode == 1
    assert heard(*base, "--latest", "--from", "nowhere", "--plan").returncode == 1
    assert heard(*base, "--backup-file", "backup_staging_20200101_000000.sql.gz", "--plan").returncode == 4
    assert heard(*base, "--latest", "--yes").returncode == 1
    assert heard(*base, "--latest", "--yes", "--confirm", "staging").returncode == 1
    assert yard.databases() == {yard.target}
    assert heard(*base, "--undo", "7", "--yes").returncode == 1
    done = heard(*base, "--latest", "--yes", "--confirm", yard.target)
    assert done.returncode == 0, done.stderr
    assert yard.callers() == ROWS
    assert heard(*base, "--undo", "1", "--yes").returncode == 0
    assert yard.callers() == 0


def test_three_nights_of_small_backups_are_told_on_the_first_morning_and_never_latest(
    tmp_path: Path, postgres: PostgresServer, s3: S3Server
) -> None:
    yard = new_yard(tmp_path, postgres, s3, rows=3000)
    for days in (5, 4):
        assert yard.back_up(days_ago=days)[0].code == 0
    usual, good = yard.stored().usual_size, yard.stored().newest_trusted
    yard.run("truncate calls")
    for days in (3, 2, 1):
        outcome, _ = yard.back_up(days_ago=days)
        assert (outcome.code, "cannot be trusted" in outcome.says) == (4, True), "already on the first morning"
        assert outcome.details["size"] < 2500
    found = yard.stored()
    assert [backup.trusted for backup in found.backups] == [False] * 3 + [True] * 2
    assert (found.usual_size, found.newest_trusted) == (usual, good)
    assert good is not None
    outcome, _ = yard.restore()
    assert (outcome.code, outcome.details["backup"], yard.callers()) == (0, good.name, 3000)
