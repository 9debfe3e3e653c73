"""What every command needs from its session: settings, the environment meant, and the one JSON document."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click
from click.core import ParameterSource

from operations.cli import Session
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.settings import Settings
from operations.speech import learn
from operations.text import one_line

SCHEMA = 1


def settings_of(session: Session, *, to_change: bool = False) -> Settings:
    """The settings of this session. Raises SettingsError with every problem; a clear demand when there are none.

    With `to_change` also when the session is read-only: then nothing may be done that changes anything.
    """
    from operations.settings_reader import load_settings

    path = session.path
    if path is None:
        raise VigieError(
            "There is no settings file here.",
            means="Vigie looks for vigie.toml or .env.operations here, in the folders above, and in your own settings.",
            next_step=_first_step(),
        )
    settings = load_settings(path)
    session.site = settings.site.name
    learn(Redactor(settings.secrets()))
    if settings.unanswered:
        settings = _ask_what_it_stands_for(settings)
        learn(Redactor(settings.secrets()))
    if to_change:
        refuse_readonly(session, settings)
    return settings


def _first_step() -> str:
    """What somebody without settings may want: the practice site that runs, else settings or a drill."""
    import shlex

    from operations.practice.whereabouts import running_config

    practice = running_config()
    if practice is not None:
        return f"In the drill that runs here: vigie --config {shlex.quote(str(practice))} …. Of your own: vigie init"
    return "Write one: vigie init. To try Vigie without any: vigie drill"


def is_readonly(session: Session, settings: Settings) -> bool:
    """Whether nothing may be changed: by the option, else by VIGIE_READONLY, else by the settings."""
    return session.readonly or os.environ.get("VIGIE_READONLY", "") not in ("", "0") or settings.readonly


def refuse_readonly(session: Session, settings: Settings) -> None:
    """Raises VigieError (code 1) in a read-only session."""
    if is_readonly(session, settings):
        raise VigieError(
            "This session is read-only, so nothing was done.",
            next_step="--plan shows what would be done. To act: no --readonly, no VIGIE_READONLY, no readonly = true.",
        )


def _ask_what_it_stands_for(settings: Settings) -> Settings:
    """`.env.operations` alone does not say which environment it is: ask once, keep the answer beside it."""
    from pathlib import Path

    from operations.settings_reader import load_settings, store_answer

    if not sys.stdin.isatty():
        raise VigieError(
            f"{settings.path} does not say which environment it belongs to.",
            next_step="Run any command once in a terminal to say so, or write a vigie.toml.",
        )
    answer = click.prompt(
        f"Which environment does it stand for, {settings.path}?",
        type=click.Choice(["production", "staging"]),
        err=True,
    )
    store_answer(Path(settings.path), answer)
    return load_settings(Path(settings.path))


def environment_of(session: Session, settings: Settings, named: str | None = None) -> str:
    """The environment meant: the option, else production, else the only one there is.

    Raises VigieError for one that is not there (an empty one is none, and never the default) and for two that differ.
    """
    given = [name for name in (session.environment, named) if name is not None]
    if len(set(given)) > 1:
        both = " and ".join(one_line(name, 60) or "nothing" for name in given)
        raise VigieError(f"Two environments are named, {both}.", next_step="Give --env once.")
    names = list(settings.environments)
    wanted = given[0] if given else "production" if "production" in names or not names else names[0]
    if wanted not in settings.environments:
        raise VigieError(
            f"{settings.path}: there is no environment {one_line(wanted, 60) or 'without a name'}.",
            next_step=f"There is: {', '.join(names) or 'none'}.",
        )
    session.chosen = wanted
    return wanted


def worded(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """An option or argument that was given, and is empty, is a mistake of a script and never "none was given"."""
    given = context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    if given and isinstance(value, str) and not value.strip():
        raise VigieError(f"{parameter.opts[0]} is empty.", next_step="Say what is meant, or leave it out.")
    return value


def document(
    command: str,
    settings: Settings,
    environment: str,
    *,
    exit_code: int,
    meaning: str,
    **body: Any,
) -> None:
    """Print the one JSON document of a command on stdout, and nothing else."""
    print_document(command, settings.site.name, environment, exit_code=exit_code, meaning=meaning, **body)


def print_document(command: str, site: str, environment: str, *, exit_code: int, meaning: str, **body: Any) -> None:
    """As `document`, also where there are no settings."""
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "command": command,
        "site": site,
        "environment": environment,
        "ok": exit_code == 0,
        "exit_code": exit_code,
        "meaning": meaning,
        **body,
    }
    click.echo(to_json(whole))
    context = click.get_current_context(silent=True)
    if context is not None and isinstance(context.obj, Session):
        context.obj.answered = True


def to_json(value: Any) -> str:
    """JSON with times in UTC ISO 8601, indented for people who look."""
    import msgspec

    encoded = msgspec.json.encode(_plain(value))
    return msgspec.json.format(encoded, indent=2).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "replace").decode()  # a name of a file may be no text
    return value


def say(words: str, level: str = "INFO") -> None:
    """One log line on stderr."""
    click.echo(f"[{level}] {words}", err=True)
