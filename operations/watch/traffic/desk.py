"""One look at the traffic for all who ask: Prometheus if configured, else /metrics, else the request log.

The log is read in any case where there is one: only it knows which request failed, how, and when the first one did.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from operations.beside import beside
from operations.text import clean
from operations.watch.model import Signature
from operations.watch.outside import Closing
from operations.watch.probes.base import Place
from operations.watch.traffic.figures import Figures, Run, fold_path
from operations.watch.traffic.metrics import MetricsPage, between, read_metrics
from operations.watch.traffic.prometheus import NoAnswer, ask_figures, ask_run
from operations.watch.traffic.request_log import LogReader
from operations.watch.traffic.table import Minute, RequestTable

WINDOW = 60.0
"""Seconds of traffic a figure stands for; compressed like every interval."""
_LEAST_WINDOW = 10.0
_METRICS_CAP = 4_000_000


@dataclass(frozen=True, slots=True)
class TrafficLook:
    """What one look found: no `figures`, then a `reason`; `minutes` only those new since the look before."""

    figures: Figures | None
    reason: str = ""
    run: Run | None = None
    run_source: str = ""
    signatures: tuple[Signature, ...] = ()
    minutes: dict[int, Minute] = field(default_factory=dict)
    covers_since: datetime | None = None
    notes: tuple[str, ...] = ()


class TrafficDesk:
    """Shared by the probes of one environment: looks at most once in half an interval, one at a time."""

    def __init__(self, place: Place, every: float) -> None:
        self._place = place
        self._fresh_for = every / 2
        self.window = max(_LEAST_WINDOW, WINDOW / place.speed)
        env = place.env
        self._own = frozenset(
            fold_path(path) for path in (env.health, env.version.partition("#")[0], env.metrics) if path
        )
        self._reader = LogReader(place.settings.resolve(env.request_log)) if env.request_log else None
        self._table = RequestTable()
        self._pages: deque[MetricsPage] = deque(maxlen=200)
        self._told_minute = 0
        self._closings: Sequence[Closing] = ()
        self._closed_status = place.settings.switches.maintenance_status
        self._turn = asyncio.Lock()
        self._last: tuple[float, TrafficLook] | None = None

    async def look(self, *, fresh: bool = True) -> TrafficLook:
        """What the traffic says now. With `fresh` False an answer of a moment ago will do."""
        async with self._turn:
            if self._last is not None and not fresh and time.monotonic() - self._last[0] < self._fresh_for:
                return self._last[1]
            found = await self._look()
            self._last = (time.monotonic(), found)
            return found

    def close(self) -> None:
        """Close the log."""
        if self._reader is not None:
            self._reader.close()

    async def _look(self) -> TrafficLook:
        notes: list[str] = []
        self._closings = await beside(self._place.outside.closings)
        log = await self._from_log(notes)
        figures = await self._from_prometheus(notes)
        figures = figures or await self._from_metrics(notes) or log
        if figures is None:
            return TrafficLook(None, "; ".join(notes) or "not configured", notes=tuple(notes))
        if log is not None and not figures.paths:
            figures = _with_paths(figures, log)
        run, source = await self._run(figures, notes)
        now = self._place.now()
        minutes = self._table.minutes(self._told_minute) if self._reader else {}
        self._told_minute = max(minutes, default=self._told_minute)
        signatures = self._table.signatures(now) if self._reader else ()
        return TrafficLook(figures, "", run, source, signatures, minutes, self._table.covers_since, tuple(notes))

    async def _from_log(self, notes: list[str]) -> Figures | None:
        if self._reader is None:
            return None
        reader, table = self._reader, self._table

        def read() -> Figures:
            table.add(line for line in reader.new_lines() if not self._is_closed_page(line.status, line.at))
            return table.figures(self._place.now(), self.window, self._own)

        try:
            return await beside(read)
        except OSError as error:
            notes.append(f"request log: {error.strerror or error}")
            return None

    async def _from_prometheus(self, notes: list[str]) -> Figures | None:
        if not self._place.env.prometheus:
            return None
        if self._was_closed():
            notes.append("Prometheus: it counts the answers of the closed site, too")
            return None
        try:
            return await ask_figures(self._place.foreign, self._place.env.prometheus)
        except NoAnswer as error:
            notes.append(str(error))
            return None

    async def _from_metrics(self, notes: list[str]) -> Figures | None:
        """Differences need two pages: the newest, and the last one that is a window old."""
        if not self._place.env.metrics:
            return None
        answer = await self._place.web.ask(self._place.url(self._place.env.metrics), limit=5.0)
        if answer.status != 200:
            notes.append(f"/metrics: {answer.says}")
            return None
        page = read_metrics(clean(answer.body, limit=_METRICS_CAP), self._place.now())
        if not page.requests:
            notes.append("/metrics has no request counters")
            return None
        old = next((p for p in reversed(self._pages) if (page.at - p.at).total_seconds() >= self.window * 0.8), None)
        self._pages.append(page)
        # Which of them came while it was closed a counter cannot tell: then none of that status counts.
        without = self._closed_status if self._was_closed() else None
        return between(old, page, self._own, without=without) if old is not None else None

    def _is_closed_page(self, status: int, at: datetime) -> bool:
        """Whether that answer is the closed page of our own maintenance mode: no failure, and no release's fault."""
        return status == self._closed_status and any(closing.holds(at) for closing in self._closings)

    def _was_closed(self) -> bool:
        """Whether the site was closed on purpose at some time in the window."""
        begin = self._place.now() - timedelta(seconds=2 * self.window)
        return any(closing.end is None or closing.end >= begin for closing in self._closings)

    async def _run(self, figures: Figures, notes: list[str]) -> tuple[Run | None, str]:
        """When the present errors began: a Prometheus range, else the request log."""
        threshold = self._place.thresholds.error_rate_warn
        if figures.rate is None or figures.rate <= threshold:
            return None, ""
        now = self._place.now()
        if self._place.env.prometheus:
            try:
                run = await ask_run(self._place.foreign, self._place.env.prometheus, now, threshold)
            except NoAnswer as error:
                notes.append(str(error))
            else:
                if run is not None:
                    return run, "Prometheus"
        if self._reader is None:
            return None, ""
        run = await beside(self._table.run, now, figures.rate, threshold)
        return run, "request log" if run else ""


def _with_paths(figures: Figures, log: Figures) -> Figures:
    from dataclasses import replace

    return replace(figures, paths=log.paths, client_errors=figures.client_errors or log.client_errors)
