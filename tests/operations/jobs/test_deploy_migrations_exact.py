"""What is applied is what the plan judged, and what failed is told when the server is done with it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from operations.errors import VigieError
from operations.jobs.deploy import Deploy
from tests.operations.jobs.migrated import ROW, by_command, columns, database, work
from tests.operations.jobs.migrated import rig as rig
from tests.operations.jobs.rig import Rig, deployed
from tests.servers import PostgresServer

MEDDLES = {
    "rewrites it": "pathlib.Path('migrations/0002_zone.sql').write_text('drop table calls')",
    "removes the folder": "shutil.rmtree('migrations')",
    "adds one": "pathlib.Path('migrations/0003_more.sql').write_text('drop table calls')",
    "adds one that git ignores": "pathlib.Path('migrations/0003_made.sql').write_text('drop table calls')",
}


def work_whose_build(rig: Rig, meddles: str) -> None:
    files = {"migrations/0002_zone.sql": "alter table calls add zone int;", ".gitignore": "*_made.sql"}
    rig.git.commit("work", {**files, "build.py": f"import pathlib, shutil\n{MEDDLES[meddles]}"}, tag="v4")


@pytest.mark.parametrize("meddles", ["rewrites it", "removes the folder"])
def test_what_is_applied_is_what_the_commit_holds_whatever_the_build_did(
    rig: Rig, postgres: PostgresServer, meddles: str
) -> None:
    work_whose_build(rig, meddles)
    outcome, bench = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert columns(rig, postgres) == {"id", "zone"}
    assert bench.debris == {}


@pytest.mark.parametrize("meddles", sorted(MEDDLES))
def test_code_4_when_a_program_would_find_other_migrations_than_the_plan_judged(
    rig: Rig, postgres: PostgresServer, tmp_path: Path, meddles: str
) -> None:
    work_whose_build(rig, meddles)
    by_command(rig, tmp_path / "told", "alter table calls add zone int", ROW)
    outcome, bench = deployed(rig)
    assert outcome.code == 4
    assert "the build altered migrations/000" in outcome.says
    assert columns(rig, postgres) == {"id"}
    assert not (tmp_path / "told").exists()
    assert bench.debris == {}
    assert not bench.past_no_return


def test_a_migration_runs_under_limits_and_a_name_that_the_server_knows(rig: Rig, postgres: PostgresServer) -> None:
    """A killed psql ends nothing in the server: the server has to know when to stop, and we whom to look for."""
    shown = ["statement_timeout", "lock_timeout", "application_name", "client_connection_check_interval"]
    settings = ", ".join(f"current_setting('{name}') as {name}" for name in shown)
    work(rig, **{"0002_seen": f"create table seen as select {settings};"})
    rig.tables += "\nmigrate_limit = 70\nlock_timeout = 3"
    outcome, _ = deployed(rig)
    assert outcome.code == 0, outcome.says
    assert postgres.run("select * from seen", database(rig)) == [("70s", "3s", "vigie-job1", "2s")]


STAYS = "set statement_timeout = 0; set client_connection_check_interval = 0; "


def test_a_migration_past_its_limit_holds_nothing_up_any_more_when_that_is_told(
    rig: Rig, postgres: PostgresServer
) -> None:
    work(rig, **{"0002_zone": STAYS + "alter table calls add zone int; select pg_sleep(60);"})
    rig.tables += "\nmigrate_limit = 0.7"
    outcome, bench = deployed(rig)
    assert outcome.code == 4
    assert "ended by its time limit" in outcome.says
    assert outcome.says.endswith("nothing of it stayed")
    assert "0002_zone is not in the database" in bench.said
    assert bench.debris == {}
    postgres.run("set lock_timeout = 2000; alter table calls add other int", database(rig))
    assert columns(rig, postgres) == {"id", "other"}


def test_a_program_past_its_limit_is_told_with_what_may_go_on(rig: Rig, postgres: PostgresServer) -> None:
    work(rig, **{"0002_zone": "alter table calls add zone int;"})
    by_command(rig, rig.folder / "told", STAYS + "alter table calls add zone int; select pg_sleep(60)")
    rig.tables += "\nmigrate_limit = 0.7"
    outcome, _ = deployed(rig)
    assert outcome.code == 4
    assert "a session that it named itself may still be running" in outcome.says
    # psql took our name over.
    postgres.run("set lock_timeout = 2000; alter table calls add other int", database(rig))
    assert columns(rig, postgres) == {"id", "other"}


def test_cleaning_after_a_killed_deploy_ends_what_the_server_still_does_for_it(
    rig: Rig, postgres: PostgresServer
) -> None:
    debris = {"kind": "migrations", "names": ["0002_zone"], "session": "vigie-killed"}
    said: list[str] = []
    with psycopg.connect(postgres.url(database(rig)), application_name="vigie-killed") as left:
        left.execute("alter table calls add zone int")
        Deploy().clean(rig.desk(), debris, said.append)
        with pytest.raises(psycopg.OperationalError):
            left.execute("select 1")
    assert said == ["0002_zone is not in the database"]
    rig.more = 'database = "postgresql://app:pw@127.0.0.1:9/x"'
    with pytest.raises(VigieError, match="It may still be running"):
        Deploy().clean(rig.desk(), debris, said.append)
