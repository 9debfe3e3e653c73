"""Full disks, damaged files, jumping clocks, dead parts: the console says so, stays true, and the way back runs."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.engine.events import Event
from operations.engine.fold import fold
from operations.engine.journal import Journal
from operations.engine.locks import Locks
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.incident.book import IncidentBook
from tests.attack.poison import EVIL
from tests.attack.site import Reply
from tests.attack.world import World
from tests.e2e.terminal import Terminal

SICK = Reply('{"status": "down", "error": "it is broken"}', 503)
PHRASE = "dispatch production"


@pytest.fixture
def small_disk(world: World) -> Iterator[Path]:
    """The state directory on a disk of its own, of two megabytes."""
    world.state.mkdir(exist_ok=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "none", str(world.state)], check=False)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield world.state
    subprocess.run(["umount", "--lazy", str(world.state)], check=True)


def fill(disk: Path) -> Path:
    """Write until nothing fits any more."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65_536, 1024, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def open_incident(terminal: Terminal) -> None:
    terminal.press("I")
    terminal.wait_for("How bad")
    terminal.press("1")
    terminal.wait_for("step 1 of")


def roll_back_by_keys(terminal: Terminal) -> None:
    """R, the reason, the phrase, and the button."""
    terminal.press("R")
    terminal.wait_for("Reason")
    terminal.settle()
    terminal.press("tab")
    terminal.settle()
    terminal.press("because", "enter")
    terminal.settle()
    terminal.press(PHRASE, "enter")
    terminal.settle()
    terminal.press("enter")


def until(holds: object, what: str, limit: float = 40.0) -> None:
    assert callable(holds)
    deadline = time.monotonic() + limit
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def test_a_full_disk_under_an_open_console_is_said_and_stops_no_rollback(world: World, small_disk: Path) -> None:
    with world.terminal(columns=120, rows=36) as terminal:
        terminal.wait_for("✓ ok")
        open_incident(terminal)
        filler = fill(small_disk)
        world.site.routes["/api/health"] = SICK
        terminal.wait_for("✖ DOWN")
        terminal.wait_for("journal: the disk is full|journal: the disk cannot be written")
        terminal.press("n")
        terminal.wait_for("One line for the timeline")
        terminal.press("lost", "enter")
        terminal.wait_for("events are kept in")
        roll_back_by_keys(terminal)
        until(lambda: world.live() == "v2", terminal.text)
        world.site.routes["/api/health"] = Reply('{"status": "healthy"}')
        terminal.wait_for("exit 0: success")
        terminal.press("esc")
        terminal.wait_for("✓ ok")
        terminal.press("T")
        terminal.wait_for("nothing but a rollback|cannot be used")
        filler.unlink()
        terminal.press("n")
        terminal.wait_for("One line for the timeline")
        terminal.press("room again", "enter")
        terminal.wait_for("note: room again")
        terminal.wait_while("journal: the disk|One line for the timeline")
        terminal.press("q")
        terminal.wait_ended()
    assert not list(world.state.glob("crash-*"))


def test_a_full_disk_lets_the_command_roll_back_and_refuses_smoke_with_words(world: World, small_disk: Path) -> None:
    world.run("jobs", "list")
    fill(small_disk)
    done = world.run("smoke")
    assert done.returncode == 1, done
    assert "nothing but a rollback" in done.stderr or "cannot be used" in done.stderr
    done = world.roll_back()
    assert done.returncode == 0, done
    assert world.live() == "v2"
    assert "success" in done.stderr


def test_a_read_only_state_directory_stops_no_rollback_and_no_look(world: World, small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert world.run("status").returncode == 0
    done = world.run("smoke")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "read-only" in done.stderr.lower() or "cannot be" in done.stderr
    with world.terminal(columns=120, rows=36) as terminal:
        terminal.wait_for("✓ ok")
        terminal.wait_for("journal: .*ead-only|journal: it cannot")
        roll_back_by_keys(terminal)
        until(lambda: world.live() == "v2", terminal.text)
        terminal.wait_for("exit 0: success")
        terminal.press("q")
        terminal.wait_ended()
    done = world.run("rollback", "--forward", "--reason", "back", "--confirm", PHRASE, "--skip-tests")
    assert "Traceback" not in done.stderr


def damaged(world: World, how: str) -> None:
    """A journal with a job and an incident in it, damaged in one of the ways that disks and hands do it."""
    id = world.quickly("incident", "open", "something").stdout.strip()
    world.quickly("smoke")
    path = world.state / "journal.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if how == "rows":
        for number, change in enumerate((
            "data = '{'", "data = '[1]'", "at = 'yesterday'", "kind = 'incident.state'", "data = '{}'",
            "kind = 'job.finished', data = '{}'", "data = '" + "[" * 60_000 + "'",
        )):  # fmt: skip
            connection.execute(f"UPDATE events SET {change} WHERE place = ?", (number + 2,))
        connection.execute("UPDATE events SET kind = 'incident.opened', incident = ? WHERE place = 3", (id,))
        connection.commit()
    connection.close()
    raw = bytearray(path.read_bytes())
    if how == "garbage":
        raw = bytearray(os.urandom(len(raw)))
    elif how == "pages":
        raw[8192:] = os.urandom(len(raw) - 8192)
    elif how == "short":
        raw = raw[: len(raw) // 2]
    elif how == "empty":
        raw = bytearray()
    path.write_bytes(raw)
    for beside in world.state.glob("journal.sqlite-*"):
        beside.unlink()


@pytest.mark.parametrize("how", ["garbage", "pages", "short", "empty", "rows"])
def test_a_damaged_journal_is_said_and_blocks_nothing_it_need_not(world: World, how: str) -> None:
    damaged(world, how)
    for arguments in (("jobs", "list"), ("incident", "list"), ("status",), ("jobs", "show", "1")):
        done = world.quickly(*arguments)
        assert "Traceback" not in done.stderr, (arguments, done.stderr)
        assert done.returncode != 70, (arguments, done.stderr)
    done = world.roll_back("--skip-tests")
    assert done.returncode == 0, done.stderr[-1500:]
    assert world.live() == "v2"


@pytest.mark.parametrize("how", ["garbage", "rows"])
def test_a_console_opens_on_a_damaged_journal_and_says_it(world: World, how: str) -> None:
    damaged(world, how)
    with world.terminal(columns=120, rows=36) as terminal:
        terminal.wait_for("✓ ok|▲ DEGRADED")
        if how == "garbage":
            terminal.wait_for("journal: ")
        terminal.press("J")
        terminal.wait_for("Jobs")
        terminal.press("q")
        terminal.wait_ended()
    assert not list(world.state.glob("crash-*")), next(world.state.glob("crash-*")).read_text()[-800:]


def events_of(world: World) -> list[Event]:
    """What an incident with a smoke run, a note and a call leaves in the journal."""
    id = world.quickly("incident", "open", "something").stdout.strip()
    world.quickly("incident", "note", id, "seen")
    world.quickly("smoke")
    world.quickly("incident", "resolve", id)
    journal = Journal.open(world.state / "journal.sqlite", actor="ana", redactor=Redactor(), now=utc_now)
    try:
        return [event for _, event in journal.events()]
    finally:
        journal.close()


def test_events_in_any_order_and_with_clocks_that_jumped_fold_without_a_fall(world: World) -> None:
    events = events_of(world)
    ordered = IncidentBook()
    ordered.feed(events)
    chance = random.Random(7)
    for _ in range(60):
        jumped = [
            replace(event, at=event.at + timedelta(seconds=chance.choice((-86_400, -60, 0, 0, 3600, 10**8))))
            for event in events
        ]
        chance.shuffle(jumped)
        book = IncidentBook()
        book.feed(jumped)
        for one in book.all():
            assert [entry.at for entry in one.entries] == sorted(entry.at for entry in one.entries)
        fold(jumped)
    assert ordered.all()[0].entries


def test_two_consoles_of_one_user_see_the_same_incident_and_the_same_walk(world: World) -> None:
    with world.terminal(columns=120, rows=36) as one, world.terminal(columns=120, rows=36) as two:
        one.wait_for("✓ ok")
        two.wait_for("✓ ok")
        open_incident(one)
        two.wait_for("step 1 of")
        one.press("enter")
        two.wait_for("step 2 of")
        two.press("x")
        one.wait_for("step 1 of")
        one.press("n")
        one.wait_for("One line for the timeline")
        one.press("said by one", "enter")
        two.wait_for("said by one")


def garbage_locks(folder: Path, path: Path) -> Iterator[str]:
    """Leave something else where the lock file should be, one thing after the other."""
    body = {"id": EVIL, "who": EVIL, "worker": {"host": EVIL, "pid": -1, "start_ticks": 0, "boot_id": EVIL}}
    for name, content in (
        ("noise", os.urandom(5000)),
        ("nothing", b""),
        ("deep JSON", b"[" * 60_000),
        ("a list", b"[]"),
        ("half of it", json.dumps(body)[:60].encode()),
        ("a number", b"1e999"),
    ):
        path.write_bytes(content)
        yield name
        path.unlink(missing_ok=True)
    os.mkfifo(path)
    yield "a pipe"
    path.unlink()
    path.symlink_to("/etc/passwd")
    yield "a link elsewhere"
    path.unlink()
    path.mkdir()
    yield "a folder"
    path.rmdir()


def test_whatever_lies_where_a_lock_should_be_is_no_trap(tmp_path: Path) -> None:
    locks = Locks(tmp_path, who="ana", now=utc_now)
    with locks.acquire("dispatch", "production", "change") as lock:
        path = lock.path
    path.unlink()
    for name in garbage_locks(tmp_path, path):
        began = time.monotonic()
        assert locks.holder("dispatch", "production", "change") is None, name
        assert locks.held() == (), name
        assert locks.guard("dispatch", "production", "change", shared=True).verdict == "pass", name
        with suppress(VigieError):
            locks.acquire("dispatch", "production", "change").release()
        assert time.monotonic() - began < 5, name


def test_settings_that_change_between_plan_and_confirmation_stop_the_rollback(world: World) -> None:
    other = world.folder / "other"
    shutil.copytree(world.platform.root, other, symlinks=True)
    for before, after in ((f'root = "{world.platform.root}"', f'root = "{other}"'), ("[watch]", "[watch]")):
        text = world.config.read_text()
        assert before in text
        with world.terminal("rollback", "--reason", "why", columns=120, rows=50) as terminal:
            terminal.wait_for("Type .dispatch production")
            world.config.write_text(text.replace(before, after))
            terminal.press(PHRASE, "enter")
            code = terminal.wait_ended()
        if before == after:
            assert code == 0
            assert world.live() == "v2"
        else:
            assert code == 1, terminal.text
            assert world.live() == "v3"
            assert (other / "current").readlink().name == "v3"
            assert "changed" in terminal.text
            world.config.write_text(text)
