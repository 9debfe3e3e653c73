"""Alerts that fire elsewhere: Alertmanager's active ones, silenced ones left out, security ones apart.

API: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
"""

from __future__ import annotations

from typing import Any

import msgspec

from operations.foreign_json import NOT_JSON
from operations.http import HTTP_LIMIT
from operations.text import one_line
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared

_QUERY = "/api/v2/alerts?active=true&silenced=false&inhibited=false"
_LISTED = 20


class AlertsProbe(Shared):
    """Every 30 s."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "alerts", "alerts", 30.0, HTTP_LIMIT)

    async def read(self) -> Reading:
        """How many are active, and their names."""
        self.begin()
        answer = await self.place.foreign.ask(self.place.env.alertmanager.rstrip("/") + _QUERY, limit=self.limit)
        if answer.status != 200:
            return self.reading(Status.UNKNOWN, f"Alertmanager: {answer.says}")
        try:
            listed = msgspec.json.decode(answer.body)
        except NOT_JSON:
            listed = None
        if not isinstance(listed, list):
            return self.reading(Status.UNKNOWN, "Alertmanager answers something else")
        active = [alert for alert in listed if isinstance(alert, dict) and _is_active(alert)]
        security = [alert for alert in active if _is_security(_labels(alert))]
        names = [one_line(str(_labels(alert).get("alertname", "unnamed")), 60) for alert in active][:_LISTED]
        data = {"active": len(active), "names": names, "security": len(security)}
        words = f"{len(active)} active: {', '.join(names[:3])}" if active else "none active"
        return self.reading(Status.WARN if active else Status.OK, words, float(len(active)), data)


def _is_active(alert: dict[str, Any]) -> bool:
    status = alert.get("status")
    return not isinstance(status, dict) or status.get("state", "active") == "active"


def _labels(alert: dict[str, Any]) -> dict[str, Any]:
    labels = alert.get("labels")
    return labels if isinstance(labels, dict) else {}


def _is_security(labels: dict[str, Any]) -> bool:
    return any(str(labels.get(name, "")).lower() == "security" for name in ("category", "team", "type", "kind"))
