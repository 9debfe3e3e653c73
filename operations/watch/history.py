"""What all readings so far add up to: states, runs of bad readings, versions, minutes, counts.

The one place that readings go into, whether they were just made, read back from the recorder's file, or both.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from operations.watch.alarms import AlarmBook
from operations.watch.hysteresis import AHEAD_SECONDS, DEFAULT_RULE, SET_BACK, Rule, aged, fold
from operations.watch.model import Probe, ProbeState, Reading, Status
from operations.watch.traffic.table import Minute

OFFLINE = "this bastion is offline"
VANTAGE = "vantage"
_VANTAGE_COUNTS = 30.0
_OWN_SECONDS = 600.0
_KEEP_MINUTES = 8 * 24 * 60
_KEEP_COUNTS = 24 * 60
_QUIET_AFTER = 2


@dataclass(frozen=True, slots=True)
class BadRun:
    """The row of bad readings that lasts till now: `last_good` None when watching began with it."""

    first_bad: datetime
    last_good: datetime | None
    good_since: int = 0


@dataclass(frozen=True, slots=True)
class VersionSpan:
    """A stretch in which the site reported one version."""

    version: str
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """One of our own requests to the site, for the figures of a site that tells none."""

    at: datetime
    failed: bool
    seconds: float


class History:
    """Mutable, for one environment; `add` in the order of time."""

    def __init__(
        self, probes: Sequence[Probe] | Sequence[ProbeState], speed: float = 1.0, rule: Rule = DEFAULT_RULE
    ) -> None:
        self.states: dict[str, ProbeState] = {probe_state(p).probe: probe_state(p) for p in probes}
        self.rule = rule
        self.measured: dict[str, Reading] = {}
        self.runs: dict[str, BadRun] = {}
        self.source_run: Mapping[str, Any] | None = None
        """The present run of errors as the request log or Prometheus shows it, while our readings are bad too."""
        self.versions: list[VersionSpan] = []
        self.minutes: dict[int, Minute] = {}
        self.counts: deque[tuple[datetime, float]] = deque(maxlen=_KEEP_COUNTS)
        self.own: deque[OwnAnswer] = deque(maxlen=2000)
        self.skews: dict[str, tuple[datetime, float]] = {}
        self.alarms = AlarmBook(speed)
        self.watching_since: datetime | None = None
        self.good_since: dict[str, datetime] = {}
        """Since when each probe's state has not been down, by its readings."""
        self._last_good: dict[str, datetime] = {}

    def add(self, reading: Reading) -> Reading:
        """Take one reading in; gives it back as it counts: network trouble while we are offline is not the site's."""
        reading = self._doubt(reading)
        self.watching_since = reading.at if self.watching_since is None else min(self.watching_since, reading.at)
        state = self.states.get(reading.probe)
        if state is None:
            return reading
        if state.last is None or reading.at >= state.last.at:
            self.states[reading.probe] = fold(state, reading, self.rule)
        if reading.status is not Status.UNKNOWN:
            self.measured[reading.probe] = reading
            self._run(reading)
        if self.states[reading.probe].status in (Status.DOWN, Status.UNKNOWN):
            self.good_since.pop(reading.probe, None)
        else:
            self.good_since.setdefault(reading.probe, self.states[reading.probe].since or reading.at)
        self.alarms.add(reading)
        self._collect(reading)
        return reading

    def add_all(self, readings: Iterable[Reading]) -> None:
        """Take many in."""
        for reading in readings:
            self.add(reading)

    def mind_the_clock(self, now: datetime) -> None:
        """Forget readings that lie ahead of `now`: the clock was set back, and newer ones would seem the older ones."""
        for name, state in self.states.items():
            if state.last is not None and (state.last.at - now).total_seconds() > AHEAD_SECONDS:
                blank = replace(state, status=Status.UNKNOWN, last=None, recent=(), contrary=0, deciding=False)
                self.states[name] = replace(blank, since=now, turning=None, reason=SET_BACK)

    def state(self, probe: str, now: datetime) -> ProbeState | None:
        """The state as it counts at `now`: stale is unknown, and so is network trouble while we are offline."""
        state = self.states.get(probe)
        if state is None:
            return None
        state = aged(state, now)
        if state.status is Status.DOWN and state.last is not None and state.last.data.get("network"):
            vantage = self.states.get(VANTAGE)
            if vantage is not None and vantage.status is Status.DOWN and probe != VANTAGE:
                return replace(state, status=Status.UNKNOWN, deciding=False, reason=OFFLINE)
        return state

    def shown(self, now: datetime) -> tuple[ProbeState, ...]:
        """Every state as it counts at `now`."""
        return tuple(state for name in self.states if (state := self.state(name, now)) is not None)

    def see_version(self, version: str, at: datetime) -> None:
        """The site reported this version at that time."""
        if self.versions and self.versions[-1].version == version:
            self.versions[-1] = replace(self.versions[-1], last_at=max(at, self.versions[-1].last_at))
        elif not self.versions or at >= self.versions[-1].last_at:
            self.versions.append(VersionSpan(version, at, at))

    def _doubt(self, reading: Reading) -> Reading:
        vantage = self.states.get(VANTAGE)
        if reading.status is not Status.DOWN or not reading.data.get("network") or vantage is None:
            return reading
        last = vantage.last
        if last is None or last.status is not Status.DOWN:
            return reading
        if abs((reading.at - last.at).total_seconds()) > _VANTAGE_COUNTS:
            return reading
        return replace(reading, status=Status.UNKNOWN, detail=f"{OFFLINE} ({reading.detail})")

    def _run(self, reading: Reading) -> None:
        """Two good readings in a row end a run of bad ones; one in between does not."""
        run = self.runs.get(reading.probe)
        if reading.status is Status.DOWN or (reading.probe == "errors" and reading.status is Status.WARN):
            if run is None:
                run = BadRun(reading.at, self._last_good.get(reading.probe))
            self.runs[reading.probe] = replace(run, good_since=0)
            return
        self._last_good[reading.probe] = reading.at
        if run is not None:
            run = replace(run, good_since=run.good_since + 1)
            if run.good_since >= _QUIET_AFTER:
                del self.runs[reading.probe]
            else:
                self.runs[reading.probe] = run

    def _collect(self, reading: Reading) -> None:
        data = reading.data
        if isinstance(skew := data.get("skew"), int | float):
            self.skews[reading.probe] = (reading.at, float(skew))
        if reading.probe == "release" and data.get("site"):
            self.see_version(str(data["site"]), reading.at)
        elif reading.probe == "errors":
            told = reading.data.get("run")
            self.source_run = (told or self.source_run) if "errors" in self.runs else None
            for minute, row in minutes_in(reading).items():
                self.minutes[minute] = row
            if len(self.minutes) > _KEEP_MINUTES + 1000:
                for minute in sorted(self.minutes)[:-_KEEP_MINUTES]:
                    del self.minutes[minute]
        elif reading.probe == "business" and reading.value is not None:
            self.counts.append((reading.at, reading.value))
        elif data.get("kind") and data.get("total") is not None and not reading.probe.startswith("provider "):
            if reading.status is not Status.UNKNOWN:
                code = data.get("code")
                self.own.append(OwnAnswer(reading.at, code is None or code >= 500, float(data["total"])))
            while self.own and self.own[0].at < reading.at - timedelta(seconds=_OWN_SECONDS):
                self.own.popleft()


def probe_state(probe: Probe | ProbeState) -> ProbeState:
    """The blank state of a probe."""
    if isinstance(probe, ProbeState):
        return probe
    return ProbeState(probe.name, probe.title, probe.critical, probe.interval, probe.limit)


def minutes_in(reading: Reading) -> Mapping[int, Minute]:
    """The clock minutes a reading of the traffic tells: its own list, else its figures as this minute's."""
    told = reading.data.get("minutes")
    if told:
        return {int(row[0]): (int(row[1]), int(row[2]), row[3]) for row in told if len(row) == 4}
    requests, errors, window = (reading.data.get(name) for name in ("requests", "errors", "window"))
    if not requests or not window:
        return {}
    share = 60.0 / float(window)
    return {
        int(reading.at.timestamp() // 60): (
            round(requests * share),
            round((errors or 0) * share),
            reading.data.get("p95"),
        )
    }
