"""The drills that can be dealt, by name."""

from __future__ import annotations

from random import Random

from operations.errors import VigieError
from operations.practice.scenarios import bad_release, database_down
from operations.practice.scenarios.model import Scenario

_MAKERS = {bad_release.NAME: bad_release.make, database_down.NAME: database_down.make}
NAMES = tuple(_MAKERS)


def deal(name: str, seed: int) -> Scenario:
    """The scenario of that name or code name, as the seed deals it. Raises VigieError for an unknown name."""
    name = name if name in _MAKERS else by_code_name(name) or name
    maker = _MAKERS.get(name)
    if maker is None:
        raise VigieError(f"There is no scenario {name!r}.", next_step=f"Known ones: {', '.join(NAMES)}.")
    return maker(Random(f"{name}/{seed}"))  # noqa: S311 - dealing, not secrets


def choose(seed: int) -> str:
    """A scenario for somebody who asked for none in particular."""
    return Random(f"choose/{seed}").choice(NAMES)  # noqa: S311 - dealing, not secrets


def code_name_of(name: str) -> str:
    """What stands where a player may look, as in settings and the list of processes; empty for none."""
    return deal(name, 0).code_name if name else ""


def by_code_name(code_name: str) -> str:
    """The real name behind a code name, or empty."""
    return next((name for name in NAMES if deal(name, 0).code_name.lower() == code_name.lower()), "")
