"""Errors and latency of the site's real traffic, as two probes that share one look."""

from __future__ import annotations

from typing import Any

from operations.watch.model import Reading, Signature, Status
from operations.watch.probes.base import Place, Shared
from operations.watch.traffic.desk import TrafficDesk, TrafficLook

EVERY = 30.0
_LIMIT = 20.0
_LEAST_ERRORS = 2


def desk_for(place: Place) -> TrafficDesk:
    """The desk both probes share."""
    return TrafficDesk(place, place.every(EVERY))


class ErrorsProbe(Shared):
    """Critical, every 30 s: the share of 5xx. Without traffic it is unknown, not zero."""

    def __init__(self, place: Place, desk: TrafficDesk) -> None:
        super().__init__(place, "errors", "5xx", EVERY, _LIMIT, critical=True)
        self._desk = desk

    async def read(self) -> Reading:
        """Rate, requests per second, percentiles, paths, signatures, the present run of errors, new minutes."""
        self.begin()
        look = await self._desk.look()
        if look.figures is None:
            return self.reading(Status.UNKNOWN, look.reason)
        data = traffic_data(look)
        rate, figures = look.figures.rate, look.figures
        if rate is None:
            return self.reading(Status.UNKNOWN, f"no traffic for {figures.window:.0f} s", None, data | {"quiet": True})
        words = f"{rate:.3g}% of {figures.per_second:.3g} req/s"
        return self.reading(self._status(rate, figures.errors), words, rate, data)

    def _status(self, rate: float, errors: int) -> Status:
        limits = self.place.thresholds
        if rate > limits.error_rate_down and errors >= _LEAST_ERRORS:
            return Status.DOWN
        return Status.WARN if rate > limits.error_rate_warn else Status.OK

    async def close(self) -> None:
        """Close the log and the clients."""
        self._desk.close()
        await super().close()


class LatencyProbe(Shared):
    """Every 30 s: p95 of the same stretch of traffic."""

    def __init__(self, place: Place, desk: TrafficDesk) -> None:
        super().__init__(place, "latency", "p95", EVERY, _LIMIT)
        self._desk = desk

    async def read(self) -> Reading:
        """p50, p95 and p99 in seconds."""
        self.begin()
        look = await self._desk.look(fresh=False)
        figures = look.figures
        if figures is None or figures.p95 is None:
            words = look.reason if figures is None else f"no traffic for {figures.window:.0f} s"
            return self.reading(Status.UNKNOWN, words, data={"quiet": figures is not None})
        limits = self.place.thresholds
        status = Status.OK if figures.p95 <= limits.p95_warn else Status.WARN
        status = Status.DOWN if figures.p95 > limits.p95_down else status
        data = {"source": figures.source, "p50": figures.p50, "p95": figures.p95, "p99": figures.p99}
        return self.reading(status, f"p95 {figures.p95:.2g} s", figures.p95, data)


def traffic_data(look: TrafficLook) -> dict[str, Any]:
    """A look as JSON, under the names `operations.watch.history` reads."""
    figures = look.figures
    assert figures is not None
    data: dict[str, Any] = {
        "source": figures.source,
        "window": figures.window,
        "requests": figures.requests,
        "errors": figures.errors,
        "client_errors": figures.client_errors,
        "rps": round(figures.per_second, 3),
        "p50": figures.p50,
        "p95": figures.p95,
        "p99": figures.p99,
        "paths": {path: [row.requests, row.errors, row.p95] for path, row in figures.paths.items()},
        "signatures": [_signature(one) for one in look.signatures],
        "minutes": [[minute, *row] for minute, row in look.minutes.items()],
        "notes": list(look.notes),
    }
    if look.covers_since is not None:
        data["covers_since"] = look.covers_since.isoformat()
    if look.run is not None:
        good = look.run.last_good
        data["run"] = {
            "source": look.run_source,
            "first_bad": look.run.first_bad.isoformat(),
            "last_good": None if good is None else good.isoformat(),
        }
    return data


def _signature(one: Signature) -> list[Any]:
    last = one.last_seen or one.first_seen
    return [one.text, one.path, one.count, one.first_seen.isoformat(), last.isoformat()]
