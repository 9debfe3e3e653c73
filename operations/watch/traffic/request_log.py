"""Reads a JSON-lines request log as it grows: from its end on, across rotation, truncation and half lines.

Blocks (files); the watch calls it in a thread. Lines that are no requests are counted and left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

BACK_BYTES = 16_000_000
"""How far back from its end a log is read when watching begins."""
_AT_ONCE = 32_000_000
_BLOCK = 1_000_000
_LONGEST_LINE = 65_536


class LogLine(msgspec.Struct, frozen=True):
    """One request: `seconds` it took, `error` words when it failed."""

    at: datetime
    path: str
    status: int
    seconds: float = 0.0
    error: str | None = ""


_DECODER = msgspec.json.Decoder(LogLine)


def request_in(text: str) -> LogLine | None:
    """The request that a line of the log tells of; None for a line that is none."""
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


class LogReader:
    """Follows one path. `unreadable` counts the lines that were no requests."""

    def __init__(self, path: Path, back: int = BACK_BYTES) -> None:
        self._path = path
        self._back = back
        self._file: BinaryIO | None = None
        self._rest = b""
        self.unreadable = 0

    def new_lines(self) -> Iterator[LogLine]:
        """Every request written since the last call, at most 32 MB of them, never all of them held at once.

        Raises OSError when there is no log. Take all of them: the next call goes on behind the last one taken.
        """
        if self._file is None:
            self._open(from_end=True)
        yield from self._read()
        if self._was_rotated():
            yield from self._read()
            self._open(from_end=False)
            yield from self._read()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self, *, from_end: bool) -> None:
        self.close()
        self._file = self._path.open("rb")
        self._rest = b""
        if from_end and (behind := self._file.seek(0, os.SEEK_END) - self._back) > 0:
            self._file.seek(behind)
            self._file.readline(_LONGEST_LINE)
        elif from_end:
            self._file.seek(0)

    def _was_rotated(self) -> bool:
        """True when the path now names another file; a truncated one is simply read from its start again."""
        assert self._file is not None
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        here = os.fstat(self._file.fileno())
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)

    def _read(self) -> Iterator[LogLine]:
        assert self._file is not None
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
            self._rest = b""
        left = _AT_ONCE
        while left > 0 and (block := self._file.read(_BLOCK)):
            left -= len(block)
            *whole, self._rest = (self._rest + block).split(b"\n")
            if len(self._rest) > _LONGEST_LINE:
                self._rest = b""
            yield from self._requests(whole)

    def _requests(self, lines: list[bytes]) -> Iterator[LogLine]:
        for line in lines:
            if not line.strip():
                continue
            try:
                found = _DECODER.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                self.unreadable += 1
                continue
            at = found.at
            yield found if at.tzinfo else msgspec.structs.replace(found, at=at.replace(tzinfo=UTC))
