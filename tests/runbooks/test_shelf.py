"""Where runbooks come from: our library, overlaid by a team's own folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from runbooks import shelf


def test_the_library_has_the_site_down_runbook() -> None:
    assert "site-down" in shelf.names()
    assert shelf.open_book("site-down").title == "Site down"


def test_a_team_s_own_file_goes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "site-down.md").write_text("# Ours is different\n", "utf-8")
    (tmp_path / "extra.md").write_text("# Extra\n", "utf-8")
    assert shelf.open_book("site-down", tmp_path).title == "Ours is different"
    assert set(shelf.names(tmp_path)) == {*shelf.names(), "extra"}


def test_a_name_cannot_lead_out_of_the_folders(tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("# Secret\n", "utf-8")
    own = tmp_path / "own"
    own.mkdir()
    for name in ("../secret", "..", "", str(tmp_path / "secret"), "own/../../secret"):
        with pytest.raises(FileNotFoundError):
            shelf.open_book(name, own)


def test_an_unknown_name_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="site-down"):
        shelf.open_book("site-up", tmp_path / "missing")
