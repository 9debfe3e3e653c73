"""A dump as psql gets it on its stdin: unpacked piece by piece, between what empties before and what counts after.

All of it runs in psql's one transaction: a row too few, and nothing of it has happened.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from isal import isal_zlib

from operations.text import sql_literal

CHUNK = 1 << 18
LOCK_LIMIT = "60s"
_NUMBER = "(select system_identifier from pg_control_system())"
_COUNT = """select count(*) into n from only {table};
  if n < {rows} or (n > {rows} and not exists (select from pg_depend
      where classid = 'pg_class'::regclass and objid = {name}::regclass and deptype = 'e')) then
    raise exception 'vigie: % has % rows, the dump has %', {name}, n, {rows};
  end if;"""
"""Of a table that belongs to an extension a dump holds only the rows that were added to it."""


class Loading:
    """`next_piece` gives the bytes for psql, b"" at the end; `fed` counts those of the dump that are given.

    The transaction is ended by the last piece alone: psql takes a pipe that breaks for the end of its script, and a
    worker that is killed must leave nothing behind. The file must still be what was checked: `sha256` is its sum.
    """

    def __init__(self, packed: Path, before: str, after: str, sha256: str) -> None:
        self.fed = 0
        self._sha256 = sha256
        self._pieces = self._all(packed, before.encode(), after.encode())

    def next_piece(self) -> bytes:
        """The next bytes; raises OSError or IsalError when the file is not what it was when it was checked."""
        return next(self._pieces, b"")

    def _all(self, packed: Path, before: bytes, after: bytes) -> Iterator[bytes]:
        yield b"begin;\n" + before
        unpacking, found = isal_zlib.decompressobj(31), hashlib.sha256()
        with packed.open("rb") as file:
            while chunk := file.read(CHUNK):
                found.update(chunk)
                piece = unpacking.decompress(chunk)
                self.fed += len(piece)
                if piece:
                    yield piece
        if not unpacking.eof or found.hexdigest() != self._sha256:
            raise OSError("it is not the file any more that was checked")
        yield after + b"\ncommit;\n"


def checking(database: str, oid: int, identifier: str, mark: str) -> str:
    """SQL that raises unless it runs in the very database that was proven, whichever way the connection took."""
    own = "from pg_database where datname = current_database()"
    conditions = [f"current_database() <> {sql_literal(database)}", f"(select oid {own}) <> {oid}"]
    if mark:
        comment = f"E'\\n' || coalesce((select shobj_description(oid, 'pg_database') {own}), '') || E'\\n'"
        line = sql_literal(f"\nvigie:environment={mark}\n")
        conditions.append(f"strpos({comment}, {line}) = 0")
    if identifier:
        conditions.append(f"{_NUMBER} <> {int(identifier)}")
    tag = f"$vigie{secrets.token_hex(6)}$"
    raising = "raise exception 'vigie: this is not the database that was proven: %', current_database();"
    return f"do {tag} begin\n  if {' or '.join(conditions)} then {raising}\n  end if;\nend {tag};\n"


def emptying(schemas: Sequence[str], beside: Sequence[str], major: int) -> str:
    """SQL that removes these schemas with all that is in them, and makes `public` again as a new database has it.

    `beside` are the statements that remove what lies in no schema (`Ground.beside_schemas`).
    """
    lines = [f"set local lock_timeout = '{LOCK_LIMIT}';", *beside]
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
    checks = [_COUNT.format(table=name, rows=rows, name=sql_literal(name)) for name, rows in sorted(tables.items())]
    return "\n".join(["", f"do {tag} declare n bigint; begin", *(f"  {check}" for check in checks), f"end {tag};", ""])


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
