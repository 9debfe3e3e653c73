"""Makes once what later starts only put back: clusters, the data, and five days of real dumps of each environment."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime

from operations.practice import backups, databases, postgres
from operations.practice.layout import ENVIRONMENTS, Layout, databases_folder, write_private
from operations.practice.world import World

FORMAT = 1
STAGING_SHARE = 0.4
"""Staging holds this share of production's rows."""


def is_built(layout: Layout, size: float) -> bool:
    """True when a whole build of that size and of this format is there."""
    try:
        found = json.loads(layout.built.read_text("utf-8"))
        return bool(found["format"] == FORMAT and found["size"] == size)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def built_at(layout: Layout) -> datetime:
    """The moment the data's dates end (UTC)."""
    return datetime.fromisoformat(json.loads(layout.built.read_text("utf-8"))["anchor"])


def forget(layout: Layout) -> None:
    """Remove a build that is half made, of another size or of another format."""
    layout.built.unlink(missing_ok=True)
    for folder in (databases_folder(layout), layout.cache / "dumps", layout.bucket_root):
        shutil.rmtree(folder, ignore_errors=True)
    layout.bucket_root.mkdir(mode=0o700, exist_ok=True)


async def open_servers(world: World, size: float, say: Callable[[str], None]) -> None:
    """Have both servers running with everything that is made once. Raises VigieError."""
    fresh = not is_built(world.layout, size)
    if fresh:
        forget(world.layout)
        say("making two databases")
    folder = databases_folder(world.layout)
    clusters = await asyncio.gather(
        *(
            asyncio.to_thread(postgres.prepare_cluster, name, folder, world.identity.administrator[name], world.environ)
            for name in ENVIRONMENTS
        )
    )
    for name, cluster in zip(ENVIRONMENTS, clusters, strict=True):
        world.servers[name] = postgres.Server(cluster, world.environ, world.layout.logs / f"database-{name}.log")
    await asyncio.gather(*(world.start_database(name) for name in ENVIRONMENTS))
    if fresh:
        say("filling them and taking five days of backups")
        await _fill(world, size)


async def _fill(world: World, size: float) -> None:
    anchor = datetime.now(UTC).replace(microsecond=0)
    shares = {"production": size, "staging": size * STAGING_SHARE}
    await asyncio.gather(*(asyncio.to_thread(_fill_one, world, name, shares[name], anchor) for name in ENVIRONMENTS))
    write_private(world.layout.built, json.dumps({"format": FORMAT, "size": size, "anchor": anchor.isoformat()}))


def _fill_one(world: World, name: str, size: float, anchor: datetime) -> None:
    server, roles = world.servers[name], world.identity.roles[name]
    folder = world.layout.cache / "dumps" / name
    began = time.monotonic()

    def dump(days: int, address: str) -> None:
        backups.make_dump(address, days, folder, world.environ, seconds=2.0 + (time.monotonic() - began) % 3)

    databases.make_roles(server, roles)
    databases.make_template(server, roles[databases.OWNER], size, anchor, dump)
