"""Where runbooks come from: our library, overlaid by a team's own folder."""

from __future__ import annotations

import os
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


def test_a_file_that_is_no_runbook_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "device.md").symlink_to("/dev/zero")
    with (tmp_path / "vast.md").open("wb") as file:
        file.truncate(shelf.LARGEST + 1)
    for name in ("pipe", "folder", "device", "vast"):
        with pytest.raises(OSError, match=r"no such runbook|is no runbook"):
            shelf.open_book(name, tmp_path)
        with pytest.raises(OSError, match=r"no file|is no runbook"):
            shelf.open_file(tmp_path / f"{name}.md")


def test_a_folder_that_cannot_be_listed_leaves_our_own_library(tmp_path: Path) -> None:
    for own in (tmp_path / "missing", tmp_path / ("x" * 3000), Path("/dev/null")):
        assert shelf.trouble_with(own)
        assert "site-down" in shelf.names(own)
        assert shelf.path_of("site-down", own) is not None
    assert shelf.trouble_with(tmp_path) == shelf.trouble_with(None) == ""
