"""Which processes are still there, told from /proc. A zombie counts as gone, a reused pid as somebody else."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from operations.engine.record import ProcessGroup, WorkerIdentity

_PROC = Path("/proc")
_LOOK_AGAIN = 0.02


@dataclass(frozen=True, slots=True)
class Seen:
    """What /proc says of a process (proc_pid_stat(5)); `start_ticks` since boot."""

    pid: int
    state: str
    group: int
    session: int
    start_ticks: int

    @property
    def runs(self) -> bool:
        """False for a zombie: it does nothing any more, somebody only has not asked for its exit code."""
        return self.state not in "ZX"


def boot_id() -> str:
    """The kernel's id of this boot."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def own_identity() -> WorkerIdentity:
    """Who this process is."""
    seen = see(os.getpid())
    return WorkerIdentity(socket.gethostname(), os.getpid(), seen.start_ticks if seen else 0, boot_id())


def is_alive(identity: WorkerIdentity) -> bool:
    """True while that very process runs. One on another host cannot be seen from here and counts as alive."""
    if identity.host != socket.gethostname():
        return True
    seen = see(identity.pid)
    return identity.boot_id == boot_id() and seen is not None and seen.runs and seen.start_ticks == identity.start_ticks


def is_stopped(identity: WorkerIdentity) -> bool:
    """True when a live process of this host was stopped by a signal: it does nothing until it is continued."""
    seen = see(identity.pid) if identity.host == socket.gethostname() else None
    return seen is not None and seen.state in "Tt"


def group_of(pid: int) -> ProcessGroup | None:
    """The process group that `pid` leads; None when the process is gone already."""
    seen = see(pid)
    return ProcessGroup(seen.group, seen.session, seen.start_ticks, boot_id()) if seen else None


def group_lives(group: ProcessGroup) -> bool:
    """True while any process of that group runs, even when its leader has gone."""
    return group.boot_id == boot_id() and any(
        seen.runs
        and seen.group == group.pgid
        and seen.session == group.session
        and seen.start_ticks >= group.start_ticks
        for seen in _all()
    )


def end_group(group: ProcessGroup, *, grace: float) -> bool:
    """Ask the group to end, wait `grace` seconds, then kill it. True when nothing of it runs any more."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not group_lives(group):
            return True
        with suppress(ProcessLookupError):
            os.killpg(group.pgid, number)
        deadline = time.monotonic() + (grace if number == signal.SIGTERM else 5.0)
        while group_lives(group) and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN)
    return not group_lives(group)


def see(pid: int) -> Seen | None:
    """What /proc says of `pid`; None when there is no such process."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name in brackets may itself hold spaces and brackets: the fields begin behind the last one.
    parts = text.rpartition(")")[2].split()
    return Seen(pid, parts[0], int(parts[2]), int(parts[3]), int(parts[19]))


def _all() -> Iterator[Seen]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            seen = see(int(entry.name))
            if seen is not None:
                yield seen
