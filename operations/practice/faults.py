"""What a scenario may do to the site, and undo: real acts on the world, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TypeAlias

from operations.errors import VigieError
from operations.practice.configuration import COMPONENTS, PROVIDERS
from operations.practice.links import FAULT_KINDS, Fault
from operations.practice.world import World

Arguments: TypeAlias = Mapping[str, str | float]
Action: TypeAlias = Callable[[World, Arguments], Awaitable[None]]


async def stop_database(world: World, arguments: Arguments) -> None:
    """The server of `environment` is really stopped."""
    await world.stop_database(str(arguments["environment"]))


async def start_database(world: World, arguments: Arguments) -> None:
    """The server of `environment` is started again."""
    await world.start_database(str(arguments["environment"]))


async def set_link(world: World, arguments: Arguments) -> None:
    """The link `name` gets the fault `kind` with `amount`. Raises VigieError for an unknown link or kind."""
    link = world.links.get(str(arguments["name"]))
    kind = next((known for known in FAULT_KINDS if known == arguments["kind"]), None)
    if link is None or kind is None:
        raise VigieError("There is no such link or fault.", next_step=f"Faults: {', '.join(FAULT_KINDS)}.")
    await link.set_fault(Fault(kind, float(arguments.get("amount", 0))))


async def set_provider(world: World, arguments: Arguments) -> None:
    """The status page `provider` shows `status` for `component`."""
    told = world.told_outside()
    page = told["providers"][str(arguments["provider"])]
    page["components"][str(arguments["component"])] = str(arguments["status"])
    page["updated_at"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    world.tell_outside(told)


async def set_stub(world: World, arguments: Arguments) -> None:
    """Mail or maps (`service`) answers with `status` after `delay` seconds."""
    told = world.told_outside()
    told["stubs"][str(arguments["service"])] = {
        "delay": float(arguments.get("delay", 0)),
        "status": int(float(arguments.get("status", 200))),
    }
    world.tell_outside(told)


async def add_alert(world: World, arguments: Arguments) -> None:
    """A noisy alert that says nothing about the fault."""
    told = world.told_outside()
    at = datetime.now(UTC).isoformat(timespec="seconds")
    told["alerts"].append({"name": str(arguments["name"]), "summary": str(arguments["summary"]), "at": at})
    world.tell_outside(told)


ACTIONS: Mapping[str, Action] = {
    "stop_database": stop_database,
    "start_database": start_database,
    "set_link": set_link,
    "set_provider": set_provider,
    "set_stub": set_stub,
    "add_alert": add_alert,
}


async def act(world: World, name: str, arguments: Arguments) -> None:
    """Do the act called `name`. Raises VigieError when there is none."""
    action = ACTIONS.get(name)
    if action is None:
        raise VigieError(f"There is no act {name!r}.")
    await action(world, arguments)


def quiet_world(kinds: tuple[str, ...], speed: float, now: datetime) -> dict[str, object]:
    """What the world beside the site answers when all is well there; `kinds` are those who can mend something."""
    at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "providers": {
            link: {
                "key": link,
                "name": PROVIDERS[link][0],
                "components": dict.fromkeys(COMPONENTS[link], "operational"),
                "updated_at": at,
                "incidents": [],
            }
            for link in PROVIDERS
        },
        "stubs": {"mail": {}, "maps": {}},
        "alerts": [],
        "people": {"kinds": list(kinds), "speed": speed},
    }
