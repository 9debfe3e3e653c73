"""Which release is live: as the site reports it, and as the platform does. Two witnesses, kept apart."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from operations.beside import beside
from operations.foreign_json import NOT_JSON
from operations.platforms.base import LivePeriod, Platform, Release
from operations.text import one_line
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared, web_data

_LIMIT = 8.0
_PERIODS = 30
_RELEASES = 30


class ReleaseProbe(Shared):
    """Every 60 s, and every 10 s while something is bad, so that onset and release can be put in order."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "release", "release", 60.0, 2 * _LIMIT)

    async def read(self) -> Reading:
        """The site's version, the platform's live release, and what was live when."""
        self.begin()
        data: dict[str, Any] = {}
        problems: list[str] = []
        site_asked = bool(self.place.env.version)
        async with asyncio.TaskGroup() as both:
            site = both.create_task(self._from_site(data, problems)) if site_asked else None
            if self.place.outside.platform is not None:
                both.create_task(self._from_platform(self.place.outside.platform, data, problems))
        version = site.result() if site else ""
        platform = data.get("platform") or {}
        data["problems"] = problems
        if not version and not platform:
            return self.reading(Status.UNKNOWN, "; ".join(problems) or "nothing is live yet", data=data)
        if version:
            data["site"] = version
        if version and platform and not same_release(version, platform["name"], platform["commit"]):
            words = f"site reports {version}, platform says {platform['name']} {platform['commit'][:7]}"
            return self.reading(Status.WARN, words, data=data | {"differ": True})
        name = platform.get("name") or version
        words = f"{name} {platform.get('commit', '')[:7]}".strip() + (" (pinned)" if platform.get("pinned") else "")
        return self.reading(Status.WARN if problems else Status.OK, "; ".join([words, *problems]), data=data)

    async def _from_site(self, data: dict[str, Any], problems: list[str]) -> str:
        path, _, field = self.place.env.version.partition("#")
        answer = await self.place.web.ask(self.place.url(path), limit=_LIMIT)
        data |= {key: value for key, value in web_data(answer, self.started).items() if key in ("skew", "network")}
        version = version_in(answer.body, field) if answer.status == 200 else ""
        if not version:
            why = answer.says if answer.status != 200 else "no version in the answer"
            problems.append(f"the site does not tell its version: {why}")
        return version

    async def _from_platform(self, platform: Platform, data: dict[str, Any], problems: list[str]) -> None:
        def ask() -> tuple[Release | None, list[LivePeriod], list[Release]]:
            return platform.live(), list(platform.periods(_PERIODS)), list(platform.releases(_RELEASES))

        try:
            async with asyncio.timeout(_LIMIT):
                live, periods, releases = await beside(ask)
        except Exception as error:  # noqa: BLE001 - a driver may fail in any way; that says nothing about the site
            problems.append(f"platform: {one_line(str(error), 80) or type(error).__name__}")
            return
        data["platform"] = _told(live) if live else {}
        data["releases"] = [_told(release) for release in releases]
        data["periods"] = [
            {
                "release": period.release,
                "start": period.start.isoformat(),
                "end": period.end.isoformat() if period.end else None,
                "who": one_line(period.who, 40),
                "how": period.how,
            }
            for period in periods
        ]


def version_in(body: bytes, field: str) -> str:
    """The version in an answer: the dotted `field` of a JSON body, or the whole body when no field is named."""
    if not field:
        return one_line(body, 80)
    try:
        value = msgspec.json.decode(body)
    except NOT_JSON:
        return ""
    for part in field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return one_line(str(value), 80) if isinstance(value, str | int | float) else ""


def same_release(version: str, name: str, commit: str) -> bool:
    """Whether what the site reports can be this release: its name, or its commit, one of them possibly shortened."""
    if version == name or version.removeprefix("v") == name.removeprefix("v"):
        return True
    return len(version) >= 7 and bool(commit) and (commit.startswith(version) or version.startswith(commit))


def _told(release: Release) -> dict[str, Any]:
    return {
        "id": release.id,
        "name": one_line(release.name, 60),
        "commit": one_line(release.commit, 60),
        "who": one_line(release.who, 40),
        "title": one_line(release.title, 80),
        "pinned": release.pinned,
        "kept": release.kept,
    }
