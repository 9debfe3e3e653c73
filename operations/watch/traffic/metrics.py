"""Just enough of the Prometheus text format: request counters and a duration histogram, as differences of two pages.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from operations.watch.traffic.figures import Figures, PathFigures, fold_path

_SAMPLE = re.compile(r"^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})?\s+([^\s]+)(?:\s+-?\d+)?\s*$")
_LABEL = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"')
_STATUS = ("status", "code", "status_code", "http_status", "statuscode")
_PATH = ("path", "route", "handler", "endpoint", "uri")
_MOST_LINES = 50_000
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """Counters of one look: requests by (path, status), duration buckets by (path, upper bound in seconds)."""

    at: datetime
    requests: Mapping[tuple[str, int], float] = field(default_factory=dict)
    buckets: Mapping[tuple[str, float], float] = field(default_factory=dict)


def read_metrics(text: str, at: datetime) -> MetricsPage:
    """The request counters and duration buckets of a page; whatever else it holds is left alone."""
    requests: defaultdict[tuple[str, int], float] = defaultdict(float)
    buckets: defaultdict[tuple[str, float], float] = defaultdict(float)
    for line in text.split("\n", _MOST_LINES)[:_MOST_LINES]:
        if line.startswith("#") or "request" not in line:
            continue
        found = _SAMPLE.match(line)
        if found is None or (value := _number(found[3])) is None or not math.isfinite(value):
            continue
        labels = {name.lower(): text for name, text in _LABEL.findall(found[2] or "")}
        path = fold_path(next((labels[name] for name in _PATH if name in labels), ""))
        if found[1].endswith("requests_total"):
            status = next((labels[name] for name in _STATUS if name in labels), "")
            if re.fullmatch(r"[1-5](\d\d|xx)", status):
                requests[path, int(status.replace("xx", "00"))] += value
        elif found[1].endswith(("duration_seconds_bucket", "latency_seconds_bucket")):
            bound = _number(labels.get("le", ""))
            if bound is not None:
                buckets[path, bound] += value
    return MetricsPage(at, dict(requests), dict(buckets))


def between(old: MetricsPage, new: MetricsPage, own: frozenset[str], *, without: int | None = None) -> Figures:
    """What happened from one page to the next. A counter that went down started anew, as after a restart.

    Answers with the status `without` are left out.
    """
    counted = _differences(old.requests, new.requests)
    requests = {key: count for key, count in counted.items() if key[1] != without}
    buckets = _differences(old.buckets, new.buckets)
    per_path: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (path, status), count in requests.items():
        if path and path not in own:
            per_path[path][0] += round(count)
            per_path[path][1] += round(count) if status >= 500 else 0
    everything = _merge(buckets)
    return Figures(
        "/metrics",
        (new.at - old.at).total_seconds(),
        round(sum(requests.values())),
        round(sum(count for (_, status), count in requests.items() if status >= 500)),
        round(sum(count for (_, status), count in requests.items() if 400 <= status < 500)),
        _from_buckets(everything, 0.5),
        _from_buckets(everything, 0.95),
        _from_buckets(everything, 0.99),
        {
            path: PathFigures(total, errors, _from_buckets(_merge(buckets, path), 0.95))
            for path, (total, errors) in per_path.items()
            if total
        },
    )


def _differences(old: Mapping[Key, float], new: Mapping[Key, float]) -> dict[Key, float]:
    return {key: value - old.get(key, 0.0) if value >= old.get(key, 0.0) else value for key, value in new.items()}


def _merge(buckets: Mapping[tuple[str, float], float], path: str | None = None) -> list[tuple[float, float]]:
    """Cumulative counts by upper bound, ascending."""
    merged: defaultdict[float, float] = defaultdict(float)
    for (where, bound), count in buckets.items():
        if path is None or where == path:
            merged[bound] += count
    return sorted(merged.items())


def _from_buckets(cumulative: Sequence[tuple[float, float]], share: float) -> float | None:
    """A quantile by linear interpolation in its bucket, as Prometheus' histogram_quantile does."""
    if not cumulative or cumulative[-1][1] <= 0:
        return None
    wanted = share * cumulative[-1][1]
    lower, below = 0.0, 0.0
    for bound, count in cumulative:
        if count >= wanted:
            if math.isinf(bound):
                return round(lower, 4)
            inside = count - below
            return round(lower + (bound - lower) * ((wanted - below) / inside if inside else 1.0), 4)
        lower, below = bound, count
    return None


def _number(text: str) -> float | None:
    try:
        return float(text.replace("+Inf", "inf"))
    except ValueError:
        return None
