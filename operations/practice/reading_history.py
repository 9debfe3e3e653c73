"""What the recorder would have seen had it been watching: readings for the six days before a session, backdated.

Sparse for the days, close for the last twenty minutes, under the names and with the data of the real probes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from operations.practice.builds import Shelved
from operations.practice.traffic import API, MIX, Failure
from operations.watch.model import Reading, Status

DAYS = timedelta(days=6)
CLOSE = timedelta(minutes=20)
SPARSE_STEP = timedelta(minutes=30)
HOUR_STEP = timedelta(minutes=5)
_HOURS = timedelta(hours=2)
_EVERY = {
    "vantage": 10,
    "health": 10,
    "page": 30,
    "assets": 30,
    **{f"endpoint {path}": 30 for path in API},
    "errors": 30,
    "latency": 30,
    "database": 15,
    "business": 60,
    "release": 60,
}
"""Seconds between the readings of each probe (watch.md)."""
_P50, _P95, _P99 = 0.006, 0.019, 0.034


@dataclass(frozen=True, slots=True)
class Past:
    """What was so before `now`. `onset` and `failure` are None for a healthy past; `rate` is requests a second.

    `open_calls` is the business count as the database gives it; `environment` stands in the database's mark.
    """

    now: datetime
    rate: float
    shelved: Sequence[Shelved]
    onset: datetime | None = None
    failure: Failure | None = None
    open_calls: float = 4800.0
    environment: str = "production"

    @property
    def database_is_down(self) -> bool:
        """True when the fault is a database that refuses."""
        return self.failure is not None and "connection" in self.failure.words

    def is_bad(self, at: datetime) -> bool:
        """True from the onset on."""
        return self.onset is not None and at >= self.onset

    def live(self, at: datetime) -> Shelved:
        """The release that was live then (the first one before anything was)."""
        return next((release for release in reversed(self.shelved) if release.live_at <= at), self.shelved[0])


def backdated_readings(past: Past, chance: Random) -> list[Reading]:
    """Every reading of the days before, oldest first."""
    found = [reading for probe in _EVERY for at in _moments(past, probe) for reading in _read(past, probe, at, chance)]
    return sorted(found, key=lambda reading: (reading.at, reading.probe))


def _moments(past: Past, probe: str) -> Iterator[datetime]:
    """When that probe would have read."""
    yield from _steps(past.now - DAYS, past.now - _HOURS, SPARSE_STEP)
    yield from _steps(past.now - _HOURS, past.now - CLOSE, HOUR_STEP)
    close = past.now - CLOSE
    if probe != "release":
        yield from _steps(close, past.now, timedelta(seconds=_EVERY[probe]))
        return
    # While something is bad the version is read every ten seconds, and every switch was seen from both sides.
    calm_until = past.onset - timedelta(seconds=1) if past.onset else past.now
    yield from _steps(close, calm_until, timedelta(seconds=_EVERY[probe]))
    if past.onset:
        yield from _steps(past.onset, past.now, timedelta(seconds=10))
    for release in past.shelved:
        for seconds in (-6, 4):
            at = release.live_at + timedelta(seconds=seconds)
            if past.now - DAYS < at < past.now:
                yield at


def _steps(begin: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    at = begin
    while at < end:
        yield at
        at += step


def _read(past: Past, probe: str, at: datetime, chance: Random) -> Iterator[Reading]:
    bad = past.is_bad(at)
    seconds = round(chance.uniform(0.004, 0.018), 4)
    if probe == "errors":
        yield _errors(past, at, bad, chance)
    elif probe == "latency":
        data = {"source": "request log", "p50": _P50, "p95": _P95, "p99": _P99}
        yield Reading(probe, Status.OK, at, seconds, f"p95 {_P95:.2g} s", _P95, data)
    elif probe == "release":
        live = past.live(at)
        told = {"site": live.commit, "problems": []}
        yield Reading(probe, Status.OK, at, seconds, f"{live.name} {live.commit[:7]}", None, told)
    elif probe == "vantage":
        words = "2 of 2 control targets answer"
        yield Reading(probe, Status.OK, at, seconds, words, 2.0, {"targets": 2, "answered": 2})
    elif probe == "database":
        yield _database(past, at, bad, seconds)
    elif probe == "business":
        if not (bad and past.database_is_down):
            count = past.open_calls
            yield Reading(probe, Status.OK, at, seconds, f"{count:g}", count, {"count": count})
    else:
        yield _web(past, probe, at, bad, seconds)


def _web(past: Past, probe: str, at: datetime, bad: bool, seconds: float) -> Reading:
    """Health, page, assets and endpoints: the API and the health page fail with the fault, pages do not."""
    failure = past.failure
    failing = bad and failure is not None and (probe == "health" or probe.removeprefix("endpoint ") in failure.paths)
    code = 200
    words = f"200 in {seconds:.2f} s"
    if failing and failure:
        code = 503 if probe == "health" else failure.status
        words = f'{code} "{failure.health_words or "unhealthy"}"' if probe == "health" else f'{code} "{failure.words}"'
    data: dict[str, object] = {"kind": "http", "code": code, "total": seconds}
    if probe == "health":
        database = "unhealthy" if failing and past.database_is_down else "healthy"
        data |= {"services": {"database": database, "mail": "healthy", "maps": "healthy"}, "slow": []}
        words = words if failing else "200 healthy"
    if probe == "assets":
        data = {"named": 3, "failed": [], "in_build": True, "network": False}
        words = "3 files"
    return Reading(probe, Status.DOWN if failing else Status.OK, at, seconds, words, seconds, data)


def _errors(past: Past, at: datetime, bad: bool, chance: Random) -> Reading:
    failing = past.failure.paths if bad and past.failure else ()
    share = sum(ask.share for ask in MIX if ask.path in failing)
    requests = max(1, round(past.rate * 60 * chance.uniform(0.93, 1.07)))
    errors = round(requests * share / 100)
    data: dict[str, object] = {
        "source": "request log",
        "window": 60.0,
        "requests": requests,
        "errors": errors,
        "client_errors": 0,
        "rps": round(requests / 60, 3),
        "p50": _P50,
        "p95": _P95,
        "p99": _P99,
        "paths": {
            ask.path: [
                round(requests * ask.share / 100),
                round(requests * ask.share / 100) * (ask.path in failing),
                _P95,
            ]
            for ask in MIX
        },
        "signatures": [],
        "minutes": list(_minutes(past, at, chance)),
        "notes": [],
    }
    if bad and past.onset:
        good = past.onset - timedelta(milliseconds=round(700 / past.rate))
        data["run"] = {
            "source": "request log",
            "first_bad": past.onset.isoformat(),
            "last_good": good.isoformat(),
        }
    rate = 100 * errors / requests
    words = f"{rate:.3g}% of {requests / 60:.3g} req/s"
    return Reading("errors", Status.DOWN if rate > 5 else Status.OK, at, 0.02, words, rate, data)


def _minutes(past: Past, at: datetime, chance: Random) -> Iterator[list[float]]:
    """The minutes since the reading before: requests, errors and p95 of each."""
    age = past.now - at
    count = 30 if age > _HOURS else 5 if age > CLOSE else 1
    for back in range(count, 0, -1):
        moment = at - timedelta(minutes=back)
        requests = max(1, round(past.rate * 60 * chance.uniform(0.9, 1.1)))
        failing = past.failure.paths if past.failure and past.is_bad(moment) else ()
        share = sum(ask.share for ask in MIX if ask.path in failing)
        yield [int(moment.timestamp() // 60), requests, round(requests * share / 100), _P95]


def _database(past: Past, at: datetime, bad: bool, seconds: float) -> Reading:
    if bad and past.database_is_down:
        data: dict[str, object] = {"answers": False, "error": "refused", "network": True}
        return Reading("database", Status.DOWN, at, seconds, "refused: Connection refused", None, data)
    data = {
        "answers": True,
        "error": "none",
        "seconds": 0.001,
        "standby": False,
        "writable": True,
        "usable": 37,
        "connections": 6,
        "used": 16.2,
        "sessions": {"idle": 5, "active": 1},
        "waiters": 0,
        "longest_wait": 0.0,
        "longest_query": 0.0,
        "mark": past.environment,
        "skew": 0.0,
    }
    return Reading("database", Status.OK, at, seconds, "1 ms, 6 of 37 connections", 0.001, data)
