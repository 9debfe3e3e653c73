"""The journal: this user's append-only store of all events, in SQLite. What `append` returned is on disk.

Several processes of one user append at once; each event is chained to the one its writer (user@host) wrote before.
"""

from __future__ import annotations

import errno
import getpass
import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from operations.engine.events import Draft, Event, Ids, canonical, event_from_row, plain, sealed, utc_text
from operations.engine.heads import Head, read_heads, remember_head
from operations.engine.redaction import Redactor
from operations.engine.verify import Problem, chain_problems, head_problems
from operations.errors import JournalUnavailable
from operations.places import private_file

_VERSION = 2
_BUSY_SECONDS = 15.0
_COLUMNS = "id, at, recorded_at, incident, job, actor, host, kind, data, writer, seq, prev, hash"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS events (place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    " at TEXT NOT NULL, recorded_at TEXT NOT NULL, incident TEXT NOT NULL, job TEXT NOT NULL, actor TEXT NOT NULL,"
    " host TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, writer TEXT NOT NULL, seq INTEGER NOT NULL,"
    " prev TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (writer, seq))",
    "CREATE INDEX IF NOT EXISTS events_by_incident ON events (incident) WHERE incident != ''",
    "CREATE INDEX IF NOT EXISTS events_by_job ON events (job) WHERE job != ''",
    "CREATE INDEX IF NOT EXISTS events_of_jobs ON events (place) WHERE job != ''",
    "CREATE INDEX IF NOT EXISTS events_by_kind ON events (kind)",
    f"PRAGMA user_version = {_VERSION}",
)


class Journal:
    """One open journal; safe to use from several threads. `actor` is who acts, as the next events will say."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        actor: str,
        redactor: Redactor,
        now: Callable[[], datetime],
    ) -> None:
        self.path = path
        self.actor = actor
        self.host = socket.gethostname()
        self.writer = f"{getpass.getuser()}@{self.host}"
        self.head_path = path.with_suffix(".head")
        self.unreadable: set[int] = set()
        """Places of events that were asked for and could not be read."""
        self.head_problem = ""
        """Why the last head could not be kept, in words; empty when it was."""
        self._connection = connection
        self._redactor = redactor
        self._now = now
        self._ids = Ids(now)
        self._guard = threading.RLock()
        self._own_appends = 0
        self._seen = (-1, 0)

    @classmethod
    def open(cls, path: Path, *, actor: str, redactor: Redactor, now: Callable[[], datetime]) -> Journal:
        """Open the journal at `path`, making it (mode 0600) when there is none. Raises JournalUnavailable."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            private_file(path)
            if not os.access(path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        except OSError as error:
            raise unavailable(path, error) from error
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _prepare(connection)
        except sqlite3.Error as error:
            connection.close()
            raise unavailable(path, error) from error
        return cls(path, connection, actor=actor, redactor=redactor, now=now)

    def append(
        self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None, incident: str = "", job: str = ""
    ) -> Event:
        """Write one event, redacted; it is on disk when this returns. Raises JournalUnavailable."""
        return self.append_many([Draft(kind, data, at, incident, job)])[0]

    def append_many(self, drafts: Sequence[Draft]) -> list[Event]:
        """Write several events at once: all of them or none. Raises JournalUnavailable."""
        written: list[Event] = []
        with self._writing():
            seq, prev = self._last()
            for draft in drafts:
                event = self._placed(draft, seq + 1, prev)
                self._insert(event)
                written.append(event)
                seq, prev = event.seq, event.hash
        self._own_appends += len(written)
        if written:
            self._keep_head(written[-1])
        return written

    def events(
        self,
        *,
        after: int = 0,
        kinds: tuple[str, ...] | None = None,
        incident: str | None = None,
        job: str | None = None,
        any_job: bool = False,
        limit: int | None = None,
    ) -> list[tuple[int, Event]]:
        """Events behind place `after`, each with its place, oldest first; `any_job` takes those of any job.

        Raises JournalUnavailable.
        """
        conditions, values = ["place > ?"], [str(after)]
        if kinds is not None:
            conditions.append(f"kind IN ({', '.join('?' * len(kinds))})")
            values += kinds
        for column, value in (("incident", incident), ("job", job)):
            if value is not None:
                conditions.append(f"{column} = ?")
                # The planner takes the partial index only when it sees that the value is not empty.
                conditions += [f"{column} != ''"] if value else []
                values.append(value)
        if any_job:
            conditions.append("job != ''")
        where = " AND ".join(conditions)
        query = f"SELECT place, {_COLUMNS} FROM events WHERE {where} ORDER BY place LIMIT ?"  # noqa: S608 - fixed parts
        found: list[tuple[int, Event]] = []
        for row in self.query(query, (*values, -1 if limit is None else limit)):
            try:
                found.append((int(row[0]), event_from_row(row[1:])))
            except (ValueError, TypeError, RecursionError):
                # One damaged row must not hide the others; `verify` names it.
                self.unreadable.add(int(row[0]))
        return found

    def query(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Rows of a SELECT over `events`, for folds that need a count. Raises JournalUnavailable."""
        with self._guard, self._in_words():
            return self._connection.execute(sql, values).fetchall()

    def changed(self) -> bool:
        """True when events came since this was last asked (at first: always). Cheap enough to ask often."""
        with self._guard, self._in_words():
            version = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        seen, self._seen = self._seen, (version, self._own_appends)
        return seen != self._seen

    def heads(self) -> tuple[Head, ...]:
        """The last event of every writer, to be written where this writer cannot reach (manifests, messages)."""
        newest = "SELECT writer, max(seq) AS seq FROM events GROUP BY writer"
        rows = self.query(f"SELECT writer, seq, hash FROM ({newest}) JOIN events USING (writer, seq)")  # noqa: S608 - fixed
        return tuple(Head(writer, seq, digest) for writer, seq, digest in rows)

    def verify(self) -> list[Problem]:
        """Everything that is wrong with the chain: changed, missing, reordered or cut off. Reads every event."""
        query = f"SELECT place, {_COLUMNS} FROM events ORDER BY writer, seq"  # noqa: S608 - fixed parts
        with self._guard, self._in_words():
            rows = ((row[0], row[1:]) for row in self._connection.execute(query))
            problems = list(chain_problems(rows))
        try:
            kept = read_heads(self.head_path)
        except ValueError as error:
            return [*problems, Problem("head", "", 0, str(error))]
        return [*problems, *head_problems(kept, self.heads(), self._hash_at)]

    def close(self) -> None:
        """Close the connection; nothing is lost by not doing so."""
        with self._guard:
            self._connection.close()

    def _last(self) -> tuple[int, str]:
        row = self._connection.execute(
            "SELECT seq, hash FROM events WHERE writer = ? ORDER BY seq DESC LIMIT 1", (self.writer,)
        ).fetchone()
        return (int(row[0]), str(row[1])) if row else (0, "")

    def _hash_at(self, writer: str, seq: int) -> str | None:
        rows = self.query("SELECT hash FROM events WHERE writer = ? AND seq = ?", (writer, seq))
        return str(rows[0][0]) if rows else None

    def _placed(self, draft: Draft, seq: int, prev: str) -> Event:
        return placed(draft, self, self._redactor, self._ids, self._now(), seq, prev)

    def _insert(self, event: Event) -> None:
        values = (
            event.id, utc_text(event.at), utc_text(event.recorded_at), event.incident, event.job, event.actor,
            event.host, event.kind, canonical(event.data), event.writer, event.seq, event.prev, event.hash,
        )  # fmt: skip
        marks = ", ".join("?" * len(values))
        self._connection.execute(f"INSERT INTO events ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608 - fixed parts

    def _keep_head(self, event: Event) -> None:
        try:
            remember_head(self.head_path, event, lambda head: self._hash_at(head.writer, head.seq) == head.hash)
            self.head_problem = ""
        except OSError as error:
            # The event itself is safe; `verify` only knows less about a cut tail, and the caller can say so.
            self.head_problem = f"{self.head_path}: {error.strerror}"

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._guard, self._in_words():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise unavailable(self.path, error) from error


def placed(draft: Draft, book: Any, redactor: Redactor, ids: Ids, recorded_at: datetime, seq: int, prev: str) -> Event:
    """`draft` as the event `seq` of `book` (its writer, actor and host), redacted and sealed."""
    event = Event(
        id=ids.new(), at=draft.at or recorded_at, recorded_at=recorded_at, incident=draft.incident, job=draft.job,
        actor=redactor.redact(book.actor), host=book.host, kind=draft.kind, data=redactor.data(plain(dict(draft.data))),
        writer=book.writer, seq=seq, prev=prev,
    )  # fmt: skip
    return sealed(event)


def unavailable(path: Path, error: sqlite3.Error | OSError) -> JournalUnavailable:
    """The error in words: what stands in the way, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    known = {
        sqlite3.SQLITE_FULL: ("the disk is full", "Free some space on it."),
        sqlite3.SQLITE_IOERR: ("the disk cannot be written or read", "Look at the disk: df, dmesg."),
        sqlite3.SQLITE_READONLY: ("it is read-only", "Look at its owner and mode, and how the disk is mounted."),
        sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "Look at the folder's owner, mode and free space."),
        sqlite3.SQLITE_CORRUPT: ("the file is damaged", "Move it aside; the next start makes a new one."),
        sqlite3.SQLITE_NOTADB: ("the file is no journal, or damaged", "Move it aside; the next start makes a new one."),
        sqlite3.SQLITE_BUSY: ("another process keeps it locked", "Look who has it open: fuser."),
    }
    words = str(error) if isinstance(error, sqlite3.Error) else str(error.strerror or error)
    means, next_step = known.get(code, (words, "Look at the folder's owner, mode and free space."))
    # The reason first: a narrow screen cuts the end.
    return JournalUnavailable(f"The journal cannot be used: {means}.", next_step=f"{next_step} It is {path}.")


def _prepare(connection: sqlite3.Connection) -> None:
    # FULL makes a commit in WAL mode wait for the disk; it has to be said for every connection.
    connection.execute("PRAGMA synchronous = FULL")
    if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("COMMIT")
    connection.execute("SELECT place FROM events LIMIT 1").fetchone()
