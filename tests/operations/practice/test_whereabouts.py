"""The practice site that runs is found by its lock, and named where somebody has no settings."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from operations.cli import Session
from operations.commands.session import settings_of
from operations.errors import VigieError
from operations.practice.layout import Layout
from operations.practice.whereabouts import running_config


def test_a_site_that_runs_is_named_where_there_are_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(tmp_path / "site")
    layout.home.mkdir()
    layout.config.touch()
    monkeypatch.setattr("operations.practice.whereabouts.default_home", lambda: layout.home)
    monkeypatch.setattr("operations.settings_reader.find_settings", lambda explicit=None: None)
    session = Session(None, None, False, False, lambda session: 0)
    with layout.supervisor_lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert running_config() == layout.config
        with pytest.raises(VigieError) as caught:
            settings_of(session)
        assert f"vigie --config {layout.config}" in caught.value.next_step
    assert running_config() is None
    with pytest.raises(VigieError, match="no settings file") as caught:
        settings_of(session)
    assert "vigie drill" in caught.value.next_step
