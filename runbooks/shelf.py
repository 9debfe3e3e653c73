"""The runbooks that can be walked: our library, overlaid by a team's own folder by file name. The only file here that
reads files, and it reads nothing else."""

from __future__ import annotations

from errno import ENOENT
from functools import lru_cache
from pathlib import Path

from runbooks.model import Book

LIBRARY = Path(__file__).parent / "library"
LARGEST = 4_000_000
"""Bytes of a runbook that are read; more is no runbook."""


def names(own: Path | None = None) -> tuple[str, ...]:
    """The names of all runbooks, without `.md`, in order; a team's own folder may be missing."""
    folders = [LIBRARY, own] if own is not None else [LIBRARY]
    return tuple(sorted({path.stem for folder in folders if folder.is_dir() for path in folder.glob("*.md")}))


def path_of(name: str, own: Path | None = None) -> Path | None:
    """The file of that runbook, the team's own before ours."""
    if Path(name).name != name or name in ("", ".", ".."):
        return None
    for folder in (own, LIBRARY):
        if folder is not None and (path := folder / f"{name}.md").is_file():
            return path
    return None


def open_book(name: str, own: Path | None = None) -> Book:
    """The runbook of that name. Raises FileNotFoundError when there is none, OSError when it cannot be read."""
    path = path_of(name, own)
    if path is None:
        raise FileNotFoundError(f"there is no runbook “{name}”; there are {', '.join(names(own))}")
    with path.open("rb") as file:
        return _read(file.read(LARGEST), name)


def open_file(path: Path) -> Book:
    """Any file as a runbook, named by its stem. Raises OSError; also for what is no ordinary file, which could wait for
    ever to be read."""
    if not path.is_file():
        raise FileNotFoundError(ENOENT, "there is no such file" if not path.exists() else "it is no file", str(path))
    with path.open("rb") as file:
        return _read(file.read(LARGEST), path.stem)


@lru_cache(maxsize=64)
def _read(source: bytes, name: str) -> Book:
    """The same bytes are the same book: whoever looks whether a file changed need not have it parsed again."""
    from runbooks.reader import read

    return read(source, name)
