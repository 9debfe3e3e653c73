from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from operations.errors import VigieError
from operations.practice.layout import Layout, databases_folder, make_folders, searchable_by_all, write_private


def test_a_folder_with_strangers_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(VigieError, match="not a practice site"):
        make_folders(Layout(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_making_the_folders_twice_is_harmless(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "site")
    make_folders(layout)
    (layout.home / "kept").touch()
    make_folders(layout)
    assert (layout.home / "kept").exists()
    assert layout.marker.exists()


def test_a_folder_below_a_closed_one_is_not_searchable_by_all(tmp_path: Path) -> None:
    below = tmp_path / "closed" / "site"
    below.mkdir(parents=True)
    (tmp_path / "closed").chmod(0o700)
    assert not searchable_by_all(below)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the databases under another user")
def test_as_root_the_databases_leave_a_folder_their_user_cannot_walk_to(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0o700)
    folder = databases_folder(Layout(closed / "site"))
    assert not folder.is_relative_to(closed)
    assert databases_folder(Layout(closed / "site")) == folder
    assert databases_folder(Layout(closed / "other")) != folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the databases under another user")
def test_databases_that_nobody_could_reach_are_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(VigieError, match="can be walked to by every user"):
        databases_folder(Layout(tmp_path / "site"))


def test_a_private_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "first")
    write_private(path, "second")
    assert path.read_text() == "second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]
