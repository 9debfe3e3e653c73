"""Vercel's own client from npm, installed once into a cache folder, pointed at our simulator."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from operations.practice.vercel.server import Simulator

VERSION = "56.5.0"
"""The newest 56.x, so that a run tomorrow is the run of today."""
WANTED = "VIGIE_REAL_CLIENTS"
_INSTALL_LIMIT = 400.0
_RUN_LIMIT = 90.0


def installed_client() -> Path:
    """Path of the program; skips the test, with the reason, where there is none to be had."""
    if os.environ.get(WANTED) != "1":
        pytest.skip(f"Vercel's own client is tried with {WANTED}=1 only: it is installed from npm, 180 MB")
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("there is no Node here (node and npm)")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir()) / f"vigie-vercel-client-{VERSION}"
    program = cache / "node_modules" / ".bin" / "vercel"
    if not program.exists():
        _install(npm, cache)
    return program


def run_client(program: Path, simulator: Simulator, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it with a home of its own, linked to the simulated project by its environment."""
    world = simulator.world
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "VERCEL_TOKEN": world.token,
        "VERCEL_ORG_ID": world.account_id,
        "VERCEL_PROJECT_ID": world.project_id,
        "VERCEL_TELEMETRY_DISABLED": "1",
        "NO_UPDATE_NOTIFIER": "1",
        "NO_COLOR": "1",
        "CI": "1",
    }
    return subprocess.run(
        [str(program), *arguments, "--api", simulator.url],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_RUN_LIMIT,
        check=False,
    )


def _install(npm: str, cache: Path) -> None:
    """Beside, then renamed: a second test process finds it whole or not at all."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f"{cache.name}-", dir=cache.parent))
    command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", ".", f"vercel@{VERSION}"]
    try:
        done = subprocess.run(command, cwd=beside, capture_output=True, text=True, timeout=_INSTALL_LIMIT, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot install vercel@{VERSION}: {done.stderr.strip()[-200:]}")
        if not cache.exists():
            beside.rename(cache)
    except (subprocess.TimeoutExpired, OSError) as error:
        if not cache.exists():
            pytest.skip(f"npm cannot install vercel@{VERSION}: {error}")
    finally:
        shutil.rmtree(beside, ignore_errors=True)
