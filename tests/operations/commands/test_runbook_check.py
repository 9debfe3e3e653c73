"""`vigie runbook check`: runs the checks of a book with real processes, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operations.commands.test_runbook import called, team, write

__all__ = ["team"]

FENCE = "```bash {{check={name} timeout={limit}}}\n{text}\n```\n\n"


def book(folder: Path, *checks: tuple[str, str], limit: str = "20s") -> Path:
    fences = "".join(FENCE.format(name=name, text=text, limit=limit) for name, text in checks)
    return write(
        folder / "look.md", f"# Look\n\n{fences}```bash\ntouch ran\n```\n\n```bash {{action=backup}}\ntouch ran\n```\n"
    )


def test_all_checks_ok_ends_with_0_and_shows_the_first_lines(team: Path) -> None:
    book(team, ("one", "printf 'a\\nb\\nc\\nd\\n'"), ("two", "true"))
    done = called(team, "check", "look.md")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("✓ ok       one") and lines[0].endswith("line 3")
    assert lines[1:5] == ["    a", "    b", "    c", "    …"]
    assert lines[5].startswith("✓ ok       two")
    assert not list(team.rglob("ran"))


def test_a_failed_check_ends_with_1_and_a_warning_does_not(team: Path) -> None:
    book(team, ("warned", "exit 2"), ("bad", "echo no; exit 3"), ("after", "true"))
    done = called(team, "check", "look.md", "--json")
    assert done.code == 1
    assert [(one["name"], one["state"], one["exit_code"]) for one in done.document["result"]] == [
        ("warned", "warn", 2),
        ("bad", "failed", 3),
        ("after", "ok", 0),
    ]
    book(team, ("warned", "exit 2"))
    assert called(team, "check", "look.md").code == 0


def test_a_check_that_hangs_is_stopped_and_unknown(team: Path) -> None:
    book(team, ("hangs", "sleep 300"), limit="1s")
    done = called(team, "check", "look.md")
    assert done.code == 3
    assert "? unknown  hangs" in done.out and "stopped after 1 s" in done.out


@pytest.mark.parametrize(
    "text", ["touch ran", "rm -rf ran", "echo x > ran", "true\n\ntouch ran", "echo [deployment-url]"]
)
def test_what_changes_something_or_wants_a_person_is_refused_and_unknown(team: Path, text: str) -> None:
    book(team, ("meant", text))
    done = called(team, "check", "look.md", "--json")
    assert (done.code, done.document["result"][0]["refused"]) == (3, True)
    assert done.document["result"][0]["why"]
    assert not list(team.rglob("ran"))


def test_a_check_sees_the_variables_of_the_environment_meant(team: Path) -> None:
    book(team, ("address", 'echo "$APP_URL"'))
    assert "    http://127.0.0.1:19" in called(team, "check", "look.md", "--env", "staging").out


def test_a_book_without_checks_is_no_success(team: Path) -> None:
    write(team / "look.md", "# Look\n")
    done = called(team, "check", "look.md")
    assert (done.code, done.out) == (2, "")
    assert "has no checks" in done.err


def test_without_settings_environment_or_book_it_ends_with_2(team: Path) -> None:
    book(team, ("one", "true"))
    assert called(team, "check", "look.md", "--env", "nowhere").code == 2
    assert called(team, "check", "gone.md").code == 2
    (team / "vigie.toml").unlink()
    assert called(team, "check", "look.md").code == 2
