"""The users: ask the front doors for what `traffic` says, gently, until they are ended.

`python -m operations.practice.load AUTHORITY SEED URL RATE [URL RATE …]`; one process is all users of all environments.
The login keys come in HARBOUR_LOGIN_KEYS, in the order of the addresses.
"""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import sys
from random import Random
from typing import TYPE_CHECKING

from operations.practice.traffic import Ask, choose

if TYPE_CHECKING:
    import httpx

AT_ONCE = 40
"""Requests in flight; users who find the site hanging stop clicking."""
LIMIT = 15.0


class Users:
    """All users of one environment."""

    def __init__(self, client: httpx.AsyncClient, rate: float, chance: Random, login_key: str) -> None:
        self._client = client
        self._rate = rate
        self._chance = chance
        self._login_key = login_key
        self._assets: list[str] = []
        self._open: set[asyncio.Task[None]] = set()

    async def come(self) -> None:
        """Ask on and on."""
        while True:
            await asyncio.sleep(self._chance.expovariate(self._rate))
            if len(self._open) < AT_ONCE:
                task = asyncio.create_task(self._ask(choose(self._chance)))
                self._open.add(task)
                task.add_done_callback(self._open.discard)

    async def _ask(self, ask: Ask) -> None:
        import httpx

        try:
            if ask.path == "/assets":
                await self._client.get(self._chance.choice(self._assets) if self._assets else "/")
            elif ask.method == "POST":
                await self._client.post(ask.path, json={"user": "dispatch", "key": self._login_key})
            elif ask.path == "/api/quote":
                await self._client.get(ask.path, params={"zone": self._chance.randint(1, 24)})
            else:
                answer = await self._client.get(ask.path)
                if ask.path == "/" and answer.status_code == 200:
                    self._assets = re.findall(r'(?:href|src)="(/assets/[^"]+)"', answer.text)
        except (httpx.HTTPError, ssl.SSLError):
            return


async def use(url: str, authority: str, rate: float, seed: int, login_key: str) -> None:
    """Be all users of the site at `url`, `rate` requests a second, until cancelled."""
    import httpx

    trust = ssl.create_default_context(cafile=authority)
    async with httpx.AsyncClient(base_url=url, verify=trust, timeout=LIMIT, trust_env=False) as client:
        await Users(client, rate, Random(seed), login_key).come()  # noqa: S311 - traffic, not secrets


async def use_all(authority: str, seed: int, doors: list[tuple[str, float]], login_keys: list[str]) -> None:
    """Be the users of every front door (address, requests a second) until cancelled."""
    everybody = [use(url, authority, rate, seed, key) for (url, rate), key in zip(doors, login_keys, strict=True)]
    await asyncio.gather(*everybody)


def main(arguments: list[str]) -> None:
    """Run until ended."""
    authority, seed, *rest = arguments
    doors = [(url, float(rate)) for url, rate in zip(rest[::2], rest[1::2], strict=True)]
    asyncio.run(use_all(authority, int(seed), doors, os.environ["HARBOUR_LOGIN_KEYS"].split()))


if __name__ == "__main__":
    main(sys.argv[1:])
