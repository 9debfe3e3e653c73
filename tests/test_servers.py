"""The servers that the other tests stand on are real, and go when they are no longer needed."""

from __future__ import annotations

import re
from pathlib import Path

from tests.servers import PostgresServer, S3Server, postgres_server

TESTS = Path(__file__).parent


def test_postgres_keeps_what_is_written(postgres: PostgresServer) -> None:
    name = postgres.new_database().rpartition("/")[2]
    postgres.run("create table kept (id int)", name)
    postgres.run("insert into kept values (1), (2)", name)
    assert postgres.run("select count(*) from kept", name) == [(2,)]


def test_postgres_is_gone_after_its_block() -> None:
    with postgres_server() as server:
        folder = server.data
        assert server.process.poll() is None
    assert server.process.poll() is not None
    assert not folder.exists()


def test_s3_keeps_what_is_put(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    s3.client().put_object(Bucket=bucket, Key="a/b", Body=b"hello")
    assert s3.client().get_object(Bucket=bucket, Key="a/b")["Body"].read() == b"hello"


def test_a_test_process_has_one_server_of_each() -> None:
    own = re.compile(r"^from tests\.servers import .*\b(postgres|s3)\b", re.MULTILINE)
    assert [path.name for path in TESTS.rglob("*.py") if own.search(path.read_text("utf-8"))] == ["conftest.py"]
