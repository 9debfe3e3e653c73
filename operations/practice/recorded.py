"""Puts the backdated readings into the session's readings file, as the recorder would have."""

from __future__ import annotations

from operations.practice.builds import Shelved
from operations.practice.databases import count_open_calls
from operations.practice.history import past
from operations.practice.layout import ENVIRONMENTS
from operations.practice.reading_history import Past, backdated_readings
from operations.practice.session import Session
from operations.practice.traffic import rate_of
from operations.practice.world import World
from operations.settings_reader import load_settings


def keep_readings(world: World, session: Session, shelved: tuple[Shelved, ...], open_calls: dict[str, float]) -> None:
    """Write six days of readings of every environment, up to the moment the session counts from."""
    from operations.watch.store import Store, store_path

    settings = load_settings(world.layout.config, {})
    store = Store(store_path(settings), writable=True)
    known = {commit.tag for commit in past()}
    try:
        for name in ENVIRONMENTS:
            there = shelved if name == "production" else tuple(r for r in shelved if r.name in known)
            fault = name == "production"
            was = Past(
                now=session.now,
                rate=rate_of(name, world.size),
                shelved=there,
                onset=session.onset if fault else None,
                failure=session.failure(world.ports["database-production"]) if fault else None,
                open_calls=open_calls[name],
                environment=name,
            )
            store.add(name, backdated_readings(was, session.chance(f"readings {name}")))
    finally:
        store.close()


def open_calls_now(world: World) -> dict[str, float]:
    """The business count of each environment, asked while every database answers."""
    return {name: count_open_calls(world.servers[name], name) for name in ENVIRONMENTS}
