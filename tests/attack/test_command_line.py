"""Wrong words on the command line: always a plain refusal with a code, never an act nobody asked for, never a trace."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.attack.world import VIGIE, World, here


@pytest.fixture(autouse=True)
def _in_an_empty_folder(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("empty"))
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 1) -> str:
    """Run it, expect the code, and give back what was said on stderr."""
    got = here(*(argument.replace("<byte>", "\udcff") for argument in arguments))
    said = capsys.readouterr()
    assert got == code, f"{arguments}: {got}\n{said.out}\n{said.err}"
    assert "Traceback" not in said.err
    return said.err


def test_an_unknown_environment_is_refused_and_the_known_ones_are_named(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "--config", str(world.config), "rollback", "--env", "prod", "--plan")
    assert "no environment prod" in said
    assert "production" in said


def test_an_empty_environment_is_not_production(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (("rollback", "--plan"), ("smoke",), ("status",), ("facts",), ("incident", "open", "title")):
        code = 2 if command == ("status",) else 1
        refused(capsys, "--config", str(world.config), *command, "--env", "", code=code)
        refused(capsys, "--config", str(world.config), "--env", "", *command, code=code)
    assert world.live() == "v3"


def test_two_environments_that_disagree_are_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.configure(rest='[environments.staging]\nkind = "staging"\nurl = "http://127.0.0.1:9"')
    said = refused(capsys, "--config", str(world.config), "--env", "staging", "rollback", "--env", "production")
    assert "staging" in said
    assert "production" in said


def test_a_commit_that_is_none_is_refused_and_never_becomes_the_default(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ("", " ", "-x", "--help", "HEAD~99", "zzzz", "\x1b[31mred", "é" * 300, "<byte>"):
        said = refused(capsys, "--config", str(world.config), "rollback", f"--to-commit={value}", "--plan")
        assert "\x1b" not in said
        assert refused(capsys, "--config", str(world.config), "rollback", "--to-commit", value, "--plan")


def test_an_empty_address_is_not_the_environments_own(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    refused(capsys, "--config", str(world.config), "smoke", "--url", "")
    refused(capsys, "--config", str(world.config), "smoke", "--url", "not an address")


def test_an_address_with_a_password_is_not_taken_on_the_command_line(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "--config", str(world.config), "smoke", "--url", "http://user:hunter2hunter2@127.0.0.1:9/")
    assert "hunter2hunter2" not in said


WRONG: tuple[tuple[str, ...], ...] = (
    ("rollback", "--env"),
    ("rollback", "--to-commit"),
    ("rollback", "--nonsense"),
    ("nonsense",),
    ("jobs", "nonsense"),
    ("jobs", "show"),
    ("jobs", "show", ""),
    ("jobs", "show", "<byte>\x1b]0;title\x07"),
    ("jobs", "follow", "0"),
    ("jobs", "cancel", "99"),
    ("jobs", "clean", "99", "--yes"),
    ("jobs", "export", ""),
    ("jobs", "unlock", ""),
    ("incident", "show", ""),
    ("incident", "note", "none", "text"),
    ("incident", "call", "none", "--need", "x"),
    ("incident", "severity", "none", "P9"),
    ("incident", "state", "none", "gone"),
    ("incident", "role", "none", "take", "king"),
    ("incident", "tell", "none", "mood", "bad"),
    ("incident", "task", "none", "done", ""),
    ("incident", "snooze", "none", "x", "--until", "soon", "--why", "x"),
    ("incident", "remind", "none", "x", "--at", "<byte>"),
    ("incident", "follow", "none"),
    ("incident", "close", "none"),
    ("watch",),
    ("watch", "--record", "--plain"),
    ("status", "--env", "<byte>\u202e"),
)


def test_wrong_words_are_refused_plainly(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in WRONG:
        said = refused(capsys, "--config", str(world.config), *arguments, code=2 if arguments[0] == "status" else 1)
        assert said
        assert "\x1b" not in said
        assert "\u202e" not in said


def test_nothing_is_done_without_a_terminal_and_without_the_phrase(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    config = ("--config", str(world.config))
    refused(capsys, *config, "rollback")
    refused(capsys, *config, "rollback", "--yes")
    refused(capsys, *config, "rollback", "--yes", "--reason", "why", "--confirm", "dispatch productio")
    refused(capsys, *config, "rollback", "--yes", "--confirm", "dispatch production")
    refused(capsys, *config, "rollback", "--reason", "  ", "--confirm", "dispatch production")
    assert world.live() == "v3"


def test_a_settings_file_that_is_not_there_or_not_readable_is_said(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = world.folder / "empty.toml"
    empty.touch()
    (world.folder / "latin.toml").write_bytes(b'[site]\nname = "caf\xe9"\n')
    for path in ("/nonexistent/vigie.toml", str(world.folder), "/proc/self/mem", str(empty)):
        assert path in refused(capsys, "--config", path, "status", code=2)
    refused(capsys, "--config", str(world.folder / "latin.toml"), "status", code=2)
    refused(capsys, "--config", "", "facts")
    assert "no settings file" in refused(capsys, "status", code=2)
    monkeypatch.setenv("VIGIE_CONFIG", "/nonexistent/vigie.toml")
    refused(capsys, "status", code=2)


def test_damaged_or_unreadable_operations_settings_are_said(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    beside = world.folder / ".env.operations"
    beside.write_bytes(b"DB_URL='postgres://u:p\xe9\xffx@127.0.0.1/db'\nAPP_URL=\"http://127.0.0.1:9\n=\n\x00")
    refused(capsys, "--config", str(beside), "status", code=2)
    code = here("--config", str(world.config), "rollback", "--plan")
    assert code in (0, 1)
    assert "Traceback" not in capsys.readouterr().err


def test_operations_settings_alone_are_asked_about_once_and_never_guessed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = world.folder / "alone"
    folder.mkdir()
    path = folder / ".env.operations"
    path.write_text(f"APP_URL={world.site.url}\nDB_URL=postgresql://u:hush-hush-hush@127.0.0.1:9/db\n")
    said = refused(capsys, "--config", str(path), "smoke")
    assert "which environment" in said
    assert "hush-hush-hush" not in said
    argv = [VIGIE, "--config", str(path), "smoke"]
    from tests.e2e.terminal import Terminal

    with Terminal(argv, env=world.environment, cwd=folder, columns=120) as terminal:
        terminal.wait_for("stand for")
        terminal.press("staging", "enter")
        assert terminal.wait_ended() == 0
        assert terminal.raw.count(b"stand for") == 1
    said = refused(capsys, "--config", str(path), "smoke", "--plan", code=0)
    assert "stand for" not in said


def test_ctrl_c_at_the_prompt_changes_nothing_and_ends_with_130(world: World) -> None:
    with world.terminal("rollback", columns=120, rows=50) as terminal:
        terminal.wait_for("Reason")
        terminal.settle()  # between the prompt and its reading an interrupt waits for the next key
        terminal.press("ctrl+c")
        assert terminal.wait_ended() == 130
    with world.terminal("rollback", "--reason", "why", columns=120, rows=50) as terminal:
        terminal.wait_for("Type .dispatch production")
        terminal.press("dispatch production")
        terminal.settle()
        terminal.press("ctrl+c")
        assert terminal.wait_ended() == 130
        assert "Traceback" not in terminal.raw.decode("utf-8", "replace")
    assert world.live() == "v3"
    assert not list((world.state / "jobs").iterdir())


def shell(world: World, command: str) -> subprocess.CompletedProcess[str]:
    """A pipeline as people write it."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command, VIGIE, str(world.config)],
        env=world.environment,
        cwd=world.folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_closed_or_full_stdout_is_no_success_and_no_trace(world: World) -> None:
    for pipeline in ('"$0" --config "$1" facts | head -0', '"$0" --config "$1" incident list --json > /dev/full'):
        done = shell(world, pipeline)
        assert "Traceback" not in done.stderr, done.stderr
        assert "Exception ignored" not in done.stderr, done.stderr
        assert done.returncode != 0, pipeline


def test_a_rollback_whose_listener_goes_away_is_not_called_a_success_before_it_is_one(world: World) -> None:
    done = shell(world, '"$0" --config "$1" rollback --plan | head -0')
    assert done.returncode not in (0, 1, 2, 5, 6), done
    assert world.live() == "v3"


def test_a_terminal_without_unicode_gets_question_marks_and_no_trace(world: World) -> None:
    for encoding in ("ascii", "latin-1"):
        done = world.run("status", PYTHONIOENCODING=encoding, LANG="C")
        assert "Traceback" not in done.stderr
        assert "dispatch production" in done.stdout
    done = world.run("jobs", "show", "\udcff")
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_json_is_one_document_whatever_happens(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, code in (
        (("rollback", "--plan"), 0),
        (("rollback", "--to-commit", "zzzz", "--plan"), 1),
        (("rollback",), 1),
        (("smoke", "--url", "nonsense"), 1),
        (("smoke", "--env", "nope"), 1),
        (("status",), 0),
        (("status", "--bogus"), 2),
        (("status", "--env", "nope"), 2),
        (("facts", "--env", "nope"), 1),
        (("doctor", "--offline", "--env", "nope"), 1),
        (("jobs", "list"), 0),
        (("jobs", "show", "99"), 1),
        (("jobs", "show"), 1),
        (("incident", "show", "none"), 1),
        (("backups", "list"), 2),
        (("restore",), 1),
        (("nonsense",), 1),
    ):
        assert here("--config", str(world.config), *arguments, "--json") == code, arguments
        document = json.loads(capsys.readouterr().out)
        assert list(document)[:7] == ["schema", "command", "site", "environment", "ok", "exit_code", "meaning"]
        assert document["exit_code"] == code
        assert document["ok"] is (code == 0)
        assert ("error" in document) is (code != 0)


def failed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """The document of a command that fails."""
    assert here(*arguments, "--json") != 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_the_document_of_a_refused_command_says_what_is_known_and_nothing_it_did_not_find(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ("--config", str(world.config))
    unsettled = failed(capsys, "status")
    assert (unsettled["command"], unsettled["site"], unsettled["environment"]) == ("status", "", "")
    assert unsettled["meaning"] == "wrong usage or settings", "a monitor must not read it as down"
    assert "vigie init" in unsettled["error"]["next_step"]
    lost = failed(capsys, *config, "jobs", "show", "99")
    assert (lost["command"], lost["site"]) == ("jobs show", "dispatch")
    elsewhere = failed(capsys, *config, "smoke", "--env", "nope")
    assert (elsewhere["command"], elsewhere["environment"]) == ("smoke", "")
    assert elsewhere["meaning"] == "invalid arguments, or refused", "no check has failed"
    assert "production" in elsewhere["error"]["next_step"]
    (world.folder / "broken.toml").write_text('[site]\nnam = "x"\n[environments.production]\nurl = "ftp://x"\n')
    broken = failed(capsys, "--config", str(world.folder / "broken.toml"), "facts")
    assert len(broken["error"]["problems"]) > 1

    def breaks(*_: object, **__: object) -> None:
        raise PermissionError("not ours")

    monkeypatch.setattr("operations.commands.look.look", breaks)
    unforeseen = failed(capsys, *config, "facts")
    assert (unforeseen["exit_code"], unforeseen["meaning"]) == (70, "unexpected failure")


def test_smoke_without_an_address_lacks_a_prerequisite_and_has_not_failed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = world.folder / "bare.toml"
    bare.write_text('[site]\nname = "bare"\n[environments.production]\nkind = "production"\n')
    assert "--url" in refused(capsys, "--config", str(bare), "smoke", code=2)
    assert failed(capsys, "--config", str(bare), "smoke")["meaning"] == "missing prerequisite"


def test_a_failure_nobody_foresaw_is_one_line_and_no_trace(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("broken by \x1b[31m the test")

    monkeypatch.setattr("operations.commands.look.look", breaks)
    code = here("--config", str(world.config), "status")
    said = capsys.readouterr().err
    assert code == 70
    assert "RuntimeError" in said
    assert "\x1b" not in said
    assert "Traceback" not in said


def test_python_itself_is_never_asked_for_a_module_of_the_current_folder(world: World) -> None:
    Path(world.folder, "operations").mkdir()
    Path(world.folder, "operations", "__init__.py").write_text("raise SystemExit(99)")
    assert world.run("--version").returncode == 0


def test_a_read_only_session_changes_nothing_by_command_either(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = ("--config", str(world.config))
    confirmed = ("--confirm", "dispatch production", "--reason", "why")
    changing = [
        ("rollback", *confirmed), ("backup",), ("incident", "open", "title"), ("incident", "note", "x", "text"),
        ("incident", "resolve", "x"), ("incident", "call", "x", "--need", "help"), ("jobs", "cancel", "x"),
        ("jobs", "clean", "x"), ("jobs", "unlock", "x"), ("incident", "severity", "x", "P1"),
        ("incident", "state", "x", "identified"), ("incident", "close", "x"), ("incident", "restrict", "x"),
        ("incident", "role", "x", "take", "scribe"), ("incident", "tell", "x", "cause", "y"),
        ("incident", "task", "x", "add", "y"), ("incident", "answered", "x", "y"),
        ("incident", "snooze", "x", "y", "--until", "1h", "--why", "z"), ("incident", "settle", "x", "y", "--why", "z"),
        ("incident", "remind", "x", "y", "--at", "1h"),
    ]  # fmt: skip
    for command in changing:
        assert "read-only" in refused(capsys, *config, "--readonly", *command)
    monkeypatch.setenv("VIGIE_READONLY", "1")
    for command in changing[:2]:
        assert "read-only" in refused(capsys, *config, *command)
    assert here(*config, "rollback", "--plan", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
    assert here(*config, "jobs", "list") == 0
    assert here(*config, "smoke") == 0, "the smoke tests only read"
    capsys.readouterr()
    assert here(*config, "jobs", "list") == 0
    head, newest = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["job", "id", "age"]
    assert "exit 0: all passed" in newest, "no bare number, which reads as a count"
    assert world.live() == "v3"
