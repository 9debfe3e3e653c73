"""The release folders: switching, the record, pruning, and what a kill at any moment leaves."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from operations.errors import VigieError
from operations.platforms import platform_for
from operations.platforms.releases import ReleasesPlatform
from operations.settings import Environment, PlatformSettings, Settings, Site

START = datetime(2024, 5, 1, 3, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        self.at += timedelta(minutes=20)
        return self.at


def a_build(folder: Path, text: str) -> Path:
    build = folder / f"build-{text}"
    (build / "public" / "assets").mkdir(parents=True)
    (build / "app.txt").write_text(text)
    (build / "public" / "assets" / "app.js").write_text("js")
    (build / ".git").write_text("gitdir: elsewhere")
    return build


@pytest.fixture
def platform(tmp_path: Path) -> ReleasesPlatform:
    return ReleasesPlatform(tmp_path / "site", now=Clock(), keep=5)


def publish(platform: ReleasesPlatform, tmp_path: Path, *names: str) -> None:
    for name in names:
        platform.publish(a_build(tmp_path, name), name=name, commit=f"commit-{name}", who="ana")


def test_an_empty_root_has_no_live_release_and_no_periods(platform: ReleasesPlatform) -> None:
    assert platform.live() is None
    assert list(platform.releases()) == []
    assert list(platform.periods()) == []


@pytest.mark.parametrize("through", ["the checkout", "a link to it"])
def test_a_link_into_the_checkout_itself_is_not_published(
    platform: ReleasesPlatform, tmp_path: Path, through: str
) -> None:
    publish(platform, tmp_path, "v1")
    build = a_build(tmp_path, "v2")
    (tmp_path / "elsewhere").symlink_to(build)
    root = build if through == "the checkout" else tmp_path / "elsewhere"
    (build / "public" / "fine").symlink_to("assets")
    (build / "public" / "outside").symlink_to("/usr/share")
    (build / "public" / "abslink").symlink_to(build / "public" / "assets")
    with pytest.raises(VigieError, match=r"public/abslink -> .*/build-v2/public/assets") as refused:
        platform.publish(root, name="v2", commit="c", who="ana")
    assert refused.value.code == 5
    assert "fine" not in refused.value.what
    assert "outside" not in refused.value.what
    assert ([one.name for one in platform.releases()], platform.half_published()) == (["v1"], [])
    (build / "public" / "abslink").unlink()
    assert platform.publish(root, name="v2", commit="c", who="ana") == "v2"
    assert (platform.root / "current" / "public" / "fine" / "app.js").read_text() == "js"


def test_publishing_makes_the_build_live_without_its_git_folder(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1", "v2")
    live = platform.live()
    assert live is not None
    assert (live.name, live.commit, live.who, live.live, live.kept) == ("v2", "commit-v2", "ana", True, True)
    assert (platform.root / "current").readlink() == Path("releases/v2")
    assert (platform.root / "current" / "app.txt").read_text() == "v2"
    assert not (platform.root / "current" / ".git").exists()
    assert [release.name for release in platform.releases()] == ["v2", "v1"]
    assert platform.progress("v2").state == "succeeded"
    assert platform.progress("v1").state == "failed"


def test_periods_tell_who_how_and_what_ended_them(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1", "v2")
    platform.promote("v1", who="tom", how="rollback")
    platform.promote("v1", who="tom")
    newest, middle, oldest = platform.periods()
    assert (newest.release, newest.how, newest.who, newest.end) == ("v1", "rollback", "tom", None)
    assert (middle.release, middle.ended_by) == ("v2", "rollback")
    assert (oldest.release, oldest.ended_by, oldest.end) == ("v1", "publish", middle.start)


def test_the_record_survives_a_half_written_line_and_foreign_text(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1")
    record = platform.root / "releases.jsonl"
    with record.open("ab") as file:
        file.write(
            b'\xff\xfe[1,2]\n{"at":"yesterday","release":"v9"}\n{"at":"2024-05-01T00:00:00Z","release":"../x"}\n'
        )
        file.write(b'{"at":"2024-05-01T04:00:00Z","rel')
    assert [period.release for period in platform.periods()] == ["v1"]
    publish(platform, tmp_path, "v2")
    assert [period.release for period in platform.periods()] == ["v2", "v1"]
    assert json.loads(record.read_text("utf-8", "replace").splitlines()[-1])["release"] == "v2"


def test_escape_codes_in_a_release_never_reach_a_screen(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1")
    document = {"name": "v1", "commit": "abc", "who": "\x1b[31mana\x1b[0m", "title": "a\x07b\nsecond"}
    (platform.root / "releases" / "v1" / "release.json").write_text(json.dumps(document))
    release = platform.releases()[0]
    assert (release.who, release.title) == ("ana", "ab")


def test_a_huge_record_is_read_from_its_end(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1")
    filler = json.dumps({"at": "2024-04-01T00:00:00Z", "release": "old", "who": "x" * 1000, "how": "publish"})
    last = json.dumps({"at": "2024-05-01T09:00:00Z", "release": "v1", "who": "ana", "how": "publish"})
    (platform.root / "releases.jsonl").write_text(f"{filler}\n" * 1500 + last + "\n")
    assert [period.release for period in platform.periods()] == ["v1", "old"]


def test_a_release_without_its_document_is_never_offered(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1")
    (platform.root / "releases" / "stray").mkdir()
    (platform.root / "releases" / ".incoming-v7").mkdir()
    found = {release.name: (release.state, release.kept) for release in platform.releases()}
    assert found == {"v1": ("ready", True), "stray": ("unknown", False)}
    assert list(platform.half_published()) == ["v7"]
    assert platform.discard("v7") == "removed"
    assert list(platform.half_published()) == []


def test_pruning_never_takes_the_live_one_nor_the_one_before(tmp_path: Path) -> None:
    platform = ReleasesPlatform(tmp_path / "site", now=Clock(), keep=2)
    publish(platform, tmp_path, "v1", "v2", "v3")
    assert {r.name for r in platform.releases() if r.kept} == {"v2", "v3"}
    publish(platform, tmp_path, "v4")
    platform.promote("v3", who="ana", how="rollback")
    publish(platform, tmp_path, "v5")
    assert {r.name for r in platform.releases() if r.kept} == {"v3", "v4", "v5"}
    pruned = {r.name: r.commit for r in platform.releases() if not r.kept}
    assert pruned == {"v1": "commit-v1", "v2": "commit-v2"}
    with pytest.raises(VigieError, match="not kept any more"):
        platform.promote("v1", who="ana")


def test_the_live_release_is_not_discarded(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1")
    assert platform.discard("v1") == "live"
    live = platform.live()
    assert live is not None
    assert live.name == "v1"


@pytest.mark.parametrize("name", ["-rf", "../v1", "a/b", "", ".hidden", "v1\n", "a" * 101])
def test_a_name_that_is_none_is_refused(platform: ReleasesPlatform, tmp_path: Path, name: str) -> None:
    with pytest.raises(VigieError):
        platform.publish(a_build(tmp_path, "x"), name=name, commit="c", who="ana")
    with pytest.raises(VigieError):
        platform.promote(name, who="ana")


def test_a_current_that_points_elsewhere_is_an_error_not_a_release(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1")
    current = platform.root / "current"
    current.unlink()
    current.symlink_to("/etc")
    with pytest.raises(VigieError, match="no release"):
        platform.live()
    current.unlink()
    current.mkdir()
    with pytest.raises(VigieError, match="not a link"):
        platform.live()


def test_a_live_release_whose_folder_is_gone_can_still_be_left(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1", "v2")
    (platform.root / "releases" / "v2").rename(tmp_path / "gone")
    live = platform.live()
    assert live is not None
    assert (live.name, live.commit, live.state, live.kept) == ("v2", "commit-v2", "error", False)
    platform.promote("v1", who="ana", how="rollback")
    assert platform.progress("v1").state == "succeeded"
    assert platform.periods()[1].ended_by == "rollback"


def test_publishing_a_name_twice_is_refused(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1")
    with pytest.raises(VigieError, match="already") as caught:
        platform.publish(a_build(tmp_path, "again"), name="v1", commit="c", who="ana")
    assert caught.value.code == 5
    assert (platform.root / "current" / "app.txt").read_text() == "v1"


def test_the_restart_command_runs_after_the_switch_with_no_secret_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    script = (
        "import os,pathlib; pathlib.Path('seen').write_text(os.readlink('current')+str('DB_PASSWORD' in os.environ))"
    )
    platform = ReleasesPlatform(tmp_path / "site", restart=(sys.executable, "-c", script), now=Clock())
    publish(platform, tmp_path, "v1")
    assert (platform.root / "seen").read_text() == "releases/v1False"


@pytest.mark.parametrize(
    ("script", "words", "code"),
    [
        ("import sys; print('no such unit'); sys.exit(3)", "ended with code 3.*no such unit", 5),
        ("import time; time.sleep(600)", "ended after 1 s", 5),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL", 5),
    ],
)
def test_a_restart_that_fails_says_how_and_the_switch_stays(tmp_path: Path, script: str, words: str, code: int) -> None:
    platform = ReleasesPlatform(
        tmp_path / "site", restart=(sys.executable, "-c", script), now=Clock(), restart_limit=1.0
    )
    with pytest.raises(VigieError, match=words) as caught:
        publish(platform, tmp_path, "v1")
    assert caught.value.code == code
    assert platform.progress("v1").state == "succeeded"


def test_a_restart_whose_child_keeps_its_output_open_returns_at_once(tmp_path: Path) -> None:
    script = "import subprocess,sys; subprocess.Popen([sys.executable,'-c','import time; time.sleep(60)'])"
    platform = ReleasesPlatform(tmp_path / "site", restart=(sys.executable, "-c", script), restart_limit=30.0)
    started = datetime.now(UTC)
    publish(platform, tmp_path, "v1")
    assert datetime.now(UTC) - started < timedelta(seconds=25)


def test_a_missing_restart_command_is_a_missing_prerequisite(tmp_path: Path) -> None:
    platform = ReleasesPlatform(tmp_path / "site", restart=("there-is-no-such-command",))
    with pytest.raises(VigieError, match="is not there") as caught:
        publish(platform, tmp_path, "v1")
    assert caught.value.code == 2
    # Known before the switch, so nothing was switched.
    assert platform.live() is None


def test_has_file_looks_in_the_web_roots_and_not_outside(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1")
    (tmp_path / "site" / "releases" / "v1" / "leak").symlink_to("/etc/hostname")
    assert platform.has_file("v1", "/assets/app.js?v=3") is True
    assert platform.has_file("v1", "/assets/gone.js") is False
    assert platform.has_file("v1", "/../../releases.jsonl") is False
    assert platform.has_file("v1", "/leak") is False
    assert platform.has_file("v9", "/assets/app.js") is None


def test_the_settings_choose_the_driver(tmp_path: Path) -> None:
    chosen = PlatformSettings(driver="releases", root="site", keep=3)
    settings = Settings(
        site=Site(name="shop"),
        environments={"production": Environment(platform=chosen), "staging": Environment()},
        path=str(tmp_path / "vigie.toml"),
    )
    platform = platform_for(settings, "production")
    assert isinstance(platform, ReleasesPlatform)
    assert platform.root == (tmp_path / "site").resolve()
    assert platform_for(settings, "staging") is None
    assert platform_for(settings, "nowhere") is None


FULL = """
import resource, sys
from pathlib import Path
from operations.platforms.releases import ReleasesPlatform
touched = Path(sys.argv[1]) / "restarted"
platform = ReleasesPlatform(Path(sys.argv[1]), restart=("mkdir", str(touched)))
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
id = platform.promote("v1", who="tom", how="rollback")
print(platform.progress(id).says)
"""


def test_a_disk_too_full_for_the_record_does_not_stop_a_promote(platform: ReleasesPlatform, tmp_path: Path) -> None:
    publish(platform, tmp_path, "v1", "v2")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(platform.root)], capture_output=True, text=True, timeout=60, check=True
    )
    assert "the record could not be written" in done.stdout
    assert (platform.root / "restarted").is_dir()
    after = ReleasesPlatform(platform.root)
    live = after.live()
    assert live is not None
    assert live.name == "v1"
    # The link itself tells when it was switched; by whom nobody could write down.
    assert (after.periods()[0].release, after.periods()[0].how) == ("v1", "unknown")
    after.promote("v2", who="ana")
    assert [period.release for period in after.periods()] == ["v2", "v1", "v2", "v1"]


DYING = """
import os, signal, sys
from pathlib import Path
from operations.platforms.releases import ReleasesPlatform
watched = {"open", "os.rename", "os.symlink", "os.remove", "os.mkdir", "os.rmdir", "subprocess.Popen"}
act, build = sys.argv[1], Path(sys.argv[2])
left = 0
def count(event, args):
    global left
    if left and event in watched:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
for line in sys.stdin:
    moment, root = line.split(maxsplit=1)
    child = os.fork()
    if child == 0:
        platform = ReleasesPlatform(Path(root.strip()), restart=("true",))
        left = int(moment)
        if act == "promote":
            platform.promote("v1", who="tom", how="rollback")
        else:
            platform.publish(build, name="v3", commit="commit-v3", who="tom")
        left = 0
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Reads moments and folders; for each a process of its own acts there, and is killed at that moment."""


@contextmanager
def the_dying(act: str, build: Path) -> Iterator[Callable[[int, Path], int]]:
    """Call it with a moment and a folder; it gives the code of the process that acted."""
    words = [sys.executable, "-c", DYING, act, str(build)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        told, heard = process.stdin, process.stdout
        assert told is not None
        assert heard is not None

        def die_at(moment: int, root: Path) -> int:
            told.write(f"{moment} {root}\n")
            told.flush()
            return int(heard.readline())

        yield die_at
        told.close()


@pytest.mark.parametrize(("act", "new"), [("promote", "v1"), ("publish", "v3")])
def test_a_kill_at_any_moment_leaves_the_old_release_or_the_new_one(tmp_path: Path, act: str, new: str) -> None:
    build = a_build(tmp_path, "v3")
    (tmp_path / "builds").mkdir()
    seen: set[str] = set()
    with the_dying(act, build) as die_at:
        moment = _die_at_every_moment(tmp_path, die_at, seen, act, new)
    assert seen == {"v2", new}
    assert moment > 8


def _die_at_every_moment(tmp_path: Path, die_at: Callable[[int, Path], int], seen: set[str], act: str, new: str) -> int:
    for moment in itertools.count(1):
        root = tmp_path / f"site-{moment}"
        before = ReleasesPlatform(root, now=Clock())
        for name in ("v1", "v2"):
            folder = tmp_path / "builds" / f"{name}-{moment}"
            before.publish(a_build(folder, name), name=name, commit=f"commit-{name}", who="ana")
        code = die_at(moment, root)
        after = ReleasesPlatform(root)
        live = after.live()
        assert live is not None
        assert live.name in ("v2", new)
        assert live.kept
        seen.add(live.name)
        newest = after.periods()[0]
        assert newest.release == live.name
        if live.name == new:
            assert (newest.who, newest.how) == ("tom", "rollback" if act == "promote" else "publish")
        after.promote("v2", who="ana")
        after.discard("v3")
        assert list(after.half_published()) == []
        if code == 0:
            assert live.name == new
            return moment
        assert code == -signal.SIGKILL
    raise AssertionError
