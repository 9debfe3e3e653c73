"""What an act costs: a rollback by promote beside one by rebuild, and the smoke tests beside six calls of curl."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

from operations.settings_reader import load_settings
from tests.bench.ground import Ground, console
from tests.bench.report import Row, middle

BUDGET_SMOKE = 1.0
"""Seconds against a healthy site (operations.md)."""
_CONFIRM = ("--confirm", "drill production", "--reason", "bench")


def acting(ground: Ground, runs: int) -> list[Row]:
    """Rows; each figure is the median of `runs`, taken in turn with its peer."""
    promotes, rebuilds, smokes, curls = [], [], [], []
    for _ in range(runs):
        promotes.append(_rollback(ground))
        rebuilds.append(_rollback(ground, "--rebuild"))
    for _ in range(3 * runs):
        smokes.append(_smoke(ground))
        curls.append(_curls(ground))
    return [
        Row(
            "rollback by promote", middle(promotes), "s", peer=middle(rebuilds), share_of_peer=1.0,
            note="the job's own time from lock to record, smoke tests included; beside it the same by --rebuild",
        ),
        Row(
            "smoke tests", middle(smokes), "s", budget=BUDGET_SMOKE, peer=middle(curls),
            note="the slowest to answer decides: eight checks side by side; beside it curl for six of them in turn",
        ),
    ]  # fmt: skip


def _rollback(ground: Ground, *options: str) -> float:
    """Seconds of the steps of one rollback to the release before; the way forward again is not counted."""
    plan = _vigie(ground, "rollback", "--env", "production", "--plan")["plan"]
    commit = str(plan["details"]["to_commit"])
    done = _vigie(ground, "rollback", "--env", "production", "--to-commit", commit, *options, *_CONFIRM)
    job = _vigie(ground, "jobs", "show", str(done["result"]["job"]))["result"]
    _vigie(ground, "rollback", "--env", "production", "--forward", *_CONFIRM)
    return sum(float(step["seconds"] or 0) for step in job["steps"])


def _smoke(ground: Ground) -> float:
    found = _vigie(ground, "smoke", "--env", "production")["result"]
    return max(float(check["seconds"] or 0) for check in found["checks"])


def _curls(ground: Ground) -> float:
    """The six checks as a script does them: one after the other, each a process."""
    env = load_settings(ground.recorded, {}).environments["production"]
    paths = (env.health, env.page, "/auth/v1/health", "/api/version", env.read_endpoint, env.health)
    began = time.monotonic()
    for path in paths:
        subprocess.run(
            ["curl", "--silent", "--cacert", env.authority, "--output", os.devnull, f"{env.url}{path}"],
            check=True,
            timeout=30,
        )
    return time.monotonic() - began


def _vigie(ground: Ground, *arguments: str) -> dict[str, Any]:
    """The document that a command prints."""
    done = subprocess.run(
        [*console(ground.recorded), *arguments, "--json"], capture_output=True, text=True, timeout=300, check=False
    )
    if not done.stdout:
        sys.exit(f"vigie {' '.join(arguments)}: {done.stderr}")
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found
