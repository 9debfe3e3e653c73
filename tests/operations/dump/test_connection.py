"""How client programs are found and led to a database: the newest that fits, and the password nowhere to be seen."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from operations.dump import tools
from operations.dump.connection import child_way, way_to
from operations.dump.tools import Tool, find_tool
from operations.errors import PrerequisiteMissing, VigieError
from operations.settings import Secret
from tests.servers import PostgresServer

ODD = "p:a\\ss'w ö@rd"


def test_a_client_program_gets_in_with_an_odd_password_that_is_in_no_argument_and_no_file(
    postgres: PostgresServer,
) -> None:
    role = f"odd_{os.getpid()}"
    escaped = ODD.replace("'", "''")
    postgres.run(f"create role {role} login password '{escaped}'")
    address = Secret(f"host={postgres.host} port={postgres.port} user={role} dbname=postgres password='{_quoted(ODD)}'")
    way = way_to(address)
    psql = find_tool("psql", at_least=18, loopback=way.is_loopback)
    with child_way(way) as environment:
        assert ODD not in str(environment)
        done = subprocess.run(
            [psql.path, "-X", "-At", "-c", "select current_user, current_setting('application_name')"],
            env={"PATH": os.defpath, **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        passfile = environment["PGPASSFILE"]
        assert Path(passfile).stat().st_mode & 0o777 == 0o600
    assert done.stdout.strip() == f"{role}|vigie"
    assert not Path(passfile).exists()


def _quoted(password: str) -> str:
    return password.replace("\\", "\\\\").replace("'", "\\'")


@pytest.mark.parametrize(
    ("address", "host", "database", "loopback"),
    [
        ("postgresql://ana:s3cret@db.example.com:6543/board?sslmode=require", "db.example.com", "board", False),
        ("postgres://ana@127.0.0.1/board", "127.0.0.1", "board", True),
        ("postgresql://ana@[::1]:5432/board", "::1", "board", True),
        ("host=/var/run/postgresql dbname=board", "/var/run/postgresql", "board", True),
        ("postgresql:///board", "", "board", True),
        ("postgresql://ana@10.0.0.5", "10.0.0.5", "ana", False),
    ],
)
def test_an_address_is_taken_apart(address: str, host: str, database: str, loopback: bool) -> None:
    way = way_to(Secret(address))
    assert (way.host, way.database, way.is_loopback) == (host, database, loopback)
    assert "s3cret" not in str(way)
    assert way_to(Secret(address), "other").environment["PGDATABASE"] == "other"


def test_an_address_that_is_none_is_refused_without_being_shown() -> None:
    with pytest.raises(VigieError) as refused:
        way_to(Secret("host=x sslmode='unclosed hunter22"))
    assert "hunter22" not in str(refused.value)


def found(*those: Tool) -> pytest.MonkeyPatch:
    patch = pytest.MonkeyPatch()
    patch.setattr(tools, "installed", lambda _program: those)
    return patch


def test_the_newest_that_fits_is_taken_and_the_wheels_only_on_loopback_for_want_of_another() -> None:
    old, new = Tool("/a/pg_dump", "15.2", 15), Tool("/b/pg_dump", "17.4", 17)
    wheel = Tool("/w/pg_dump", "18.3", 18, has_tls=False)
    patch = found(old, new, wheel)
    try:
        assert find_tool("pg_dump", at_least=14, loopback=False) == new
        assert find_tool("pg_dump", at_least=15, loopback=True) == new
        assert find_tool("pg_dump", at_least=18, loopback=True) == wheel
        with pytest.raises(PrerequisiteMissing, match=r"of version 18 or newer here\. /a/pg_dump is 15\.2, /b/pg_dump"):
            find_tool("pg_dump", at_least=18, loopback=False)
    finally:
        patch.undo()


def test_what_runs_here_is_asked_for_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, says in (
        ("good", "echo 'pg_dump (PostgreSQL) 16.4 (Debian 16.4-1)'"),
        ("bad", "exit 3"),
        ("odd", "echo x"),
    ):
        (tmp_path / name).mkdir()
        program = tmp_path / name / "pg_dump"
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in ("bad", "odd", "good")))
    tools.installed.cache_clear()
    try:
        assert Tool(str(tmp_path / "good" / "pg_dump"), "16.4", 16) in tools.installed("pg_dump")
        assert not [tool for tool in tools.installed("pg_dump") if "/bad/" in tool.path or "/odd/" in tool.path]
    finally:
        tools.installed.cache_clear()
