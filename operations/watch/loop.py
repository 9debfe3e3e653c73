"""Runs every probe on its own interval with its own time limit, in one loop: a slow one delays no other.

A probe that raises becomes unknown with its words and is asked again; nothing stops the loop but its owner.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from operations.desk import utc_now
from operations.engine.redaction import Redactor
from operations.text import one_line
from operations.watch.history import VANTAGE, History
from operations.watch.hysteresis import REPEAT_SECONDS
from operations.watch.model import Probe, Reading, Status

GRACE = 1.0
"""Seconds past its own limit after which a probe is given up."""
FAILING_SECONDS = 5.0
WHILE_BAD_SECONDS = 10.0
WHILE_BAD = frozenset({"release", "errors", "latency", "page", "assets", "migrations", "settings"})
"""Read every 10 s while something is bad, so that onset and release can be put in order."""
WHILE_BAD_SLOWER = frozenset({"rollback"})
WHILE_BAD_SLOWER_SECONDS = 20.0
"""What an act is decided by must be at most 30 s old; these cost more, so they are asked just often enough."""
_FRONT_DOOR = frozenset({"health", "page"})
_CALLED_IN = (VANTAGE, "certificate")
_CALL_AGAIN = 15.0
_BACK_OFF_MOST = 10.0
_STARTS_PER_SECOND = 100.0
_JITTER = 0.05

Listener = Callable[[Reading], None]


@dataclass(slots=True)
class _Clockwork:
    """Where one probe is: when it was due, whether it runs, how often in a row it could not measure."""

    probe: Probe
    due: float = 0.0
    handle: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None
    kicked: bool = False
    asked: bool = False
    fruitless: int = 0


class Watch:
    """The loop of one environment. `on_reading` hears every reading as it was made; the history takes them in.

    `speed` compresses the intervals this loop sets itself; `chance` gives numbers from 0 to 1 for the jitter;
    `redactor` knows what no reading may show.
    """

    def __init__(
        self,
        probes: Sequence[Probe],
        history: History,
        on_reading: Listener,
        *,
        now: Callable[[], datetime] = utc_now,
        speed: float = 1.0,
        chance: Callable[[], float] = random.random,
        redactor: Redactor | None = None,
    ) -> None:
        self.history = history
        self._redactor = redactor or Redactor()
        self._works = {probe.name: _Clockwork(probe) for probe in probes}
        self._on_reading = on_reading
        self._now = now
        self._speed = speed
        self._chance = chance
        self._called_in = 0.0
        self._stopping = False

    @property
    def has_gone_round(self) -> bool:
        """True once every probe has been asked and has answered, or was given up."""
        return all(work.asked for work in self._works.values())

    async def run(self) -> None:
        """Probe until cancelled; then give back every connection."""
        loop = asyncio.get_running_loop()
        spread = len(self._works) / _STARTS_PER_SECOND
        for index, work in enumerate(self._works.values()):
            delay = min(work.probe.interval, spread) * index / max(1, len(self._works))
            self._plan(work, loop.time() + delay)
        try:
            await loop.create_future()
        finally:
            await self.close()

    async def once(self, limit: float) -> None:
        """Ask every probe once, side by side; those without an answer within `limit` seconds stay unknown."""
        tasks = [asyncio.create_task(self._read(work)) for work in self._works.values()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=limit)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def kick(self, names: Iterable[str]) -> None:
        """Ask these probes again at once: a decision that leads to an act wants fresh evidence."""
        loop = asyncio.get_running_loop()
        for name in names:
            work = self._works.get(name)
            if work is None or self._stopping:
                continue
            if work.task is not None:
                work.kicked = True
            else:
                self._plan(work, loop.time())

    async def close(self) -> None:
        """Stop every probe and give back its connections."""
        self._stopping = True
        tasks = []
        for work in self._works.values():
            if work.handle is not None:
                work.handle.cancel()
            if work.task is not None:
                work.task.cancel()
                tasks.append(work.task)
        await asyncio.gather(*tasks, return_exceptions=True)
        for work in self._works.values():
            with suppress(Exception):
                await work.probe.close()

    def _plan(self, work: _Clockwork, when: float) -> None:
        if work.handle is not None:
            work.handle.cancel()
        work.due = when
        work.handle = asyncio.get_running_loop().call_at(when, self._start, work)

    def _start(self, work: _Clockwork) -> None:
        work.handle = None
        if work.task is None and not self._stopping:
            work.task = asyncio.get_running_loop().create_task(self._turn(work))

    async def _turn(self, work: _Clockwork) -> None:
        reading = await self._read(work)
        work.task = None
        if self._stopping:
            return
        loop = asyncio.get_running_loop()
        if work.kicked:
            work.kicked = False
            self._plan(work, loop.time())
            return
        self._call_in(work.probe.name, reading)
        self._plan(work, max(loop.time(), work.due + self._interval(work)))

    async def _read(self, work: _Clockwork) -> Reading:
        """One reading, whatever the probe does; listeners hear it before the history has it."""
        probe, began = work.probe, self._now()
        try:
            async with asyncio.timeout(probe.limit + GRACE):
                reading = await probe.read()
        except TimeoutError:
            reading = self._unknown(probe, began, f"no reading within {probe.limit:g} s")
        except Exception as error:  # noqa: BLE001 - a defect of one probe must not blind the others
            reading = self._unknown(probe, began, f"{type(error).__name__}: {one_line(str(error), 120)}")
        # A site in trouble may quote what it was sent: from here on no reading holds a secret.
        reading = replace(
            reading, detail=self._redactor.redact(reading.detail), data=self._redactor.data(dict(reading.data))
        )
        work.fruitless = work.fruitless + 1 if reading.status is Status.UNKNOWN else 0
        self._on_reading(reading)
        self.history.mind_the_clock(reading.at)
        self.history.add(reading)
        work.asked = True
        return reading

    def _unknown(self, probe: Probe, began: datetime, words: str) -> Reading:
        now = self._now()
        return Reading(probe.name, Status.UNKNOWN, now, max(0.0, (now - began).total_seconds()), words)

    def _interval(self, work: _Clockwork) -> float:
        """Seconds to the next reading: 2 while deciding, 5 while failing, 10 for some while anything is bad."""
        state = self.history.states.get(work.probe.name)
        usual = work.probe.interval
        if state is None:
            return usual
        if state.deciding:
            return min(usual, REPEAT_SECONDS / self._speed)
        if state.status is Status.UNKNOWN and work.probe.name.startswith("provider "):
            return usual * min(_BACK_OFF_MOST, 2.0 ** min(work.fruitless, 4)) / 2
        if state.status is Status.DOWN and _asks_often(work.probe):
            usual = min(usual, FAILING_SECONDS / self._speed)
        elif work.probe.name in WHILE_BAD and self._something_is_bad():
            usual = min(usual, WHILE_BAD_SECONDS / self._speed)
        elif _decides_slowly(work.probe) and self._something_is_bad():
            usual = min(usual, WHILE_BAD_SLOWER_SECONDS)
        return usual * (1 + _JITTER * (self._chance() - 0.5))

    def _something_is_bad(self) -> bool:
        return any(
            state.status is Status.DOWN or state.deciding
            for state in self.history.states.values()
            if state.critical or state.probe == "database"
        )

    def _call_in(self, name: str, reading: Reading) -> None:
        """A front door that fails asks at once whether it is the network here, or the certificate."""
        loop = asyncio.get_running_loop()
        if name not in _FRONT_DOOR or reading.status is not Status.DOWN or not reading.data.get("network"):
            return
        if loop.time() - self._called_in >= _CALL_AGAIN / self._speed or self._called_in == 0.0:
            self._called_in = loop.time()
            self.kick(_CALLED_IN)


def _decides_slowly(probe: Probe) -> bool:
    return probe.name in WHILE_BAD_SLOWER or probe.name.startswith("provider ")


def _asks_often(probe: Probe) -> bool:
    """Probes that cost others nothing; buckets and providers' pages are left in peace."""
    return probe.interval <= 60 and not probe.name.startswith("provider ")
