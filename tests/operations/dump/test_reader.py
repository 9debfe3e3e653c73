"""What a dump says of itself, in pieces of any size, with all in it that could be taken for something else."""

from __future__ import annotations

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operations.dump.reader import FOOTER, LONGEST_LINE, DumpReader
from operations.practice.postgres import wheel_folder
from tests.servers import PostgresServer

TRAPS = rb"""--
-- PostgreSQL database dump
--
\restrict abcDEF123
-- Dumped from database version 18.1 (Debian 18.1-1)
-- Dumped by pg_dump version 18.3
CREATE EXTENSION IF NOT EXISTS "uuid-ossp" WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE FUNCTION public.f() RETURNS void LANGUAGE plpgsql AS $_$
BEGIN
COPY public.fake (a) FROM stdin;
\! rm -rf /
$$ still inside $$
END $_$;
COMMENT ON TABLE public.t IS 'it''s
COPY public.fake2 (a) FROM stdin;
\q';
COMMENT ON TABLE public.t IS E'a\'\\
COPY public.fake3 (a) FROM stdin;
';
/* a comment /* nested */ COPY public.fake4 (a) FROM stdin;
COPY public.fake5 (a) FROM stdin;
*/
-- COPY public.fake6 (a) FROM stdin; don't
CREATE TABLE public."co"" py" (a$b$ integer);
COPY public.t (a, b) FROM stdin;
1	x\\.y
2	\.

\\.
-- PostgreSQL database dump complete
\.
COPY public."co"" py" (a$b$) FROM stdin;
\.
COPY public.none  FROM stdin;


\.
COPY public."two
lines" (a) FROM stdin;
1
\.
SELECT pg_catalog.setval('public.s', 1, true);
--
-- PostgreSQL database dump complete
--

\unrestrict abcDEF123
"""
COUNTED = {"public.t": 5, 'public."co"" py"': 0, "public.none": 2, 'public."two\nlines"': 1}


def read(text: bytes, *cuts: int) -> DumpReader:
    """Read `text` cut at those places."""
    reader, before = DumpReader(), 0
    for cut in sorted({min(cut, len(text)) for cut in cuts} | {len(text)}):
        reader.feed(text[before:cut])
        before = cut
    reader.close()
    return reader


def test_rows_are_counted_and_nothing_else_is_taken_for_one() -> None:
    reader = read(TRAPS)
    assert reader.tables == COUNTED
    assert reader.rows == 8
    assert reader.extensions == ["uuid-ossp", "pg_trgm"]
    assert (reader.server_version, reader.client_version) == ("18.1", "18.3")
    assert (reader.restricted, reader.meta_command, reader.footer, reader.problem) == (True, "", True, "")


@settings(max_examples=200)
@given(st.lists(st.integers(min_value=0, max_value=len(TRAPS)), max_size=12))
def test_where_the_pieces_end_changes_nothing(cuts: list[int]) -> None:
    whole, cut = read(TRAPS), read(TRAPS, *cuts)
    assert vars(cut) == vars(whole)


def test_one_byte_at_a_time_is_the_same() -> None:
    assert read(TRAPS, *range(len(TRAPS))).tables == COUNTED


@pytest.mark.parametrize(
    "line", [rb"\! rm -rf /", rb"select 1 \gexec", rb"\i /etc/passwd", rb"\connect other", rb"  \set x 1"]
)
def test_a_meta_command_outside_of_data_is_seen(line: bytes) -> None:
    reader = read(b"create table t (a text);\n" + line + b"\nCOPY public.t (a) FROM stdin;\n1\n\\.\n")
    assert reader.meta_command == line[line.index(b"\\") :].decode()
    assert reader.tables == {"public.t": 1}


@pytest.mark.parametrize("cut", [b"COPY public.t (a, b) FROM stdin;\n1", b"still inside", b"a comment /*", b"it''s"])
def test_a_dump_that_was_cut_is_no_whole_one(cut: bytes) -> None:
    reader = read(TRAPS[: TRAPS.index(cut) + len(cut)])
    assert reader.problem.startswith("it ends inside")
    assert not reader.footer


def test_the_end_counts_only_at_the_end() -> None:
    assert not read(FOOTER + b"\ndrop table t;\n").footer
    assert not read(b"select '\n" + FOOTER + b"\n';\n").footer
    assert not read(b"COPY t (a) FROM stdin;\n" + FOOTER + b"\n\\.\n").footer
    assert read(FOOTER + b"\n--\n\n").footer


def test_a_line_without_end_is_not_kept() -> None:
    reader = DumpReader()
    for _ in range(LONGEST_LINE // 1_000_000 + 2):
        reader.feed(b"x" * 1_000_000)
    assert "longer than 16 MB" in reader.problem


ODD = (
    'create schema "odd.one"',
    'create table "odd.one"."a ""b\n(c) FROM stdin;" (id int, "x; y" text)',
    'insert into "odd.one"."a ""b\n(c) FROM stdin;" select n, E\'\\\\.\\n\\\\.\' || n from generate_series(1, 1000) n',
    "create table bare ()",
    "insert into bare default values",
    "create table empty (a int)",
    "create table wide (a text)",
    "insert into wide values (repeat('\\.' || chr(10), 200000)), (null), ('')",
    "create function f() returns text language sql as $f$ select '\n\\.\nCOPY x (a) FROM stdin;\n' $f$",
    "comment on table bare is E'\\\\! rm\n\\\\.\nCOPY x (a) FROM stdin;'",
    "create view v as select '--' || '/*' as \"it's \\ \"",
)


def test_a_real_dump_is_counted_exactly(postgres: PostgresServer) -> None:
    url = postgres.new_database()
    name = url.rpartition("/")[2]
    for statement in ODD:
        postgres.run(statement, name)
    dump = subprocess.run(
        [str(wheel_folder() / "bin" / "pg_dump"), "-h", postgres.host, "-p", str(postgres.port), "-U", "owner", name],
        env={**os.environ, "PGPASSWORD": postgres.password},
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    reader = read(dump, *range(0, len(dump), 65_537))
    assert reader.tables == {
        '"odd.one"."a ""b\n(c) FROM stdin;"': 1000, "public.bare": 1, "public.empty": 0, "public.wide": 3,
    }  # fmt: skip
    assert (reader.problem, reader.meta_command, reader.restricted, reader.footer) == ("", "", True, True)
    assert reader.server_version.startswith("18.")


def read_all(text: str) -> DumpReader:
    reader = DumpReader()
    reader.feed(text.encode())
    reader.close()
    return reader


def test_odd_table_names_are_read_whole() -> None:
    reader = read_all('COPY public."odd (x)" (id) FROM stdin;\n1\n\\.\n\nCOPY "a.b"."c""d" FROM stdin;\n\\.\n\n')
    assert reader.tables == {'public."odd (x)"': 1, '"a.b"."c""d"': 0}


def test_roles_are_those_of_statements_and_of_nothing_that_looks_like_one() -> None:
    reader = read_all(
        "ALTER TABLE public.calls OWNER TO app;\n"
        'ALTER FUNCTION public.f(text) OWNER TO "the app";\n'
        "GRANT SELECT,INSERT ON TABLE public.calls TO reader;\n"
        'GRANT ALL ON SCHEMA public TO "an admin" WITH GRANT OPTION;\n'
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
        "ALTER DEFAULT PRIVILEGES FOR ROLE app IN SCHEMA public GRANT SELECT ON TABLES TO reader;\n"
        "COMMENT ON TABLE public.calls IS 'must be: ALTER TABLE calls OWNER TO app_admin;';\n"
        "CREATE FUNCTION g() RETURNS void LANGUAGE sql AS $$ ALTER TABLE x OWNER TO ghost $$;\n"
    )
    assert reader.roles == {"app", "the app", "reader", "an admin"}


@pytest.mark.parametrize("statement", ["COMMIT;", "begin;", "END;", "ROLLBACK WORK;", "START TRANSACTION READ ONLY;"])
def test_a_statement_about_transactions_is_seen(statement: str) -> None:
    assert read_all(f"select 1;\n{statement}\n").transaction_command == statement


def test_the_body_of_a_function_is_no_transaction() -> None:
    body = "CREATE FUNCTION public.h() RETURNS int LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1;\nEND;\n"
    assert read_all(body + "CREATE TABLE t (id int);\n").transaction_command == ""
    assert read_all("CREATE FUNCTION p() AS $$\nBEGIN;\nCOMMIT;\n$$;\n").transaction_command == ""
    assert read_all(body + "COMMIT;\n").transaction_command == "COMMIT;"
