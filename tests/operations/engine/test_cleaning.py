"""Cleaning after a dead worker: in its turn, once, and what cannot be cleaned stays listed."""

from __future__ import annotations

import signal

import pytest

from operations.errors import Busy
from tests.operations.engine.conftest import Stage


def test_debris_that_cannot_be_cleaned_stays_listed(stage: Stage) -> None:
    job = stage.start(["leave x", "hold a"])
    stage.held("a")
    stage.send(job, signal.SIGKILL)
    lost = stage.ended(job)
    (stage.folder / "refuse-clean").touch()
    said: list[str] = []
    still = stage.clean(lost, said.append)
    assert len(still.debris) == 1 and still.ended_at is None
    assert "the folder refuses" in said[0]
    (stage.folder / "refuse-clean").unlink()
    assert not stage.clean(stage.job(job), said.append).needs_cleaning


def test_cleaning_waits_its_turn_behind_a_job_that_holds_the_lock(stage: Stage) -> None:
    job = stage.start(["leave x", "hold a"])
    stage.held("a")
    stage.send(job, signal.SIGKILL)
    lost = stage.ended(job)
    other = stage.start(["hold b"])
    stage.held("b")
    with pytest.raises(Busy, match=f"job {other.id}"):
        stage.clean(lost)
    assert (stage.folder / "x").exists()
    stage.let_go("b")
    assert stage.ended(other).code == 0
    assert not stage.clean(lost).needs_cleaning


def test_what_another_console_cleaned_is_not_cleaned_again(stage: Stage) -> None:
    job = stage.start(["leave x", "hold a"])
    stage.held("a")
    stage.send(job, signal.SIGKILL)
    lost = stage.ended(job)
    for _ in range(2):
        stage.clean(lost)
    kinds = [event.kind for _, event in stage.journal.events(job=job.id)]
    assert (kinds.count("debris.cleaned"), kinds.count("job.closed")) == (1, 1)
