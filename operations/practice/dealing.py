"""Puts the site back healthy and deals a session on it: the past, the fault, and the record of what is true.

Backdated are git dates, release and backup records, migrations' dates, the request log and the readings, nothing else.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from operations.errors import VigieError
from operations.practice import backups, building, builds, containment, databases, faults, history, recorded
from operations.practice.configuration import write_configuration
from operations.practice.layout import BUCKET, ENVIRONMENTS, write_private
from operations.practice.repository import write_repository
from operations.practice.request_history import write_request_log, write_settings_log
from operations.practice.session import Session
from operations.practice.traffic import rate_of
from operations.practice.world import World
from operations.proof.identity import read_identity
from operations.proof.known import remember
from operations.proof.place import place_of_database
from operations.settings_reader import load_settings

KEPT_SESSIONS = 3
"""Sessions whose state stays beside the present one."""


async def deal(world: World, session: Session, say: Callable[[str], None]) -> None:
    """Have the site running as `session` says, users and recorder on it. Raises VigieError."""
    say("putting the site back")
    configure(world, session)
    world.seed = session.seed
    await world.stop_traffic()
    await world.mend_links()
    await asyncio.gather(*(world.start_database(name) for name in ENVIRONMENTS))
    commits = history.dated(
        session.now, session.chance("history"), session.scenario.commits if session.scenario else ()
    )
    applied = history.migrations_applied(commits)
    filing = asyncio.create_task(asyncio.to_thread(_put_back_files, world, session, commits))
    await asyncio.gather(
        filing, *(asyncio.to_thread(_put_back_data, world, name, session.now, applied) for name in ENVIRONMENTS)
    )
    shelved = await filing
    await asyncio.to_thread(_write_production_down, world)
    kinds = tuple(kind for mend in (session.scenario.mends if session.scenario else ()) for kind in mend.kinds)
    world.tell_outside(faults.quiet_world(kinds, session.speed, session.now))
    say("starting the site")
    logs = asyncio.create_task(asyncio.to_thread(_write_logs, world, session))
    beside = await asyncio.gather(world.beside.start(), world.storage.start())
    await logs
    sites = await asyncio.gather(*(world.restart_app(name) for name in ENVIRONMENTS))
    if not all((*beside, *sites)):
        raise VigieError("A part of the practice site did not start.", next_step=f"See {world.layout.logs}.")
    open_calls = await asyncio.to_thread(recorded.open_calls_now, world)
    await _inject(world, session)
    write_truth(world, session, shelved)
    await asyncio.to_thread(recorded.keep_readings, world, session, shelved, open_calls)
    await asyncio.gather(world.users.start(), world.recorder.start())


def configure(world: World, session: Session) -> None:
    """Write the settings file and check that it names nothing but this site. Raises VigieError."""
    write_configuration(world.layout, world.ports, world.identity, session)
    settings = load_settings(world.layout.config, {})
    containment.demand_containment(settings, world.ports.values())


def write_truth(world: World, session: Session, shelved: tuple[builds.Shelved, ...]) -> None:
    """Record what was injected and when, for score and debrief."""
    live = shelved[-1]
    truth: dict[str, Any] = {
        "session": session.id,
        "scenario": session.name,
        "seed": session.seed,
        "speed": session.speed,
        "began_at": _stamp(session.now),
        "release": {"name": live.name, "commit": live.commit, "live_at": _stamp(live.live_at)},
        "releases": [{"name": r.name, "commit": r.commit, "live_at": _stamp(r.live_at)} for r in shelved],
        "fault": None,
    }
    if session.scenario and session.onset:
        truth["fault"] = {
            "what": session.scenario.fault,
            "injected_at": _stamp(datetime.now(UTC)),
            "onset_at": _stamp(session.onset),
            "backdated": True,
        }
    write_private(world.layout.truth, json.dumps(truth, indent=1))
    note(world, session, "dealt", {"scenario": session.name, "seed": session.seed})


def note(world: World, session: Session, what: str, data: dict[str, Any]) -> None:
    """Append one thing that happened on the site to the session's own list."""
    folder = world.layout.session(session.id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": _stamp(datetime.now(UTC)), "what": what, **data}) + "\n")


async def _inject(world: World, session: Session) -> None:
    if session.scenario is None:
        return
    for step in session.scenario.steps:
        if step.after <= timedelta():
            await faults.act(world, step.action, step.arguments)
            note(world, session, "injected", {"action": step.action, **step.arguments})


def _put_back_files(world: World, session: Session, commits: tuple[history.Dated, ...]) -> tuple[builds.Shelved, ...]:
    """Repository, release folders, bucket and switches; returns production's releases."""
    layout = world.layout
    hashes = write_repository(layout.repository, commits, world.environ)
    shelved = builds.shelve(commits, hashes, layout.cache, world.environ)
    known = {commit.tag for commit in history.past()}
    builds.file_releases(layout.site("production"), shelved)
    # Staging stays on what was there before the scenario: a drill is about production.
    builds.file_releases(layout.site("staging"), tuple(release for release in shelved if release.name in known))
    shutil.rmtree(layout.bucket_root / BUCKET, ignore_errors=True)
    for name in ENVIRONMENTS:
        dumps = layout.cache / "dumps" / name
        backups.file_backups(layout.bucket_root / BUCKET, dumps, name, session.now, session.chance(f"backups {name}"))
        write_private(
            layout.switches(name), json.dumps({"maintenance": False, "flags": {"maps": True, "quotes": True}})
        )
        write_settings_log(layout.settings_log(name), session.now)
    _forget_sessions(world, session)
    return shelved


def _write_production_down(world: World) -> None:
    """As `vigie mark --env production` did long ago: a restore onto staging works while production is down."""
    settings = load_settings(world.layout.config, {})
    address = settings.environments["production"].database
    identity, place = read_identity(address), place_of_database(address)
    remember(settings, "production", identity, place, at=datetime.now(UTC), who=settings.operator)


def _put_back_data(world: World, name: str, now: datetime, applied: dict[str, datetime]) -> None:
    shift = timedelta(days=(now - building.built_at(world.layout)).days)
    databases.put_back(world.servers[name], name, applied, shift)


def _write_logs(world: World, session: Session) -> None:
    """The last hour of requests, up to this very moment."""
    now = datetime.now(UTC)
    failure = session.failure(world.ports["database-production"])
    production = session.chance("requests production")
    log, rate = world.layout.request_log("production"), rate_of("production", world.size)
    write_request_log(log, now, production, rate, failure, session.onset)
    staging = session.chance("requests staging")
    write_request_log(world.layout.request_log("staging"), now, staging, rate_of("staging", world.size))


def _forget_sessions(world: World, session: Session) -> None:
    """Earlier sessions' state goes, except the newest few."""
    folder = world.layout.session(session.id).parent
    earlier = sorted(path for path in folder.iterdir() if path.name != session.id) if folder.is_dir() else []
    for path in earlier[:-KEPT_SESSIONS]:
        shutil.rmtree(path, ignore_errors=True)


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
