"""A simulated Vercel on loopback with a driver before it, whose clock only the test moves on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from operations.platforms.base import Progress
from operations.platforms.vercel import VercelPlatform
from operations.platforms.vercel_api import Pace
from operations.practice.vercel.server import Simulator, vercel_simulator
from operations.practice.vercel.world import Build, World
from operations.settings import PlatformSettings, Secret, Settings

TOKEN = "vcp_1Zy8seedSecret7QwErTy"
FIRST, SECOND, THIRD = "a" * 40, "b" * 40, "c" * 40
HOUR = 3600.0


@dataclass
class FakeClock:
    """Pausing moves it on at once; `paused` keeps what was asked for."""

    at: float = 1000.0
    paused: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.at

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        self.at += seconds


@dataclass
class Ground:
    """Three releases of which the third is live; `platform` is made anew by `another`."""

    world: World
    simulator: Simulator
    clock: FakeClock
    builds: tuple[Build, Build, Build]
    platform: VercelPlatform
    more: dict[str, Any] = field(default_factory=dict)

    def another(self, attempt: float = 5.0, **chosen: Any) -> VercelPlatform:
        """A driver as another process would have it: it remembers nothing."""
        return platform_on(self.simulator, self.clock, attempt, **chosen)

    def until_ended(self, id: str) -> Progress:
        """Poll until it is terminal; more than ten polls are a failure of the test."""
        for _ in range(10):
            progress = self.platform.progress(id)
            if progress.state != "pending":
                return progress
        raise AssertionError(f"still pending: {progress.says}")


def platform_on(simulator: Simulator, clock: FakeClock, attempt: float = 5.0, **chosen: Any) -> VercelPlatform:
    values = {"driver": "vercel", "project": "harbour", "token": Secret(TOKEN), "api": simulator.url, **chosen}
    pace = Pace(attempt=attempt, now=clock.now, pause=clock.pause, jitter=lambda: 0.5)
    return VercelPlatform(PlatformSettings(**values), Settings(), pace)


@contextmanager
def a_ground(**how: Any) -> Iterator[Ground]:
    world = World(token=TOKEN, **how)
    first = world.build(FIRST, message="first work", creator="tom", ago=74 * HOUR)
    second = world.build(SECOND, message="second work", creator="ana", ago=26 * HOUR)
    third = world.build(THIRD, message="third work", creator="tom", ago=0.2 * HOUR)
    with vercel_simulator(world) as simulator:
        clock = FakeClock()
        yield Ground(world, simulator, clock, (first, second, third), platform_on(simulator, clock))
