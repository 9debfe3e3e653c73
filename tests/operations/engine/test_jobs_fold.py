"""Jobs are what their events say, however many there are, and the old ones that matter are not forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from operations.engine.alive import own_identity
from operations.engine.events import Draft
from operations.engine.fold import fold
from operations.engine.jobs import KEPT, JobBook
from operations.engine.journal import Journal
from operations.engine.model import Confirm, ConfirmLevel, Guard, Plan, PlanLine, PlannedStep
from operations.engine.orders import JobOrder, order_data, plan_from_json, plan_to_json
from operations.engine.record import JobState
from operations.engine.redaction import Redactor
from operations.engine.start import new_job_id
from operations.errors import VigieError

NOW = datetime(2026, 7, 30, 3, 7, tzinfo=UTC)
PLAN = Plan(
    operation="deploy", site="shop", environment="production", config="vigie.toml", title="Deploy", request={"a": [1]},
    lines=(PlanLine("To", "v2", "warn"),), guards=(Guard("free", "pass"),), decisive={"To": "v2"},
    steps=(PlannedStep("build", "Build", 37.0), PlannedStep("publish", "Publish", 36.0, no_return=True)),
    confirm=Confirm(ConfirmLevel.PHRASE, "shop production", needs_reason=True),
)  # fmt: skip
DONE = {"code": 0, "meaning": "success", "says": "", "details": {}, "state": "done", "seconds": 1.0}


def created(job: str) -> Draft:
    order = JobOrder(job, "deploy", "production", "shop", "/etc/vigie.toml", PLAN, "ana")
    return Draft("job.created", order_data(order), job=job)


def story(job: str, *events: tuple[str, dict[str, Any]]) -> list[Draft]:
    return [created(job), *(Draft(kind, data, job=job) for kind, data in events)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal.open(tmp_path / "journal.sqlite", actor="ana", redactor=Redactor(), now=lambda: NOW)
    yield made
    made.close()


def book_of(journal: Journal, now: datetime = NOW) -> JobBook:
    book = JobBook(journal, now=lambda: now)
    book.refresh()
    return book


def test_a_plan_survives_json() -> None:
    again = plan_from_json(plan_to_json(PLAN))
    assert again == PLAN
    assert again.fingerprint == PLAN.fingerprint


def test_jobs_come_newest_first_with_numbers_and_are_found_by_them(journal: Journal) -> None:
    for minute, job in enumerate(("j-one", "j-two")):
        drafts = [replace(draft, at=NOW + timedelta(minutes=minute)) for draft in story(job, ("job.finished", DONE))]
        journal.append_many(drafts)
    book = book_of(journal)
    assert [(job.id, job.number, job.state) for job in book.jobs()] == [
        ("j-two", 2, JobState.DONE), ("j-one", 1, JobState.DONE),
    ]  # fmt: skip
    assert book.get("1").id == book.get("j-o").id == "j-one"
    with pytest.raises(VigieError, match="fits 2 jobs"):
        book.get("j-")
    with pytest.raises(VigieError, match="no job"):
        book.get("")
    assert book.jobs("staging") == ()


def test_new_events_are_taken_in_as_they_come(journal: Journal) -> None:
    book = book_of(journal)
    assert not book.refresh()
    worker = {"worker": own_identity()}
    journal.append_many(story("j1", ("job.started", worker), ("step.started", {"step": "build"})))
    assert book.refresh() and not book.refresh()
    job = book.get("j1")
    assert job.live and job.current is not None and job.current.name == "build"
    journal.append("step.finished", {"step": "build", "seconds": 3.5, "says": "14 files"}, job="j1")
    book.refresh()
    assert [(step.state, step.seconds) for step in book.get("j1").steps] == [("done", 3.5), ("waiting", None)]


def test_the_fold_of_all_events_and_the_book_agree(journal: Journal) -> None:
    left = {"debris": "j1-1", "kind": "upload", "words": "an upload", "data": {"id": "u"}}
    journal.append_many(story("j1", ("debris.left", left), ("job.past_no_return", {}), ("job.finished", DONE)))
    (folded,) = fold(event for _, event in journal.events())
    assert (folded,) == book_of(journal).jobs()
    assert folded.past_no_return and folded.debris[0].data == {"id": "u"} and folded.needs_cleaning


def test_a_worker_that_never_came_is_lost_after_a_minute(journal: Journal) -> None:
    journal.append_many(story("j1"))
    assert book_of(journal).get("j1").state is JobState.STARTING
    late = book_of(journal, NOW + timedelta(minutes=2)).get("j1")
    assert late.state is JobState.LOST and late.needs_cleaning


def test_a_worker_of_another_boot_is_gone(journal: Journal) -> None:
    worker = {"worker": replace(own_identity(), boot_id="before the power cut")}
    journal.append_many(story("j1", ("job.started", worker)))
    assert [job.state for job in book_of(journal).unfinished()] == [JobState.LOST]


def test_among_very_many_jobs_the_old_ones_that_matter_are_kept(journal: Journal) -> None:
    left = {"debris": "d", "kind": "upload", "words": "an upload", "data": {}}
    journal.append_many(story("left-debris", ("debris.left", left), ("job.finished", DONE)))
    settled = {"debris": "d"}
    journal.append_many(story("tidy", ("debris.left", left), ("debris.settled", settled), ("job.finished", DONE)))
    journal.append_many(story("never-ended"))
    for number in range(KEPT + 50):
        journal.append_many(story(f"job-{number:03}", ("job.finished", DONE)))
    book = book_of(journal, NOW + timedelta(hours=1))
    known = {job.id for job in book.jobs()}
    assert {"left-debris", "never-ended", "job-249", "job-060"} <= known
    assert "tidy" not in known and "job-010" not in known
    assert {job.id for job in book.unfinished()} == {"left-debris", "never-ended"}
    assert book.get("job-249").number == KEPT + 53
    assert book.get("left-debris").number == 1


def test_an_unknown_kind_of_event_changes_nothing(journal: Journal) -> None:
    journal.append_many(story("j1", ("job.danced", {"x": 1})))
    assert book_of(journal).get("j1").state is JobState.STARTING


def test_job_ids_sort_by_time_and_differ() -> None:
    ids = [new_job_id(NOW + timedelta(milliseconds=number)) for number in range(50)]
    assert ids == sorted(ids) and len(set(ids)) == 50
    assert all(len(name) == 14 and name.isalnum() and name == name.lower() for name in ids)
