"""The loop asks each probe in its own time; none can stop it, none delays another. Counted, not timed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from operations.watch.history import History
from operations.watch.loop import Watch
from operations.watch.model import Reading, Status

OK, DOWN, UNKNOWN = Status.OK, Status.DOWN, Status.UNKNOWN


class Scripted:
    """A probe that does what it is told."""

    def __init__(self, name: str, interval: float = 0.05, limit: float = 5.0, critical: bool = False) -> None:
        self.name = self.title = name
        self.interval = interval
        self.limit = limit
        self.critical = critical
        self.status = OK
        self.data: dict[str, Any] = {}
        self.error: Exception | None = None
        self.hangs = False
        self.release = asyncio.Event()
        self.closed = False
        self.running = 0
        self.most_running = 0

    async def read(self) -> Reading:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if self.hangs:
                await self.release.wait()
            await asyncio.sleep(0)
            if self.error:
                raise self.error
            return Reading(self.name, self.status, datetime.now(UTC), 0.0, "", None, self.data)
        finally:
            self.running -= 1

    async def close(self) -> None:
        self.closed = True


class Running:
    """A watch in the background whose readings can be waited for."""

    def __init__(self, *probes: Scripted, speed: float = 1.0) -> None:
        self.history = History(probes)
        self.heard: Counter[str] = Counter()
        self.last: dict[str, Reading] = {}
        self._more = asyncio.Event()
        self.watch = Watch(probes, self.history, self._hear, speed=speed, chance=lambda: 0.5)

    def _hear(self, reading: Reading) -> None:
        self.heard[reading.probe] += 1
        self.last[reading.probe] = reading
        self._more.set()

    async def __aenter__(self) -> Running:
        self._task = asyncio.create_task(self.watch.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def until_true(self, fits: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while True:
                if fits():
                    return
                await asyncio.sleep(0)

    async def until(self, fits: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not fits():
                self._more.clear()
                await self._more.wait()


async def test_a_thousand_probes_are_all_read_in_one_loop() -> None:
    probes = [Scripted(f"probe {number}", interval=1.0) for number in range(1000)]
    async with Running(*probes) as running:
        await running.until(lambda: len(running.heard) == 1000)
        assert max(running.heard.values()) <= 3 + min(running.heard.values())
    assert all(probe.closed for probe in probes)


async def test_a_probe_that_hangs_delays_no_other_and_never_overlaps_itself() -> None:
    slow, quick = Scripted("slow", interval=0.02), Scripted("quick", interval=0.02)
    slow.hangs = True
    async with Running(slow, quick) as running:
        await running.until(lambda: running.heard["quick"] >= 20)
        assert running.heard["slow"] == 0
        assert slow.most_running == 1


async def test_a_probe_past_its_limit_is_unknown_with_the_limit() -> None:
    slow = Scripted("slow", limit=-0.9)
    slow.hangs = True
    async with Running(slow) as running:
        await running.until(lambda: running.heard["slow"] >= 2)
    assert running.last["slow"].status is UNKNOWN
    assert running.last["slow"].detail == "no reading within -0.9 s"


async def test_a_probe_that_raises_becomes_unknown_with_its_words_and_is_asked_again() -> None:
    broken = Scripted("broken")
    broken.error = ValueError("[/x]\x1b[2J oh no")
    async with Running(broken) as running:
        await running.until(lambda: running.heard["broken"] >= 3)
        state = running.history.states["broken"]
        assert (state.status, state.reason) == (UNKNOWN, "ValueError: [/x] oh no")
        broken.error = None
        await running.until(lambda: running.history.states["broken"].status is OK)


async def test_a_contrary_result_is_asked_again_soon_until_it_is_decided() -> None:
    probe = Scripted("health", interval=600.0)
    async with Running(probe, speed=100.0) as running:
        await running.until(lambda: running.heard["health"] == 1)
        probe.status = DOWN
        running.watch.kick(["health"])
        await running.until(lambda: running.history.states["health"].status is DOWN)
        assert running.heard["health"] == 4


async def test_while_something_is_bad_version_and_errors_are_read_more_often() -> None:
    health, release = Scripted("health", 0.05, critical=True), Scripted("release", interval=600.0)
    async with Running(health, release, speed=200.0) as running:
        await running.until(lambda: running.heard["health"] >= 5)
        assert running.heard["release"] == 1
        health.status = DOWN
        await running.until(lambda: running.history.states["health"].status is DOWN)
        running.watch.kick(["release"])
        await running.until(lambda: running.heard["release"] >= 5)


async def test_a_front_door_that_fails_calls_for_the_control_targets_and_the_certificate() -> None:
    page = Scripted("page", interval=600.0, critical=True)
    page.status, page.data = DOWN, {"network": True}
    vantage, certificate = Scripted("vantage", interval=600.0), Scripted("certificate", interval=600.0)
    async with Running(vantage, certificate, page) as running:
        await running.until(lambda: running.heard["vantage"] >= 2 and running.heard["certificate"] >= 2)


async def test_a_kick_during_a_reading_asks_again_right_after_it() -> None:
    probe = Scripted("health", interval=600.0)
    async with Running(probe) as running:
        await running.until(lambda: running.heard["health"] == 1)
        probe.hangs = True
        running.watch.kick(["health", "nobody"])
        await running.until_true(lambda: probe.running == 1)
        running.watch.kick(["health"])
        probe.release.set()
        await running.until(lambda: running.heard["health"] >= 3)


async def test_a_provider_that_cannot_be_read_is_asked_less_and_less() -> None:
    page, other = Scripted("provider x", interval=0.02), Scripted("other", interval=0.02)
    page.status = UNKNOWN
    async with Running(page, other) as running:
        await running.until(lambda: running.heard["other"] >= 40)
        assert running.heard["provider x"] < 20


async def test_one_look_asks_everything_once_side_by_side() -> None:
    probes = [Scripted(f"probe {number}") for number in range(20)]
    probes[7].hangs = True
    running = Running(*probes)
    await running.watch.once(0.2)
    assert len(running.heard) == 19
    assert running.history.states["probe 7"].last is None


async def test_nothing_runs_on_after_the_end() -> None:
    probe = Scripted("health", interval=0.01)
    async with Running(probe) as running:
        await running.until(lambda: running.heard["health"] >= 3)
    heard = running.heard["health"]
    running.watch.kick(["health"])
    for _ in range(50):
        await asyncio.sleep(0)
    assert running.heard["health"] == heard
    assert probe.closed
