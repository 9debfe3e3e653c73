"""Files lie where the settings say, privately; locks where every user of the host meets."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.places import places_for, private_folder
from operations.settings import Settings


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_the_environment_goes_before_the_settings(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path / "settings"), lock_dir=str(tmp_path / "locks"))
    assert places_for(settings, {"VIGIE_STATE_DIR": str(tmp_path / "env")}).state == tmp_path / "env"
    places = places_for(settings, {})
    assert places.state == tmp_path / "settings"
    assert (places.journal, places.jobs) == (places.state / "journal.sqlite", places.state / "jobs")
    assert mode(places.state) == mode(places.jobs) == 0o700


def test_a_lock_folder_is_for_every_user(tmp_path: Path) -> None:
    settings = Settings(state_dir=str(tmp_path / "state"), lock_dir=str(tmp_path / "locks"))
    places = places_for(settings, {})
    assert (places.locks, places.shared, mode(places.locks)) == (tmp_path / "locks", True, 0o1777)


def test_the_hosts_lock_folder_is_used_where_it_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.places.HOST_LOCKS", tmp_path / "run" / "vigie")
    settings = Settings(state_dir=str(tmp_path / "state"))
    places = places_for(settings, {})
    assert (places.locks, places.shared, mode(places.locks)) == (tmp_path / "state" / "locks", False, 0o700)
    (tmp_path / "run").mkdir()
    assert places_for(settings, {}).shared


def test_a_planted_link_is_no_lock_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "locks").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr("operations.places.HOST_LOCKS", tmp_path / "locks")
    assert not places_for(Settings(state_dir=str(tmp_path / "state")), {}).shared
    assert mode(tmp_path / "elsewhere") == 0o700
    assert not private_folder(tmp_path / "locks")


def test_a_state_directory_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.places.HOST_LOCKS", tmp_path / "none" / "vigie")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "file").write_text("")
    places = places_for(Settings(state_dir=str(tmp_path / "file" / "state")), {})
    assert places.locks.is_relative_to(tmp_path) and places.locks.is_dir() and not places.shared
