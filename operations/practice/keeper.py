"""Children that are kept: started again when they die, replaced without a gap, and given up after a set number."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from operations.practice.postgres import free_port
from operations.practice.processes import Child, Command, start

READY_LIMIT = 20.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0
STEADY_AFTER = 30.0
"""Seconds of life after which earlier deaths are forgotten."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a child may listen: a port it is told, or a file it writes its own port to."""

    port: int
    port_file: Path


class Kept:
    """One child that should run.

    `serves`: "file" waits for its port file, "port" for its given port to answer, "" for nothing. `on_port` is told
    the port once it serves and None when nothing does. After `patience` deaths in a row it is given up (0: never).
    """

    def __init__(
        self,
        name: str,
        make: Callable[[Place], Command],
        run: Path,
        *,
        serves: str = "",
        on_port: Callable[[int | None], Awaitable[None]] | None = None,
        patience: int = 0,
    ) -> None:
        self.name = name
        self.wanted = False
        self.child: Child | None = None
        self.problem = ""
        self._make = make
        self._run = run
        self._serves = serves
        self._on_port = on_port
        self._patience = patience
        self._generation = 0
        self._deaths = 0
        self._began = 0.0
        self._next_try = 0.0
        self._busy = asyncio.Lock()

    async def start(self) -> bool:
        """Start it, beside the running one if there is one, which ends once the new one serves.

        False when the new one did not come up; the old one, if any, goes on.
        """
        async with self._busy:
            self.wanted = True
            self.problem = ""
            self._deaths = 0
            return await self._replace()

    async def stop(self) -> None:
        """End it and keep it ended."""
        self.wanted = False
        async with self._busy:
            if self._on_port:
                await self._on_port(None)
            if self.child:
                await self.child.end()
            self.child = None

    async def look(self) -> None:
        """Start it again when it has died and its pause is over."""
        if not self.wanted or self._busy.locked() or self.child is None or self.child.ended is None:
            return
        async with self._busy:
            if self._next_try == 0.0:
                await self._note_death()
            if self.wanted and time.monotonic() >= self._next_try:
                await self._replace()

    async def _note_death(self) -> None:
        lived = time.monotonic() - self._began
        self._deaths = 1 if lived > STEADY_AFTER else self._deaths + 1
        code = self.child.ended if self.child else None
        self.problem = f"{self.name} ended with code {code}"
        if self._on_port:
            await self._on_port(None)
        if self._patience and self._deaths >= self._patience:
            self.wanted = False
        self._next_try = time.monotonic() + min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self._deaths - 1))

    async def _replace(self) -> bool:
        self._generation += 1
        self._next_try = 0.0
        place = Place(free_port(), self._run / f"{self.name}-{self._generation}.port")
        place.port_file.unlink(missing_ok=True)
        fresh = await start(self._make(place))
        port = await self._port_of(fresh, place)
        if self._serves and port is None and fresh.ended is None:
            await fresh.end()
        if self._serves and port is None and self.child and self.child.ended is None:
            self.problem = f"{self.name} did not come up anew (code {fresh.ended}); the old one goes on"
            return False
        old, self.child, self._began = self.child, fresh, time.monotonic()
        if self._on_port:
            await self._on_port(port)
        if old:
            await old.end()
        place.port_file.unlink(missing_ok=True)
        return not self._serves or port is not None

    async def _port_of(self, child: Child, place: Place) -> int | None:
        until = time.monotonic() + READY_LIMIT
        while self._serves and child.ended is None and time.monotonic() < until:
            if self._serves == "file" and place.port_file.exists():
                return int(place.port_file.read_text("ascii"))
            if self._serves == "port" and await _answers(place.port):
                return place.port
            await asyncio.sleep(0.02)
        return None


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
