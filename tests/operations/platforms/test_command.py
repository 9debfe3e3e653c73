"""Releases by a team's own commands: real processes, and nothing believed that the live command does not say."""

from __future__ import annotations

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from operations.engine.record import GroupHooks, ProcessGroup
from operations.errors import VigieError
from operations.platforms.command import CommandPlatform
from operations.platforms.command_presets import preset_of
from operations.settings import CommandSettings, PlatformSettings, Secret, Settings

BOOK = """
import json, os, pathlib, sys
path, act, *words = sys.argv[1:]
book = json.loads(pathlib.Path(path).read_text())
if act in ("publish", "promote"):
    print("working", os.environ.get("TOKEN", ""))
    if book.get("fails"): sys.exit("the registry is gone")
    title = pathlib.Path("built").read_text() if act == "publish" else ""
    if act == "publish": book["list"].insert(0, {"id": words[0], "commit": words[1], "title": title})
    if not book.get("lies"): book["live"] = {"id": words[0], "since": "2026-03-01T08:00:00Z"}
    pathlib.Path(path).write_text(json.dumps(book))
else:
    print(book.get("raw") or json.dumps(book[act]))
    sys.exit(book.get("code", 0))
"""


class Ground:
    """A platform whose state is a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "book.json"
        (folder / "book.py").write_text(BOOK)
        (folder / "built").write_text("yes")
        self.write(
            list=[
                {"id": "v2", "commit": "b" * 40, "who": "ana", "built_at": "2026-02-01T08:00:00Z", "state": "ready"},
                {"id": "v1", "commit": "a" * 40, "state": "odd", "kept": True},
                {"id": "v0", "kept": False},
            ],
            live={"id": "v2", "since": "2026-02-02T08:00:00+01:00", "who": "ana"},
        )

    def write(self, **values: object) -> None:
        """Change what the commands know."""
        before = json.loads(self.path.read_text()) if self.path.exists() else {}
        self.path.write_text(json.dumps({**before, **values}))

    def platform(self, limit: float = 30.0) -> CommandPlatform:
        call = (sys.executable, str(self.folder / "book.py"), str(self.path))
        commands = CommandSettings(
            list=(*call, "list"),
            live=(*call, "live"),
            publish=(*call, "publish", "{name}", "{commit}"),
            promote=(*call, "promote", "{release}"),
            variables={"TOKEN": Secret("token-token-token")},
            limit=limit,
        )
        chosen = PlatformSettings(driver="command", commands=commands, build_limit=30.0)
        return CommandPlatform(chosen, Settings(path=str(self.folder / "vigie.toml")))


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def test_what_the_commands_print_becomes_releases(ground: Ground) -> None:
    newest, older, gone = ground.platform().releases()
    assert (newest.id, newest.live, newest.who, newest.state) == ("v2", True, "ana", "ready")
    assert newest.built_at is not None
    assert (older.live, older.state) == (False, "unknown"), "a word nobody knows is no state"
    assert not gone.kept
    live = ground.platform().live()
    assert live is not None
    assert live.commit == "b" * 40
    (period,) = ground.platform().periods()
    assert (period.release, period.start.isoformat(), period.end) == ("v2", "2026-02-02T07:00:00+00:00", None)


@pytest.mark.parametrize("printed", ["null", " "])
def test_nothing_live_is_none(ground: Ground, printed: str) -> None:
    ground.write(raw=printed)
    assert ground.platform().live() is None
    assert ground.platform().periods() == ()


def test_a_promote_is_done_when_the_live_command_says_so(ground: Ground) -> None:
    platform = ground.platform()
    asked = platform.promote("v1", who="ana")
    assert platform.progress(asked).state == "succeeded"
    ground.write(lies=True)
    asked = platform.promote("v2", who="ana")
    assert platform.progress(asked).state == "pending", "its code 0 alone is no end"


def test_a_publish_runs_in_the_build(ground: Ground) -> None:
    platform = ground.platform()
    assert (
        platform.progress(platform.publish(ground.folder, name="v3", commit="c" * 40, who="ana")).state == "succeeded"
    )
    live = platform.live()
    assert live is not None
    assert (live.name, live.commit, live.title) == ("v3", "c" * 40, "yes")
    assert platform.discard("v3") == "live"
    assert platform.discard("v9") == "not ours", "nothing was removed"


def test_what_acts_is_heard_and_what_only_looks_is_not(ground: Ground) -> None:
    heard: list[tuple[str, ProcessGroup]] = []
    groups = GroupHooks(lambda group: heard.append(("began", group)), lambda group: heard.append(("ended", group)))
    ground.platform().publish(ground.folder, name="v3", commit="c" * 40, who="ana", groups=groups)
    assert [what for what, _ in heard] == ["began", "ended"]
    ground.platform().promote("v1", who="ana", groups=groups)
    assert [what for what, _ in heard] == ["began", "ended"] * 2
    assert heard[0][1] == heard[1][1]
    assert heard[2][1] != heard[0][1]


def test_what_fails_is_code_5_without_the_token(ground: Ground) -> None:
    ground.write(fails=True)
    with pytest.raises(VigieError) as failed:
        ground.platform().promote("v1", who="ana")
    assert failed.value.code == 5
    assert "the registry is gone" in str(failed.value)
    assert "token-token" not in str(failed.value)


@pytest.mark.parametrize("name", ["-x", "", "a b", "../x"])
def test_a_name_that_is_none_never_reaches_a_command(ground: Ground, name: str) -> None:
    with pytest.raises(VigieError) as promote:
        ground.platform().promote(name, who="ana")
    with pytest.raises(VigieError) as publish:
        ground.platform().publish(ground.folder, name=name, commit="c", who="ana")
    assert (promote.value.code, publish.value.code) == (1, 1)


def test_a_release_that_is_not_kept_is_code_2(ground: Ground) -> None:
    for name in ("v0", "v9"):
        with pytest.raises(VigieError) as gone:
            ground.platform().promote(name, who="ana")
        assert gone.value.code == 2


@pytest.mark.parametrize(
    "printed",
    ["<html>", "[1, 2]", '[{"name": "x"}]', '"text"', "[" * 100_000],
    ids=["html", "numbers", "no id", "text", "deep"],
)
def test_what_cannot_be_read_is_said_and_nothing_is_guessed(ground: Ground, printed: str) -> None:
    ground.write(raw=printed)
    with pytest.raises(VigieError) as unreadable:
        ground.platform().releases()
    assert unreadable.value.code == 5


def test_a_command_that_prints_without_end_or_never_ends_is_ended(tmp_path: Path) -> None:
    for script, says in (("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", "1 MB"), ("sleep 60", "0.3 s")):
        commands = CommandSettings(
            list=("sh", "-c", script), live=("sh", "-c", script), limit=0.3 if "sleep" in script else 30
        )
        platform = CommandPlatform(
            PlatformSettings(driver="command", commands=commands), Settings(path=str(tmp_path / "x"))
        )
        with pytest.raises(VigieError, match=says):
            platform.live()


def test_escape_codes_of_a_command_stay_out(ground: Ground) -> None:
    ground.write(list=[{"id": "v2", "title": "\x1b[31mred\x1b[0m", "who": "a\nb"}])
    (release,) = ground.platform().releases()
    assert (release.title, release.who) == ("red", "a")


def stand_in(folder: Path, name: str, script: str) -> str:
    """A program of that name for one test: no registry gives us the real one. Returns the PATH it is found on."""
    program = folder / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{program.parent}:{os.environ['PATH']}"


DOCKER = """
case "$1 $2" in
"image ls") echo '{"Repository":"r/site","Tag":"9f8e7d6","ID":"1","CreatedAt":"2026-01-31 08:00:00 +0000 UTC"}'
  echo '{"Repository":"r/site","Tag":"a1b2c3d","ID":"2","CreatedAt":"2026-01-30 08:00:00 +0000 UTC"}'
  echo '{"Repository":"r/site","Tag":"latest","ID":"1"}'; echo '{"Tag":"<none>"}';;
"compose ps") tag=$(cat tag); echo '{"Service":"web","State":"running","Image":"r/site:'$tag'"}';;
"compose up") echo "$TAG" > tag;;
esac
"""


def test_docker_compose_goes_back_to_an_earlier_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tag").write_text("9f8e7d6\n")
    monkeypatch.setenv("PATH", stand_in(tmp_path, "docker", DOCKER))
    commands = CommandSettings(preset="docker-compose", image="r/site", service="web")
    platform = CommandPlatform(
        PlatformSettings(driver="command", commands=commands), Settings(path=str(tmp_path / "x"))
    )
    assert [(one.id, one.live, one.commit) for one in platform.releases()] == [
        ("9f8e7d6", True, "9f8e7d6"),
        ("a1b2c3d", False, "a1b2c3d"),
    ]
    assert platform.progress(platform.promote("a1b2c3d", who="ana")).state == "succeeded"
    live = platform.live()
    assert live is not None
    assert live.id == "a1b2c3d"


KAMAL = """
case "$1 $2" in
"app images") echo "REPOSITORY TAG IMAGE ID CREATED SIZE"; echo "r/site 9f8e7d6 1 2 hours ago 90MB"
  echo "r/site a1b2c3d 2 3 days ago 90MB"; echo "r/site latest 1 2 hours ago 90MB";;
"app version") cat tag;;
"rollback a1b2c3d") echo "The app version 'a1b2c3d' is not available as a container";;
esac
"""


def test_kamal_says_0_where_nothing_was_rolled_back_and_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tag").write_text("9f8e7d6\n")
    monkeypatch.setenv("PATH", stand_in(tmp_path, "kamal", KAMAL))
    platform = CommandPlatform(
        PlatformSettings(driver="command", commands=CommandSettings(preset="kamal")), Settings(path=str(tmp_path / "x"))
    )
    assert [one.id for one in platform.releases()] == ["9f8e7d6", "a1b2c3d"]
    assert platform.progress(platform.promote("a1b2c3d", who="ana")).state == "pending"
    (tmp_path / "tag").write_text("9f8e7d6\na1b2c3d\n")
    with pytest.raises(VigieError, match="different releases"):
        platform.live()


def test_a_presets_command_gives_way_to_the_teams_own() -> None:
    own = preset_of(CommandSettings(preset="kamal", promote=("bin/back", "{release}")))
    assert (own.promote, own.live[0]) == (("bin/back", "{release}"), "kamal")
