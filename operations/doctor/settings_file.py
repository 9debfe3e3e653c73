"""The settings file and `.env.operations`: every mistake at once, and who else can read the secrets in them."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.settings import Settings
from operations.settings_checks import ENV_FILE
from operations.settings_reader import SETTINGS_FILE

_NONE = f"There is no {SETTINGS_FILE} and no {ENV_FILE} here, in the folders above, or among your own settings."
_SHORTEST = 4
"""Secrets of fewer letters would be found in any text."""


def check_no_settings() -> Iterator[Finding]:
    """Nothing is configured: only this machine can be looked at."""
    mend = "Write them: vigie init. Or name the file: --config FILE. To try Vigie without any: vigie drill"
    yield fail("settings", _NONE, mend)


def check_wrong_settings(path: Path, problems: Sequence[str]) -> Iterator[Finding]:
    """Each mistake a finding of its own, its example as the way to mend it."""
    for problem in problems:
        what, _, example = problem.partition(" Example: ")
        other = f"Correct {path}" if path.is_file() else f"Write it: vigie init --dir {path.parent}"
        mend = f"Write it so: {example}" if example else other
        yield fail("settings", what, mend)
    yield from _modes(path, None)


def check_settings(settings: Settings) -> Iterator[Finding]:
    """They are read; whether they say enough; who can read what is secret in them."""
    count = len(settings.environments)
    yield ok("settings", f"{settings.path}: {count} environment{'' if count == 1 else 's'}")
    if settings.unanswered:
        says = f"{settings.path} does not say which environment APP_URL and DB_URL stand for: they were not looked at"
        yield warn("environment", says, "Answer once in a terminal: vigie status. Or write a vigie.toml: vigie init")
    elif not any(env.kind == "production" for env in settings.environments.values()):
        says = 'no environment is of kind "production"'
        yield warn("environment", says, 'Name it: [environments.production] with kind = "production"')
    else:
        yield ok("environment", ", ".join(f"{name} ({env.kind})" for name, env in settings.environments.items()))
    if settings.runbooks:
        yield _runbooks(settings)
    yield from _modes(Path(settings.path), settings)


def _runbooks(settings: Settings) -> Finding:
    """Whether the team's folder of runbooks is there and holds any."""
    folder = settings.resolve(settings.runbooks)
    mend = f'Make it, or name another at the top of {settings.path}: runbooks = "FOLDER"'
    if not folder.is_dir():
        return warn(
            "runbooks", f"{folder} {'is a file' if folder.exists() else 'is not there'}: only ours are seen", mend
        )
    count = sum(1 for _ in folder.glob("*.md"))
    if not count:
        return warn("runbooks", f"{folder} holds no .md file", "Begin one there: vigie runbook new NAME")
    return ok("runbooks", f"{folder}: {count} of your own")


def _modes(path: Path, settings: Settings | None) -> Iterator[Finding]:
    files = [path] if path.name == ENV_FILE else [path, path.with_name(ENV_FILE)]
    for file in files:
        if file.is_file():
            yield _mode(file, settings)


def _mode(file: Path, settings: Settings | None) -> Finding:
    name = f"mode of {file.name}"
    try:
        found = file.stat()
    except OSError as error:
        return skip(name, f"cannot be looked at: {error.strerror}")
    mode = stat.S_IMODE(found.st_mode)
    mend = f"chmod 600 {file}"
    if mode & stat.S_IWOTH:
        return fail(name, f"{mode:04o}: anybody on this machine may change what Vigie runs", mend)
    if mode & stat.S_IROTH:
        holds = _holds_secrets(file, settings)
        if holds is False:
            return ok(name, f"{mode:04o}, and no secret stands in it")
        says = "secrets stand in it" if holds else "there may be secrets in it"
        return fail(name, f"{mode:04o}: anybody on this machine can read it, and {says}", mend)
    shared = " (its group can read it, too)" if mode & stat.S_IRGRP else ""
    return ok(name, f"{mode:04o}{shared}")


def _holds_secrets(file: Path, settings: Settings | None) -> bool | None:
    """Whether a known secret stands in the file itself; None when that cannot be told."""
    if settings is None or not os.access(file, os.R_OK):
        return None
    text = re.sub(r"\$\{\w+\}", "", file.read_bytes().decode("utf-8", "replace"))
    return any(len(secret) >= _SHORTEST and secret in text for secret in settings.secrets())
