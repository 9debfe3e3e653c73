"""Vercel: deployments are releases, and a rollback or promote points production's domains at one of them.

Never done before Vercel says so of this very request; never compared with our own clock; nothing is sent twice unseen.
Contracts: Vercel's REST reference ("projects", "deployments") and its instant-rollback manual.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from operations.engine.record import UNHEARD, GroupHooks
from operations.errors import VigieError
from operations.platforms.base import Discarded, LivePeriod, Progress, Release
from operations.platforms.vercel_api import FAILED, NoAnswer, Pace, Refused, VercelApi, part
from operations.platforms.vercel_publish import publish_build
from operations.platforms.vercel_reading import VercelReading
from operations.platforms.vercel_records import live_periods, release_of, releases_of
from operations.platforms.vercel_replies import AliasRequest, Project, Token, TokenAnswer, word
from operations.platforms.vercel_switch import Asked, Switching, SwitchKind
from operations.settings import PlatformSettings, Settings

_DEPLOYMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_PUBLISHED = "deployment "
_LIVE = "live "


class VercelPlatform:
    """The driver for one project. `settings` decide about proxies; `pace` holds the time limits."""

    name = "vercel"
    can_promote = True
    pins = True

    def __init__(self, chosen: PlatformSettings, settings: Settings, pace: Pace | None = None) -> None:
        self._chosen = chosen
        self._api = VercelApi(chosen.api, chosen.token, chosen.team, settings, pace or Pace())
        self._reading = VercelReading(self._api, chosen.project)
        self._switching = Switching(self._api, self._reading)
        self.place = f"Vercel project {chosen.project}" + (f" of {chosen.team}" if chosen.team else "")
        self.publishes_with: Sequence[str] = chosen.publish_command

    def releases(self, limit: int = 20) -> Sequence[Release]:
        """Production deployments that are READY or failed, newest first. `kept`: Vercel takes it for a rollback."""
        project = self._reading.project()
        return releases_of(project, self._reading.deployments(project, limit))[:limit]

    def live(self) -> Release | None:
        """The deployment that production leads to (`targets.production`)."""
        project = self._reading.project()
        if not project.production:
            return None
        listed = releases_of(project, self._reading.deployments(project, 1))
        found = next((one for one in listed if one.live), None)
        return found or release_of(project, self._reading.deployment(project.production))

    def periods(self, limit: int = 50) -> Sequence[LivePeriod]:
        """What was live when, newest first, as far as Vercel tells it: of rollbacks and promotes only the last one."""
        project = self._reading.project()
        return live_periods(project, self._reading.deployments(project, limit))[:limit]

    def publish(
        self, build: Path, *, name: str, commit: str, who: str, title: str = "", groups: GroupHooks = UNHEARD
    ) -> str:
        """Run the publish command in `build`; where the project is pinned, promote what it made.

        Raises VigieError (code 5) when no deployment came of it.
        """
        project = self._reading.project(fresh=True)
        if self._reading.named(project, name):
            raise VigieError(f"There is a deployment {name} already.", next_step="Promote it.", code=FAILED)
        values = {"name": name, "commit": commit, "who": who, "title": title, "api": self._chosen.api}
        made = publish_build(self._chosen, project, self._reading, build, values, groups)
        if made.state == "READY" and self._reading.project(fresh=True).pinned:
            return self.promote(made.key, who=who)
        return f"{_PUBLISHED}{made.key}"

    def promote(self, release: str, *, who: str, how: str = "promote", groups: GroupHooks = UNHEARD) -> str:
        """Point production at a deployment that is there; `how` is rollback (pins the project) or promote (unpins it).

        Looks first: what is live already, or on its way, is not asked for again. Raises Undecided when Vercel was asked
        and it cannot be seen whether it took; any other VigieError means that nothing was switched.
        """
        if not _DEPLOYMENT_ID.fullmatch(release):
            raise VigieError(f"{word(release)!r} is no deployment's id.", code=1)
        kind: SwitchKind = "rollback" if how == "rollback" else "promote"
        project = self._reading.project(fresh=True)
        last = project.last_alias_request
        if last is not None and last.running:
            if last.to_deployment_id == release and last.kind == kind:
                return Asked(kind, release, last.requested_at, itself=True).id
            raise VigieError(f"Vercel is at it already: {_words(last)}.", next_step="Wait for it.", code=FAILED)
        if project.production == release:
            if last is None or last.to_deployment_id != release or last.status != "failed":
                return f"{_LIVE}{release}"
            # Some of its aliases stayed behind: the same again, the same way, so that nobody is unpinned by a repair.
            kind = "promote" if last.kind == "promote" else "rollback"
        return self._switching.ask(release, kind, last.requested_at if last else 0).id

    def progress(self, id: str) -> Progress:
        """How far it is, by Vercel's record of that very request. No answer for now is pending, not an end."""
        try:
            if id.startswith(_LIVE):
                return _is_live(self._reading.project(fresh=True), id.removeprefix(_LIVE))
            if id.startswith(_PUBLISHED):
                return self._published(id.removeprefix(_PUBLISHED))
            return self._switching.progress(Asked.parse(id))
        except NoAnswer as trouble:
            return Progress("pending", trouble.what)

    def token(self) -> Token:
        """What Vercel says of the token in use. Raises VigieError; Refused where this token may not ask."""
        return self._api.read(TokenAnswer, "/v5/user/tokens/current").token

    def project_account(self) -> str:
        """The id of the team or user that owns the project."""
        return self._reading.project().account_id

    def discard(self, release: str) -> Discarded:
        """Delete the deployment that our unfinished publish named so; "removed" also when there is none any more.

        Untouched when it is live. Raises VigieError for one that ever was live, and for a name that several
        deployments carry: those are not ours to delete.
        """
        project = self._reading.project(fresh=True)
        named = self._reading.named(project, release)
        if any(one.key == project.production for one in named):
            return "live"
        if len(named) > 1 or any(one.was_live for one in named):
            ids = ", ".join(word(one.key) for one in named)
            raise VigieError(f"{word(release)} ({ids}) is left alone: more than our publish is in it.", code=FAILED)
        for one in named:
            try:
                self._api.send("DELETE", f"/v13/deployments/{part(one.key)}")
            except Refused as error:
                if error.status != 404:
                    raise
        return "removed"

    def has_file(self, release: str, path: str) -> bool | None:
        """None: Vercel does not tell which files a prebuilt deployment serves."""
        return None

    def brings_back(self, release: str) -> Sequence[str]:
        """A deployment keeps what it was built with (Vercel's manual, "Instant Rollback")."""
        return ("the environment variables it was built with", "its own cron jobs")

    def _published(self, deployment: str) -> Progress:
        made = self._reading.deployment(deployment)
        if made.alias_error is not None:
            return Progress("failed", f"it got no domain: {word(made.alias_error.message, 160)}", partly=True)
        if made.state in ("ERROR", "CANCELED", "BLOCKED", "DELETED"):
            return Progress("failed", f"the deployment is {made.state}")
        if made.state != "READY":
            return Progress("pending", f"the deployment is {made.state}")
        project = self._reading.project(fresh=True)
        if project.production == deployment:
            return Progress("succeeded", "the deployment is READY and production leads to it")
        if project.pinned:
            return Progress("failed", "it is built, and not live: the project is pinned until somebody promotes it")
        return Progress("pending", "the deployment is READY; production does not lead to it yet")


def _is_live(project: Project, release: str) -> Progress:
    if project.production == release:
        return Progress("succeeded", "production leads to it already")
    return Progress("failed", f"production leads to {word(project.production) or 'nothing'}, not to it")


def _words(request: AliasRequest) -> str:
    return f"{request.kind} to {word(request.to_deployment_id)}, {request.status}"
