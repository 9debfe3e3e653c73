"""Real workers: they outlive signals and terminals, stop where they may, and never lie about how they ended."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.engine.alive import see
from operations.engine.control import cancel, export
from operations.engine.events import Event
from operations.engine.follow import LogLine, follow
from operations.engine.locks import Locks
from operations.engine.record import JobState
from operations.errors import Busy, VigieError
from tests.operations.engine.conftest import Stage
from tests.operations.engine.scripted import SECRET, Scripted


def test_a_job_runs_its_steps_and_says_what_it_saw(stage: Stage) -> None:
    started = stage.start(["say one"], ["leave x", "settle", "report answered with v1"])
    done = stage.ended(started)
    assert (done.state, done.code, done.meaning, done.says) == (JobState.DONE, 0, "success", "answered with v1")
    assert [(step.name, step.state) for step in done.steps] == [("a", "done"), ("b", "done")]
    assert done.steps[0].says == "one"
    assert (done.details, done.reason, done.actor, done.number) == ({"seen": "v1"}, "because", "ana", 1)
    assert done.debris == ()
    assert stage.journal.verify() == []


def test_a_worker_lives_in_a_session_of_its_own(stage: Stage) -> None:
    job = stage.start(["hold a"])
    seen = see(stage.pid(job))
    assert seen is not None
    assert seen.session == seen.pid != os.getsid(0)
    assert Path(f"/proc/{seen.pid}/fd/0").readlink() == Path("/dev/null")
    assert Path(job.log).stat().st_mode & 0o777 == 0o600
    assert Path(f"/proc/{seen.pid}/cwd").readlink() == Path("/")
    stage.let_go("a")
    assert stage.ended(job).state is JobState.DONE


def test_a_hang_up_leaves_it_running(stage: Stage) -> None:
    job = stage.start(["hold a"])
    stage.held("a")
    stage.send(job, signal.SIGHUP)
    stage.let_go("a")
    assert stage.ended(job).code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_cancel_before_the_point_of_no_return_cleans_up(stage: Stage, number: int, code: int) -> None:
    job = stage.start(["leave x", "hold a"], ["hold b"])
    stage.held("a")
    cancel(stage.journal, stage.job(job), number=number)
    done = stage.ended(job)
    assert (done.state, done.code, done.debris) == (JobState.CANCELLED, code, ())
    assert [step.state for step in done.steps] == ["failed", "skipped"]
    assert not (stage.folder / "x").exists()
    assert {"job.cancel_asked", "job.cancel_seen", "debris.cleaned"} <= set(stage.kinds(job))


def test_a_cancel_stops_the_child_and_everything_it_started(stage: Stage) -> None:
    code = (
        "import os, subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']); "
        "open('grandchild-new', 'w').write(str(child.pid)); os.rename('grandchild-new', 'grandchild'); time.sleep(300)"
    )
    job = stage.start([f"child {code}"])
    stage.held("grandchild")
    grandchild = int((stage.folder / "grandchild").read_text())
    cancel(stage.journal, stage.job(job))
    assert stage.ended(job).code == 143
    stage.until(lambda: (seen := see(grandchild)) is None or not seen.runs)


def test_a_child_that_ignores_term_is_killed(stage: Stage) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w').close(); time.sleep(300)"
    )
    job = stage.start([f"child {code}"])
    stage.held("deaf")
    stage.send(job, signal.SIGTERM)
    assert stage.ended(job).code == 143


def test_past_the_point_of_no_return_a_cancel_is_only_noted(stage: Stage) -> None:
    job = stage.start(["leave x", "no-return", "hold a"], ["hold b", "settle"])
    stage.held("a")
    stage.send(job, signal.SIGTERM)
    stage.until(lambda: "job.cancel_seen" in stage.kinds(job))
    running = stage.job(job)
    assert running.live and running.past_no_return and running.cancel_asked
    stage.let_go("a")
    stage.let_go("b")
    done = stage.ended(job)
    assert (done.state, done.code) == (JobState.DONE, 0)
    assert (stage.folder / "x").exists()


def test_a_step_planned_as_no_return_passes_it_at_its_end(stage: Stage) -> None:
    job = stage.start(["no-return-step"], ["hold b"])
    stage.held("b")
    assert stage.job(job).past_no_return
    stage.let_go("b")
    assert stage.ended(job).code == 0


def test_a_second_signal_stops_hard_and_leaves_the_debris_listed(stage: Stage) -> None:
    job = stage.start(["leave x", "deaf a"])
    stage.held("a")
    stage.send(job, signal.SIGTERM)
    stage.until(lambda: _signal_taken(stage.pid(job)))
    stage.send(job, signal.SIGTERM)
    done = stage.ended(job)
    assert (done.state, done.code) == (JobState.CANCELLED, 143)
    assert "stopped hard" in done.says
    assert [piece.words for piece in done.debris] == ["the file x"]
    assert done.needs_cleaning
    after = stage.clean(done)
    assert (after.debris, after.state, after.needs_cleaning) == ((), JobState.CANCELLED, False)
    assert not (stage.folder / "x").exists()


def _signal_taken(pid: int) -> bool:
    """True when no TERM is pending any more for that process."""
    status = Path(f"/proc/{pid}/status").read_text()
    pending = next(line for line in status.splitlines() if line.startswith("ShdPnd")).split()[1]
    return not int(pending, 16) & 1 << (signal.SIGTERM - 1)


def test_a_failed_step_cleans_up_and_skips_the_rest(stage: Stage) -> None:
    done = stage.ended(stage.start(["leave x"], ["fail 5"], ["say never"]))
    assert (done.state, done.code, done.meaning) == (JobState.FAILED, 5, "deployment failed")
    assert done.says == "the platform said no"
    assert done.details == {"pieces": 3}
    assert [step.state for step in done.steps] == ["done", "failed", "skipped"]
    assert not (stage.folder / "x").exists()


def test_what_an_earlier_step_saw_is_not_how_a_failed_job_ended(stage: Stage) -> None:
    done = stage.ended(stage.start(["report answered with v1"], ["fail 5"]))
    assert (done.state, done.code) == (JobState.FAILED, 5)
    assert "answered with v1" not in done.says
    assert (done.details or {}).get("seen") == "v1"


def test_a_failure_past_the_point_of_no_return_leaves_the_debris_to_a_person(stage: Stage) -> None:
    done = stage.ended(stage.start(["leave x", "no-return", "fail 5"]))
    assert (done.code, len(done.debris)) == (5, 1)
    assert (stage.folder / "x").exists()


def test_an_unexpected_exception_ends_the_job_and_shows_no_secret(stage: Stage) -> None:
    done = stage.ended(stage.start([f"say token {SECRET}", "boom"]))
    assert (done.state, done.code) == (JobState.FAILED, 1)
    assert done.says == "unexpected RuntimeError: no such host •••"
    log = Path(done.log).read_text()
    assert "Traceback" in log and SECRET not in log and "token •••" in log
    assert all(SECRET.encode() not in path.read_bytes() for path in stage.places.state.rglob("*") if path.is_file())


def test_what_a_child_prints_is_redacted_in_pieces_and_behind_escape_codes(stage: Stage) -> None:
    half = len(SECRET) // 2
    first, second = SECRET[:half], SECRET[half:]
    code = (
        f"import sys, time; sys.stdout.write('a {first}'); sys.stdout.flush(); time.sleep(0.2); print('{second} b'); "
        f"print('{first}' + chr(27) + '[0m{second} c')"
    )
    done = stage.ended(stage.start([f"child {code}"]))
    log = Path(done.log).read_text()
    assert "a ••• b" in log and "••• c" in log
    assert done.details == {"child": 0}


def test_a_plan_that_changed_since_it_was_confirmed_runs_nothing(stage: Stage) -> None:
    operation = Scripted()
    request = {"folder": str(stage.folder), "steps": [["a", ["leave x"]]]}
    plan = operation.plan(stage.desk, request)
    (stage.folder / "decisive").write_text("v2")
    done = stage.ended(stage.starter.start(operation, plan))
    assert (done.state, done.code) == (JobState.FAILED, 1)
    assert "changed since it was confirmed" in done.says
    assert done.details == {"differences": ["To: v1 -> v2"]}
    assert "step.started" not in stage.kinds(done)


def test_a_refused_plan_is_not_started(stage: Stage) -> None:
    (stage.folder / "refuse").touch()
    with pytest.raises(VigieError, match="the folder says no") as caught:
        stage.start(["say x"])
    assert caught.value.code == 2
    assert stage.journal.events() == []


def test_two_at_once_the_second_says_who_holds(stage: Stage) -> None:
    first = stage.start(["hold a"])
    stage.held("a")
    second = stage.ended(stage.start(["say x"]))
    assert (second.code, second.meaning) == (75, "environment busy")
    assert f"job {first.id}" in second.says and "ana on" in second.says
    other = stage.ended(stage.start(["say x"], environment="other"))
    assert other.code == 0
    stage.let_go("a")
    assert stage.ended(first).code == 0
    assert stage.ended(stage.start(["say x"])).code == 0


@pytest.mark.parametrize("where", ["before", "left", "between", "past"])
def test_kill_9_at_every_step_lists_the_debris_and_cleans_it(stage: Stage, where: str) -> None:
    job = stage.start(
        ["hold before"], ["leave x", "hold left"], ["hold between"], ["no-return", "hold past"], ["settle"]
    )
    for name in ("before", "left", "between", "past"):
        stage.held(name)
        if name == where:
            break
        stage.let_go(name)
    os.kill(stage.pid(job), signal.SIGKILL)
    lost = stage.ended(job)
    left = [] if where == "before" else ["the file x"]
    assert (lost.state, lost.ended_at, lost.says) == (JobState.LOST, None, "the worker died")
    assert [piece.words for piece in lost.debris] == left
    assert lost.past_no_return == (where == "past")
    assert lost.needs_cleaning
    closed = stage.clean(lost)
    assert (closed.state, closed.code, closed.meaning) == (JobState.LOST, 137, "the worker died")
    assert closed.debris == () and not closed.needs_cleaning
    assert not (stage.folder / "x").exists()
    assert stage.ended(stage.start(["say x"])).code == 0
    assert stage.journal.verify() == []


def test_a_child_dies_with_its_killed_worker(stage: Stage) -> None:
    job = stage.start(["child import time; open('up', 'w').close(); time.sleep(300)"])
    stage.held("up")
    stage.until(lambda: stage.job(job).groups)
    (group,) = stage.job(job).groups
    stage.send(job, signal.SIGKILL)
    stage.until(lambda: (seen := see(group.pgid)) is None or not seen.runs)
    assert stage.ended(stage.start(["say x"])).code == 0


def test_a_killed_workers_child_that_lives_on_still_holds_the_lock(stage: Stage) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf', 'w').close(); time.sleep(300)"
    )
    job = stage.start([f"child {code}"])
    stage.held("deaf")
    stage.send(job, signal.SIGKILL)
    lost = stage.ended(job)
    assert lost.state is JobState.LOST and "still runs" in lost.says
    busy = stage.ended(stage.start(["say x"]))
    assert busy.code == 75 and "its worker is gone" in busy.says
    stage.clean(lost, grace=0.2)
    assert stage.ended(stage.start(["say x"])).code == 0


def test_following_shows_events_and_log_lines_until_the_end(stage: Stage) -> None:
    job = stage.start(["say hello", "hold a"], ["say good bye"])
    seen: list[str] = []
    for piece in follow(stage.journal, job.id, now=utc_now, every=0.02):
        seen.append(piece.text if isinstance(piece, LogLine) else piece.kind)
        if isinstance(piece, Event) and piece.kind == "step.started":
            stage.let_go("a")
    assert seen[0] == "job.created"
    assert "job.finished" in seen
    assert any("good bye" in line for line in seen)
    assert any("exit code 0" in line for line in seen)


def test_following_a_killed_job_ends(stage: Stage) -> None:
    job = stage.start(["hold a"])
    stage.held("a")
    stage.send(job, signal.SIGKILL)
    assert [piece.kind for piece in follow(stage.journal, job.id, now=utc_now) if isinstance(piece, Event)][-1] == (
        "step.started"
    )


def test_progress_is_seen_while_it_runs_and_not_kept(stage: Stage) -> None:
    job = stage.start(["say 40 of 245 MB", "hold a"])
    stage.held("a")
    current = stage.job(job).current
    assert current is not None and current.progress == "40 of 245 MB"
    stage.let_go("a")
    assert stage.ended(job).steps[0].progress == ""
    assert not list(stage.places.jobs.glob("*.progress"))


def test_an_export_holds_plan_events_log_and_hashes(stage: Stage) -> None:
    done = stage.ended(stage.start(["say hello"]))
    document = export(stage.journal, done, stage.redactor)
    assert document["plan"]["operation"] == "scripted"
    assert [event["kind"] for event in document["events"]][-1] == "job.finished"
    assert document["hashes"]["events"] == [event["hash"] for event in document["events"]]
    assert "hello" in document["log"] and len(document["hashes"]["log_sha256"]) == 64


def test_a_job_that_runs_is_not_cleaned_and_one_that_ended_not_cancelled(stage: Stage) -> None:
    job = stage.start(["hold a"])
    with pytest.raises(VigieError, match="still runs"):
        stage.clean(stage.job(job))
    stage.let_go("a")
    with pytest.raises(VigieError, match="not running"):
        cancel(stage.journal, stage.ended(job))


def test_a_worker_that_cannot_start_is_said_with_its_last_words(stage: Stage) -> None:
    stage.configure(broken=True)
    with pytest.raises(VigieError, match="the settings are broken"):
        stage.start(["say x"])
    ((_, created), (_, finished)) = stage.journal.events()
    assert (created.kind, finished.kind) == ("job.created", "job.finished")


def test_a_plan_that_cannot_be_computed_any_more_ends_the_job(stage: Stage) -> None:
    operation = Scripted()
    plan = operation.plan(stage.desk, {"folder": str(stage.folder), "steps": []})
    object.__setattr__(plan, "request", {"nonsense": True})
    done = stage.ended(stage.starter.start(operation, plan))
    assert (done.code, done.says) == (1, "That makes no sense.")


def test_a_missing_program_is_a_missing_prerequisite(stage: Stage) -> None:
    done = stage.ended(stage.start(["leave x", "program no-such-program-here"]))
    assert (done.code, done.meaning) == (2, "missing prerequisite")
    assert "no-such-program-here cannot be run" in done.says
    assert not (stage.folder / "x").exists()


def test_the_exit_code_of_a_child_reaches_the_step(stage: Stage) -> None:
    done = stage.ended(stage.start(["child import sys; sys.exit(3)"]))
    assert done.details == {"child": 3}


@pytest.mark.parametrize("works", [True, False])
def test_systemd_run_is_used_where_it_is_and_done_without_where_it_fails(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, works: bool
) -> None:
    runtime, programs = stage.folder / "run", stage.folder / "bin"
    (runtime / "systemd").mkdir(parents=True)
    (runtime / "systemd" / "private").touch()
    programs.mkdir()
    fake = programs / "systemd-run"
    body = 'while [ "$1" != "--" ]; do shift; done; shift; exec "$@"' if works else "exit 1"
    fake.write_text(f'#!/bin/sh\necho "$@" >> {stage.folder}/asked\n{body}\n')
    fake.chmod(0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    job = stage.start(["say x"])
    assert stage.ended(job).code == 0
    assert (
        f"--user --scope --quiet --collect --unit=vigie-job-{job.id} -- {sys.executable}"
        in (stage.folder / "asked").read_text()
    )


def test_busy_knows_the_job_to_follow(stage: Stage) -> None:
    job = stage.start(["hold a"])
    stage.held("a")
    with pytest.raises(Busy) as caught:
        Locks(stage.places.locks, who="tom", now=utc_now).acquire("shop", "staging", "change")
    assert caught.value.holder_job == job.id
    assert caught.value.code == 75
