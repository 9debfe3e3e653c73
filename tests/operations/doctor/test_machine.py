"""A machine that lacks something: the doctor names it and how to get it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from operations.doctor.folders import check_folders, judge_kind, judge_space
from operations.doctor.machine import judge_login
from operations.doctor.terminal import Terminal, judge_terminal
from operations.settings import Settings
from tests.e2e import terminal as real
from tests.operations.doctor.clinic import bare, by_name, diagnose, program

SCOPE = "0::/user.slice/user-1000.slice/session-3.scope\n"
UNIT = "0::/system.slice/vigie-watch.service\n"


def test_without_git_it_says_so_and_how_to_install_it(tmp_path: Path) -> None:
    found = diagnose(tmp_path, PATH=str(tmp_path)).named("git")
    assert found["verdict"] == "fail"
    assert "not installed" in found["says"]
    assert "apt install git" in found["mend"]


def test_a_git_that_is_too_old_is_named_with_the_version_that_is_wanted(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "git", "git version 2.20.1")
    found = diagnose(tmp_path, PATH=str(path)).named("git")
    assert (found["verdict"], found["says"]) == ("fail", "2.20.1, older than 2.30")


def test_a_state_folder_that_is_a_file_fails_and_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = diagnose(tmp_path, VIGIE_STATE_DIR=str(tmp_path / "file")).named("state folder")
    assert found["verdict"] == "fail"
    assert "VIGIE_STATE_DIR" in found["mend"]


def test_a_state_folder_that_others_can_look_into_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    found = diagnose(tmp_path, VIGIE_STATE_DIR=str(tmp_path / "open")).named("state folder")
    assert (found["verdict"], found["mend"]) == ("warn", f"chmod 700 {tmp_path / 'open'}")


def test_looking_makes_no_folder(tmp_path: Path) -> None:
    diagnose(tmp_path, VIGIE_STATE_DIR=str(tmp_path / "state" / "deep"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("free", "verdict"), [(10_000_000, "fail"), (200_000_000, "warn"), (5_000_000_000, "ok")])
def test_little_room_is_a_warning_and_hardly_any_a_failure(free: int, verdict: str, tmp_path: Path) -> None:
    assert judge_space(free, tmp_path).verdict == verdict


def test_a_small_disk_is_found_full(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs a mount")
    try:
        found = by_name(check_folders(Settings(state_dir=str(disk / "state"))))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert found["room"].verdict == "fail"
    assert found["disk"].says == "local (tmpfs)"


def test_a_network_file_system_fails_for_the_journal_breaks_on_it(tmp_path: Path) -> None:
    assert judge_kind("nfs4", tmp_path).verdict == "fail"
    assert judge_kind("ext4", tmp_path).verdict == "ok"


def test_a_lock_folder_that_is_not_shared_is_a_warning_with_the_command_for_root(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "vigie.toml").write_text(
        f'lock_dir = "{tmp_path}/file"\n[site]\nname = "x"\n[environments.staging]\nkind = "staging"\n'
    )
    found = diagnose(tmp_path, "--offline").named("lock folder")
    assert found["verdict"] == "warn"
    assert found["mend"] == f"As root: install -d -m 1777 {tmp_path}/file"


@pytest.mark.parametrize(
    ("groups", "may_leave", "kills", "verdict"),
    [
        (SCOPE, True, True, "ok"),
        (SCOPE, False, True, "warn"),
        (SCOPE, False, None, "warn"),
        (SCOPE, False, False, "ok"),
        (UNIT, False, False, "warn"),
        ("", False, None, "ok"),
    ],
)
def test_jobs_that_a_logout_would_end_are_a_warning(
    groups: str, may_leave: bool, kills: bool | None, verdict: str
) -> None:
    found = judge_login(groups, may_leave=may_leave, kills=kills)
    assert found.verdict == verdict
    assert ("systemd-run --user --scope" in found.mend) == (verdict == "warn")


def seen(
    columns: int = 120, rows: int = 36, encoding: str = "utf-8", clipboard: str = "", **variables: str
) -> set[str]:
    """Names of what is wrong with such a terminal."""
    terminal = Terminal({"TERM": "xterm-256color", **variables}, columns, rows, encoding, clipboard)
    return {finding.name for finding in judge_terminal(terminal) if finding.verdict in ("warn", "fail")}


def test_nothing_is_wrong_with_a_usual_terminal() -> None:
    assert seen() == set()
    assert seen(80, 24, NO_COLOR="1") == set()
    assert seen(TMUX="/tmp/tmux-1", clipboard="on") == set()


def test_each_ability_a_terminal_lacks_is_named() -> None:
    assert seen(79, 24) == {"size"}
    assert seen(encoding="ascii") == {"letters"}
    assert seen(TERM="dumb") == {"terminal"}
    assert seen(TMUX="/tmp/tmux-1", clipboard="external") == {"copying"}
    assert seen(TERM="screen-256color") == {"copying"}


def test_on_a_real_small_terminal_its_size_is_said_and_what_is_missing_is_marked(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tui.main", "doctor"]
    env = bare(tmp_path, TERM="xterm-256color")
    with real.Terminal(argv, env=env, cwd=tmp_path, columns=79, rows=50) as terminal:
        terminal.wait_for("a prerequisite is missing")
        assert "▲ size" in terminal.text
        assert "→ Make the window 80x24 or larger." in terminal.text
        assert terminal.wait_ended() == 2
