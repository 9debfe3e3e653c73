"""Puts a settings file where none is, for its owner's eyes alone. One that is there is never lost."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from operations.errors import VigieError
from operations.settings_reader import SETTINGS_FILE


def write_settings(folder: Path, text: str, *, force: bool) -> tuple[Path, Path | None]:
    """Write `vigie.toml` (mode 0600) into `folder`, whole or not at all; its path, and where the old one was kept.

    Raises VigieError where one is there already, unless `force` is given: then it is kept beside the new one.
    """
    path = folder / SETTINGS_FILE
    half = folder / f".{SETTINGS_FILE}.{os.getpid()}"
    if not folder.is_dir():
        raise VigieError(f"{folder} is no folder.", next_step="Name one that is there: --dir FOLDER")
    try:
        _write_new(half, text.encode())
        try:
            kept = _keep(path) if force and os.path.lexists(path) else None
            if kept is not None:
                half.replace(path)
            else:
                # Unlike a rename this fails where somebody was quicker.
                os.link(half, path)
        finally:
            half.unlink(missing_ok=True)
    except FileExistsError:
        raise VigieError(
            f"{path} is there already, and was left as it is.",
            next_step="To see what would be written: vigie init --stdout. To write it and keep the old one: --force",
        ) from None
    except OSError as error:
        raise VigieError(f"{path} cannot be written: {error.strerror or error}") from None
    return path, kept


def _keep(path: Path) -> Path:
    """A copy under the first free name of `vigie.toml.before-1`, `-2`, …; nothing that was kept is written over."""
    content = path.read_bytes()
    for number in count(1):
        kept = path.with_name(f"{path.name}.before-{number}")
        try:
            _write_new(kept, content)
        except FileExistsError:
            continue
        return kept
    raise AssertionError  # count() does not end


def _write_new(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
