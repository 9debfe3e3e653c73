"""How long a step will take: the median of its earlier runs here, else the times measured on a real site."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median

from operations.engine.record import JobRecord

MEASURED = {
    "backup": 342.0,
    "restore": 812.0,
    "deploy": 342.0,
    "build": 37.0,
    "publish": 36.0,
    "rollback": 454.0,
    "smoke": 30.0,
}
"""Seconds, from a delivered shell package for 245 MB (operations.md): to be beaten."""
MEASURED_BYTES = 245_000_000
_RUNS = 20


def expected_seconds(history: Iterable[JobRecord], operation: str, step: str, default: float) -> float:
    """Median seconds of that step's last 20 runs that ended well in this operation; `default` when there are none."""
    runs = [
        found.seconds
        for job in history
        if job.operation == operation
        for found in job.steps
        if found.name == step and found.state == "done" and found.seconds is not None
    ]
    return round(median(runs[:_RUNS]), 1) if runs else default
