"""The operations by name. Each is imported when it is first asked for, so that the command line starts fast."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

from operations.errors import VigieError

if TYPE_CHECKING:
    from operations.engine.model import Operation

_WHERE = {
    "backup": ("operations.jobs.backup", "Backup"),
    "command": ("operations.jobs.command", "Command"),
    "deploy": ("operations.jobs.deploy", "Deploy"),
    "flag": ("operations.jobs.switches", "Flag"),
    "freeze": ("operations.jobs.freeze", "FreezeJob"),
    "maintenance": ("operations.jobs.switches", "Maintenance"),
    "mark": ("operations.jobs.mark", "Mark"),
    "prune": ("operations.jobs.prune", "Prune"),
    "redeploy": ("operations.jobs.deploy", "Redeploy"),
    "restore": ("operations.jobs.restore", "Restore"),
    "restore-drop": ("operations.jobs.restore_undo", "RestoreDrop"),
    "restore-undo": ("operations.jobs.restore_undo", "RestoreUndo"),
    "rollback": ("operations.jobs.rollback", "Rollback"),
    "smoke": ("operations.jobs.smoke", "Smoke"),
    "unfreeze": ("operations.jobs.freeze", "UnfreezeJob"),
    "verify": ("operations.jobs.verify", "Verify"),
}


class _Operations(Mapping[str, "Operation"]):
    """Names to operations, made on first use."""

    def __init__(self) -> None:
        self._made: dict[str, Operation] = {}

    def __getitem__(self, name: str) -> Operation:
        if name not in self._made:
            module, kind = _WHERE[name]
            self._made[name] = cast("Operation", getattr(import_module(module), kind)())
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_WHERE)

    def __len__(self) -> int:
        return len(_WHERE)


OPERATIONS: Mapping[str, Operation] = _Operations()


def operation_named(name: str) -> Operation:
    """The operation of that name. Raises VigieError when there is none."""
    if name not in _WHERE:
        raise VigieError(f"There is no operation {name!r}.", next_step=f"There is: {', '.join(_WHERE)}.")
    return OPERATIONS[name]
