"""A staging site with a real database for deploys that migrate, and what can be asked of both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.engine.model import Plan
from operations.jobs.deploy import Deploy
from tests.operations.jobs.rig import Rig, a_rig
from tests.servers import PostgresServer

RECORD = """
create table vigie_migrations (name text primary key, applied_at timestamptz, finished_at timestamptz, error text);
insert into vigie_migrations values ('0001_calls', now(), now(), null);
create table calls (id int)
"""


@pytest.fixture
def rig(tmp_path: Path, postgres: PostgresServer) -> Iterator[Rig]:
    """A staging site with a database that has the live release's schema."""
    with a_rig(tmp_path) as made:
        made.watched()
        made.kind = "staging"
        address = postgres.new_database()
        for statement in RECORD.split(";"):
            postgres.run(statement, address.rpartition("/")[2])
        made.more = f'database = "{address}"'
        made.tables = '[deploy]\nmigrations = "sql"'
        yield made


def database(rig: Rig) -> str:
    return rig.more.split('"')[1].rpartition("/")[2]


def recorded(rig: Rig, postgres: PostgresServer) -> dict[str, bool]:
    """Names in the record, and whether each ended."""
    rows = postgres.run("select name, finished_at is not null from vigie_migrations order by name", database(rig))
    return {str(name): bool(ended) for name, ended in rows}


def columns(rig: Rig, postgres: PostgresServer) -> set[str]:
    rows = postgres.run("select column_name from information_schema.columns where table_name = 'calls'", database(rig))
    return {str(row[0]) for row in rows}


def work(rig: Rig, **migrations: str) -> None:
    rig.git.commit("work", {f"migrations/{name}.sql": text for name, text in migrations.items()}, tag="v4")


def plan(rig: Rig, **request: object) -> Plan:
    return Deploy().plan(rig.desk(), request)


def texts(found: Plan) -> list[str]:
    return [one.text for one in found.lines]


COMMAND = """
import json, os, pathlib, subprocess, sys
said = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "PGHOST", "PGPASSFILE")}
pathlib.Path(sys.argv[1]).write_text(json.dumps({"argv": sys.argv, **said}))
for statement in sys.argv[2:]:
    print("applying", statement)
    subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", "-c", statement], check=True)
"""
ROW = "insert into vigie_migrations values ('0002_zone', now(), now(), null)"


def by_command(rig: Rig, told: Path, *statements: str) -> None:
    program = rig.folder / "migrate.py"
    program.write_text(COMMAND)
    call = [sys.executable, str(program), str(told), *statements]
    rig.tables = f'[deploy]\nmigrations = "command"\nmigrate = {json.dumps(call)}'
