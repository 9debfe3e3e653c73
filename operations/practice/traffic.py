"""What users ask for, how often and how long it takes: one table for the live load and for the hours before it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

RATES = {"production": 10.0, "staging": 0.5}
"""Requests a second of a whole site; a smaller one has fewer users, see `rate_of`."""
FEWEST = 0.4


@dataclass(frozen=True, slots=True)
class Ask:
    """One kind of request: the path as the log shows it, its share in percent, the usual seconds it takes."""

    path: str
    share: float
    seconds: float
    method: str = "GET"


MIX = (
    Ask("/", 22, 0.004),
    Ask("/assets", 38, 0.003),
    Ask("/login", 2, 0.010, "POST"),
    Ask("/api/calls", 18, 0.012),
    Ask("/api/trucks", 8, 0.009),
    Ask("/api/quote", 12, 0.016),
)
API = ("/api/calls", "/api/trucks", "/api/quote")
_SPREAD = 0.35
_SHARES = tuple(accumulate(ask.share for ask in MIX))


@dataclass(frozen=True, slots=True)
class Failure:
    """How requests fail from some moment on: which paths, with what status and words, in what share of them."""

    paths: tuple[str, ...]
    status: int
    words: str
    health_words: str = ""


class Request(NamedTuple):
    """One request that was served. A tuple: a session deals forty thousand of them."""

    at: datetime
    path: str
    status: int
    seconds: float
    error: str


def rate_of(environment: str, size: float) -> float:
    """Requests a second in that environment of a practice site of that size, live and in the hour before."""
    return RATES[environment] * min(1.0, max(FEWEST, size))


def choose(chance: Random) -> Ask:
    """The next thing a user asks for."""
    return chance.choices(MIX, cum_weights=_SHARES)[0]


def served(
    chance: Random, begin: datetime, end: datetime, rate: float, failure: Failure | None, onset: datetime | None
) -> Iterator[Request]:
    """Requests between two moments at `rate` a second, with the watch's own health checks every ten seconds."""
    at = begin
    health_due = begin
    while (at := at + timedelta(seconds=chance.expovariate(rate))) < end:
        bad = failure if failure and onset and at >= onset else None
        if at >= health_due:
            health_due += timedelta(seconds=10)
            yield Request(at, "/api/health", 503 if bad else 200, 0.012, "answered 503" if bad else "")
        ask = choose(chance)
        seconds = ask.seconds * math.exp(chance.gauss(0, _SPREAD))
        if bad and ask.path in bad.paths:
            yield Request(at, ask.path, bad.status, seconds, bad.words)
        else:
            yield Request(at, ask.path, 200, seconds, "")
