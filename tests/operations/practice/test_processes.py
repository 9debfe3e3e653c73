from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from operations.errors import VigieError
from operations.practice import processes
from operations.practice.backups import count_rows

PARENT = """
import subprocess, sys, time
from operations.practice.processes import leashed
child = subprocess.Popen(leashed([sys.executable, "-c", "import time; time.sleep(600)"]))
print(child.pid, flush=True)
time.sleep(600)
"""


def gone(pid: int, limit: float = 20.0) -> bool:
    until = time.monotonic() + limit
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_leashed_child_dies_with_its_killed_parent() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    assert gone(child)


def test_a_command_that_fails_says_its_last_words() -> None:
    argv = [sys.executable, "-c", "import sys; sys.exit('the disk is full')"]
    with pytest.raises(VigieError, match=r"code 1: the disk is full"):
        processes.run(argv, folder=Path.cwd(), environ={}, limit=20)


def test_a_command_that_takes_too_long_is_ended() -> None:
    argv = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(VigieError, match="longer than"):
        processes.run(argv, folder=Path.cwd(), environ={}, limit=0.5)


async def test_a_child_that_ignores_being_asked_is_killed_in_the_end(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    log = tmp_path / "log"
    command = processes.Command("deaf", (sys.executable, "-c", code), {}, tmp_path, log)
    child = await processes.start(command)
    until = time.monotonic() + 20
    await asyncio.to_thread(_wait_for, log, b"up", until)
    await child.end(limit=0.2)
    assert child.ended == -signal.SIGKILL


def _wait_for(log: Path, words: bytes, until: float) -> None:
    while words not in log.read_bytes() and time.monotonic() < until:
        time.sleep(0.02)


def test_rows_are_counted_in_the_copy_stream_only() -> None:
    dump = (
        b"COPY public.zones (id, slug) FROM stdin;\n1\ta\n2\tCOPY x (y) FROM stdin;\n\\.\n\n"
        b"COPY public.calls (id) FROM stdin;\n\\.\n"
    )
    assert count_rows(dump) == {"public.zones": 2, "public.calls": 0}
