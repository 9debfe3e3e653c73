"""`vigie restore`: a backup onto staging or a recovery environment, back again, and away with what it left."""

from __future__ import annotations

import sys
from typing import Any

import click

from operations.cli import Session
from operations.commands.operate import given, operate, operation_options
from operations.errors import VigieError

_WHICH = "Give one of --latest, --backup-file NAME, --undo JOB and --drop-before JOB."


@click.command()
@operation_options
@click.option("--latest", is_flag=True, help="The newest backup that can be trusted.")
@click.option("--backup-file", "file", metavar="NAME", help="This backup; vigie backups list shows the names.")
@click.option("--from", "source", metavar="ENV", help="Take the backup of this environment; else the target's own.")
@click.option("--as", "beside", metavar="DATABASE", help="Restore into a new database beside, to compare.")
@click.option("--in-place", is_flag=True, help="Empty the target and load into it, where a swap is not possible.")
@click.option("--services-off", is_flag=True, help="The target's mail, webhooks and jobs are off (production's data).")
@click.option("--undo", metavar="JOB", help="Swap back to the database that was there before that restore.")
@click.option("--drop-before", metavar="JOB", help="Remove the database that restore kept.")
@click.pass_obj
def restore(
    session: Session,
    /,
    environment: str | None,
    latest: bool,
    file: str | None,
    source: str | None,
    beside: str | None,
    in_place: bool,
    services_off: bool,
    undo: str | None,
    drop_before: str | None,
    **how: Any,
) -> int:
    """Restore a backup onto staging. Production is refused, whatever is given."""
    if [latest, file is not None, undo is not None, drop_before is not None].count(True) != 1:
        raise VigieError(_WHICH)
    for name, value in (("--backup-file", file), ("--from", source), ("--as", beside), ("--undo", undo)):
        if value is not None and not value.strip():
            raise VigieError(f"{name} is empty.", next_step=_WHICH)
    if undo is not None or drop_before is not None:
        if source or beside or in_place:
            raise VigieError("--from, --as and --in-place say how to restore; --undo and --drop-before take nothing.")
        name = "restore-undo" if undo is not None else "restore-drop"
        return operate(session, name, environment, {"job": undo if undo is not None else drop_before}, how)
    if source and not services_off and not how["yes"] and _can_ask(how):
        services_off = click.confirm(
            "If that is production's data: are the target's mail, webhooks and jobs off?", default=False, err=True
        )
    asked = {
        "file": file, "from": source, "as": beside, "in_place": in_place, "services_off": services_off,
    }  # fmt: skip
    return operate(session, "restore", environment, given(asked), how)


def _can_ask(how: dict[str, Any]) -> bool:
    return sys.stdin.isatty() and not how["as_json"] and not how["plan_only"]
