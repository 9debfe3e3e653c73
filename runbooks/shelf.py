"""The runbooks that can be walked: our library, overlaid by a team's own folder by file name. The only file here that
reads files, and it reads nothing else."""

from __future__ import annotations

import os
import stat
from errno import EFBIG, EINVAL, ENOENT
from functools import lru_cache
from pathlib import Path

from runbooks.model import Book

LIBRARY = Path(__file__).parent / "library"
LARGEST = 4_000_000
"""Bytes of a runbook that are read; more is no runbook."""


def names(own: Path | None = None) -> tuple[str, ...]:
    """The names of all runbooks, without `.md`, in order; a team's own folder may be missing."""
    folders = [LIBRARY, own] if own is not None and not trouble_with(own) else [LIBRARY]
    return tuple(sorted({path.stem for folder in folders for path in folder.glob("*.md")}))


def trouble_with(own: Path | None) -> str:
    """Why the team's own folder cannot be listed; empty where it can, or none is set."""
    try:
        if own is not None:
            os.scandir(own).close()
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""


def path_of(name: str, own: Path | None = None) -> Path | None:
    """The file of that runbook, the team's own before ours."""
    if Path(name).name != name or name in ("", ".", ".."):
        return None
    for folder in (own, LIBRARY):
        if folder is not None and _is_file(path := folder / f"{name}.md"):
            return path
    return None


def open_book(name: str, own: Path | None = None) -> Book:
    """The runbook of that name. Raises FileNotFoundError when there is none, OSError when it cannot be read."""
    path = path_of(name, own)
    if path is None:
        known = ", ".join(names(own))
        raise FileNotFoundError(ENOENT, f"there is no such runbook, or it is no file; there are {known}")
    return _read(content(path), name)


def open_file(path: Path) -> Book:
    """Any file as a runbook, named by its stem. Raises OSError; also for what is no ordinary file, which could wait for
    ever to be read."""
    if not path.is_file():
        raise FileNotFoundError(ENOENT, "there is no such file" if not path.exists() else "it is no file", str(path))
    return _read(content(path), path.stem)


def content(path: Path) -> bytes:
    """The bytes of a file, without ever waiting. Raises OSError; also for a folder, a pipe or a device, and for more
    than a runbook has: half of one would be shown as if it were whole."""
    # Without O_NONBLOCK opening a pipe would wait for somebody to write into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(EINVAL, "it is no ordinary file", str(path))
        found = file.read(LARGEST + 1)
    if len(found) > LARGEST:
        raise OSError(EFBIG, f"it has more than {LARGEST // 1_000_000} MB, and is no runbook", str(path))
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # a name that is too long, a folder nobody may look into


@lru_cache(maxsize=64)
def _read(source: bytes, name: str) -> Book:
    """The same bytes are the same book: whoever looks whether a file changed need not have it parsed again."""
    from runbooks.reader import read

    return read(source, name)
