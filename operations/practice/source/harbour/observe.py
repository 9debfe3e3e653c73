"""What the board tells about itself: Prometheus counters and one JSON line a request."""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Observer:
    """Counts requests by path and status, their times by path, and writes the request log."""

    def __init__(self, log: Path) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._within: Counter[tuple[str, float]] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._log = log.open("a", buffering=1, encoding="utf-8")

    def note(self, path: str, status: int, seconds: float, error: str) -> None:
        """One request that ended: seconds it took, error words or empty."""
        family = "/assets" if path.startswith("/assets/") else path
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {"at": at, "path": family, "status": status, "seconds": round(seconds, 4), "error": error}
        with self._lock:
            self._requests[family, status] += 1
            self._seconds[family] += seconds
            for bucket in BUCKETS:
                if seconds <= bucket:
                    self._within[family, bucket] += 1
            self._log.write(json.dumps(line) + "\n")

    def page(self) -> str:
        """Everything counted so far in Prometheus' text format."""
        with self._lock:
            requests, within, seconds = dict(self._requests), dict(self._within), dict(self._seconds)
        lines = ["# HELP http_requests_total Requests served.", "# TYPE http_requests_total counter"]
        lines += [
            f'http_requests_total{{path="{path}",status="{status}"}} {n}' for (path, status), n in requests.items()
        ]
        lines += [
            "# HELP http_request_duration_seconds Time to serve a request.",
            "# TYPE http_request_duration_seconds histogram",
        ]
        totals: Counter[str] = Counter()
        for (path, _), count in requests.items():
            totals[path] += count
        name = "http_request_duration_seconds"
        for path, total in totals.items():
            lines += [
                f'{name}_bucket{{path="{path}",le="{bucket}"}} {within.get((path, bucket), 0)}' for bucket in BUCKETS
            ]
            lines.append(f'{name}_bucket{{path="{path}",le="+Inf"}} {total}')
            lines.append(f'{name}_sum{{path="{path}"}} {seconds.get(path, 0.0):.6f}')
            lines.append(f'{name}_count{{path="{path}"}} {total}')
        return "\n".join(lines) + "\n"

    def close(self) -> None:
        """Close the request log."""
        self._log.close()
