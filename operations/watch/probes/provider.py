"""A provider's status page: only the parts the site uses, and never ok by default.

Format: statuspage.io's public API, `/api/v2/summary.json`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from operations.foreign_json import NOT_JSON
from operations.http import HTTP_LIMIT, Answer
from operations.settings import Provider
from operations.text import one_line
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared, Web, foreign_web, web_data

WORDS = {
    "operational": "operational",
    "none": "operational",
    "degraded_performance": "degraded",
    "minor": "degraded",
    "under_maintenance": "degraded",
    "maintenance": "degraded",
    "partial_outage": "partial",
    "major": "partial",
    "major_outage": "major",
    "critical": "major",
}
"""Component statuses and overall indicators in the four words facts use."""
ORDER = ("operational", "degraded", "partial", "major")
_STATUS = {"operational": Status.OK, "degraded": Status.WARN, "partial": Status.DOWN, "major": Status.DOWN}


class ProviderProbe(Shared):
    """Every 60 s; HTML, a redirect or an unknown word is unknown."""

    def __init__(self, place: Place, provider: Provider) -> None:
        super().__init__(place, f"provider {provider.name}", provider.name, 60.0, HTTP_LIMIT)
        self._provider = provider
        self._own: Web | None = foreign_web(place.settings, provider.authority) if provider.authority else None

    async def read(self) -> Reading:
        """The worst word among the components in use, and since when its page says so."""
        self.begin()
        url = self._provider.status.rstrip("/")
        url = url if url.endswith(".json") else f"{url}/api/v2/summary.json"
        answer = await (self._own or self.place.foreign).ask(url, limit=self.limit)
        data = {
            key: value for key, value in web_data(answer, self.started).items() if key in ("kind", "code", "network")
        }
        data["database"] = self._provider.database
        page, problem = _read(answer)
        if page is None:
            return self.reading(Status.UNKNOWN, problem, data=data)
        states, problem = _states(page, self._provider.components)
        if problem:
            return self.reading(Status.UNKNOWN, problem, data=data)
        worst = max(states.values(), key=ORDER.index)
        since, title = _incident(page)
        data |= {"word": worst, "components": states, "began": since, "incident": title}
        sick = [f"{name} {word}" for name, word in states.items() if word != "operational"]
        words = ", ".join(sick) + (f": {title}" if title and sick else "") if sick else "operational"
        return self.reading(_STATUS[worst], words, None, data)

    async def close(self) -> None:
        """Close both clients."""
        if self._own is not None:
            await self._own.close()
        await super().close()


def _read(answer: Answer) -> tuple[dict[str, Any] | None, str]:
    if answer.status != 200:
        return None, f"status page: {answer.says}"
    try:
        page = msgspec.json.decode(answer.body)
    except NOT_JSON:
        return None, f"status page answers {one_line(answer.content_type, 40) or 'something'} that is no JSON"
    return (page, "") if isinstance(page, dict) else (None, "status page answers something else")


def _states(page: dict[str, Any], wanted: tuple[str, ...]) -> tuple[dict[str, str], str]:
    """The word of each component in use, or why it cannot be told. Without a list it is the page's own indicator."""
    if not wanted:
        told = page.get("status")
        indicator = told.get("indicator") if isinstance(told, dict) else None
        word = WORDS.get(indicator) if isinstance(indicator, str) else None
        return (
            ({"page": word}, "") if word else ({}, f"unknown word on the status page: {one_line(str(indicator), 40)}")
        )
    listed = page.get("components")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    found = {str(row.get("name", "")): row.get("status") for row in rows}
    states: dict[str, str] = {}
    for name in wanted:
        if name not in found:
            return {}, f"no component {one_line(name, 40)} on the status page"
        told = found[name]
        word = WORDS.get(told) if isinstance(told, str) else None
        if word is None:
            return {}, f"unknown word for {one_line(name, 40)}: {one_line(str(told), 40)}"
        states[name] = word
    return states, ""


def _incident(page: dict[str, Any]) -> tuple[str | None, str]:
    """When the oldest open incident began by the page's word (UTC, ISO), and its title."""
    listed = page.get("incidents")
    oldest: datetime | None = None
    title = ""
    for row in listed if isinstance(listed, list) else []:
        if not isinstance(row, dict) or row.get("status") in ("resolved", "postmortem", "completed"):
            continue
        try:
            began = datetime.fromisoformat(str(row.get("started_at") or row.get("created_at")))
        except ValueError:
            continue
        began = began.replace(tzinfo=UTC) if began.tzinfo is None else began.astimezone(UTC)
        if oldest is None or began < oldest:
            oldest, title = began, one_line(str(row.get("name", "")), 80)
    return (oldest.isoformat() if oldest else None), title
