"""Asks a Prometheus (or Thanos, Mimir, VictoriaMetrics: the same API) for the site's figures and when errors began.

API: https://prometheus.io/docs/prometheus/latest/querying/api/ ; the usual metric names of HTTP servers are expected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec

from operations.foreign_json import NOT_JSON
from operations.watch.probes.base import Web
from operations.watch.traffic.figures import Figures, Run

WINDOW = 60.0
RANGE_HOURS = 6
RANGE_STEP = 15
_LIMIT = 5.0
_ALL = "sum(rate(http_requests_total[1m]))"
_FAILED = 'sum(rate(http_requests_total{%s=~"5.."}[1m]))'
_ERRORS = f"({_FAILED % 'status'} or {_FAILED % 'code'} or vector(0))"
_QUANTILE = "histogram_quantile({share}, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))"


class NoAnswer(Exception):
    """Prometheus did not answer, or not with what its API promises; the words say how."""


async def ask_figures(web: Web, address: str) -> Figures:
    """The last minute. Raises NoAnswer."""
    requests = await _value(web, address, _ALL)
    if requests is None:
        raise NoAnswer("Prometheus has no http_requests_total")
    errors = await _value(web, address, _ERRORS) or 0.0
    p50, p95, p99 = [await _value(web, address, _QUANTILE.format(share=share)) for share in (0.5, 0.95, 0.99)]
    return Figures(
        "Prometheus", WINDOW, round(requests * WINDOW), round(errors * WINDOW), p50=p50, p95=p95, p99=p99, paths={}
    )


async def ask_run(web: Web, address: str, now: datetime, threshold: float) -> Run | None:
    """The run of errors that lasts till now, from a range query over six hours. Raises NoAnswer."""
    question = {
        "query": f"100 * {_ERRORS} / {_ALL}",
        "start": f"{(now - timedelta(hours=RANGE_HOURS)).timestamp():.0f}",
        "end": f"{now.timestamp():.0f}",
        "step": str(RANGE_STEP),
    }
    result = await _ask(web, f"{address.rstrip('/')}/api/v1/query_range?{urlencode(question)}")
    if not result:
        return None
    samples = [(float(at), _number(value)) for at, value in result[0].get("values", [])]
    return run_of(samples, threshold)


def run_of(samples: Sequence[tuple[float, float | None]], threshold: float) -> Run | None:
    """The present run in (time, percent) samples: back from the last one while they are above the threshold.

    One sample in between that is not above does not end a run, two do.
    """
    known = [(at, value) for at, value in samples if value is not None]
    if not known or known[-1][1] <= threshold:
        return None
    first, calm = known[-1][0], 0
    good: float | None = None
    for at, value in reversed(known):
        if value > threshold:
            first, calm, good = at, 0, None
        else:
            calm += 1
            good = at if good is None else good
            if calm == 2:
                break
    last_good = None if good is None else datetime.fromtimestamp(good, UTC)
    return Run(datetime.fromtimestamp(first, UTC), last_good)


async def _value(web: Web, address: str, query: str) -> float | None:
    result = await _ask(web, f"{address.rstrip('/')}/api/v1/query?{urlencode({'query': query})}")
    try:
        return _number(result[0]["value"][1]) if result else None
    except (KeyError, IndexError, TypeError):
        raise NoAnswer("Prometheus answered something else") from None


async def _ask(web: Web, url: str) -> list[Any]:
    answer = await web.ask(url, limit=_LIMIT)
    if answer.status != 200:
        raise NoAnswer(f"Prometheus: {answer.says}")
    try:
        body = msgspec.json.decode(answer.body)
        result = body["data"]["result"]
    except (*NOT_JSON, KeyError, TypeError):
        raise NoAnswer("Prometheus answered something else") from None
    return result if isinstance(result, list) else []


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
