"""What is older than the journal is kept goes from the beginning of each chain, openly, and takes nothing along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from operations.engine.carving import carved
from operations.engine.events import Draft
from operations.engine.jobs import JobBook
from operations.engine.journal import Journal
from operations.engine.pruning import prunable, prune
from operations.engine.transfer import export, take_in, take_in_fallbacks
from tests.operations.engine.stories import START, Clock, fallback_in, journal_in, opened, read
from tests.operations.engine.test_jobs_fold import DONE, created

MONTH = timedelta(days=30)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    """An incident and a job a month, for a year."""
    made = journal_in(tmp_path, clock)
    for month in range(12):
        clock.at = START + month * MONTH
        opened(made, f"i-{month:02}")
        made.append_many([created(f"j-{month:02}"), Draft("job.finished", DONE, job=f"j-{month:02}")])
        clock.passes(hours=1)
        made.append("incident.state", {"state": "closed", "why": ""}, incident=f"i-{month:02}")
    yield made
    made.close()


def test_what_is_older_goes_and_the_chain_still_verifies(journal: Journal, tmp_path: Path, clock: Clock) -> None:
    what = prunable(journal, START + 4 * MONTH)
    assert (what.events, what.jobs, [head.seq for head in what.heads]) == (16, 4, [16])
    wanted = read(journal, "i-04")
    prune(journal, what)
    problems = journal.verify()
    assert [(problem.kind, problem.seq) for problem in problems] == [("pruned", 16)]
    assert read(journal, "i-04") == wanted
    jobs = JobBook(journal, now=clock)
    jobs.refresh()
    assert [(job.id, job.number) for job in jobs.jobs()][-1] == ("j-04", 5)
    journal.query("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"i-03" not in journal.path.read_bytes(), "what was removed is wiped"
    assert all(row[3] != "i-03" for _, row in carved(journal.path))


def test_it_is_no_excuse_for_what_somebody_else_cuts(journal: Journal) -> None:
    prune(journal, prunable(journal, START + 4 * MONTH))
    journal.query("DELETE FROM events WHERE seq BETWEEN 17 AND 20")
    assert ("missing", 1) in {(problem.kind, problem.seq) for problem in journal.verify()}


def test_pruning_again_and_again_keeps_the_excuses_and_the_numbers(
    journal: Journal, tmp_path: Path, clock: Clock
) -> None:
    clock.at = START
    fallback_in(tmp_path, clock).append("incident.note", {"text": "old"}, incident="i-00")
    clock.at = START + 11 * MONTH
    take_in_fallbacks(journal, tmp_path)
    for month in (2, 5, 9):
        prune(journal, prunable(journal, START + month * MONTH))
        assert [problem.kind for problem in journal.verify() if problem.grave] == []
    clock.at = START + 40 * MONTH
    journal.append_many([created("j-new"), Draft("job.finished", DONE, job="j-new")])
    prune(journal, prunable(journal, START + 30 * MONTH))
    journal.append("note", {})
    assert [problem.kind for problem in journal.verify() if problem.grave] == []
    jobs = JobBook(journal, now=clock)
    jobs.refresh()
    assert [(job.id, job.number) for job in jobs.jobs()] == [("j-new", 13)]


def test_what_is_open_stays_whole_with_everything_since(journal: Journal, clock: Clock) -> None:
    journal.append("incident.state", {"state": "investigating", "why": "again"}, incident="i-02")
    what = prunable(journal, START + 6 * MONTH, ["i-02"])
    assert what.events == 8
    assert prunable(journal, START + 6 * MONTH).events == 8, "its last event is young: a story stays whole"


def test_a_job_that_never_ended_stays(journal: Journal, clock: Clock) -> None:
    journal.query("DELETE FROM events WHERE job = 'j-03' AND kind = 'job.finished'")
    assert prunable(journal, START + 6 * MONTH).before == START + 3 * MONTH


def test_a_clock_that_ran_back_keeps_what_lies_behind_it(tmp_path: Path, clock: Clock) -> None:
    journal = journal_in(tmp_path / "back", clock)
    clock.at = START + 5 * MONTH
    journal.append("note", {})
    clock.at = START
    journal.append("note", {})
    assert prunable(journal, START + MONTH).events == 0
    prune(journal, prunable(journal, START + MONTH))


def test_a_pruned_journal_travels(journal: Journal, tmp_path: Path, clock: Clock) -> None:
    prune(journal, prunable(journal, START + 4 * MONTH))
    there = journal_in(tmp_path / "there", clock)
    take_in(there, export(journal, tmp_path / "out", redactor=None).files)
    assert [problem.kind for problem in there.verify() if problem.grave] == []
    assert read(there, "i-07") == read(journal, "i-07")
