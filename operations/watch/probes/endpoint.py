"""One API path beside the health endpoint: does it answer, and without an error of the site's own."""

from __future__ import annotations

from operations.health import words_of_error
from operations.http import HTTP_LIMIT
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared, web_data


class EndpointProbe(Shared):
    """Every 30 s. A 401 or 403 is an answer: we knock without a key."""

    def __init__(self, place: Place, path: str) -> None:
        shown = place.masked(path)
        super().__init__(place, f"endpoint {shown}", shown.strip("/") or shown, 30.0, HTTP_LIMIT)
        self._path = path

    async def read(self) -> Reading:
        """Down on a 5xx, a 404 or no answer; a warning when it takes longer than the limit for p95."""
        self.begin()
        answer = await self.place.web.ask(self.place.url(self._path), limit=self.limit)
        data = web_data(answer, self.started)
        if answer.kind != "http" or answer.status is None:
            return self.reading(Status.DOWN, answer.error, answer.total, data)
        if answer.status >= 500 or answer.status == 404:
            reason = words_of_error(answer.body)
            words = f"{answer.status}" + (f' "{reason}"' if reason else "")
            return self.reading(Status.DOWN, words, answer.total, data)
        words = f"{answer.status} in {answer.total:.2f} s"
        slow = answer.total > self.place.thresholds.p95_down
        return self.reading(Status.WARN if slow else Status.OK, words, answer.total, data)
