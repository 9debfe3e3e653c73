"""The journal's file: its table and indexes, how it is opened, and in words why it cannot be. Knows no event."""

from __future__ import annotations

import errno
import fcntl
import getpass
import os
import secrets
import socket
import sqlite3
from contextlib import suppress
from pathlib import Path

from operations.errors import JournalUnavailable
from operations.places import private_file

VERSION = 3
BUSY_SECONDS = 15.0
COLUMNS = "id, at, recorded_at, incident, job, actor, host, kind, data, writer, seq, prev, hash"
INCIDENT_MARKS = "kind IN ('incident.opened', 'incident.state', 'incident.severity')"
"""What an incident's place in a list is made of; `marks_of_incidents` holds it, so that no other event is read."""
JOB_MARKS = "kind IN ('job.created', 'job.finished', 'job.closed', 'debris.left', 'debris.settled', 'debris.cleaned')"
"""What tells whether an old job still matters; `marks_of_jobs` holds it."""
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS events (place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,"
    " at TEXT NOT NULL, recorded_at TEXT NOT NULL, incident TEXT NOT NULL, job TEXT NOT NULL, actor TEXT NOT NULL,"
    " host TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, writer TEXT NOT NULL, seq INTEGER NOT NULL,"
    " prev TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (writer, seq))",
    "CREATE INDEX IF NOT EXISTS events_by_incident ON events (incident) WHERE incident != ''",
    "CREATE INDEX IF NOT EXISTS events_by_job ON events (job) WHERE job != ''",
    "CREATE INDEX IF NOT EXISTS events_of_jobs ON events (place) WHERE job != ''",
    "CREATE INDEX IF NOT EXISTS events_by_kind ON events (kind)",
    "CREATE INDEX IF NOT EXISTS marks_of_incidents ON events (incident, writer, seq, kind, at, actor, data)"
    f" WHERE {INCIDENT_MARKS}",
    f"CREATE INDEX IF NOT EXISTS marks_of_jobs ON events (job, kind) WHERE {JOB_MARKS}",
)


class Gate:
    """Held by everybody who has the journal open (shared), or by the one who puts another file in its place (alone).

    A lock of its own file: closing it takes none of SQLite's locks away.
    """

    def __init__(self, path: Path, *, alone: bool = False) -> None:
        """Raises BlockingIOError when it is held the other way."""
        self._descriptor = -1
        try:
            self._descriptor = os.open(gate_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            # Where no file can be made none is put in another's place either.
            return
        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise

    def close(self) -> None:
        """Let go."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def __del__(self) -> None:
        self.close()


def gate_path(path: Path) -> Path:
    """The file that the gate of the journal `path` locks."""
    return path.with_suffix(".gate")


def connect(path: Path) -> tuple[sqlite3.Connection, Gate]:
    """Open the journal's file, making it (mode 0600) when there is none. Raises JournalUnavailable."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        gate = Gate(path)
        private_file(path)
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    except BlockingIOError:
        raise JournalUnavailable(
            "The journal cannot be used: it is being repaired.", next_step=f"Try again in a moment. It is {path}."
        ) from None
    except OSError as error:
        raise unavailable(path, error) from error
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        prepare(connection)
    except sqlite3.Error as error:
        connection.close()
        gate.close()
        raise unavailable(path, error) from error
    return connection, gate


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open the file of a folder that cannot be written. Raises JournalUnavailable, also for a log nobody can read."""
    log = path.with_name(path.name + "-wal")
    ways = ["mode=ro"]
    with suppress(OSError):
        # Without anything in the log the file alone is the whole.
        ways += [] if log.exists() and log.stat().st_size else ["immutable=1"]
    failure: sqlite3.Error | None = None
    for way in ways:
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?{way}", uri=True, check_same_thread=False)
            connection.execute("SELECT place FROM events LIMIT 1").fetchone()
        except sqlite3.Error as error:
            failure = error
            if connection is not None:
                connection.close()
        else:
            return connection
    assert failure is not None
    raise unavailable(path, failure) from failure


def prepare(connection: sqlite3.Connection) -> None:
    """Make the table where there is none; have every commit wait for the disk. Raises sqlite3.Error."""
    # FULL makes a commit in WAL mode wait for the disk; it has to be said for every connection.
    connection.execute("PRAGMA synchronous = FULL")
    if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        fresh = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        for statement in _SCHEMA:
            connection.execute(statement)
        if fresh:
            connection.execute(f"PRAGMA application_id = {1 + secrets.randbelow(0xFFFFFF)}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    connection.execute("SELECT place FROM events LIMIT 1").fetchone()


def has_marks(connection: sqlite3.Connection) -> bool:
    """Whether the indexes of marks are there; a file of an earlier version that is only read has none."""
    return bool(connection.execute("PRAGMA user_version").fetchone()[0] >= VERSION)


def writer_of(connection: sqlite3.Connection) -> str:
    """Who writes this very file: user, host, and the file's own number, so that two files never share a chain.

    Files made before there was a number have none.
    """
    number = int(connection.execute("PRAGMA application_id").fetchone()[0])
    return f"{getpass.getuser()}@{socket.gethostname()}" + (f"/{number:06x}" if number else "")


def unavailable(path: Path, error: sqlite3.Error | OSError) -> JournalUnavailable:
    """The error in words: what stands in the way, and what to do."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    repair = "Save what can be read: vigie journal repair."
    known = {
        sqlite3.SQLITE_FULL: ("the disk is full", "Free some space on it."),
        sqlite3.SQLITE_IOERR: ("the disk cannot be written or read", "Look at the disk: df, dmesg."),
        sqlite3.SQLITE_READONLY: ("it is read-only", "Look at its owner and mode, and how the disk is mounted."),
        sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "Look at the folder's owner, mode and free space."),
        sqlite3.SQLITE_CORRUPT: ("the file is damaged", repair),
        sqlite3.SQLITE_NOTADB: ("the file is no journal, or damaged", repair),
        sqlite3.SQLITE_BUSY: ("another process keeps it locked", "Look who has it open: fuser."),
    }
    words = str(error) if isinstance(error, sqlite3.Error) else str(error.strerror or error)
    means, next_step = known.get(code, (words, "Look at the folder's owner, mode and free space."))
    # The reason first: a narrow screen cuts the end.
    found = JournalUnavailable(f"The journal cannot be used: {means}.", next_step=f"{next_step} It is {path}.")
    found.damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return found
