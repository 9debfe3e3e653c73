"""Reads the rows of the journal's table out of the pages of a SQLite file, however damaged the file is.

Every page that still looks like a leaf of a table is read by itself, those in the write-ahead log included; nothing is
followed but overflow pages. Format: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]
MAGIC = b"SQLite format 3\0"
_LEAF = 0x0D
_SIZES = (4096, 1024, 8192, 16384, 32768, 65536, 2048, 512)
_COLUMNS = 14
_APPLICATION_ID = 68
_WAL_MAGIC = (0x377F0682, 0x377F0683)


@dataclass(frozen=True, slots=True)
class Pages:
    """The bytes of a file and where its pages lie; `log` holds offsets of committed pages in the log's bytes."""

    file: Sequence[int]
    size: int
    usable: int
    wal: bytes
    log: tuple[tuple[int, int], ...]

    def all(self) -> Iterator[bytes]:
        """Every version of every page."""
        for start in range(0, len(self.file), self.size):
            yield self._taken(self.file, start)
        for _, start in self.log:
            yield self.wal[start : start + self.size]

    def newest(self, number: int) -> bytes:
        """The page of that number as it was last written; empty where there is none."""
        for page, start in reversed(self.log):
            if page == number:
                return self.wal[start : start + self.size]
        return self._taken(self.file, (number - 1) * self.size) if number > 0 else b""

    def _taken(self, body: Sequence[int], start: int) -> bytes:
        return bytes(body[start : start + self.size])


def carved(path: Path) -> Iterator[tuple[int, Row]]:
    """Each row found, with its place: the columns behind `place`, in the table's order. One may come several times.

    Where the file's header is gone every size of a page is tried. Raises OSError.
    """
    with _mapped(path) as file:
        wal = _read(path.with_name(path.name + "-wal"))
        header = bytes(file[:100])
        sizes = (_page_size(header),) if header[:16] == MAGIC and _page_size(header) in _SIZES else _SIZES
        for size in sizes:
            usable = size - (header[20] if header[:16] == MAGIC else 0)
            pages = Pages(file, size, usable, wal, _committed(wal, size))
            for page in pages.all():
                yield from _rows(page, pages)


def application_id(path: Path) -> int | None:
    """The number in the file's header; None where the header cannot be read. Raises OSError."""
    with path.open("rb") as file:
        header = file.read(100)
    number: int = struct.unpack_from(">I", header, _APPLICATION_ID)[0] if len(header) == 100 else 0
    return number if header[:16] == MAGIC else None


def _page_size(header: bytes) -> int:
    size: int = struct.unpack_from(">H", header, 16)[0]
    return 65536 if size == 1 else size


def _committed(wal: bytes, size: int) -> tuple[tuple[int, int], ...]:
    """Page numbers and offsets of the log's pages up to its last commit; those of an earlier round are left out."""
    if len(wal) < 32 or struct.unpack_from(">I", wal)[0] not in _WAL_MAGIC:
        return ()
    salts = wal[16:24]
    found: list[tuple[int, int]] = []
    committed = 0
    for start in range(32, len(wal) - size - 23, size + 24):
        number, commit = struct.unpack_from(">II", wal, start)
        if wal[start + 8 : start + 16] != salts:
            break
        found.append((number, start + 24))
        committed = len(found) if commit else committed
    return tuple(found[:committed])


def _rows(page: bytes, pages: Pages) -> Iterator[tuple[int, Row]]:
    if len(page) < 8 or page[0] != _LEAF:
        return
    count = int.from_bytes(page[3:5])
    for at in range(8, min(8 + 2 * count, len(page) - 1), 2):
        try:
            place, payload = _cell(page, int.from_bytes(page[at : at + 2]), pages)
            row = _record(payload)
        except (IndexError, ValueError, struct.error):
            continue
        if row is not None:
            yield place, row


def _cell(page: bytes, at: int, pages: Pages) -> tuple[int, bytes]:
    length, at = _varint(page, at)
    place, at = _varint(page, at)
    most = pages.usable - 35
    if length <= most:
        return place, page[at : at + length]
    least = (pages.usable - 12) * 32 // 255 - 23
    here = least + (length - least) % (pages.usable - 4)
    here = here if here <= most else least
    body = bytearray(page[at : at + here])
    following = int.from_bytes(page[at + here : at + here + 4])
    while following and len(body) < length:
        more = pages.newest(following)
        following = int.from_bytes(more[:4])
        piece = more[4 : pages.usable]
        if not piece:
            raise ValueError("an overflow page is missing")
        body += piece
    return place, bytes(body[:length])


def _record(payload: bytes) -> Row | None:
    """The columns behind the first (which stands in the cell); None for a record of another table."""
    end, at = _varint(payload, 0)
    types: list[int] = []
    while at < end:
        kind, at = _varint(payload, at)
        types.append(kind)
    if len(types) != _COLUMNS or types[0] != 0:
        return None
    values: list[Any] = []
    at = end
    for kind in types[1:]:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at > len(payload):
        raise ValueError("the record is cut off")
    return tuple(values)


def _value(payload: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind >= 13 and kind % 2:
        end = at + (kind - 13) // 2
        return payload[at:end].decode("utf-8"), end
    if kind in (8, 9):
        return kind - 8, at
    if 1 <= kind <= 6:
        end = at + (kind if kind < 5 else 6 if kind == 5 else 8)
        return int.from_bytes(payload[at:end], signed=True), end
    raise ValueError("no column of the journal holds this")


def _varint(body: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(9):
        byte = body[at + step]
        if step == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + step + 1
    raise ValueError("no number")


@contextmanager
def _mapped(path: Path) -> Iterator[Sequence[int]]:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            yield b""
            return
        with closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as body:
            yield body  # type: ignore[misc]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
