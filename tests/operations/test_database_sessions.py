"""Sessions that a killed client left are ended in the server, and nothing else is."""

from __future__ import annotations

import psycopg
import pytest

from operations.database_sessions import end_sessions, session_name
from operations.errors import VigieError
from operations.settings import Secret
from tests.servers import PostgresServer


def test_a_session_of_that_name_ends_and_others_go_on(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    with (
        psycopg.connect(address, application_name="vigie-mine") as mine,
        psycopg.connect(address, application_name="vigie-other") as other,
        psycopg.connect(postgres.new_database(), application_name="vigie-mine") as elsewhere,
    ):
        for connection in (mine, other, elsewhere):
            connection.execute("select 1")
        # One that waits for its client hears no cancel: it is terminated.
        assert end_sessions(Secret(address), "vigie-mine")
        with pytest.raises(psycopg.OperationalError):
            mine.execute("select 1")
        assert other.execute("select 1").fetchone() == elsewhere.execute("select 1").fetchone() == (1,)
    assert end_sessions(Secret(address), "vigie-mine"), "where none is, none is left"


def test_what_cannot_be_looked_for_or_ended_is_said(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    with pytest.raises(VigieError, match="sessions cannot be looked at"):
        end_sessions(Secret("postgresql://u:p@127.0.0.1:9/x"), "vigie-mine")
    postgres.run("create role nobody_much login password 'pw'", "postgres")
    name = address.rpartition("/")[2]
    with psycopg.connect(address, application_name="vigie-mine") as mine:
        with pytest.raises(VigieError, match="ermission denied"):
            end_sessions(Secret(postgres.url(name, user="nobody_much", password="pw")), "vigie-mine")
        mine.execute("select 1")


def test_the_server_keeps_the_whole_name_of_a_session() -> None:
    assert len(session_name("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")) < 63
    assert len(session_name("x" * 100)) == 63
