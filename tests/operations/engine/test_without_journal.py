"""A journal that cannot be written stops what must be recorded, and never the way back."""

from __future__ import annotations

import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.engine.control import cancel
from operations.engine.events import Draft, Event
from operations.engine.follow import LogLine, book_of, follow, followed
from operations.engine.jobs import JobBook
from operations.engine.record import JobRecord, JobState
from operations.errors import JournalUnavailable
from tests.operations.engine.conftest import Stage
from tests.operations.engine.scripted import SECRET, Scripted, Unlogged


def fill_disk(stage: Stage, job: JobRecord, *, bytes_left: int) -> None:
    """From now on the worker can write no file beyond that size, and the journal's log lies beyond it."""
    stage.journal.append_many([Draft("filler", {"text": "x" * 2000}) for _ in range(100)])
    resource.prlimit(stage.pid(job), resource.RLIMIT_FSIZE, (bytes_left, bytes_left))


def test_what_must_be_recorded_stops_before_its_effect(stage: Stage) -> None:
    job = stage.start(["hold a", "leave x"])
    stage.held("a")
    fill_disk(stage, job, bytes_left=100_000)
    stage.let_go("a")
    done = stage.ended(job)
    assert (done.state, done.code) == (JobState.FAILED, 1)
    assert "journal" in done.says and "cannot be used" in done.says
    assert not (stage.folder / "x").exists()


def test_a_rollback_goes_on_and_says_where_its_story_is(stage: Stage) -> None:
    job = stage.start(["hold a"], ["leave x", "settle"], operation=Unlogged())
    stage.held("a")
    fill_disk(stage, job, bytes_left=100_000)
    stage.let_go("a")
    done = stage.ended(job)
    assert (done.state, done.code) == (JobState.DONE, 0)
    assert [step.state for step in done.steps] == ["done", "done"]
    assert (stage.folder / "x").exists()
    log = Path(done.log).read_text()
    assert "This goes on without the journal" in log
    assert str(stage.places.state / "fallback" / f"{job.id}.jsonl") in log


def test_past_no_return_any_job_goes_on(stage: Stage) -> None:
    job = stage.start(["no-return", "hold a", "leave x", "settle"])
    stage.held("a")
    fill_disk(stage, job, bytes_left=100_000)
    stage.let_go("a")
    assert stage.ended(job).code == 0


def test_a_rollback_runs_when_no_file_at_all_can_be_written(stage: Stage) -> None:
    job = stage.start(["hold a"], ["leave x"], operation=Unlogged())
    stage.held("a")
    fill_disk(stage, job, bytes_left=0)
    stage.let_go("a")
    stage.until((stage.folder / "x").exists)
    assert stage.ended(job).live is False


def test_without_a_journal_only_a_rollback_starts(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    starter = replace(stage.starter, journal=None)
    request = {"folder": str(stage.folder), "steps": [["a", [f"say {SECRET}", "hold a"]]]}
    with pytest.raises(JournalUnavailable, match="nothing but a rollback"):
        starter.start(Scripted(), Scripted().plan(stage.desk, request))
    job = starter.start(Unlogged(), Unlogged().plan(stage.desk, request))
    assert job.state is JobState.RUNNING and job.fallback
    listed = JobBook(None, now=utc_now, state=stage.places.state)
    listed.refresh()
    assert listed.get(job.id).live
    stage.let_go("a")
    book = book_of(job, None, redactor=stage.redactor, now=utc_now)
    pieces = list(follow(book, job.id, now=utc_now, every=0.02))
    assert [piece.kind for piece in pieces if isinstance(piece, Event)][-1] == "job.finished"
    assert any("•••" in piece.text for piece in pieces if isinstance(piece, LogLine))
    assert followed(book, job.id, utc_now()).code == 0
    said = ""

    def heard() -> bool:
        nonlocal said
        said += capfd.readouterr().err
        return "job.finished" in said

    stage.until(heard)  # the file has the last event before stderr does
    assert "journal unavailable" in said and SECRET not in said
    assert stage.journal.events() == []


def test_a_rollback_starts_from_memory_when_no_folder_takes_a_file(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.engine.fallback.fallback_folders", lambda state: ())
    starter = replace(stage.starter, journal=None)
    request = {"folder": str(stage.folder), "steps": [["a", ["leave x", "hold a"]]]}
    job = starter.start(Unlogged(), Unlogged().plan(stage.desk, request))
    assert job.fallback.startswith("/proc/self/fd/")
    book = book_of(job, None, redactor=stage.redactor, now=utc_now)
    stage.held("a")
    cancel(book, followed(book, job.id, utc_now()), number=signal.SIGTERM)
    assert list(follow(book, job.id, now=utc_now, every=0.02))
    done = followed(book, job.id, utc_now())
    assert (done.code, done.debris) == (143, ())
