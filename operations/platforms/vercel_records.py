"""From Vercel's deployments to releases and to what was live when. Pure; what Vercel does not tell stays unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from operations.platforms.base import LivePeriod, Release, ReleaseState
from operations.platforms.release_record import RELEASE_NAME, Switch, periods_of
from operations.platforms.vercel_replies import Deployment, Meta, Project, ReadyState, to_time, word

_STATES: dict[ReadyState, ReleaseState] = {
    "READY": "ready",
    "QUEUED": "building",
    "INITIALIZING": "building",
    "ANALYZING": "building",
    "BUILDING": "building",
    "DEPLOYING": "building",
    "ERROR": "error",
    "CANCELED": "error",
    "BLOCKED": "error",
    "DELETED": "error",
}
_OWN_PART = re.compile(r"[a-z0-9]{7,12}(?=-)")


def releases_of(project: Project, deployments: Sequence[Deployment]) -> tuple[Release, ...]:
    """The deployments (newest first) as releases.

    A name of ours belongs to the oldest that carries it: Vercel's "redeploy" copies the meta of what it builds again.
    """
    named: dict[str, str] = {}
    for deployment in reversed(deployments):
        named.setdefault(_name_of_ours(deployment), deployment.key)
    return tuple(_release(project, one, ours=named[_name_of_ours(one)] == one.key) for one in deployments)


def release_of(project: Project, deployment: Deployment) -> Release:
    """One deployment as a release."""
    return _release(project, deployment, ours=True)


def live_periods(project: Project, deployments: Sequence[Deployment]) -> Sequence[LivePeriod]:
    """What was live when, newest first, as far as Vercel tells it.

    It tells when a deployment that served production was given its domains (`aliasAssigned`), and the last rollback
    or promote alone. Where these contradict the deployment that was left (`fromDeploymentId`), the stretch before is
    left out; where they contradict the one that is live now, nothing is told at all.
    """
    switches = sorted((switch for one in deployments for switch in _published(project, one)), key=lambda one: one.at)
    last = _last_switch(project)
    if last is None:
        periods = periods_of(switches)
    else:
        before = periods_of(switch for switch in switches if switch.at < last.at)
        after = (switch for switch in switches if switch.at >= last.at and switch.release != last.release)
        periods = [*periods_of([last, *after]), *_ended(before, last, project)]
    return periods if periods and periods[0].release == project.production else ()


def _ended(periods: Sequence[LivePeriod], by: Switch, project: Project) -> Sequence[LivePeriod]:
    """Periods (newest first) whose newest was ended by that switch, or left out where it was not what was left."""
    left = project.last_alias_request.from_deployment_id if project.last_alias_request else None
    if not periods or (left and periods[0].release != left):
        return periods[1:]
    return [replace(periods[0], end=by.at, ended_by=by.how), *periods[1:]]


def _release(project: Project, deployment: Deployment, *, ours: bool) -> Release:
    meta = deployment.meta or Meta()
    live = deployment.key == project.production
    state = _STATES.get(deployment.state, "unknown")
    moving = project.last_alias_request
    if moving is not None and moving.running and moving.to_deployment_id == deployment.key and not live:
        # Built long ago, but on its way live right now: what a person has to know before asking for another.
        state = "building"
    return Release(
        id=word(deployment.key),
        name=(_name_of_ours(deployment) if ours else "") or _name_in_url(project, deployment),
        commit=commit_of(meta),
        who=word(meta.vigie_who or (deployment.creator.username if deployment.creator else ""), 40),
        built_at=_created(deployment),
        state=state,
        live=live,
        kept=deployment.state == "READY" and (live or deployment.is_rollback_candidate is not False),
        pinned=live and project.pinned,
        title=word(meta.vigie_title or _message(meta), 120),
    )


def commit_of(meta: Meta) -> str:
    """The commit a deployment was built from, as its git integration or our publish said; empty when nobody did."""
    told = meta.vigie_commit or meta.github_commit_sha or meta.gitlab_commit_sha or meta.bitbucket_commit_sha
    return word(told, 64)


def _message(meta: Meta) -> str:
    return meta.github_commit_message or meta.gitlab_commit_message or meta.bitbucket_commit_message or ""


def _name_of_ours(deployment: Deployment) -> str:
    name = (deployment.meta.vigie_release if deployment.meta else "") or ""
    return name if RELEASE_NAME.fullmatch(name) else ""


def _name_in_url(project: Project, deployment: Deployment) -> str:
    """The part of the address that is this deployment's own (`site-3h7dk2l9x-team.vercel.app`), else all of it."""
    host = word(deployment.url, 100).removesuffix(".vercel.app")
    found = _OWN_PART.match(host.removeprefix(f"{project.name}-")) if host.startswith(f"{project.name}-") else None
    return found[0] if found else host or word(deployment.key)


def _created(deployment: Deployment) -> datetime | None:
    return to_time(deployment.created if deployment.created is not None else deployment.created_at)


def _published(project: Project, deployment: Deployment) -> Sequence[Switch]:
    """When Vercel gave it its domains; nothing when it never served production, or when Vercel tells no time."""
    assigned = deployment.alias_assigned
    at = to_time(None if isinstance(assigned, bool) else assigned)
    if at is None or not (deployment.was_live or deployment.key == project.production):
        return ()
    meta = deployment.meta or Meta()
    who = meta.vigie_who or (deployment.creator.username if deployment.creator else "")
    return (Switch(at, deployment.key, word(who, 40), "publish", commit_of(meta)),)


def _last_switch(project: Project) -> Switch | None:
    request = project.last_alias_request
    at = to_time(request.requested_at) if request else None
    if request is None or at is None or request.status != "succeeded" or request.kind == "unknown":
        return None
    return Switch(at, request.to_deployment_id, "", request.kind)
