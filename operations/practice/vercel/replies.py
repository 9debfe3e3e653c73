"""The simulated API's answers in Vercel's own shape, a little of what each really holds."""

from __future__ import annotations

from typing import Any

from operations.practice.vercel.world import Build, Job, World


def project(world: World, *, rollback_info: bool) -> dict[str, Any]:
    """GET /v9/projects/{p}; with `rollbackInfo=true` it tells of the job, and takes a running one a step on."""
    job = world.read_project() if rollback_info else None
    live = next((one for one in world.builds if one.uid == world.production), None)
    targets = {"production": {"id": live.uid, "url": live.url, "meta": live.meta}} if live else {}
    return {
        "id": world.project_id,
        "name": world.project_name,
        "accountId": world.account_id,
        "autoAssignCustomDomains": world.auto_assign,
        "rollingRelease": None,
        "targets": targets,
        **({"lastAliasRequest": _request(job, world.lies.strange_words)} if job else {}),
    }


def listed(world: World, build: Build) -> dict[str, Any]:
    """One of GET /v6/deployments."""
    strange = world.lies.strange_words
    return {
        "uid": build.uid,
        "name": world.project_name,
        "url": build.url,
        "created": build.created,
        "createdAt": build.created,
        "ready": build.created + 20_000,
        "state": build.state,
        "readyState": "HIBERNATING" if strange else build.state,
        "readySubstate": "LEVITATING" if strange else build.substate,
        "isRollbackCandidate": build.candidate and build.uid != world.production,
        "target": build.target,
        "aliasAssigned": build.alias_assigned,
        "aliasError": None,
        "creator": {"uid": "user_1", "username": build.creator, "email": "tom@example.test"},
        "meta": build.meta,
        "type": "LAMBDAS",
        "source": "git",
        "inspectorUrl": None,
    }


def deployment(world: World, build: Build) -> dict[str, Any]:
    """GET /v13/deployments/{id}."""
    row = listed(world, build)
    del row["uid"]
    return {
        **row,
        "team": {"id": world.account_id, "name": "Acme", "slug": "acme"},
        "id": build.uid,
        "alias": [alias for alias, uid in world.aliases.items() if uid == build.uid],
        "aliasAssigned": build.alias_assigned is not None,
        "projectId": "prj_elsewhere" if world.lies.foreign_project else world.project_id,
        "ownerId": world.account_id,
        "public": False,
        "regions": ["iad1"],
        "routes": None,
        "build": {"env": []},
        "builds": [],
        "version": 2,
    }


def builds(build: Build) -> dict[str, Any]:
    """GET /v11/deployments/{id}/builds, which Vercel's own `inspect` asks for."""
    return {"builds": [{"id": f"bld_{build.uid}", "deploymentId": build.uid, "readyState": build.state, "output": []}]}


def aliases(world: World, failed_only: bool) -> dict[str, Any]:
    """GET /v9/projects/{p}/rollback/aliases, on one page."""
    states = world.job.aliases if world.job else {}
    rows = [
        {"alias": {"alias": alias, "deploymentId": world.aliases[alias]}, "status": status, "id": alias}
        for alias, status in states.items()
        if status == "failed" or not failed_only
    ]
    return {"aliases": rows, "pagination": {"count": len(rows), "next": None, "prev": None}}


def page(world: World, rows: list[Build], limit: int, until: int | None) -> dict[str, Any]:
    """One page of deployments, newest first, made before `until`; `next` begins the one after it."""
    older = [one for one in rows if until is None or one.created < until or world.lies.repeating_pages]
    shown = older[:limit]
    following = shown[-1].created if len(older) > limit else None
    pagination = {"count": len(shown), "next": following, "prev": shown[0].created if shown else None}
    return {"deployments": [listed(world, one) for one in shown], "pagination": pagination}


def _request(job: Job, strange: bool) -> dict[str, Any]:
    return {
        "fromDeploymentId": job.left,
        "toDeploymentId": job.to,
        "jobStatus": "meditating" if strange else job.status,
        "requestedAt": job.requested_at,
        "type": job.kind,
    }
