"""Runs the restart command of a site: a session of its own, a time limit, an output limit, no secrets of ours."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from operations.engine.process import die_with_parent
from operations.errors import PrerequisiteMissing, VigieError
from operations.text import clean

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
_OUTPUT_LIMIT = 4_194_304
RESTART_FAILED = 5


def restart_site(argv: Sequence[str], cwd: Path, limit: float) -> None:
    """Run `argv` in `cwd` for at most `limit` seconds. Raises VigieError (code 5) unless it ends with 0.

    Output goes to a file in memory: not a pipe, for what the command starts may keep its output open for as long as it
    lives, and not on a disk, which may be full.
    """
    with os.fdopen(os.memfd_create("restart"), "w+b") as output:
        try:
            process = subprocess.Popen(
                argv,
                cwd=cwd,
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Left behind by a killed worker it would switch the site under whoever comes next.
                preexec_fn=die_with_parent(os.getpid()),
            )
        except OSError as error:
            raise VigieError(f"The restart command did not start: {error.strerror}: {argv[0]}", code=2) from None
        complaint = _wait(process, output.fileno(), limit)
        if complaint:
            tail = " / ".join(clean(_last_bytes(output.fileno())).splitlines()[-3:])
            raise VigieError(
                f"The restart command {complaint}." + (f" It said: {tail}" if tail else ""),
                means="current is switched; what runs may still be the old release.",
                code=RESTART_FAILED,
            )


def check_restart(argv: Sequence[str], cwd: Path) -> None:
    """Raise PrerequisiteMissing (2) when there is no such command: better known before the switch than after it."""
    if shutil.which(argv[0]) is None and not ("/" in argv[0] and os.access(cwd / argv[0], os.X_OK)):
        raise PrerequisiteMissing(
            f"The restart command {argv[0]} is not there.", next_step="Correct platform.restart in vigie.toml."
        )


def _wait(process: subprocess.Popen[bytes], output: int, limit: float) -> str:
    deadline = time.monotonic() + limit
    while True:
        try:
            code = process.wait(timeout=0.25)
        except subprocess.TimeoutExpired:
            if time.monotonic() > deadline:
                _end(process)
                return f"was ended after {limit:g} s"
            if os.fstat(output).st_size > _OUTPUT_LIMIT:
                _end(process)
                return "was ended: it wrote more than 4 MB"
            continue
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with code {code}" if code else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_bytes(output: int) -> bytes:
    size = os.fstat(output).st_size
    return os.pread(output, 4096, max(0, size - 4096))
