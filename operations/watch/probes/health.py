"""The health endpoint: the site's own word on whether it works."""

from __future__ import annotations

from operations.health import judge_health
from operations.http import HTTP_LIMIT
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared, web_data


class HealthProbe(Shared):
    """Critical, every 10 s."""

    def __init__(self, place: Place) -> None:
        title = place.masked(place.env.health.strip("/")) or "health"
        super().__init__(place, "health", title, 10.0, HTTP_LIMIT, critical=True)

    async def read(self) -> Reading:
        """Code, the body's verdict, each of its services, memory."""
        self.begin()
        answer = await self.place.web.ask(self.place.url(self.place.env.health), limit=self.limit)
        verdict = judge_health(answer)
        data = web_data(answer, self.started) | {"services": dict(verdict.services), "slow": list(verdict.slow)}
        if verdict.memory is not None:
            data["memory"] = verdict.memory
        cached = f", {data['age']} s old in a cache" if "age" in data else ""
        if verdict.status is not Status.DOWN and answer.cached_for > 2 * self.interval + self.limit:
            # What was so then says nothing of now.
            return self.reading(Status.UNKNOWN, verdict.says + cached, answer.total, data)
        return self.reading(verdict.status, verdict.says + cached, answer.total, data)
