"""The end of a file that grows: its new whole lines, whatever happens to the file."""

from __future__ import annotations

from os import SEEK_END
from pathlib import Path
from stat import S_ISREG

from operations.text import clean

READ_AT_ONCE = 262_144
READ_BACK = 131_072
"""Bytes before the end with which it begins."""


class Tail:
    """Reads what was added since the last look. A file that was cut or replaced is begun anew."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.trouble = ""
        self._at: int | None = None
        self._file = (0, 0)

    def rewind(self) -> None:
        """Begin again some way before the end."""
        self._at = None

    def lines(self) -> list[str]:
        """The whole lines that were added, without control characters. Never raises."""
        return self._new_text().splitlines()

    def _new_text(self) -> str:
        try:
            status = self.path.stat()
            if not S_ISREG(status.st_mode):
                # A pipe would keep the console waiting.
                self.trouble = "it is no ordinary file"
                return ""
            with self.path.open("rb") as file:
                same = (status.st_dev, status.st_ino) == self._file
                self._file = (status.st_dev, status.st_ino)
                size = file.seek(0, SEEK_END)
                if self._at is None or not same or size < self._at:
                    self._at = max(0, size - READ_BACK)
                    file.seek(self._at)
                    self._at += len(file.readline(READ_AT_ONCE)) if self._at else 0
                file.seek(self._at)
                raw = file.read(READ_AT_ONCE)
        except OSError as error:
            self.trouble = error.strerror or str(error)
            self._at = None
            return ""
        self.trouble = ""
        whole, newline, _ = raw.rpartition(b"\n")
        if not newline and len(raw) < READ_AT_ONCE:
            return ""
        kept = whole if newline else raw
        self._at += len(kept) + len(newline)
        return clean(kept, limit=READ_AT_ONCE)
