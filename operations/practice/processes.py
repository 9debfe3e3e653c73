"""Children of the supervisor: started on a leash, their output in a file, ended with a limit.

Long-lived ones are started from the supervisor's main thread: the parent-death signal follows the *thread* that
forked, so one started from a pool thread could be killed when that thread goes.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from operations.errors import VigieError

LEASH = str(Path(__file__).with_name("leash.py"))


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: `death_signal` comes when the supervisor dies; `uid` 0 keeps the user."""

    name: str
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    folder: Path
    log: Path
    death_signal: int = signal.SIGKILL
    uid: int = 0


def leashed(argv: Sequence[str], *, death_signal: int = signal.SIGKILL, uid: int = 0) -> list[str]:
    """The command behind the leash; its parent is the calling process."""
    return [sys.executable, "-I", "-S", LEASH, str(int(death_signal)), str(os.getpid()), str(uid), *argv]


class Child:
    """One running child."""

    def __init__(self, command: Command, process: asyncio.subprocess.Process) -> None:
        self.command = command
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def ended(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for its end."""
        return await self._process.wait()

    async def end(self, how: int = signal.SIGTERM, limit: float = 2.0) -> None:
        """Ask it to end; after `limit` seconds kill it with its whole session."""
        if self.ended is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(how)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), limit)
        if self.ended is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            await self._process.wait()


async def start(command: Command) -> Child:
    """Start a child in a session of its own. Raises VigieError when it cannot be started."""
    with command.log.open("ab") as log:
        try:
            process = await asyncio.create_subprocess_exec(
                *leashed(command.argv, death_signal=command.death_signal, uid=command.uid),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=command.folder,
                env=dict(command.environ),
                start_new_session=True,
            )
        except OSError as error:
            raise VigieError(f"{command.name} could not be started: {error.strerror}.") from None
    return Child(command, process)


def run(
    argv: Sequence[str],
    *,
    folder: Path,
    environ: Mapping[str, str],
    limit: float,
    given: bytes | None = None,
    uid: int = 0,
) -> bytes:
    """Run a short command to its end and return its output.

    Raises VigieError with the last lines of its errors when it fails or takes longer than `limit` seconds.
    """
    name = Path(argv[0]).name
    try:
        done = subprocess.run(
            leashed(argv, uid=uid),
            input=given or b"",
            capture_output=True,
            cwd=folder,
            env=dict(environ),
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        raise VigieError(f"{name} took longer than {limit:.0f} s.") from None
    except OSError as error:
        raise VigieError(f"{name} could not be run: {error.strerror}.") from None
    if done.returncode:
        tail = done.stderr.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise VigieError(f"{name} ended with code {done.returncode}: {' '.join(tail)}")
    return done.stdout
