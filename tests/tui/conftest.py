"""A console on settings of its own, with snapshots injected where the watch would be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from operations.settings_reader import load_settings
from operations.watch.model import Snapshot
from tui.app import VigieApp
from tui.live import Live

SETTINGS = """
state_dir = "{folder}/state"
lock_dir = "{folder}/locks"
operator = "ana"
{top}
[site]
name = "pro-remorque"
[environments.production]
kind = "production"
url = "http://127.0.0.1:9"
{more}
"""


class Injected:
    """A source that hands over the snapshots it is given, and counts nothing of its own."""

    def __init__(self, *snapshots: Snapshot) -> None:
        self._queue: asyncio.Queue[Snapshot] = asyncio.Queue()
        for snapshot in snapshots:
            self._queue.put_nowait(snapshot)

    def give(self, snapshot: Snapshot) -> None:
        """Hand over one more."""
        self._queue.put_nowait(snapshot)

    async def run(self, on_snapshot: Callable[[Snapshot], Awaitable[None]]) -> None:
        while True:
            await on_snapshot(await self._queue.get())

    def kick(self, names: Iterable[str]) -> None:
        """What is injected needs no asking."""

    async def close(self) -> None:
        """Nothing to give back."""


MakeApp = Callable[..., VigieApp]


@pytest.fixture
def make_app(tmp_path: Path) -> MakeApp:
    """`make_app(source, readonly=…, more="toml")` makes a console whose state lies in the test's folder."""

    def make(source: Injected | None = None, *, readonly: bool = False, more: str = "", top: str = "") -> VigieApp:
        path = tmp_path / "vigie.toml"
        path.write_text(SETTINGS.format(folder=tmp_path, more=more, top=top), "utf-8")

        def opened(live: Live) -> Injected:
            return source or Injected()

        return VigieApp(load_settings(path, {}), "production", readonly=readonly, open_watch=opened)

    return make
