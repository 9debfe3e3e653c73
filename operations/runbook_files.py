"""Runbooks as files: found by name on the shelf or by path, and read, whatever stands there instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from operations.errors import VigieError
from operations.text import one_line
from runbooks import shelf
from runbooks.model import Book

UNREADABLE = 2
"""The exit code where a runbook cannot be read."""


@dataclass(frozen=True, slots=True)
class Runbooks:
    """The shelf: our library under a team's own folder, which may be None. A book is read once."""

    own: Path | None = None
    _read: dict[Path, Book] = field(default_factory=dict)

    def path(self, wanted: str) -> Path:
        """The file meant: a path where it has a `/` or ends with `.md`, else a name. Raises VigieError (code 2)."""
        if "/" in wanted or wanted.endswith(".md"):
            try:
                return Path(wanted).expanduser()
            except RuntimeError:
                raise _unreadable(Path(wanted), "cannot be read: there is no such user") from None
        found = shelf.path_of(wanted, self.own)
        if found is None:
            raise VigieError(
                f"There is no runbook {one_line(wanted, 60) or 'without a name'}.",
                next_step="The names: vigie runbook list. A file of your own: with its path, as in ./deploy.md",
                code=UNREADABLE,
            )
        return found

    def open(self, wanted: str) -> tuple[Path, Book]:
        """The runbook of that name or path, and its file. Raises VigieError (code 2)."""
        path = self.path(wanted)
        return path, self.read(path)

    def read(self, path: Path) -> Book:
        """The runbook in that file. Raises VigieError (code 2) for what is none, without ever waiting."""
        if path not in self._read:
            from runbooks.reader import read

            self._read[path] = read(content_of(path), path.stem)
        return self._read[path]

    def all(self) -> Iterator[tuple[str, Path]]:
        """Every name on the shelf with its file, the team's own before ours."""
        for name in shelf.names(self.own):
            path = shelf.path_of(name, self.own) or (self.own or shelf.LIBRARY) / f"{name}.md"
            yield name, path

    def is_own(self, path: Path) -> bool:
        """True for a file of the team's folder."""
        return self.own is not None and path.parent == self.own

    def linked_from(self, path: Path) -> Callable[[str], Book | None]:
        """How a link to another file is followed: beside `path`, else by its name on the shelf."""

        def look(link: str) -> Book | None:
            beside = path.parent / link
            on_shelf = shelf.path_of(Path(link).stem, self.own) if "/" not in link.removeprefix("./") else None
            for file in (beside, on_shelf):
                if file is not None:
                    with suppress(VigieError):
                        return self.read(file)
            return None

        return look


def content_of(path: Path) -> bytes:
    """The file's bytes. Raises VigieError (code 2) for a folder, a pipe or a device, and for what is no text."""
    try:
        content = shelf.content(path)
    except (OSError, ValueError) as error:
        raise _unreadable(path, f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if b"\0" in content:
        raise _unreadable(path, "is no text")
    return content


def _unreadable(path: Path, why: str) -> VigieError:
    return VigieError(f"{one_line(str(path), 200)} {why}.", code=UNREADABLE)
