"""Alerts as an Alertmanager would list them: one rule over the real request log, and those a scenario adds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

WINDOW = timedelta(minutes=5)
LIMIT_PERCENT = 5.0
FEWEST = 20
"""Requests in the window below which the rule is silent."""


def error_alert(
    requests: Iterable[Mapping[str, Any]], environment: str, now: datetime, window: timedelta = WINDOW
) -> dict[str, Any] | None:
    """The alert of the rule "5xx over 5 % for five minutes"; None when it does not fire at `now`.

    It starts when the share of each minute had been over the limit for five of them, as far as the log goes back.
    """
    minutes: dict[int, tuple[int, int]] = {}
    for request in requests:
        try:
            ago = (now - datetime.fromisoformat(str(request["at"]))).total_seconds()
            bad = int(request["status"]) >= 500
        except (ValueError, KeyError, TypeError):
            continue
        total, failed = minutes.get(int(ago // 60), (0, 0))
        minutes[int(ago // 60)] = (total + 1, failed + bad)
    needed = int(window.total_seconds() // 60)
    run = 0
    while (seen := minutes.get(run, (0, 0))) and seen[0] >= FEWEST and 100 * seen[1] / seen[0] > LIMIT_PERCENT:
        run += 1
    if run < needed:
        return None
    began = now - timedelta(minutes=run - needed)
    percent = 100 * minutes[0][1] / minutes[0][0]
    return alert("HighErrorRate", environment, f"{percent:.0f} % of requests fail", began, now, severity="critical")


def alert(
    name: str, environment: str, summary: str, began: datetime, now: datetime, *, severity: str = "warning"
) -> dict[str, Any]:
    """One alert in the form of Alertmanager's GET /api/v2/alerts."""
    return {
        "labels": {"alertname": name, "environment": environment, "severity": severity},
        "annotations": {"summary": summary},
        "startsAt": _stamp(began),
        "endsAt": _stamp(now + timedelta(minutes=4)),
        "updatedAt": _stamp(now),
        "status": {"state": "active", "inhibitedBy": [], "silencedBy": [], "mutedBy": []},
        "receivers": [{"name": "on-call"}],
        "fingerprint": hashlib.sha256(f"{name}/{environment}".encode()).hexdigest()[:16],
        "generatorURL": "",
    }


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
