"""Reads a plain SQL dump as it streams by: rows of each table, versions, meta-commands, whether its end was seen.

Table data is not looked into, only its lines are counted, so that this costs a tenth of the dump. What stands between
tables is read with its quotes and comments: a function's body may hold what looks like a COPY, and is none.
"""

from __future__ import annotations

import re

FOOTER = b"-- PostgreSQL database dump complete"
LONGEST_LINE = 16_000_000
"""Bytes of one line outside of table data that are read; a longer one makes the whole unreadable."""
_DATA_END = b"\n\\.\n"
_PART = rb'(?:"(?:[^"]|"")+"|[^\s."(]+)'
_COPY = re.compile(rb"COPY (?P<table>" + _PART + rb"(?:\." + _PART + rb")?)(?: \(.*\))? +FROM stdin;\s*\Z", re.DOTALL)
_DUMPED = re.compile(rb"-- Dumped (?P<which>from database|by pg_dump) version (?P<version>[^\s]+)")
_EXTENSION = re.compile(rb'CREATE EXTENSION (?:IF NOT EXISTS )?(?P<name>"[^"]+"|[^\s;]+)')
_SCHEMA = re.compile(rb'CREATE SCHEMA (?:IF NOT EXISTS )?(?P<name>"[^"]+"|[^\s;]+)')
_ROLE = re.compile(
    rb'(?:ALTER .* OWNER TO (?P<owner>"[^"]+"|[^\s;"]+);'
    rb'|(?:GRANT .* TO|REVOKE .* FROM) (?P<name>"[^"]+"|[^\s;"]+)(?: WITH GRANT OPTION| GRANTED BY .*)?;)\Z'
)
_TRANSACTION = re.compile(
    rb"(?:(?:BEGIN|COMMIT|END|ROLLBACK|ABORT)(?: (?:WORK|TRANSACTION|TO|ISOLATION|READ)\b.*)?|START TRANSACTION.*);",
    re.I,
)
_ATOMIC = re.compile(rb"\bBEGIN ATOMIC\s*\Z", re.I)
_OPENING = re.compile(
    rb"--[^\n]*"
    rb"|/\*"
    rb"|(?<![\w$\x80-\xff])[eE]'"
    rb"|'"
    rb'|"'
    rb"|(?<![\w$\x80-\xff])\$(?:[A-Za-z_\x80-\xff][\w\x80-\xff]*)?\$"
    rb"|\\"
)
_NOBODY = (b"PUBLIC", b"CURRENT_USER", b"SESSION_USER")
_COMMENT_EDGE = re.compile(rb"/\*|\*/")
_ESCAPED_END = re.compile(rb"\\.|''|'", re.DOTALL)


class DumpReader:
    """Feed it the dump in pieces of any size, then `close` it. Nothing is believed before that.

    `tables` maps the table's name as the dump writes it (`public.calls`, `public."odd name"`) to its rows.
    """

    def __init__(self) -> None:
        self.tables: dict[str, int] = {}
        self.extensions: list[str] = []
        self.schemas: list[str] = []
        self.roles: set[str] = set()
        """Who owns or is granted something in it."""
        self.server_version = ""
        self.client_version = ""
        self.restricted = False
        """True when psql is told to take no meta-commands from it (`\\restrict`)."""
        self.meta_command = ""
        """The first psql meta-command outside of table data, but for restrict and unrestrict; it would be run."""
        self.transaction_command = ""
        """The first statement that begins or ends a transaction: pg_dump writes none."""
        self.transaction_timeout = False
        """True when it sets what servers before 17 do not know."""
        self.footer = False
        """True when its last words are those that pg_dump ends with."""
        self.problem = ""
        """Why it could not be read to its end."""
        self._inside = b""
        """What the reader is inside of: a quote, a dollar tag or a comment; empty between tokens."""
        self._depth = 0
        self._atomic = False
        self._table: str | None = None
        self._carry = b""
        self._copy: bytes | None = None

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(self.tables.values())

    def feed(self, piece: bytes) -> None:
        """The next bytes of the dump."""
        while piece and not self.problem:
            piece = self._data(piece) if self._table is not None else self._statements(piece)

    def close(self) -> None:
        """There is no more."""
        if self._table is not None:
            self._fail(f"it ends inside the data of {self._table}")
        elif self._carry:
            carry, self._carry = self._carry, b""
            self._line(carry)
        if self._inside and not self.problem:
            self._fail("it ends inside a quote or a comment")

    def _fail(self, why: str) -> None:
        self.problem, self.footer = why, False

    def _data(self, piece: bytes) -> bytes:
        """Count rows up to the end mark of the table's data; what is behind it is given back."""
        assert self._table is not None
        known = len(self._carry)
        joined = self._carry + piece
        end = joined.find(_DATA_END)
        if end < 0:
            self.tables[self._table] += piece.count(b"\n")
            self._carry = joined[-3:]
            # The newline before the mark belongs to a row, the one behind a half-seen mark does not.
            return b""
        self.tables[self._table] += joined.count(b"\n", known, end + 1)
        self._table, self._carry = None, b""
        return joined[end + len(_DATA_END) :]

    def _statements(self, piece: bytes) -> bytes:
        """Read whole lines until table data begins; what is behind that is given back."""
        start = 0
        while (newline := piece.find(b"\n", start)) >= 0:
            line = piece[start : newline + 1]
            if self._carry:
                line, self._carry = self._carry + line, b""
            start = newline + 1
            self._line(line)
            if self._table is not None or self.problem:
                return piece[start:]
        self._carry += piece[start:]
        if len(self._carry) > LONGEST_LINE:
            self._fail(f"a line outside of table data is longer than {LONGEST_LINE // 1_000_000} MB")
        return b""

    def _line(self, line: bytes) -> None:
        if not self._inside:
            if self._copy is None and line.startswith(b"COPY "):
                self._copy = b""
            self._heading(line)
        if self._copy is not None:
            self._copy += line
        self._walk(line)
        if self._copy is not None and not self._inside and b";" in line:
            found = _COPY.match(self._copy)
            self._copy = None
            if found:
                self._begin_data(found["table"].decode("utf-8", "replace"))

    def _begin_data(self, table: str) -> None:
        self._table, self._carry = table, b"\n"
        self.tables.setdefault(table, 0)

    def _heading(self, line: bytes) -> None:
        """What a line that begins between tokens tells of the dump itself."""
        bare = line.strip()
        if bare.startswith(FOOTER):
            self.footer = True
        elif bare and not bare.startswith((b"--", b"\\unrestrict")):
            self.footer = False
        if found := _DUMPED.match(bare):
            version = found["version"].decode("ascii", "replace")
            if found["which"] == b"from database":
                self.server_version = self.server_version or version
            else:
                self.client_version = self.client_version or version
        elif found := _EXTENSION.match(bare):
            self.extensions.append(_name(found))
        elif found := _SCHEMA.match(bare):
            self.schemas.append(_name(found))
        elif (found := _ROLE.match(bare)) and (found["owner"] or found["name"]) not in _NOBODY:
            self.roles.add(_plain(found["owner"] or found["name"]))
        elif bare == b"SET transaction_timeout = 0;":
            self.transaction_timeout = True
        elif _ATOMIC.search(bare):
            self._atomic = True
        elif self._atomic and bare.upper() == b"END;":
            self._atomic = False
        elif not self._atomic and _TRANSACTION.match(bare) and not self.transaction_command:
            self.transaction_command = bare[:80].decode("utf-8", "replace")

    def _walk(self, line: bytes) -> None:
        """Follow quotes, dollar quotes and comments through a line, and see every backslash outside of them."""
        at = 0
        while at < len(line):
            if self._inside:
                at = self._leave(line, at)
                continue
            found = _OPENING.search(line, at)
            if found is None:
                return
            token, at = found[0], found.end()
            if token == b"\\":
                self._meta(line[found.start() :])
                return
            if not token.startswith(b"--"):
                self._inside = token.lower() if token[:1] in b"eE" else token
                self._depth = 1

    def _leave(self, line: bytes, at: int) -> int:
        """Where what the reader is inside of ends in this line; its length when it goes on."""
        inside = self._inside
        if inside == b"/*":
            for edge in _COMMENT_EDGE.finditer(line, at):
                self._depth += 1 if edge[0] == b"/*" else -1
                if not self._depth:
                    self._inside = b""
                    return edge.end()
            return len(line)
        if inside == b"e'":
            for found in _ESCAPED_END.finditer(line, at):
                if found[0] == b"'":
                    self._inside = b""
                    return found.end()
            return len(line)
        end = line.find(inside, at)
        if end < 0:
            return len(line)
        # A doubled quote opens again at once: for following quotes that is the same.
        self._inside = b""
        return end + len(inside)

    def _meta(self, command: bytes) -> None:
        word = command.split(maxsplit=1)[0]
        if word == b"\\restrict":
            self.restricted = True
        elif word != b"\\unrestrict" and not self.meta_command:
            self.meta_command = command.strip()[:80].decode("utf-8", "replace")


def _name(found: re.Match[bytes]) -> str:
    return _plain(found["name"])


def _plain(name: bytes) -> str:
    return name.decode("utf-8", "replace").strip('"').replace('""', '"')
