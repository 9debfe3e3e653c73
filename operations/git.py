"""Runs git: a time limit, an output limit, no prompts, no hooks, no pager, nothing of the caller's GIT_* settings."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from operations.errors import PrerequisiteMissing, VigieError
from operations.text import clean

OUTPUT_CAP = 4_194_304
GIT_LIMIT = 20.0
_QUIET = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false"),
    *("-c", "tag.gpgSign=false", "-c", "log.showSignature=false", "-c", "color.ui=false", "--no-pager"),
)
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "TMPDIR")


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """What git said: exit code, output (cut at the cap, then `truncated`), and its complaint, cleaned."""

    code: int
    output: bytes
    complaint: str
    truncated: bool = False

    @property
    def text(self) -> str:
        """The output as text, without the last line break."""
        return self.output.decode("utf-8", "replace").rstrip("\n")

    @property
    def complaint_if_failed(self) -> str:
        """Empty when git did it, else what it complained about."""
        return (self.complaint or f"git ended with code {self.code}") if self.code else ""


def git_environment(*, network: bool = False) -> Mapping[str, str]:
    """The environment every git of ours runs in: it asks nobody anything and takes no locks it does not need.

    Without `network` it talks to no other repository. A clone that lacks objects would fetch them while we only look,
    by a program that its own settings name.
    """
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    alone = {} if network else {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
    return {
        **kept,
        **alone,
        "LC_ALL": "C.UTF-8",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    }


def git_command(folder: Path, *arguments: str) -> tuple[str, ...]:
    """The argv of a git call in `folder`."""
    return ("git", "-C", str(folder), *_QUIET, *arguments)


def run_git(
    folder: Path, *arguments: str, limit: float = GIT_LIMIT, cap: int = OUTPUT_CAP, network: bool = False
) -> GitAnswer:
    """Run git in `folder` for at most `limit` seconds. Raises PrerequisiteMissing without git, VigieError when late."""
    # In memory, for the disk may be full and a rollback has to go on.
    with os.fdopen(os.memfd_create("git"), "w+b") as complaints:
        try:
            process = subprocess.Popen(
                git_command(folder, *arguments),
                env=git_environment(network=network),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise PrerequisiteMissing("git is not installed.", next_step="Install git.") from None
        late = threading.Event()
        clock = threading.Timer(limit, _end, (process, late))
        clock.start()
        try:
            output = _read(process, cap)
        finally:
            clock.cancel()
        if late.is_set():
            raise VigieError(f"git {arguments[0]} did not end within {limit:g} s.", code=2)
        return GitAnswer(process.returncode, output[:cap], _complaint(complaints.fileno()), len(output) > cap)


def _read(process: subprocess.Popen[bytes], cap: int) -> bytes:
    assert process.stdout is not None
    with process.stdout as stream:
        output = stream.read(cap + 1)
        if len(output) > cap:
            _end(process, threading.Event())
    process.wait()
    return output


def _end(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _complaint(descriptor: int) -> str:
    lines = clean(os.pread(descriptor, 8192, 0)).splitlines()
    said = [line.removeprefix("fatal: ").removeprefix("error: ").strip() for line in lines]
    return " ".join(line for line in said if line)[:400]
