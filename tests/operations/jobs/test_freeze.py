"""A freeze: set, met, over by itself, lifted, shared, and never lost to a damaged file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.desk import Desk
from operations.engine.model import ConfirmLevel
from operations.errors import VigieError
from operations.freezes import Freeze, freeze_guard, freeze_of, lift_freeze, set_freeze
from operations.jobs.freeze import FreezeJob, UnfreezeJob
from operations.settings import Settings
from operations.settings_reader import load_settings
from tests.operations.jobs.rig import Bench

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    path = tmp_path / "vigie.toml"
    path.write_text(
        'operator = "ana"\nstate_dir = "state"\nlock_dir = "locks"\n[site]\nname = "board"\n'
        '[environments.production]\nkind = "production"\n[environments.staging]\nkind = "staging"\n'
    )
    return load_settings(path, {})


def test_it_is_set_met_and_lifted_as_jobs(settings: Settings) -> None:
    desk = Desk(settings, "production", lambda: NOW)
    plan = FreezeJob().plan(desk, {"why": "the fair", "until": (NOW + timedelta(hours=2)).isoformat()})
    assert (plan.confirm.level, plan.confirm.needs_reason) == (ConfirmLevel.YES, True)
    assert any("git pushes" in line.text for line in plan.lines)
    bench = Bench(plan)
    bench.behind = datetime.now(UTC) - NOW
    assert bench.go(FreezeJob(), desk).code == 0
    found = freeze_of(settings, "production", NOW)
    assert found is not None
    assert "frozen by ana" in found.words
    assert "the fair" in found.words
    assert freeze_of(settings, "staging", NOW) is None
    assert freeze_guard(settings, "production", NOW).verdict == "refuse"
    assert Bench(UnfreezeJob().plan(desk, {})).go(UnfreezeJob(), desk).code == 0
    assert freeze_of(settings, "production", NOW) is None
    with pytest.raises(VigieError, match="not frozen"):
        UnfreezeJob().plan(desk, {})


def test_it_is_over_at_its_time(settings: Settings) -> None:
    set_freeze(settings, Freeze("production", "the fair", "ana", NOW, NOW + timedelta(hours=1)))
    assert freeze_of(settings, "production", NOW + timedelta(minutes=59)) is not None
    assert freeze_of(settings, "production", NOW + timedelta(minutes=60)) is None


def test_it_needs_a_reason(settings: Settings) -> None:
    with pytest.raises(VigieError, match="needs a reason"):
        FreezeJob().plan(Desk(settings, "production"), {"why": "  "})


@pytest.mark.parametrize(
    "content",
    [b"{", b"\xff\xfe", b'{"environment": 3}', b"x" * 100_000, b'["a"]', b'{"x":' + b"[" * 3_000],
    ids=["cut", "not UTF-8", "wrong type", "long", "a list", "nested"],
)
def test_one_that_cannot_be_read_holds(settings: Settings, tmp_path: Path, content: bytes) -> None:
    set_freeze(settings, Freeze("production", "the fair", "ana", NOW))
    (file,) = (tmp_path / "locks").glob("freeze-*.json")
    file.write_bytes(content)
    found = freeze_of(settings, "production", NOW)
    assert found is not None
    assert "damaged" in found.words
    assert freeze_guard(settings, "production", NOW, "we know").verdict == "warn"
    lift_freeze(settings, "production")
    assert freeze_of(settings, "production", NOW) is None


def test_anothers_link_in_the_shared_folder_is_not_followed(settings: Settings, tmp_path: Path) -> None:
    set_freeze(settings, Freeze("production", "the fair", "ana", NOW))
    (file,) = (tmp_path / "locks").glob("freeze-*.json")
    file.unlink()
    file.symlink_to("/etc/hostname")
    found = freeze_of(settings, "production", NOW)
    assert found is not None
    assert "cannot be read" in found.words


def test_a_link_that_leads_nowhere_holds_and_is_lifted_all_the_same(settings: Settings, tmp_path: Path) -> None:
    set_freeze(settings, Freeze("production", "the fair", "ana", NOW))
    (file,) = (tmp_path / "locks").glob("freeze-*.json")
    file.unlink()
    file.symlink_to(tmp_path / "nowhere")
    desk = Desk(settings, "production")
    outcome = Bench(UnfreezeJob().plan(desk, {})).go(UnfreezeJob(), desk)
    assert (outcome.code, freeze_of(settings, "production", NOW)) == (0, None)


def test_a_reason_longer_than_anybody_reads_is_refused_before_it_is_written(settings: Settings) -> None:
    with pytest.raises(VigieError, match="at most 500"):
        FreezeJob().plan(Desk(settings, "production"), {"why": "w" * 501})


def test_escape_codes_of_a_reason_are_not_shown(settings: Settings) -> None:
    set_freeze(settings, Freeze("production", "the \x1b[31mfair", "an\na", NOW))
    found = freeze_of(settings, "production", NOW)
    assert found is not None
    assert found.words.isprintable()
