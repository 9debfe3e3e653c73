"""The three words, statement by statement, as Postgres' own parser reads them."""

from __future__ import annotations

import pytest

from operations.migrations import judge_sql

ADDS = [
    "",
    "-- only a comment",
    "begin; commit;",
    "set lock_timeout = '1s'; vacuum t; reindex table t",
    "create table t (id int primary key, b text not null check (b <> ''), c int unique)",
    "create table if not exists t (id int)",
    "create table calls_zone (call_id int references calls (id))",
    "create table t as select 1 as x",
    "create index i on t (b)",
    "create index concurrently if not exists i on t (b)",
    "alter table t add column b int",
    "alter table t add column b int null",
    "alter table t add column if not exists b text default 'x'",
    "alter table t add column b int not null default 0",
    "alter table t add column b bigserial not null",
    "alter table t add column b bigint not null generated always as identity",
    "alter table t add column b int not null generated always as (a * 2) stored",
    "comment on table t is 'x'",
    "comment on column t.b is 'x'",
    "create sequence s",
    "create type mood as enum ('a', 'b')",
    "create type pair as (a int, b int)",
    "create domain d as int check (value > 0)",
    "create schema x create table x.t (id int)",
    "create extension if not exists pgcrypto",
    "create function f() returns int language sql as 'select 1'",
    "create view v as select 1",
    "create materialized view v as select 1",
    "refresh materialized view v",
    "create statistics s on a, b from t",
    "create role reader",
    "alter table t alter column b set statistics 500",
    "alter table t set (fillfactor = 70)",
    "alter table t validate constraint c",
    # What belongs to a table as new as the code is nothing old code knows of: Prisma writes its tables like this.
    'create table "Zone" (id int); create unique index z on "Zone" (id);'
    ' alter table "Zone" add constraint f foreign key (id) references "Call" (id)',
    "create table t (id int); alter table t enable row level security; create policy p on t using (true)",
    "create table t (id int); grant select on t to reader",
    "create table t (id int); create trigger g before insert on t for each row execute function f()",
    "create table s.t (id int); alter table s.t add column b int not null",
]
ONE_WAY = [
    ("drop table t", "drops table t"),
    ("drop table if exists s.t cascade", "drops table s.t"),
    ("drop index i", "drops index i"),
    ("drop view v", "drops view v"),
    ("drop type mood", "drops type mood"),
    ("drop schema x cascade", "drops schema x"),
    ("drop policy p on t", "drops policy"),
    ("drop function f(int)", "drops function f"),
    ("drop extension pgcrypto", "drops extension"),
    ("alter table t drop column b", "drops column t.b"),
    ("alter table t drop constraint c", "drops constraint t.c"),
    ("alter table t add column a int, drop column b", "drops column t.b"),
    ("alter table t rename column a to b", "renames column a to b"),
    ("alter table t rename to u", "renames table t to u"),
    ("alter type mood rename value 'a' to 'b'", "renames a value of enum mood"),
    ("alter table t alter column b type bigint", "retypes t.b"),
    ("alter table t alter column b set not null", "NOT NULL on t.b"),
    ("alter table t alter column b drop not null", "may be NULL now"),
    ("alter table t alter column b drop default", "drops the default"),
    ("alter table t add column b int not null", "NOT NULL without a default"),
    ("alter table t add column b int unique", "UNIQUE"),
    ("alter table t add column b int references u (id)", "FOREIGN KEY"),
    ("alter table t add column b int check (b > 0)", "CHECK"),
    ("alter table t add constraint c check (b > 0) not valid", "CHECK"),
    ("alter table t add constraint c unique (b)", "UNIQUE"),
    ("alter table t add primary key (id)", "PRIMARY KEY"),
    ("alter table t add constraint c foreign key (b) references u (id)", "FOREIGN KEY"),
    ("alter table t add constraint c exclude using gist (b with &&)", "EXCLUDE"),
    ("create unique index concurrently i on t (b)", "UNIQUE index on t"),
    ("alter type mood add value if not exists 'c'", "new value in enum mood: c"),
    ("create policy p on t using (true)", "policy changed on t"),
    ("alter policy p on t using (false)", "policy changed"),
    ("alter table t enable row level security", "row security on t"),
    ("grant select on t to reader", "grant changed"),
    ("revoke all on t from public", "revoke changed"),
    ("grant admin to ana", "grant changed"),
    ("alter default privileges grant select on tables to reader", "default privileges"),
    ("create or replace function f() returns int language sql as 'select 2'", "function f changed"),
    ("alter function f() owner to ana", "owner changed"),
    ("create trigger g before insert on t for each row execute function f()", "trigger changed on t"),
    ("alter table t disable trigger g", "trigger changed on t"),
    ("create rule r as on insert to t do instead nothing", "rule changed on t"),
    ("create or replace view v as select 1", "view v changed"),
    ("alter view v rename column a to b", "renames"),
    ("alter table t set schema other", "another schema"),
    ("alter domain d add check (value > 1)", "domain changed"),
    ("alter type pair add attribute c int", "type pair changed"),
    ("alter role reader nologin", "role changed"),
    ("alter table t detach partition p", "partition"),
    ("create table if not exists t (id int); alter table t drop column b", "drops column t.b"),
    ("create table other.t (id int); alter table t drop column b", "drops column t.b"),
    ("create table t (id int); set search_path = other; alter table t drop column b", "drops column t.b"),
    ("create table t (id int); drop table u", "drops table u"),
    ("update t set a = 1; alter table t drop column b", "drops column t.b"),
]
CANNOT_TELL = [
    ("insert into t values (1)", "INSERT into t"),
    ("update t set a = 1", "UPDATE of t"),
    ("delete from t", "DELETE in t"),
    ("with gone as (delete from t returning *) insert into u select * from gone", "INSERT into u"),
    ("merge into t using u on t.id = u.id when matched then delete", "MERGE into t"),
    ("truncate t", "TRUNCATE"),
    ("copy t from stdin", "COPY"),
    ("do $$ begin drop table t; end $$", "DO block"),
    ("call fill()", "procedure call"),
    ("select setval('s', 5)", "SELECT"),
    ("alter table t alter column b set default 5", "default of t.b"),
    ("alter table t replica identity full", "replica identity"),
    ("create table p partition of t for values in (1)", "part of another table"),
    ("alter sequence s restart", "alter seq"),
    ("creat table t", "not readable as SQL"),
    ("create table t (id int", "not readable as SQL"),
    ("\\restrict abc\ncreate table t (id int)", "not readable as SQL"),
    ("create table t (id int)\x00", "not readable as SQL"),
    ("explain analyze delete from t", "explain"),
]


@pytest.mark.parametrize("sql", ADDS)
def test_what_only_adds(sql: str) -> None:
    verdict = judge_sql(sql)
    assert verdict.word == "adds", verdict.reasons


@pytest.mark.parametrize(("sql", "reason"), ONE_WAY)
def test_what_is_one_way_and_why(sql: str, reason: str) -> None:
    verdict = judge_sql(sql)
    assert verdict.word == "one-way"
    assert any(reason in line for line in verdict.reasons), verdict.reasons


@pytest.mark.parametrize(("sql", "reason"), CANNOT_TELL)
def test_what_cannot_be_told_and_why(sql: str, reason: str) -> None:
    verdict = judge_sql(sql)
    assert verdict.word == "cannot-tell"
    assert any(reason in line for line in verdict.reasons), verdict.reasons


def test_the_worst_reason_comes_first_and_harmless_ones_are_left_out() -> None:
    verdict = judge_sql("alter table t add column a int; update t set a = 1; drop table u")
    assert verdict.reasons == ("drops table u", "UPDATE of t: data changes")


def test_a_file_too_large_to_read_cannot_be_told() -> None:
    assert judge_sql("-- x\n" * 300_000).word == "cannot-tell"


def test_foreign_names_are_cleaned() -> None:
    verdict = judge_sql('drop table "\x1b[31mred"')
    assert verdict.reasons == ("drops table red",)
