"""The lease of a practice site: a shared flock that every console and job of it holds. No holder left, and it ends.

A flock goes with its process, however that ends, so a killed console never keeps a site alive.
"""

from __future__ import annotations

import fcntl
import os


def hold_lease(path: str) -> int | None:
    """Take a shared lock on the lease file and return its descriptor; None when the site is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def is_unused(path: str) -> bool:
    """True when nobody holds the lease right now."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
