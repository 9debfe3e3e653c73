"""`vigie init`: writes a commented `vigie.toml`, made to fit what lies in the folder. Never over another one."""

from __future__ import annotations

from pathlib import Path

import click

from operations.cli import Session
from operations.commands.session import refuse_readonly, say
from operations.first_settings.found import Found, look_around
from operations.first_settings.template import settings_text
from operations.first_settings.writing import write_settings
from operations.settings import Settings

CODES: dict[int, str] = {0: "written", 1: "there is one already, or it cannot be written"}


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder it is for and written into; else this one.",
)
@click.option("--force", is_flag=True, help="Write it although there is one; the old one is kept beside it.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print it, and write nothing.")
@click.pass_obj
def init(session: Session, folder: Path, force: bool, to_stdout: bool) -> int:
    """Write a commented vigie.toml: every setting with its meaning, made to fit what lies in the folder."""
    folder = folder.expanduser().absolute()
    found = look_around(folder)
    text = settings_text(found)
    if to_stdout:
        click.echo(text, nl=False)
        return 0
    refuse_readonly(session, Settings())
    path, kept = write_settings(folder, text, force=force)
    if kept is not None:
        say(f"the old one is kept as {kept}")
    click.echo(str(path))
    for words in _next_steps(found, path):
        say(words)
    return 0


def _next_steps(found: Found, path: Path) -> list[str]:
    unsaid = sorted(found.names & {"APP_URL", "DB_URL"}) if not found.environment else []
    steps = []
    if unsaid:
        what = " and ".join(unsaid)
        steps.append(f"{what} of .env.operations may be production's or staging's: take their # away where they belong")
    elif not found.environment:
        steps.append("it holds no address yet: set url and database in [environments.production]")
    return [*steps, f"what is missing, and how to mend it: vigie --config {path} doctor"]
