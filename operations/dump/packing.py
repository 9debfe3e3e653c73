"""Packs a plain dump while it is made: gzip and SHA-256 in a thread beside the reader, then to every sink.

zlib would take longer than pg_dump itself; isal's gzip is as readable for every gunzip and keeps up with the disk.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread

from isal import isal_zlib

LEVEL = 2
_GZIP = 31  # zlib's wbits for gzip with the largest window; its header then holds no time and no name
_WAITING = 8
_LOOK_AGAIN = 0.1

Sink = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Packed:
    """What came out: bytes before and after packing, and the hex SHA-256 of the packed ones."""

    plain: int
    size: int
    sha256: str


class Packer:
    """`write` the plain dump piece by piece, then `finish`; or `stop` at any time. A sink's error comes out."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self.size = 0
        """Packed bytes so far."""
        self._sinks = sinks
        self._pieces: Queue[bytes | None] = Queue(_WAITING)
        self._failed: BaseException | None = None
        self._over = Event()
        self._plain = 0
        self._sum = hashlib.sha256()
        self._thread = Thread(target=self._work, name="packer", daemon=True)
        self._thread.start()

    def write(self, piece: bytes) -> None:
        """Take the next bytes; waits while the sinks are slower."""
        if piece:
            self._plain += len(piece)
            self._put(piece)

    def finish(self) -> Packed:
        """Nothing more comes: the sinks have all of it when this returns."""
        self._put(None)
        self._thread.join()
        self._raise()
        return Packed(self._plain, self.size, self._sum.hexdigest())

    def stop(self) -> None:
        """Give up; the sinks get nothing more once this returns."""
        self._over.set()
        self._thread.join()

    def _put(self, piece: bytes | None) -> None:
        while not self._over.is_set():
            try:
                self._pieces.put(piece, timeout=_LOOK_AGAIN)
                return
            except Full:
                continue
        self._raise()

    def _raise(self) -> None:
        if self._failed is not None:
            raise self._failed

    def _work(self) -> None:
        gzip = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, _GZIP)
        try:
            while not self._over.is_set() and (piece := self._next()) is not None:
                self._hand_on(gzip.compress(piece))
            if not self._over.is_set():
                self._hand_on(gzip.flush())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that writes
            self._failed = error
        finally:
            self._over.set()

    def _next(self) -> bytes | None:
        while not self._over.is_set():
            with suppress(Empty):
                return self._pieces.get(timeout=_LOOK_AGAIN)
        return None

    def _hand_on(self, packed: bytes) -> None:
        if packed:
            self.size += len(packed)
            self._sum.update(packed)
            for sink in self._sinks:
                sink(packed)


class LocalCopy:
    """A second copy of the same bytes in a file: under a temporary name, on disk, then renamed. Raises OSError."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._temporary = temporary_of(path)
        self._file = self._temporary.open("xb")
        self._temporary.chmod(0o600)

    def write(self, packed: bytes) -> None:
        """Take the next bytes."""
        self._file.write(packed)

    def finish(self) -> None:
        """It is whole: on disk, and under its own name. Nothing that has the name already is replaced."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        os.link(self._temporary, self.path)
        self._temporary.unlink()
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def abort(self) -> None:
        """Leave nothing."""
        with suppress(OSError):
            self._file.close()
        self._temporary.unlink(missing_ok=True)


def temporary_of(path: Path) -> Path:
    """The name a copy has until it is whole."""
    return path.with_name(f".{path.name}.part")
