"""Statements of a runbook: read-only unless a person says otherwise, and never a command of psql's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.engine.model import ConfirmLevel
from operations.jobs.command import Command
from tests.operations.jobs.test_command import rows
from tests.operations.station import Station
from tests.servers import PostgresServer


@pytest.fixture
def station(tmp_path: Path, postgres: PostgresServer) -> Station:
    made = Station(tmp_path, {name: postgres.new_database() for name in ("production", "staging")})
    for address in made.databases.values():
        postgres.run("create table calls (id int primary key, caller text)", name_of(address))
        postgres.run("insert into calls values (1, 'ana'), (2, 'o''clock')", name_of(address))
    return made


def name_of(address: str) -> str:
    return address.rpartition("/")[2]


def callers(station: Station, postgres: PostgresServer) -> list[str]:
    found = postgres.run("select caller from calls order by id", name_of(station.databases["staging"]))
    return [str(caller) for (caller,) in found]


def test_statements_run_in_the_environments_own_database(station: Station) -> None:
    text = "-- who\nselect caller from calls where caller = '[the caller]';\nselect current_database();"
    outcome, bench = station.run(text, kind="sql", blanks={"[the caller]": "o'clock"})
    assert (outcome.code, outcome.details["exit"]) == (0, 0)
    assert " o'clock" in bench.said
    assert f" {name_of(station.databases['staging'])}" in bench.said


def test_the_plan_says_where_and_that_it_only_reads(station: Station) -> None:
    plan = station.plan("select 1", kind="sql")
    assert rows(plan, "SQL") == ["select 1"]
    [database] = rows(plan, "Database")
    assert database.endswith(name_of(station.databases["staging"]))
    assert rows(plan, "May") == ["only read: in a read-only transaction"]
    assert plan.confirm.level is ConfirmLevel.YES


@pytest.mark.parametrize(
    "text",
    [
        "update calls set caller = 'x' where id = 1",
        "select 1; delete from calls where id = 1",
        "explain analyze insert into calls values (3)",
        "do $$ begin perform set_config('transaction_read_only', 'off', true); delete from calls; end $$",
        "create table more (id int)",
        "select set_config('transaction_read_only', 'off', false); insert into calls values (3)",
    ],
)
def test_a_write_is_kept_out_by_the_server(text: str, station: Station, postgres: PostgresServer) -> None:
    outcome, _ = station.run(text, kind="sql")
    assert outcome.code == 5
    assert callers(station, postgres) == ["ana", "o'clock"]


def test_what_the_server_keeps_out_is_said_with_what_to_do(station: Station) -> None:
    outcome, _ = station.run("update calls set caller = 'x' where id = 1", kind="sql")
    assert "the server refused: cannot execute UPDATE in a read-only transaction" in outcome.says
    assert "run it with writing allowed" in outcome.says


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\\! touch HIT", "is a command of psql's own"),
        ("select 1;\n\\copy calls from program 'touch HIT'", "is a command of psql's own"),
        ("select 1 \\g |touch HIT", "cannot be read as SQL"),
        ("commit; delete from calls", "begins or ends transactions by itself"),
        ("set transaction read write; delete from calls", "changes what a transaction may do"),
        ("select '[a b]' where $TOKEN", "cannot be read as SQL"),
    ],
)
def test_what_could_leave_reading_is_refused_before_it_runs(text: str, words: str, station: Station) -> None:
    guards = [guard.says for guard in station.plan(text, kind="sql").guards if guard.verdict == "refuse"]
    assert any(words in says for says in guards), guards


def test_psql_is_given_no_backslash_even_when_somebody_may_write(station: Station) -> None:
    assert station.refused("\\! touch HIT", kind="sql", writes=True).name == "statements"


def test_with_writing_allowed_all_of_it_or_nothing_stays(station: Station, postgres: PostgresServer) -> None:
    good = "update calls set caller = 'x' where id = 1; update calls set caller = 'y' where id = 2"
    plan = station.plan(good, kind="sql", writes=True)
    assert rows(plan, "May") == ["write: in one transaction, so that a failure leaves nothing"]
    failed, _ = station.run("update calls set caller = 'x' where id = 1; select 1/0", kind="sql", writes=True)
    assert (failed.code, "division by zero" in " ".join(failed.details["last_lines"])) == (5, True)
    assert callers(station, postgres) == ["ana", "o'clock"]
    done, bench = station.run(good, kind="sql", writes=True)
    assert (done.code, bench.said.count("UPDATE 1")) == (0, 2)
    assert callers(station, postgres) == ["x", "y"]


def test_statements_that_refuse_a_transaction_run_one_by_one(station: Station, postgres: PostgresServer) -> None:
    text = "vacuum calls; update calls set caller = 'x' where id = 1; select 1/0"
    [may] = rows(station.plan(text, kind="sql", writes=True), "May")
    assert "what ran before a failure stays" in may
    outcome, _ = station.run(text, kind="sql", writes=True)
    assert outcome.code == 5
    assert callers(station, postgres)[0] == "x"


@pytest.mark.parametrize(
    ("environment", "writes", "level"),
    [
        ("staging", True, ConfirmLevel.YES),
        ("production", False, ConfirmLevel.YES),
        ("production", True, ConfirmLevel.PHRASE),
    ],
)
def test_writing_on_production_wants_the_phrase_and_a_reason(
    environment: str, writes: bool, level: ConfirmLevel, station: Station
) -> None:
    confirm = station.plan("insert into calls values (3)", environment, kind="sql", writes=writes).confirm
    assert (confirm.level, confirm.needs_reason) == (level, level is ConfirmLevel.PHRASE)


def test_a_statement_past_its_limit_is_ended_in_the_server_too(station: Station, postgres: PostgresServer) -> None:
    outcome, bench = station.run("select pg_sleep(600)", kind="sql", writes=True, limit=1.0)
    assert (outcome.code, outcome.details["exit"]) == (5, 124)
    running = postgres.run(
        "select count(*) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
    )
    assert (running, bench.debris) == ([(0,)], {})


def test_cleaning_ends_what_a_dead_worker_left_in_the_server(station: Station) -> None:
    said: list[str] = []
    Command().clean(station.desk(), {"kind": "command", "session": "vigie-gone"}, said.append)
    assert said == ["what it had done by then stays: look at what it was meant to change"]


def test_without_a_database_it_is_code_2(tmp_path: Path) -> None:
    refused = Station(tmp_path, {}).refused("select 1", kind="sql")
    assert (refused.name, refused.code) == ("database known", 2)
    assert refused.says == "environments.staging.database is not set"


def test_a_database_that_does_not_answer_is_a_failed_command(tmp_path: Path) -> None:
    outcome, _ = Station(tmp_path, {"staging": "postgresql://u:secretpw99@127.0.0.1:9/x"}).run("select 1", kind="sql")
    assert outcome.code == 5
    assert "refused" in outcome.says
    assert "secretpw99" not in f"{outcome}"


def test_staging_that_is_production_by_another_name_is_refused(tmp_path: Path) -> None:
    here = {"production": "postgresql://u@127.0.0.1:6000/app", "staging": "postgresql://u@localhost:6000/app"}
    guards = Station(tmp_path, here).plan("select 1", kind="sql").guards
    assert any("its database leads to production" in guard.says for guard in guards if guard.verdict == "refuse")
