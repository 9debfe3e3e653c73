"""`vigie runbook`: without settings, with the team's folder over ours, and whatever lies where a file should."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest

from operations.runbook_files import Runbooks
from runbooks import shelf
from tests.attack.world import heard
from tests.operations.doctor.clinic import bare
from tests.runbooks.good_book import GOOD, changed


class Called(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


def called(folder: Path, *arguments: str) -> Called:
    """`vigie runbook …` in that folder, in a bare environment."""
    with mock.patch.dict(os.environ, bare(folder), clear=True), contextlib.chdir(folder):
        done = heard("runbook", *arguments)
    return Called(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """A folder with settings, and one of the team's own runbooks in its `books`."""
    (tmp_path / "books").mkdir()
    (tmp_path / "vigie.toml").write_text(
        'runbooks = "books"\n[site]\nname = "board"\n[environments.production]\nkind = "production"\n'
        'url = "http://127.0.0.1:9"\n[environments.staging]\nkind = "staging"\nurl = "http://127.0.0.1:19"\n',
        "utf-8",
    )
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_the_list_names_every_runbook_without_any_settings(tmp_path: Path) -> None:
    done = called(tmp_path, "list")
    assert (done.code, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()] == list(shelf.names())


def test_the_teams_runbooks_go_over_ours_by_name(team: Path) -> None:
    write(team / "books" / "site-down.md", "# Our site is down\n")
    write(team / "books" / "tea.md", "# Tea\n")
    done = called(team, "list", "--json")
    named = {one["name"]: (one["whose"], one["title"]) for one in done.document["result"]}
    assert named["site-down"] == ("team", "Our site is down")
    assert named["tea"] == ("team", "Tea")
    assert named["rollback"][0] == "vigie"
    assert called(team, "show", "site-down").out.startswith("Our site is down\n")


def test_broken_settings_leave_our_library_and_say_so(team: Path) -> None:
    write(team / "vigie.toml", "nonsense =")
    done = called(team, "card", "site-down")
    assert done.code == 0
    assert done.out.startswith("Site down\n")
    assert "[WARN] the settings cannot be used" in done.err


def test_a_folder_of_runbooks_that_is_not_there_is_said(team: Path) -> None:
    (team / "books").rmdir()
    done = called(team, "list")
    assert done.code == 0
    assert "[WARN]" in done.err and "there is no folder" in done.err


def test_show_prints_one_section_by_anchor_or_label(tmp_path: Path) -> None:
    by_label = called(tmp_path, "show", "site-down", "--section", "N5")
    by_anchor = called(tmp_path, "show", "site-down", "--section", "#is-a-provider-down-in-a-part-we-use")
    assert by_label == by_anchor
    assert by_label.out.startswith("Is a provider down in a part we use?\n----")
    assert "What changed just before the first errors?\n---" not in by_label.out


def test_a_section_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    done = called(tmp_path, "show", "site-down", "--section", "N99")
    assert (done.code, done.out) == (1, "")
    assert "N1, N1b" in done.err


def test_show_as_a_document_has_answers_tasks_and_command_groups(tmp_path: Path) -> None:
    write(tmp_path / "kettle.md", GOOD)
    document = called(tmp_path, "show", "kettle.md", "--json").document
    assert (document["command"], document["ok"], document["exit_code"]) == ("runbook show", True, 0)
    sections = {section["label"]: section for section in document["result"]["sections"]}
    assert sections["K1"]["answers"][0]["when"] == "kettle.ok and errors.rate <= 5%"
    assert sections["K1"]["groups"][0] | {"text": ""} == {
        "line": sections["K1"]["groups"][0]["line"],
        "kind": "command",
        "text": "",
        "blanks": ["$APP_URL"],
        "hazards": [],
        "purpose": "check",
        "name": "kettle",
    }
    assert sections["K2"]["tasks"][0]["due"] == 300


def test_the_graph_is_mermaid_and_the_card_one_page(tmp_path: Path) -> None:
    assert called(tmp_path, "graph", "site-down").out.startswith("flowchart TD\n    n0{")
    card = called(tmp_path, "card", "site-down").out.splitlines()
    assert card[0] == "Site down" and len(card) <= 60


def test_a_mistake_in_the_teams_folder_fails_the_lint_of_the_shelf(team: Path) -> None:
    write(team / "books" / "kettle.md", GOOD.replace("reviewed: 2026-11-21", "reviewed: 2999-01-01"))
    done = called(team, "lint")
    assert done.code == 1
    own = [line for line in done.out.splitlines() if line.startswith(str(team))]
    assert len(own) == 1 and own[0].startswith(f"{team / 'books' / 'kettle.md'}:5: error: ")


def test_lint_of_the_shelf_looks_at_every_runbook_and_ours_are_clean(team: Path) -> None:
    write(team / "books" / "tea.md", "# Tea\n")
    with mock.patch("operations.commands.runbook_lint.utc_now", return_value=datetime(2026, 11, 22, tzinfo=UTC)):
        done = called(team, "lint")
    assert (done.code, done.out) == (0, "")
    assert done.err.startswith(f"[INFO] {len(shelf.names()) + 1} runbooks, 0 errors")


def test_a_review_of_ours_that_is_overdue_fails_nobodys_lint(tmp_path: Path) -> None:
    with mock.patch("operations.commands.runbook_lint.utc_now", return_value=datetime(2031, 1, 1, tzinfo=UTC)):
        done = called(tmp_path, "lint", "site-down")
    assert done.code == 0
    assert "warning: its review is" in done.out


def test_lint_prints_file_line_severity_words_and_rule(tmp_path: Path) -> None:
    text = changed(("**Yes** → [Done](#done)", "**Yes** → [Done](#dome)"))
    write(tmp_path / "kettle.md", text)
    done = called(tmp_path, "lint", "./kettle.md")
    line = text.split("\n").index("- **Yes** → [Done](#dome)") + 1
    assert done.code == 1
    assert done.out == f"kettle.md:{line}: error: there is no section “#dome”: did you mean “#done”? [target]\n"
    assert done.err == "[INFO] 1 runbook, 1 error, 0 warnings\n"


def test_warnings_do_not_fail_lint(tmp_path: Path) -> None:
    write(tmp_path / "kettle.md", changed(("owner: operations", "ovner: operations")))
    done = called(tmp_path, "lint", "kettle.md", "--json")
    assert done.code == 0
    assert [(one["severity"], one["rule"]) for one in done.document["result"]["findings"]] == [
        ("warning", "front-matter")
    ]


def test_links_to_other_runbooks_are_looked_for_beside_the_file_and_on_the_shelf(tmp_path: Path) -> None:
    write(tmp_path / "tea.md", "# Tea\n")
    write(
        tmp_path / "kettle.md",
        changed(
            ("Read [the reference](#reference) first.", "[a](tea.md#tea) [b](site-down.md#stand-down) [c](gone.md)")
        ),
    )
    done = called(tmp_path, "lint", "kettle.md")
    assert [line.split("error: ")[1] for line in done.out.splitlines()] == [
        "there is no runbook “gone.md”: correct the link, or write that file [target]"
    ]


def hostile(folder: Path) -> dict[str, Path]:
    """What may lie where a runbook should, by what it is."""
    found = {
        name: folder / f"{name}.md" for name in ("pipe", "folder", "binary", "huge", "gone", "locked", "loop", "device")
    }
    os.mkfifo(found["pipe"])
    found["folder"].mkdir()
    found["binary"].write_bytes(b"\x7fELF\0\0\0")
    with found["huge"].open("wb") as file:
        file.truncate(shelf.LARGEST + 1)
    found["locked"].touch(mode=0)
    found["loop"].symlink_to(found["loop"])
    found["device"].symlink_to("/dev/zero")
    return found


@pytest.mark.timeout(30)
@pytest.mark.parametrize("command", ["show", "graph", "card", "lint"])
def test_what_is_no_runbook_is_refused_at_once_in_one_line(tmp_path: Path, command: str) -> None:
    for name, path in hostile(tmp_path).items():
        if name == "locked" and os.access(path, os.R_OK):
            continue  # root reads everything
        done = called(tmp_path, command, f"./{path.name}")
        assert (done.code, done.out) == (2, ""), name
        assert f"{path.name} " in done.err, name


@pytest.mark.timeout(30)
def test_one_bad_file_in_the_teams_folder_hides_no_other(team: Path) -> None:
    hostile(team / "books")
    write(team / "books" / "tea.md", "# Tea\n")
    done = called(team, "list")
    assert done.code == 2
    assert "tea" in done.out and "site-down" in done.out
    assert "binary.md is no text" in done.err
    linted = called(team, "lint")
    assert linted.code == 2 and "binary.md is no text" in linted.err


def test_a_name_that_nobody_has_is_refused(tmp_path: Path) -> None:
    assert called(tmp_path, "show", "~nobody-of-that-name/x.md").code == 2
    for word in ("nope", "", "..", "site-down\x1b[2J"):
        done = called(tmp_path, "show", word)
        assert (done.code, done.out) == (2, ""), word
        assert "There is no runbook" in done.err and "\x1b" not in done.err


def test_wrong_usage_of_lint_ends_with_2_and_one_document(tmp_path: Path) -> None:
    done = called(tmp_path, "lint", "--nonsense", "--json")
    assert (done.code, done.document["exit_code"], done.document["ok"]) == (2, 2, False)


def test_a_terminal_code_in_a_file_reaches_no_terminal(tmp_path: Path) -> None:
    write(tmp_path / "x.md", "# A\x1b]0;title\x07\n\n- **a\x1b[2J** → [b](#\x1b[31m)\n")
    for command in ("show", "graph", "card", "lint"):
        done = called(tmp_path, command, "x.md")
        assert "\x1b" not in done.out + done.err


def test_a_new_runbook_lints_clean_and_is_readable_for_the_team(tmp_path: Path) -> None:
    done = called(tmp_path, "new", "cache-cold")
    path = tmp_path / "cache-cold.md"
    assert (done.code, done.out) == (0, f"{path}\n")
    assert stat.S_IMODE(path.stat().st_mode) & 0o400
    assert called(tmp_path, "lint", "cache-cold.md") == (0, "", "[INFO] 1 runbook, 0 errors, 0 warnings\n")
    assert called(tmp_path, "show", "cache-cold.md").out.count("Cache cold") == 2


def test_a_new_runbook_goes_into_the_teams_folder_and_over_nothing(team: Path) -> None:
    assert called(team, "new", "tea").out == f"{team / 'books' / 'tea.md'}\n"
    write(team / "books" / "tea.md", "# Ours\n")
    again = called(team, "new", "tea")
    assert (again.code, again.out) == (1, "")
    assert (team / "books" / "tea.md").read_text("utf-8") == "# Ours\n"
    assert "goes over our own runbook rollback" in called(team, "new", "rollback").err


def test_a_new_runbook_over_a_dangling_link_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "tea.md").symlink_to(tmp_path / "elsewhere")
    assert called(tmp_path, "new", "tea").code == 1
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["../tea", "Tea", "tea.md", "", "-tea", "té", "x" * 61])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    done = called(tmp_path, "new", "--", name)
    assert (done.code, done.out, list(tmp_path.glob("*.md"))) == (1, "", [])


def test_a_new_runbook_needs_a_folder_and_leave_to_write(tmp_path: Path) -> None:
    assert called(tmp_path, "new", "tea", "--in", "gone").code == 2
    with mock.patch.dict(os.environ, {**bare(tmp_path), "VIGIE_READONLY": "1"}, clear=True), contextlib.chdir(tmp_path):
        assert heard("runbook", "new", "tea").returncode == 1
    assert list(tmp_path.glob("*.md")) == []


def test_a_book_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "tea.md", "# Tea\n")
    books = Runbooks()
    assert books.read(path) is books.read(path)
