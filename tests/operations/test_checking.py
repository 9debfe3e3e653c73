"""Checks run by themselves: short, read-only, ended whole at their limit; what needs a person is not run."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from operations.checking import KEPT, CheckResult, run_check
from tests.operations.station import Station
from tests.servers import PostgresServer

AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path, {}, names="DEPLOY_TOKEN=filetoken99\nPIDS=pids\n")


def check(station: Station, text: str, limit: float = 20.0, **more: Any) -> CheckResult:
    return run_check(station.settings(), "staging", text, limit, now=lambda: AT, **more)


@pytest.mark.parametrize(
    ("text", "code", "state"),
    [("true", 0, "ok"), ("exit 2", 2, "warn"), ("exit 1", 1, "failed"), ("false | true", 1, "failed"),
     ("kill $$", 143, "failed"), ("false\nexit 2", 1, "failed")],
)  # fmt: skip
def test_its_exit_code_says_how_it_is(text: str, code: int, state: str, station: Station) -> None:
    result = check(station, text)
    assert (result.exit_code, result.state, result.at, result.refused) == (code, state, AT, False)


def test_it_gets_what_its_blanks_and_variables_stand_for(station: Station) -> None:
    result = check(station, "echo https://your-domain.com/ $APP_URL; echo err >&2; cat")
    assert result.out == "https://staging.dispatch.example:8443/ https://staging.dispatch.example:8443\nerr"


def test_a_secret_it_prints_is_masked_and_codes_are_taken_out(station: Station) -> None:
    assert check(station, "echo $DEPLOY_TOKEN; printf '\\033[31mred\\033[0m'").out == "•••\nred"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rm -rf build", "line 1 removes a whole folder: nothing like that runs without a person"),
        ("echo [the name]", "[the name] is not filled in"),
        ("echo $NOBODY", "$NOBODY is not filled in"),
        ("curl -H $API_TOKEN", "nobody knows API_TOKEN"),
        ("curl -u [password]", "is a secret"),
        ("forbidden-word", "policy.refuse names"),
        ("echo a\u202eb", "cannot be seen"),
        ("", "There is no command"),
    ],
)
def test_what_needs_a_person_is_never_run(text: str, words: str, station: Station) -> None:
    station.tail = '[policy]\nrefuse = ["forbidden-word"]'
    result = check(station, f"{text}\ntouch HIT" if text else "")
    assert (result.exit_code, result.state, result.refused) == (None, "unknown", True)
    assert words in result.why
    assert not (station.folder / "HIT").exists()


def test_where_no_command_may_run_no_check_runs(station: Station) -> None:
    station.tail = '[policy]\ncommands = "never"'
    assert check(station, "true").refused


def test_an_unknown_environment_and_a_limit_without_end_are_refused(station: Station) -> None:
    assert "no environment nowhere" in run_check(station.settings(), "nowhere", "true").why
    for limit in (0.0, -1.0, 3600.0, float("nan"), float("inf")):
        assert check(station, "true", limit).refused


def test_at_its_limit_it_is_ended_with_everything_it_started(station: Station) -> None:
    began = time.monotonic()
    result = check(station, "trap '' TERM; sleep 600 & echo $!; sleep 600 | cat", 0.5)
    assert (result.exit_code, result.state, result.why) == (None, "unknown", "stopped after 0.5 s")
    assert time.monotonic() - began < 10
    assert not Path(f"/proc/{result.out}/exe").exists()


def test_what_it_leaves_behind_is_ended_with_it(station: Station) -> None:
    result = check(station, "sleep 600 >/dev/null 2>&1 & echo $!")
    assert result.state == "ok"
    assert not Path(f"/proc/{result.out}/exe").exists()


def test_of_a_flood_the_beginning_is_kept(station: Station) -> None:
    result = check(station, "echo first; head -c 3000000 /dev/zero | tr '\\0' x")
    assert (result.state, result.cut, result.out.startswith("first\nxxx")) == ("ok", True, True)
    assert KEPT - 10 <= len(result.out) <= KEPT
    assert not check(station, "echo short").cut


def test_it_is_ended_when_nobody_wants_to_know_any_more(station: Station) -> None:
    asked = threading.Event()
    found: list[CheckResult] = []
    running = station.folder / "running"
    text = "touch running; sleep 600"
    thread = threading.Thread(target=lambda: found.append(check(station, text, 60, cancelled=asked.is_set)))
    thread.start()
    deadline = time.monotonic() + 30
    while not running.exists() and time.monotonic() < deadline:
        thread.join(0.01)
    asked.set()
    thread.join(30)
    [result] = found
    assert (result.exit_code, result.why) == (None, "stopped before its end")


def test_its_output_runs_nothing(station: Station) -> None:
    result = check(station, "echo '$(touch HIT)'; echo '`touch HIT`'")
    assert result.out == "$(touch HIT)\n`touch HIT`"
    assert not (station.folder / "HIT").exists()


def test_a_check_in_sql_reads_and_cannot_write(tmp_path: Path, postgres: PostgresServer) -> None:
    station = Station(tmp_path, {"staging": postgres.new_database()})
    read = check(station, "select 40 + 2 as answer", kind="sql")
    assert (read.state, "42" in read.out) == ("ok", True)
    write = check(station, "create table calls (id int)", kind="sql")
    assert (write.state, write.exit_code, "read-only transaction" in write.out) == ("failed", 1, True)
    assert check(station, "\\! touch HIT", kind="sql").refused
    slow = check(station, "select pg_sleep(600)", 1.0, kind="sql")
    assert slow.state in ("failed", "unknown")


def test_a_database_that_cannot_be_asked_is_no_answer(tmp_path: Path) -> None:
    station = Station(tmp_path, {"staging": "postgresql://u:secretpw99@127.0.0.1:9/x"})
    result = check(station, "select 1", kind="sql")
    assert (result.state, result.exit_code, result.refused) == ("unknown", None, False)
    assert "the database could not be asked" in result.why
    assert "Connection refused" in result.why
