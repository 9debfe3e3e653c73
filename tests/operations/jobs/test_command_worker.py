"""A command in the engine's real worker: secrets nowhere, cancelled or killed and still accounted for."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from operations.engine.alive import group_lives
from operations.engine.control import cancel, export
from operations.engine.record import JobRecord, JobState
from operations.engine.redaction import Redactor
from operations.places import places_for
from tests.attack.planting import files_under
from tests.operations.jobs.runs import Runs
from tests.operations.station import Station
from tests.servers import PostgresServer

SECRET, OTHER = "filetoken99zz", "shelltoken99zz"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runs]:
    monkeypatch.setenv("CI_TOKEN", OTHER)
    made = Runs(Station(tmp_path, {}, names=f"DEPLOY_TOKEN={SECRET}\n").settings(), "command", "staging")
    yield made
    made.journal.close()


def start(runs: Runs, text: str, **more: object) -> JobRecord:
    return runs.start({"kind": "shell", "text": text, **more})


def log_of(job: JobRecord) -> str:
    return Path(job.log).read_text() if Path(job.log).exists() else ""


def until_said(runs: Runs, job: JobRecord, wanted: Callable[[str], bool]) -> JobRecord:
    return runs.until(job.id, lambda one: wanted(log_of(one)) or not one.live)


def test_what_it_prints_is_in_the_log_while_it_runs(runs: Runs, tmp_path: Path) -> None:
    go = tmp_path / "go"
    job = start(runs, f"echo hello there; until [ -e {go} ]; do sleep 0.02; done; echo goodbye")
    running = until_said(runs, job, lambda log: "] hello there" in log)
    assert (running.live, "] goodbye" in log_of(running)) == (True, False)
    go.touch()
    ended = runs.ended(job.id)
    assert (ended.code, ended.details and ended.details["exit"]) == (0, 0)
    assert "] goodbye" in log_of(ended)
    assert ended.debris == ()


def test_a_secret_is_in_the_childs_environment_and_nowhere_else(runs: Runs, tmp_path: Path) -> None:
    go = tmp_path / "go"
    text = (
        'echo pid=$$; echo "$DEPLOY_TOKEN $CI_TOKEN"; echo -n "$CI_TOKEN" | base64; '
        f"until [ -e {go} ]; do sleep 0.02; done; echo $CI_TOKEN >&2; exit 3"
    )
    job = start(runs, text)
    until_said(runs, job, lambda log: log.count("•••") >= 2)
    [pid] = [line.partition("pid=")[2] for line in log_of(job).splitlines() if "] pid=" in line]
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
    assert SECRET.encode() in environment
    assert OTHER.encode() in environment
    assert b"$DEPLOY_TOKEN" in arguments
    assert not any(secret.encode() in arguments for secret in (SECRET, OTHER))
    go.touch()
    ended = runs.ended(job.id)
    assert (ended.code, ended.details and ended.details["exit"]) == (5, 3)
    state = places_for(runs.settings).state
    kept = [text for _, text in files_under(state)]
    whole = export(runs.journal, ended, Redactor(runs.settings.secrets()))
    assert len(kept) >= 2
    assert not [secret for secret in (SECRET, OTHER) for text in (*kept, f"{ended}{whole}") if secret in text]


def test_a_cancel_ends_it_with_everything_it_started(runs: Runs) -> None:
    job = start(runs, "sleep 600 & sleep 600 | cat & echo started; wait")
    running = until_said(runs, job, lambda log: "] started" in log)
    [group] = running.groups
    cancel(runs.journal, running)
    ended = runs.ended(job.id)
    assert (ended.code, ended.state) == (143, JobState.CANCELLED)
    assert "what it had done by then stays" in ended.says
    assert not group_lives(group)
    assert ended.debris == ()


def test_after_a_kill_of_its_worker_what_still_runs_is_named_and_can_be_ended(runs: Runs) -> None:
    job = start(runs, "sleep 600 & sleep 600 & echo started; wait")
    running = until_said(runs, job, lambda log: "] started" in log)
    [group] = running.groups
    try:
        lost = runs.kill(running)
        assert lost.state is JobState.LOST
        assert [piece.words.partition(":")[0] for piece in lost.debris] == ["it may still be running"]
        assert lost.needs_cleaning
        assert f"its process group {group.pgid} still runs" in lost.says
        after, said = runs.clean(lost)
        assert not group_lives(group)
        assert (after.debris, after.needs_cleaning) == ((), False)
        assert any("what it had done by then stays" in words for words in said)
    finally:
        if group_lives(group):
            os.killpg(group.pgid, signal.SIGKILL)


def test_after_a_kill_of_its_worker_a_statement_is_ended_in_the_server(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    settings = Station(tmp_path, {"staging": postgres.new_database()}).settings()
    runs = Runs(settings, "command", "staging")
    try:
        text = "create table calls (id int); select pg_sleep(600) from calls right join (select 1) one on true"
        job = runs.start({"kind": "sql", "text": text, "writes": True})
        looking = (
            f"select count(*) from pg_stat_activity where application_name = 'vigie-{job.id}' and state = 'active'"
        )
        runs.until(job.id, lambda one: postgres.run(looking) == [(1,)] or not one.live)
        lost = runs.kill(runs.job(job.id))
        after, _ = runs.clean(lost)
        assert (after.debris, postgres.run(looking)) == ((), [(0,)])
    finally:
        runs.journal.close()


def test_what_changed_since_it_was_confirmed_is_not_run(runs: Runs, tmp_path: Path) -> None:
    plan = runs.operation.plan(runs.desk(), {"kind": "shell", "text": "touch $NAME", "blanks": {"$NAME": "HIT"}})
    (tmp_path / ".env.operations").write_text(f"DEPLOY_TOKEN={SECRET}\nNAME=OTHER\n")
    from operations.jobs.launch import launch

    ended = runs.ended(launch(runs.settings, runs.journal, plan).id)
    assert ended.code == 0, "what was typed wins over a name that came up since"
    (tmp_path / ".env.operations").write_text(f"DEPLOY_TOKEN={SECRET}\nTHERE=a\n")
    plan = runs.operation.plan(runs.desk(), {"kind": "shell", "text": "touch $THERE"})
    (tmp_path / ".env.operations").write_text(f"DEPLOY_TOKEN={SECRET}\nTHERE=b\n")
    ended = runs.ended(launch(runs.settings, runs.journal, plan).id)
    assert (ended.code, "changed since it was confirmed: Variables" in ended.says) == (1, True)
    assert not (tmp_path / "a").exists()
    assert not (tmp_path / "b").exists()
