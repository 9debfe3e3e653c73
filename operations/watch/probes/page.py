"""The front page, and the scripts and style sheets it names: a page can be there and still be blank."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from operations.beside import beside
from operations.http import HTTP_LIMIT
from operations.page import PageVerdict, assets_of, judge_asset, judge_page
from operations.platforms.base import Platform
from operations.watch.model import Reading, Status
from operations.watch.probes.base import NETWORK_KINDS, Place, Shared, web_data

_SIDE_BY_SIDE = 6


class PageProbe(Shared):
    """Critical, every 30 s: code, type and marker text of the front page."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "page", "page", 30.0, HTTP_LIMIT, critical=True)

    async def read(self) -> Reading:
        """Ask for the front page; one redirect on the same host is the page too."""
        self.begin()
        env = self.place.env
        answer = await self.place.web.ask(self.place.url(env.page), limit=self.limit, follow_same_host=True)
        verdict = judge_page(answer, env.page_marker)
        return self.reading(verdict.status, verdict.says, answer.total, web_data(answer, self.started))


class AssetsProbe(Shared):
    """Critical, every 30 s: every file that the front page names, and whether the live build holds it."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "assets", "assets", 30.0, 2 * HTTP_LIMIT, critical=True)
        self._in_build: dict[tuple[str, str], bool | None] = {}

    async def read(self) -> Reading:
        """Unknown when the page itself does not answer: then nobody knows which files it names."""
        self.begin()
        env = self.place.env
        page = await self.place.web.ask(self.place.url(env.page), follow_same_host=True)
        if not judge_page(page, "").ok:
            return self.reading(Status.UNKNOWN, "the page that names them does not answer", data={"page": False})
        urls = assets_of(page.body, page.url)
        gate = asyncio.Semaphore(_SIDE_BY_SIDE)
        offline = False

        async def look(url: str) -> PageVerdict:
            nonlocal offline
            async with gate:
                answer = await self.place.web.ask(url)
            offline = offline or answer.kind in NETWORK_KINDS
            return judge_asset(answer, url)

        verdicts = await asyncio.gather(*(look(url) for url in urls))
        failed = [verdict.says for verdict in verdicts if not verdict.ok]
        data = {"named": len(urls), "failed": failed[:10], "in_build": await self._held(urls), "network": offline}
        if failed:
            more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
            return self.reading(Status.DOWN, f"{failed[0]}{more} of {len(urls)}", float(len(failed)), data)
        return self.reading(Status.OK, f"{len(urls)} files" if urls else "the page names none", 0.0, data)

    async def _held(self, urls: tuple[str, ...]) -> bool | None:
        """True when the live release holds every file named, False when it lacks one, None when nobody can tell."""
        platform = self.place.outside.platform
        if platform is None or not urls:
            return None
        paths = [urlsplit(url).path for url in urls]
        try:
            answers = await beside(self._ask_platform, platform, paths)
        except Exception:  # noqa: BLE001 - any failure of a driver means only that this cannot be told
            return None
        if any(answer is False for answer in answers):
            return False
        return None if any(answer is None for answer in answers) else True

    def _ask_platform(self, platform: Platform, paths: list[str]) -> list[bool | None]:
        live = platform.live()
        if live is None:
            return [None]
        if any(release != live.id for release, _ in self._in_build):
            self._in_build.clear()
        for path in paths:
            if self._in_build.get((live.id, path)) is None:
                self._in_build[live.id, path] = platform.has_file(live.id, path)
        return [self._in_build[live.id, path] for path in paths]
