"""What stays open when an incident is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from operations.desk import Desk
from operations.engine.model import Plan
from operations.engine.record import JobRecord, JobState
from operations.errors import VigieError
from operations.jobs import left_open as module
from operations.jobs.left_open import backups_line, flags_off, left_open
from operations.platforms.base import Platform, Release
from operations.settings import Environment, Settings, Site
from operations.watch.model import Snapshot, Status
from tests.tui.scenes import NOW, down_snapshot, quiet_snapshot, state


def flag(name: str, value: str, *, code: int = 0, minutes: float = 30, turned: bool = True) -> JobRecord:
    """A job that turned a flag so many minutes ago."""
    plan = Plan("flag", "board", "production", "c", f"flag {name} {value}", {"name": name, "value": value})
    at = NOW - timedelta(minutes=minutes)
    return JobRecord(
        f"{name}{minutes}", 1, "flag", "production", "board", plan.title, "ana", JobState.DONE, at, plan,
        ended_at=at, past_no_return=turned, code=code,
    )  # fmt: skip


def desk(tmp_path: Path, history: Sequence[JobRecord] = (), snapshot: Snapshot | None = None) -> Desk:
    settings = Settings(
        site=Site(name="board"),
        environments={"production": Environment(kind="production")},
        lock_dir=str(tmp_path / "locks"),
        state_dir=str(tmp_path / "state"),
    )
    return Desk(settings, "production", lambda: NOW, lambda: snapshot, lambda: history)


def test_flags_that_were_turned_off_and_not_on_again_are_named(tmp_path: Path) -> None:
    history = [
        flag("maps", "on", minutes=5), flag("chat", "off", minutes=10), flag("maps", "off", minutes=20),
        flag("chat", "on", minutes=25), flag("mail", "off", turned=False, minutes=3),
    ]  # fmt: skip
    assert flags_off(desk(tmp_path, history)) == ("the flag chat was turned off 03:08Z",)


def test_a_switch_that_nobody_saw_is_said_either_way(tmp_path: Path) -> None:
    history = [flag("chat", "off", code=5), flag("maps", "on", code=5)]
    assert flags_off(desk(tmp_path, history)) == (
        "the flag chat was turned off 02:48Z, and nobody saw whether it is",
        "the flag maps was turned on 02:48Z, and the site did not show it",
    )


def test_backups_that_are_late_stay_in_sight() -> None:
    assert backups_line(down_snapshot()) == "backups: last trusted backup 25h ago (expected by 25h)"
    assert backups_line(quiet_snapshot()) == ""
    assert backups_line(None) == ""
    unknown = replace(state("backups", "backups", Status.UNKNOWN), reason="the bucket does not answer")
    assert backups_line(replace(quiet_snapshot(), states=(unknown,))) == "backups: the bucket does not answer"


class Pinned:
    """A platform that tells its live release, or does not answer."""

    def __init__(self, live: Release | None) -> None:
        self._live = live

    def live(self) -> Release | None:
        if self._live is None:
            raise VigieError("Vercel does not answer.")
        return self._live


@pytest.mark.parametrize(
    ("live", "words"),
    [
        (Release("r1", "v2.4.0", "9f8e7d6", pinned=True), "the platform is pinned to v2.4.0"),
        (Release("r1", "v2.4.0", "9f8e7d6"), ""),
        (None, "whether the platform is pinned cannot be told: Vercel does not answer."),
    ],
)
def test_a_pinned_platform_is_said_and_so_is_not_knowing(
    live: Release | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "platform_for", lambda settings, environment: cast(Platform, Pinned(live)))
    found = left_open(desk(tmp_path))
    assert [line for line in found if "pinned" in line] == [line for line in found if words and words in line]
    assert bool(found) is bool(words)


def test_a_flag_and_a_late_backup_are_both_listed(tmp_path: Path) -> None:
    found = left_open(desk(tmp_path, [flag("chat", "off")], down_snapshot()))
    assert [line.partition(" ")[0] for line in found] == ["the", "backups:"]
