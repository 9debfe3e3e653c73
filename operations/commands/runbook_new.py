"""`vigie runbook new`: a small runbook to begin with, that lints clean. Never over a file that is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from operations.cli import Session
from operations.commands.runbook_shelf import settings_or_none
from operations.commands.session import refuse_readonly, say
from operations.desk import utc_now
from operations.errors import VigieError
from operations.settings import Settings
from runbooks import shelf
from runbooks.new_book import new_book

CODES: dict[int, str] = {0: "written", 1: "invalid name, or there is one already", 2: "it cannot be written"}
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}", re.ASCII)


@click.command()
@click.argument("name")
@click.option(
    "--in",
    "folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Where to write it; else the team's folder from the settings, else here.",
)
@click.pass_obj
def new(session: Session, name: str, folder: Path | None) -> int:
    """Write a small runbook NAME.md to begin with; prints its path."""
    if not _NAME.fullmatch(name):
        raise VigieError("That is no name for a runbook.", next_step="Use a-z, 0-9 and -, as in: cache-cold")
    settings = settings_or_none(session)
    refuse_readonly(session, settings or Settings())
    own = settings.resolve(settings.runbooks) if settings is not None and settings.runbooks else None
    path = (folder.expanduser() if folder is not None else own or Path()).absolute() / f"{name}.md"
    _write(path, new_book(name, utc_now().date()))
    click.echo(str(path))
    if shelf.path_of(name) is not None and path.parent == own:
        say(f"it goes over our own runbook {name} from now on")
    if own is None or path.parent != own:
        say('to have it on the shelf, name its folder in vigie.toml: runbooks = "FOLDER"')
    say(f"fill it in, then: vigie runbook lint {path}")
    return 0


def _write(path: Path, text: str) -> None:
    """Whole or not at all; readable for the team, as the shell's umask has it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    except FileExistsError:
        raise VigieError(f"{path} is there already, and was left as it is.", next_step="Take another name.") from None
    except OSError as error:
        why = error.strerror or error
        raise VigieError(f"{path} cannot be written: {why}.", next_step="Name a folder: --in FOLDER", code=2) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise VigieError(f"{path} cannot be written: {error.strerror or error}.", code=2) from None
