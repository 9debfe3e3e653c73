"""What was read from the request log, kept small: recent requests, minutes, and errors that look alike."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from operations.text import one_line
from operations.watch.model import Signature
from operations.watch.traffic.figures import (
    Figures,
    PathFigures,
    Run,
    find_run,
    fold_error,
    fold_path,
    quantile,
    usual_rate,
)
from operations.watch.traffic.request_log import LogLine

KEEP_REQUESTS = 200_000
KEEP_MINUTES = 24 * 60
_RECENT_SECONDS = 900.0
_MOST_SIGNATURES = 500
_SAMPLES_A_MINUTE = 4000
_SIGNATURE_MINUTES = 60
_MOST_PATHS = 60_000
_NEAR = 64
"""How many places from the end a request that was written late usually belongs."""

Minute = tuple[int, int, float | None]
"""Requests, 5xx and p95 of one clock minute."""


@dataclass(slots=True)
class _OpenMinute:
    requests: int = 0
    errors: int = 0
    seconds: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Alike:
    """Requests that failed alike, counted by the minute."""

    first_seen: float
    last_seen: float
    by_minute: Counter[int] = field(default_factory=Counter)


class RequestTable:
    """Add lines, ask for figures. Not safe for two threads at once."""

    def __init__(self) -> None:
        self._times = array("d")
        self._failed = bytearray()
        self._paths = array("H")
        self._numbers: dict[str, int] = {}
        self._recent: deque[tuple[float, str, int, float]] = deque(maxlen=KEEP_REQUESTS)
        self._open: dict[int, _OpenMinute] = {}
        self._closed: dict[int, Minute] = {}
        self._alike: dict[tuple[str, str], _Alike] = {}
        self.covers_since: datetime | None = None

    def add(self, lines: Iterable[LogLine]) -> None:
        """Take requests in, in the order in which they were written."""
        for line in lines:
            at = line.at.timestamp()
            path = fold_path(line.path)
            failed = line.status >= 500
            if self.covers_since is None:
                self.covers_since = line.at.astimezone(UTC)
            self._judge(at, failed, path)
            self._recent.append((at, path, line.status, line.seconds))
            while self._recent[0][0] < at - _RECENT_SECONDS:
                self._recent.popleft()
            minute = self._open.setdefault(int(at // 60), _OpenMinute())
            minute.requests += 1
            minute.errors += failed
            if len(minute.seconds) < _SAMPLES_A_MINUTE:
                minute.seconds.append(line.seconds)
            if failed:
                self._count(line, path, at)
            if len(self._open) > 3:
                self._close_minutes(int(at // 60) - 2)

    def figures(self, now: datetime, window: float, own: frozenset[str]) -> Figures:
        """The last `window` seconds. Paths in `own` are our probes' and left out of the paths, not of the sums."""
        end = now.timestamp()
        while self._recent and self._recent[0][0] < end - _RECENT_SECONDS:
            self._recent.popleft()
        rows = [row for row in self._recent if end - window < row[0] <= end + 5]
        paths: dict[str, list[tuple[int, float]]] = {}
        for _, path, status, seconds in rows:
            if path not in own:
                paths.setdefault(path, []).append((status, seconds))
        times = sorted(seconds for *_, seconds in rows)
        by_path = {
            path: PathFigures(len(found), sum(s >= 500 for s, _ in found), quantile(sorted(t for _, t in found), 0.95))
            for path, found in sorted(paths.items(), key=lambda item: -len(item[1]))[:50]
        }
        return Figures(
            "request log",
            window,
            len(rows),
            sum(status >= 500 for _, _, status, _ in rows),
            sum(400 <= status < 500 for _, _, status, _ in rows),
            quantile(times, 0.5),
            quantile(times, 0.95),
            quantile(times, 0.99),
            by_path,
        )

    def run(self, now: datetime, present: float, threshold: float) -> Run | None:
        """The run of errors that lasts till now, when `present` (percent) is above `threshold` (percent)."""
        if present <= threshold:
            return None
        failed = self._failed[: bisect_right(self._times, now.timestamp() + 5)]
        minutes = [(requests, errors) for requests, errors, _ in self.minutes().values()]
        found = find_run(failed, usual_rate(minutes, threshold), present / 100, self._paths)
        if found is None:
            return None
        first, good = found
        moment = datetime.fromtimestamp(self._times[first], UTC)
        return Run(moment, None if good is None else datetime.fromtimestamp(self._times[good], UTC))

    def minutes(self, since: int = 0) -> dict[int, Minute]:
        """Clock minutes (seconds since 1970, divided by 60) from `since` on, the one that runs now included."""
        found = {minute: row for minute, row in self._closed.items() if minute >= since}
        for minute, counts in self._open.items():
            if minute >= since:
                p95 = quantile(sorted(counts.seconds), 0.95)
                found[minute] = (counts.requests, counts.errors, None if p95 is None else round(p95, 4))
        return dict(sorted(found.items()))

    def signatures(self, now: datetime, most: int = 8) -> tuple[Signature, ...]:
        """What failed alike in the last hour, most frequent first."""
        since = int(now.timestamp() // 60) - _SIGNATURE_MINUTES
        counted = [
            (sum(n for minute, n in alike.by_minute.items() if minute > since), key, alike)
            for key, alike in self._alike.items()
        ]
        top = sorted((row for row in counted if row[0]), key=lambda row: (-row[0], row[1]))[:most]
        return tuple(
            Signature(
                text,
                path,
                count,
                datetime.fromtimestamp(alike.first_seen, UTC),
                last_seen=datetime.fromtimestamp(alike.last_seen, UTC),
            )
            for count, (text, path), alike in top
        )

    def _judge(self, at: float, failed: bool, path: str) -> None:
        """Keep the verdicts in the order of time: a slow request is written after quicker ones that began later."""
        times = self._times
        if not times or times[-1] <= at:
            place = len(times)
        else:
            near = max(0, len(times) - _NEAR)
            place = bisect_right(times, at, near if times[near] <= at else 0)
        times.insert(place, at)
        self._failed.insert(place, failed)
        # Beyond so many paths all others share one number.
        self._paths.insert(place, self._numbers.setdefault(path, min(len(self._numbers), _MOST_PATHS)))
        if len(self._numbers) > _MOST_PATHS:
            del self._numbers[path]
        if len(times) > KEEP_REQUESTS * 1.1:
            del times[:-KEEP_REQUESTS], self._failed[:-KEEP_REQUESTS], self._paths[:-KEEP_REQUESTS]

    def _count(self, line: LogLine, path: str, at: float) -> None:
        text = fold_error(one_line(line.error or "") or f"answered {line.status}")
        alike = self._alike.get((text, path))
        if alike is None:
            if len(self._alike) >= _MOST_SIGNATURES:
                stalest = min(self._alike, key=lambda key: max(self._alike[key].by_minute, default=0))
                del self._alike[stalest]
            alike = self._alike[text, path] = _Alike(at, at)
        alike.last_seen = max(alike.last_seen, at)
        alike.by_minute[int(at // 60)] += 1
        if len(alike.by_minute) > 2 * _SIGNATURE_MINUTES:
            for minute in sorted(alike.by_minute)[:-_SIGNATURE_MINUTES]:
                del alike.by_minute[minute]

    def _close_minutes(self, before: int) -> None:
        for minute in [m for m in self._open if m < before]:
            counts = self._open.pop(minute)
            p95 = quantile(sorted(counts.seconds), 0.95)
            requests, errors, earlier = self._closed.get(minute, (0, 0, None))
            worst = max((value for value in (p95, earlier) if value is not None), default=None)
            self._closed[minute] = (requests + counts.requests, errors + counts.errors, worst and round(worst, 4))
        if len(self._closed) > KEEP_MINUTES:
            oldest = sorted(self._closed)
            for minute in oldest[: bisect_left(oldest, oldest[-1] - KEEP_MINUTES)]:
                del self._closed[minute]
