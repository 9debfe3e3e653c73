"""The guard that says whether somebody else works on this environment now, and who."""

from __future__ import annotations

from operations.desk import Desk
from operations.engine.locks import Locks
from operations.engine.model import Guard, LockName
from operations.places import places_for


def lock_guard(desk: Desk, name: LockName = "change") -> Guard:
    """One change of an environment at a time (75, with who); backups run one at a time and hold up nothing else."""
    places = places_for(desk.settings)
    locks = Locks(places.locks, who=desk.settings.operator, now=desk.now)
    return locks.guard(desk.site, desk.environment, name, shared=places.shared)
