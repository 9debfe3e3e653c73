"""A command of a runbook as a job: the plan shows it whole, and how it ends is said as it was."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from operations.command_call import SH
from operations.engine.model import ConfirmLevel, Plan
from operations.engine.process import OUTPUT_LIMIT
from operations.errors import SettingsError, VigieError
from operations.jobs.command import Command
from tests.operations.station import Station


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(tmp_path, {}, names="GITHUB_TOKEN=filetoken99\nREGION=eu-west\n")


def rows(plan: Plan, label: str) -> list[str]:
    """The texts of a labelled line and the unlabelled ones under it."""
    found: list[str] = []
    under = ""
    for entry in plan.lines:
        under = entry.label or under
        if under == label:
            found.append(entry.text)
    return found


def test_the_plan_shows_every_line_filled_in_where_it_runs_and_what_it_gets(station: Station) -> None:
    text = "echo [the name]\n\ncurl -H $GITHUB_TOKEN $REGION $APP_URL"
    plan = station.plan(text, blanks={"[the name]": "a b"}, book="x.md", line=12, section="Look", limit=30)
    assert rows(plan, "Command") == ["echo 'a b'", "curl -H $GITHUB_TOKEN $REGION $APP_URL"]
    assert rows(plan, "Gets") == [
        "GITHUB_TOKEN = •••   (.env.operations)",
        "REGION = eu-west   (.env.operations)",
        "APP_URL = https://staging.dispatch.example:8443   (the environment's own)",
    ]
    assert rows(plan, "From") == ["x.md, line 12, Look"]
    [runs] = rows(plan, "Runs")
    assert f"for staging, in {station.folder}" in runs
    assert runs.endswith("at most 30 s")
    assert plan.decisive["Command"] == "echo 'a b'\n\ncurl -H $GITHUB_TOKEN $REGION $APP_URL"
    assert plan.decisive["Folder"] == str(station.folder)
    assert "GITHUB_TOKEN=••• from .env.operations" in plan.decisive["Variables"]
    assert plan.refusal is None
    assert "filetoken99" not in f"{plan}"


@pytest.mark.parametrize(
    ("text", "environment", "level", "reason"),
    [
        ("true", "staging", ConfirmLevel.YES, False),
        ("true", "production", ConfirmLevel.YES, False),
        ("dropdb calls_test", "staging", ConfirmLevel.PHRASE, False),
        ("dropdb calls_test", "production", ConfirmLevel.PHRASE, True),
    ],
)
def test_a_hazard_wants_the_phrase_and_on_production_a_reason(
    text: str, environment: str, level: ConfirmLevel, reason: bool, station: Station
) -> None:
    confirm = station.plan(text, environment).confirm
    phrase = f"dispatch {environment}" if level is ConfirmLevel.PHRASE else ""
    assert (confirm.level, confirm.phrase, confirm.needs_reason) == (level, phrase, reason)


def test_a_hazard_is_named_with_its_line_in_the_book(station: Station) -> None:
    plan = station.plan("true\nrm -rf build", line=40)
    assert rows(plan, "Hazard") == ["line 41: removes a whole folder"]
    assert [entry.severity for entry in plan.lines[:2]] == ["plain", "bad"]


@pytest.mark.parametrize(
    "text", ["dropdb app", "gunzip -c b.sql.gz | psql $DATABASE_URL", "supabase db reset --linked"]
)
def test_what_would_restore_or_drop_production_is_told_the_safe_way(text: str, tmp_path: Path) -> None:
    station = Station(
        tmp_path, {"production": "postgresql://127.0.0.1:6000/app", "staging": "postgresql://127.0.0.1/b"}
    )
    [words] = station.plan(text, "production").against
    assert "Vigie never restores onto production" in words
    assert "data-loss.md" in words
    assert station.plan(text, "staging").against == ()


def test_the_settings_outrank_the_runbook(station: Station) -> None:
    station.tail = '[policy]\nrefuse = ["kubectl"]'
    assert "policy.refuse names kubectl" in station.refused("kubectl get pods").says


@pytest.mark.parametrize(
    "request_",
    [
        {"kind": "python", "text": "x"},
        {"kind": "shell", "text": " "},
        {"kind": "shell", "text": "x", "blanks": {"[a]": 5}},
        {"kind": "shell", "text": "x", "line": 0},
        {"kind": "shell", "text": "x", "limit": 0},
        {"kind": "shell", "text": "x", "limit": float("nan")},
        {"kind": "shell", "text": "x", "limit": True},
        {"kind": "shell", "text": "x", "writes": True},
    ],
)
def test_a_request_that_makes_no_sense_is_code_1(request_: dict[str, Any], station: Station) -> None:
    with pytest.raises(VigieError) as wrong:
        station.plan(**request_)
    assert wrong.value.code == 1


def test_an_environment_that_is_not_there_is_said(station: Station) -> None:
    with pytest.raises(SettingsError):
        station.plan("true", "nowhere")


def test_a_read_only_session_refuses(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIGIE_READONLY", "1")
    assert station.refused("true").name == "not read-only"
    monkeypatch.setenv("VIGIE_READONLY", "0")
    assert station.plan("true").refusal is None


def test_it_runs_in_the_settings_folder_with_what_it_names_and_little_else(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNSEEN", "from my shell")
    monkeypatch.setenv("BASH_ENV", "/nonexistent")
    outcome, bench = station.run("pwd; echo region=$REGION; env | cut -d= -f1 | sort | tr '\\n' ' '; cat")
    assert outcome.code == 0
    assert outcome.details["exit"] == 0
    assert bench.said[:2] == [str(station.folder), "region=eu-west"]
    assert {"UNSEEN", "BASH_ENV", "GITHUB_TOKEN"}.isdisjoint(bench.said[2].split())


@pytest.mark.parametrize(
    ("text", "exit_code", "words"),
    [
        ("false\necho reached", 1, "exit code 1 after"),
        ("echo went | false | cat", 1, "exit code 1 after"),
        ("echo why >&2; exit 42", 42, "last line: why"),
        ("kill -9 $$", 137, "ended by signal 9"),
        ("yes | head -1", 141, "often no failure"),
        ("no-such-program-here", 127, "command not found"),
    ],
)
def test_a_failure_is_code_5_with_its_own_exit_code(text: str, exit_code: int, words: str, station: Station) -> None:
    outcome, bench = station.run(text)
    assert (outcome.code, outcome.details["exit"]) == (5, exit_code)
    assert words in outcome.says
    assert "reached" not in bench.said


def test_without_bash_the_plan_says_that_a_pipe_may_hide_a_failure(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "sh").symlink_to(str(shutil.which("dash") or shutil.which("sh")))
    monkeypatch.setenv("PATH", str(programs))
    [runs] = rows(station.plan("false\necho reached"), "Runs")
    assert "a failure inside a pipe is not seen" in runs
    outcome, bench = station.run("false\necho reached")
    assert (outcome.code, "reached" in bench.said) == (5, False)
    assert SH[0] == "-e"


def test_without_any_shell_it_is_code_2(station: Station, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert (station.refused("true").name, station.refused("true").code) == ("programs", 2)


def test_the_time_limit_ends_everything_it_started(station: Station) -> None:
    outcome, bench = station.run("sleep 600 & echo $!; sleep 600 | cat; echo reached", limit=0.5)
    assert (outcome.code, outcome.details["exit"]) == (5, 124)
    assert outcome.says.startswith("stopped after 0.5 s, its time limit: what it had done by then stays")
    assert bench.debris == {}
    assert not Path(f"/proc/{bench.said[0]}/exe").exists()


def test_what_goes_on_behind_it_is_not_passed_over(station: Station) -> None:
    outcome, _ = station.run("sleep 600 >/dev/null 2>&1 &")
    group = outcome.details["left_running"]
    try:
        assert outcome.code == 0
        assert f"still runs, as process group {group}" in outcome.says
    finally:
        os.killpg(group, 9)


def test_a_flood_of_output_is_cut_and_not_a_failure(station: Station) -> None:
    outcome, bench = station.run("head -c 40000000 /dev/zero | tr '\\0' x; echo done", limit=60)
    assert outcome.code == 0
    assert "bytes more were not kept" in bench.said[-1]
    assert sum(map(len, bench.said)) < OUTPUT_LIMIT + 1000


def test_a_secret_it_prints_is_masked_also_when_it_comes_from_the_shell(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_TOKEN", "shelltoken99")
    outcome, bench = station.run("echo $GITHUB_TOKEN; echo $CI_TOKEN | base64; echo $CI_TOKEN")
    assert bench.said[0] == bench.said[2] == "•••"
    assert "shelltoken99" not in f"{bench.said}{outcome}"
    assert "•••" in bench.said[1]


def guards(plan: Plan) -> dict[str, tuple[str, str]]:
    return {guard.name: (guard.verdict, guard.says) for guard in plan.guards}


def test_a_program_that_is_not_there_is_named_and_keeps_nothing_from_running(station: Station) -> None:
    plan = station.plan('f() { no-such-one "$1"; }\nf x\nno-such-two | cat\n./made-here.sh')
    assert guards(plan)["programs"] == ("warn", "no-such-one, no-such-two are not installed, or not in PATH")
    assert plan.refusal is None
    assert guards(station.plan("cd .; echo x | cat"))["programs"] == ("pass", "")


def test_programs_are_not_vouched_for_where_the_text_changes_path(station: Station) -> None:
    assert guards(station.plan("export PATH=bin\nno-such-one"))["programs"][0] == "unknown"


def test_on_production_nothing_claims_that_its_database_is_another(tmp_path: Path) -> None:
    address = "postgresql://ops:prodpass99@127.0.0.1:6000/app"
    station = Station(tmp_path, {"production": address})
    there = "no address leads to production"
    assert there not in guards(station.plan('psql "$DATABASE_URL" -c "select 1"', "production"))
    assert guards(station.plan("true"))[there] == ("pass", "")


def test_the_title_is_the_line_that_destroys_something(station: Station) -> None:
    assert station.plan("# Tidy up\necho first\nrm -rf build\necho last", line=12).title == "Command: rm -rf build"
    assert station.plan("# Tidy up\necho first", line=12).title == "Command: echo first"


@pytest.mark.parametrize(("word", "warned"), [("42", False), ("job-7", False), ("1 or true", True), ("1--", True)])
def test_what_is_typed_into_a_statement_is_warned_of_unless_it_is_a_word(
    word: str, warned: bool, station: Station
) -> None:
    plan = station.plan('psql -c "delete from jobs where id = $JOB_ID"', blanks={"$JOB_ID": word})
    assert ("what is typed is only a value" in guards(plan)) is warned
    assert guards(station.plan('echo "$JOB_ID"', blanks={"$JOB_ID": word})).get("what is typed is only a value") is None


@pytest.mark.parametrize(("environment", "reason"), [("staging", False), ("production", True)])
def test_a_request_can_only_raise_what_is_asked_of_a_person(environment: str, reason: bool, station: Station) -> None:
    plan = station.plan("true", environment, confirm="phrase")
    assert (plan.confirm.level, plan.confirm.needs_reason) == (ConfirmLevel.PHRASE, reason)
    assert station.plan("rm -rf x", environment, confirm="").confirm.level is ConfirmLevel.PHRASE
    for lower in ("yes", "none", 1):
        with pytest.raises(VigieError, match="only ever raised"):
            station.plan("rm -rf x", environment, confirm=lower)
    assert Command().plan(station.desk(environment), plan.request).confirm == plan.confirm
