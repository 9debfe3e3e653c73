"""This machine: Python, git, and whether a job outlives the login that started it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from operations.doctor.finding import Finding, fail, ok, warn

OLDEST_GIT = (2, 30)
"""The first git whose rev-parse knows --end-of-options (release notes of 2.30)."""
OLDEST_PYTHON = (3, 11)
_LIMIT = 3.0
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.\d+)*")
_INSTALL_GIT = "Install git: apt install git, dnf install git or brew install git."
_MEND_LOGIN = "Start the console with: systemd-run --user --scope vigie; or as root: loginctl enable-linger {user}"


def check_machine() -> Iterator[Finding]:
    """Python, git, systemd."""
    yield _python()
    yield _git()
    yield _login()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        return fail("Python", f"{version}, older than {wanted}", f"Install Vigie with Python {wanted} or newer.")
    return ok("Python", version)


def _git() -> Finding:
    told = _said("git", "--version")
    if told is None:
        return fail("git", "git is not installed, or not in PATH", _INSTALL_GIT)
    found = _VERSION.search(told)
    if found is None:
        return fail("git", f"git does not tell its version: {told}", _INSTALL_GIT)
    if (int(found[1]), int(found[2])) < OLDEST_GIT:
        wanted = ".".join(map(str, OLDEST_GIT))
        return fail("git", f"{found[0]}, older than {wanted}", f"Install git {wanted} or newer.")
    return ok("git", found[0])


def _login() -> Finding:
    """A worker has a session of its own, which does not protect it from a control group that systemd ends."""
    if not Path("/run/systemd/system").is_dir():
        return ok("jobs outlive the login", "systemd does not run here")
    manager = Path(os.environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "systemd/private").exists()
    may_leave = manager and shutil.which("systemd-run") is not None
    try:
        groups = Path("/proc/self/cgroup").read_text("utf-8", "replace")
    except OSError:
        groups = ""
    return judge_login(groups, may_leave=may_leave, kills=_kills_processes())


def judge_login(groups: str, *, may_leave: bool, kills: bool | None) -> Finding:
    """From /proc/self/cgroup, whether jobs may leave the group (`systemd-run`), and logind's KillUserProcesses."""
    name = "jobs outlive the login"
    mend = _MEND_LOGIN.format(user=os.environ.get("USER") or "NAME")
    if may_leave:
        return ok(name, "jobs start in scopes of their own (systemd-run --user --scope)")
    unit = re.search(r"/([^/\n]+\.service)\s*$", groups, re.MULTILINE)
    if unit is not None and not unit[1].startswith("user@"):
        says = f"this runs inside the unit {unit[1]}: when it stops, systemd ends its jobs, too"
        return warn(name, says, f"Set KillMode=process in {unit[1]}, or use: systemd-run --user --scope")
    if kills:
        return warn(name, "KillUserProcesses is on: logging out, or a lost connection, ends the jobs, too", mend)
    if kills is None and re.search(r"session-\w+\.scope", groups):
        return warn(name, "whether a logout ends the jobs, too (KillUserProcesses), cannot be told", mend)
    return ok(name, "a logout leaves them running")


def _kills_processes() -> bool | None:
    where = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "KillUserProcesses")
    told = _said("busctl", "get-property", *where)
    return {"b true": True, "b false": False}.get(told or "")


def _said(*argv: str) -> str | None:
    """What a program prints, None where there is none, it fails or it hangs."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
