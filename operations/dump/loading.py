"""A dump as psql gets it on its stdin: unpacked piece by piece, between what empties before and what counts after.

All of it runs in psql's one transaction: a row too few, and nothing of it has happened.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from isal import isal_zlib

CHUNK = 1 << 18
LOCK_LIMIT = "60s"
_COUNT = """if (select count(*) from only {table}) <> {rows} then
    raise exception 'vigie: % has % rows, the dump has %', {name}, (select count(*) from only {table}), {rows};
  end if;"""


class Loading:
    """`next_piece` gives the bytes for psql, b"" at the end; `fed` counts those of the dump that are given."""

    def __init__(self, packed: Path, before: str, after: str) -> None:
        self.fed = 0
        self._pieces = self._all(packed, before.encode(), after.encode())

    def next_piece(self) -> bytes:
        """The next bytes; raises OSError or IsalError when the file is not what it was when it was checked."""
        return next(self._pieces, b"")

    def _all(self, packed: Path, before: bytes, after: bytes) -> Iterator[bytes]:
        if before:
            yield before
        unpacking = isal_zlib.decompressobj(31)
        with packed.open("rb") as file:
            while chunk := file.read(CHUNK):
                piece = unpacking.decompress(chunk)
                self.fed += len(piece)
                if piece:
                    yield piece
        yield after


def emptying(schemas: Sequence[str], major: int) -> str:
    """SQL that removes these schemas with all that is in them, and makes `public` again as a new database has it."""
    lines = [f"set local lock_timeout = '{LOCK_LIMIT}';"]
    lines += [f"drop schema {_identifier(name)} cascade;" for name in schemas]
    if "public" in schemas:
        lines.append("create schema public;")
        if major >= 15:
            lines += ["alter schema public owner to pg_database_owner;", "grant usage on schema public to public;"]
        else:
            lines.append("grant all on schema public to public;")
        lines.append("comment on schema public is 'standard public schema';")
    return "\n".join([*lines, ""])


def counting(tables: Mapping[str, int]) -> str:
    """SQL that raises when a table has not exactly its rows. Names are as the dump writes them, quoted already."""
    if not tables:
        return "\n"
    tag = f"$vigie{secrets.token_hex(6)}$"
    checks = [_COUNT.format(table=name, rows=rows, name=_literal(name)) for name, rows in sorted(tables.items())]
    return "\n".join(["", f"do {tag} begin", *(f"  {check}" for check in checks), f"end {tag};", ""])


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    # Standard strings are on in every dump; E'' reads the same either way.
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
