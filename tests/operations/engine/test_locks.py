"""A lock says who holds it, survives its owner's children, and gives way to nobody else."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from operations.engine import locks as locks_module
from operations.engine.alive import group_lives, group_of, is_alive, own_identity
from operations.engine.locks import Locks
from operations.engine.record import ProcessGroup
from operations.errors import Busy, VigieError
from tests.operations.engine.conftest import ROOT

NOW = datetime(2026, 7, 30, 3, 7, tzinfo=UTC)

HOLDER = """
import subprocess, sys, time
from datetime import UTC, datetime
from pathlib import Path
from operations.engine.alive import group_of
from operations.engine.locks import Locks
locks = Locks(Path(sys.argv[1]), who="tom", now=lambda: datetime.now(UTC))
lock = locks.acquire("shop", "production", "change", job="j1", operation="deploy")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], process_group=0)
if sys.argv[2] == "noted":
    lock.add_group(group_of(child.pid))
print(lock.holder.id, child.pid, flush=True)
time.sleep(300)
"""


@pytest.fixture
def locks(tmp_path: Path) -> Locks:
    return Locks(tmp_path, who="ana", now=lambda: NOW)


class Other:
    """Another process that holds the change lock of production and has a child."""

    def __init__(self, folder: Path, noted: str) -> None:
        command = [sys.executable, "-c", HOLDER, str(folder), noted]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert self.process.stdout is not None
        self.lock, child = self.process.stdout.readline().split()
        self.child = int(child)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.kill()
        with suppress(ProcessLookupError):
            os.killpg(self.child, signal.SIGKILL)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def other(locks: Locks) -> Iterator[Other]:
    made = Other(locks.folder, "not-noted")
    yield made
    made.close()


@pytest.fixture
def other_with_group(locks: Locks) -> Iterator[Other]:
    made = Other(locks.folder, "noted")
    yield made
    made.close()


def test_a_held_lock_is_busy_with_words(locks: Locks, other: Other) -> None:
    with pytest.raises(Busy) as caught:
        locks.acquire("shop", "production", "change")
    words = str(caught.value)
    assert (caught.value.code, caught.value.holder_job) == (75, "j1")
    for part in ("tom on", "deploy of production", "job j1", f"pid {other.process.pid}", other.lock):
        assert part in words
    assert [holder.id for holder in locks.held()] == [other.lock]


def test_other_names_environments_and_sites_are_free(locks: Locks, other: Other) -> None:
    for key in (("shop", "production", "backup"), ("shop", "staging", "change"), ("Shop!", "production", "change")):
        locks.acquire(*key).release()


def test_a_released_lock_is_free_and_forgets_its_holder(locks: Locks) -> None:
    with locks.acquire("shop", "production", "change") as lock:
        assert locks.holder("shop", "production", "change") == lock.holder
    assert locks.holder("shop", "production", "change") is None
    lock.release()
    locks.acquire("shop", "production", "change").release()


def test_a_dead_owners_lock_is_taken_over_though_its_child_lives(locks: Locks, other: Other) -> None:
    other.kill()
    assert locks.holder("shop", "production", "change") is None
    os.kill(other.child, 0)
    locks.acquire("shop", "production", "change").release()


def test_a_dead_owners_noted_child_still_holds(locks: Locks, other_with_group: Other) -> None:
    other_with_group.kill()
    with pytest.raises(Busy, match=r"its worker is gone but its process group \d+ still runs"):
        locks.acquire("shop", "production", "change")
    os.killpg(other_with_group.child, signal.SIGKILL)
    while (holder := locks.holder("shop", "production", "change")) is not None:
        assert holder.groups
    locks.acquire("shop", "production", "change").release()


def test_children_do_not_inherit_the_descriptor(locks: Locks) -> None:
    with locks.acquire("shop", "production", "change") as lock:
        shown = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, text=True, close_fds=False)
        assert lock.path.name not in shown.stdout


def test_an_inner_job_inherits_the_lock_of_the_outer(locks: Locks) -> None:
    with locks.acquire("shop", "production", "change") as outer:
        inner = locks.acquire("shop", "production", "change", inherited=outer.holder.id)
        assert inner.inherited
        inner.release()
        assert locks.holder("shop", "production", "change") == outer.holder
        with pytest.raises(Busy):
            locks.acquire("shop", "production", "change", inherited="00000000")


def test_the_guard_tells_free_own_and_foreign_apart(locks: Locks, other: Other) -> None:
    guard = locks.guard("shop", "production", "change", shared=True)
    assert (guard.verdict, guard.code) == ("refuse", 75)
    assert locks.guard("shop", "staging", "change", shared=True).verdict == "pass"
    assert locks.guard("shop", "staging", "change", shared=False).verdict == "warn"
    with locks.acquire("shop", "staging", "change"):
        assert locks.guard("shop", "staging", "change", shared=True).verdict == "pass"


def test_force_unlock_needs_the_right_id_and_frees_the_lock(locks: Locks, other: Other) -> None:
    with pytest.raises(VigieError, match="no lock 12345678"):
        locks.force_unlock("12345678")
    assert locks.force_unlock(other.lock).who == "tom"
    with locks.acquire("shop", "production", "change"), pytest.raises(Busy):
        locks.acquire("shop", "production", "change")


def test_a_reused_pid_is_not_taken_for_the_old_one() -> None:
    identity = own_identity()
    assert is_alive(identity)
    assert not is_alive(replace(identity, start_ticks=identity.start_ticks - 1))
    assert not is_alive(replace(identity, boot_id="another boot"))
    assert is_alive(replace(identity, host="elsewhere"))


def test_a_zombie_is_dead_and_so_is_its_group() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, process_group=0)
    group = group_of(child.pid)
    assert group is not None and group_lives(group)
    assert not group_lives(replace(group, start_ticks=group.start_ticks + 10**9))
    assert child.stdin is not None
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not group_lives(group)
    child.wait()


def test_damaged_details_hold_nobody_up(locks: Locks) -> None:
    path = locks.acquire("shop", "production", "change").path
    locks.acquire("shop", "staging", "change").release()
    path.write_text("{nonsense")
    assert locks.held() == ()


def test_a_folder_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="cannot be opened"):
        Locks(tmp_path / "gone", who="ana", now=lambda: NOW).acquire("shop", "production", "change")


def test_a_planted_link_is_not_followed(locks: Locks, tmp_path: Path) -> None:
    lock = locks.acquire("shop", "production", "change")
    lock.release()
    lock.path.unlink()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    lock.path.symlink_to(victim)
    with pytest.raises(VigieError):
        locks.acquire("shop", "production", "change")
    assert victim.read_text() == "precious"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_two_users_meet_in_a_shared_folder() -> None:
    code = (
        "import os, sys; from pathlib import Path; from datetime import UTC, datetime; "
        "from operations.engine.locks import Locks; from operations.errors import Busy; os.setuid(65534)\n"
        "locks = Locks(Path(sys.argv[1]), who='tom', now=lambda: datetime.now(UTC))\n"
        "try:\n locks.acquire('shop', 'production', 'change').release(); print('taken')\n"
        "except Busy as busy:\n print(busy)"
    )
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o1777)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def other_user() -> str:
        command = [sys.executable, "-c", code, str(folder)]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()

    try:
        with Locks(folder, who="ana", now=lambda: NOW).acquire("shop", "production", "change"):
            assert "ana on" in other_user()
        assert other_user() == "taken"
    finally:
        shutil.rmtree(folder)


def test_what_a_dead_worker_still_holds_is_waited_for_and_then_taken(locks: Locks) -> None:
    lock = locks.acquire("shop", "production", "change")
    dead = replace(lock.holder, worker=replace(lock.holder.worker, start_ticks=1))
    lock.path.write_text(msgspec.json.encode(dead).decode())
    dying = threading.Timer(0.3, lock.release)
    dying.start()
    with locks.acquire("shop", "production", "change") as taken:
        assert taken.holder.id != lock.holder.id
    dying.join()


def test_a_lock_that_nobody_owns_up_to_is_busy_after_a_while(locks: Locks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks_module, "_SETTLES", 0.1)
    lock = locks.acquire("shop", "production", "change")
    lock.path.write_text("")
    with pytest.raises(Busy, match="Somebody else holds the change lock of production"):
        locks.acquire("shop", "production", "change")
    lock.release()


def test_details_keep_the_groups(locks: Locks) -> None:
    group = ProcessGroup(999_999, 1, 1, "another boot")
    with locks.acquire("shop", "production", "change") as lock:
        lock.add_group(group)
        held = locks.holder("shop", "production", "change")
        assert held is not None and held.groups == (group,)
        lock.remove_group(group)
        assert lock.holder.groups == ()
