"""Where a practice site lies and whether it runs: asked where there are no settings, so it imports next to nothing."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from operations.practice.layout import Layout


def default_home() -> Path:
    """The folder used without --dir. As root it is one that the databases' own user can walk to."""
    if os.geteuid() == 0:
        return Path("/var/lib/vigie/practice")
    from platformdirs import user_state_path

    return user_state_path("vigie") / "practice"


def running_config(home: Path | None = None) -> Path | None:
    """The settings file of the practice site that runs in the folder used without --dir; None where none does."""
    layout = Layout(home or default_home())
    return layout.config if is_running(layout) and layout.config.is_file() else None


def is_running(layout: Layout) -> bool:
    """True while a supervisor holds its lock."""
    try:
        descriptor = os.open(layout.supervisor_lock, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
