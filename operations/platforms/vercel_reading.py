"""Reading a project and its deployments, page by page. What was read a moment ago answers again."""

from __future__ import annotations

from dataclasses import dataclass, field

from operations.platforms.vercel_api import NoAnswer, VercelApi, part
from operations.platforms.vercel_replies import Aliases, Deployment, Deployments, Page, Project, word

REMEMBERED = 2.0
"""Seconds in which the watch's three questions (live, periods, releases) share one reading."""
_PAGE = 100
_AT_LEAST = 40
_MOST_PAGES = 10
_MOST_ALIASES = 20


@dataclass
class _Memory:
    project: Project | None = None
    project_at: float = 0.0
    listed: tuple[Deployment, ...] = ()
    listed_limit: int = 0
    listed_at: float = field(default=0.0)


class VercelReading:
    """The readable side of one project. Every method raises VigieError (Refused, NoAnswer)."""

    def __init__(self, api: VercelApi, project: str) -> None:
        self._api = api
        self._path = f"/v9/projects/{part(project)}"
        self._memory = _Memory()

    def project(self, *, fresh: bool = False) -> Project:
        """The project with its last rollback or promote."""
        memory, now = self._memory, self._api.pace.now()
        if not fresh and memory.project is not None and now - memory.project_at < REMEMBERED:
            return memory.project
        found = self._api.read(Project, self._path, rollbackInfo="true")
        if fresh:
            self._memory = _Memory()
        self._memory.project, self._memory.project_at = found, self._api.pace.now()
        return found

    def deployments(self, project: Project, limit: int) -> tuple[Deployment, ...]:
        """At least `limit` production deployments that are READY or failed, newest first, where there are so many."""
        memory, now = self._memory, self._api.pace.now()
        wanted = max(limit, _AT_LEAST)
        if memory.listed_limit >= wanted and now - memory.listed_at < REMEMBERED:
            return memory.listed
        found = self._list(project, wanted, state="READY,ERROR")
        memory.listed, memory.listed_limit, memory.listed_at = found, wanted, self._api.pace.now()
        return found

    def deployment(self, id_or_host: str) -> Deployment:
        """One deployment, by its id or the host of its address."""
        return self._api.read(Deployment, f"/v13/deployments/{part(id_or_host)}")

    def named(self, project: Project, name: str) -> tuple[Deployment, ...]:
        """Recent production deployments in any state that carry this name of ours."""
        recent = self._list(project, _AT_LEAST)
        return tuple(one for one in recent if one.meta is not None and one.meta.vigie_release == name)

    def failed_aliases(self, project: Project, kind: str) -> tuple[str, ...]:
        """The aliases that the last rollback or promote could not move, at most 20 of them."""
        found: list[str] = []
        until: dict[str, str | int] = {}
        for _ in range(_MOST_PAGES):
            page = self._api.read(
                Aliases,
                f"/v9/projects/{part(project.id)}/{part(kind)}/aliases",
                failedOnly="true",
                limit=_MOST_ALIASES,
                **until,
            )
            found += [word(one.alias.alias, 100) for one in page.aliases if one.status == "failed"]
            until = _next(page.pagination, until)
            if not until or len(found) >= _MOST_ALIASES:
                break
        return tuple(found[:_MOST_ALIASES])

    def _list(self, project: Project, wanted: int, **query: str | int) -> tuple[Deployment, ...]:
        found: dict[str, Deployment] = {}
        until: dict[str, str | int] = {}
        for _ in range(_MOST_PAGES):
            page = self._api.read(
                Deployments,
                "/v6/deployments",
                projectId=project.id,
                target="production",
                limit=min(_PAGE, wanted),
                **query,
                **until,
            )
            for deployment in page.deployments:
                if deployment.key:
                    found.setdefault(deployment.key, deployment)
            until = _next(page.pagination, until)
            if not until or len(found) >= wanted:
                break
        return tuple(found.values())


def _next(page: Page, before: dict[str, str | int]) -> dict[str, str | int]:
    """What asks for the page after this one; empty after the last. Pages that do not go back in time have no end."""
    if page.next is None:
        return {}
    try:
        until = int(page.next)
    except (OverflowError, ValueError):
        raise NoAnswer(f"Vercel names no next page that could be asked for: {page.next}.") from None
    if before and until >= int(before["until"]):
        raise NoAnswer("Vercel's pages repeat themselves: the list cannot be read to its end.")
    return {"until": until}
