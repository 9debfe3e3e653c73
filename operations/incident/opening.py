"""Two consoles that open an incident at the same moment open one: only one at a time looks and writes it down.

Holds nobody up: where the lock cannot be had in time, or at all, an incident is opened all the same.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WITHIN = 1.0
"""Seconds; looking and writing take a few milliseconds."""


@contextmanager
def alone(journal: Path | None) -> Iterator[None]:
    """Hold the lock beside that journal, for the time of the block."""
    descriptor = -1
    if journal is not None:
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(journal.with_name("opening.lock"), flags, 0o600)
        except OSError:
            pass  # where no file can be made no journal is shared either
    if descriptor < 0:
        yield
        return
    try:
        until = time.monotonic() + _WITHIN
        while not locked(descriptor) and time.monotonic() < until:
            time.sleep(0.005)
        yield
    finally:
        os.close(descriptor)


def locked(descriptor: int) -> bool:
    """Take the lock of an open file for oneself, without waiting; False where another process holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
