"""Turns readings into snapshots for one listener: at most one a second, and only when there is something to see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from operations.watch.model import Snapshot
from operations.watch.snapshot import freshness, visible

LEAST_PAUSE = 1.0
"""Seconds between two looks: a reading that comes in a quiet second is shown at once, one that comes with others a
second later. To look costs 3 ms."""
LOOK_EVERY = 1.0
"""Seconds more without a reading until it looks all the same: things go stale."""
FRESH_EVERY = timedelta(seconds=5)
"""Even when nothing else changed, ages on screen must not run on past readings that were made."""

Taker = Callable[[Snapshot], Awaitable[None]]


class Publisher:
    """`touch` after every reading; `run` does the rest."""

    def __init__(self, make: Callable[[], Snapshot], take: Taker) -> None:
        self._make = make
        self._take = take
        self._touched = asyncio.Event()
        self._last: Snapshot | None = None
        self._shown: tuple[object, ...] = ()

    def touch(self) -> None:
        """Something came in."""
        self._touched.set()

    async def run(self) -> None:
        """Publish until cancelled, at once what is known; looks every other second whether something went stale."""
        await self.publish(anyway=True)
        while True:
            await asyncio.sleep(LEAST_PAUSE)
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._touched.wait()
            except TimeoutError:
                pass
            self._touched.clear()
            await self.publish()

    async def publish(self, *, anyway: bool = False) -> None:
        """Hand over a snapshot if it shows anything that the last one did not."""
        snapshot = self._make()
        shown = visible(snapshot)
        fresher = self._last is None or freshness(snapshot) - freshness(self._last) >= FRESH_EVERY
        if anyway or fresher or shown != self._shown:
            self._last, self._shown = snapshot, shown
            await self._take(snapshot)
