"""Saves what can be read of a damaged journal into a new file and puts it in its place; the old one is kept beside.

An event counts when its hash is right; one that was edited comes along, too, so that `verify` goes on naming it. Where
the end is lost, the chain goes on behind the last event that the head file remembers: an export may bring it back.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from operations.engine.carving import Row, application_id, carved
from operations.engine.events import Draft, Event, Ids, canonical, event_from_row, hash_of_row, utc_text
from operations.engine.heads import Head, Heads, read_heads, remember_head
from operations.engine.journal import placed
from operations.engine.redaction import Redactor
from operations.engine.store import COLUMNS, Gate, gate_path, prepare, unavailable, writer_of
from operations.engine.verify import chain_problems
from operations.errors import JournalUnavailable, VigieError

_BATCH = 2_000
_MARKS = ", ".join("?" * 14)
_TEXTS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12)
"""Columns that hold text; `seq` is a number."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was saved: the file that was kept, how many events there are now, and what is missing, in words."""

    kept: Path
    events: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pen:
    actor: str
    host: str
    writer: str


def damage(path: Path) -> str:
    """What is wrong with the file, in words; empty when SQLite finds nothing. Reads all of it.

    Raises JournalUnavailable when it cannot be looked at.
    """
    if not path.exists():
        raise JournalUnavailable(f"There is no journal {path}.")
    if path.stat().st_size == 0:
        return "the file is empty" if _remembered(path).known else ""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        found = connection.execute("PRAGMA integrity_check(1)").fetchone()
        connection.execute("SELECT place FROM events LIMIT 1").fetchone()
    except sqlite3.Error as error:
        wrong = unavailable(path, error)
        if wrong.damaged or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR:
            return str(error)
        raise wrong from error
    finally:
        connection.close()
    return "" if found == ("ok",) else str(found[0]).splitlines()[-1]


def repair(path: Path, *, actor: str, redactor: Redactor, now: Callable[[], datetime]) -> Repaired:
    """Put a new file with every readable event in the place of `path`.

    Raises VigieError: a process has it open, there is no room, or the folder cannot be written. Then all is as before.
    """
    gate = _alone(path)
    fresh = path.with_name(path.name + ".new")
    try:
        sources = [path, *(_kept_before(path) if fresh.exists() else [])]
        room = shutil.disk_usage(path.parent).free
        if room < 1.2 * sum(_size(source) for source in sources):
            raise VigieError(f"Too little room in {path.parent} for a new journal.", next_step="Free some space on it.")
        for half in _parts(fresh):
            half.unlink(missing_ok=True)
        kept = _name_to_keep(path, now())
        with closing(_made(fresh, _number(path))) as connection:
            _fill(connection, sources)
            event = _noted(connection, path, kept, actor, redactor, now)
            missing = _missing(connection)
            events = int(connection.execute("SELECT count(*) FROM events").fetchone()[0])
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _swap(path, fresh, kept)
        _keep_head(path, event)
    except sqlite3.Error as error:
        raise unavailable(fresh, error) from error
    except OSError as error:
        raise VigieError(f"{error.filename or path.parent}: {error.strerror}. Nothing was changed.") from error
    finally:
        gate.close()
    return Repaired(kept, events, missing)


def users_of(path: Path) -> tuple[int, ...]:
    """Process ids that have the journal open, this one aside, as far as they can be seen."""
    found: set[int] = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):
            if link.readlink() == gate_path(path.absolute()):
                found.add(int(link.parts[2]))
    return tuple(sorted(found - {os.getpid()}))


def _alone(path: Path) -> Gate:
    try:
        return Gate(path, alone=True)
    except BlockingIOError:
        who = ", ".join(str(pid) for pid in users_of(path)) or "unknown"
        raise VigieError(
            f"The journal is open in other processes: {who}. Nothing was changed.",
            next_step="Leave the other consoles, let jobs end, and repair it then.",
        ) from None


def _name_to_keep(path: Path, now: datetime) -> Path:
    """A name for the damaged file that is free; names sort by time."""
    stem = f"{path.stem}.damaged-{now:%Y%m%dT%H%M%S}"
    names = (
        path.with_name(f"{stem}{more}{path.suffix}") for more in ("", *(f".{number}" for number in range(1, 1000)))
    )
    return next(name for name in names if not name.exists())


def _made(fresh: Path, number: int | None) -> sqlite3.Connection:
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(fresh, isolation_level=None)
    prepare(connection)
    # Nobody relies on the new file before it is whole: `_swap` waits for the disk then.
    connection.execute("PRAGMA synchronous = OFF")
    if number is not None:
        connection.execute(f"PRAGMA application_id = {number}")
    return connection


def _fill(connection: sqlite3.Connection, sources: Iterable[Path]) -> None:
    """First what its hash speaks for, then what was edited, where nothing better took its place."""
    doubtful: list[tuple[int, Row]] = []
    for source in sources:
        rows = carved(source)
        while batch := list(islice(rows, _BATCH)):
            _insert(connection, [one for one in batch if _is_whole(one[1])])
            doubtful += [one for one in batch if not _is_whole(one[1]) and _is_event(one[1])]
    _insert(connection, doubtful)


def _insert(connection: sqlite3.Connection, rows: Sequence[tuple[int, Row]]) -> None:
    statement = f"INSERT OR IGNORE INTO events (place, {COLUMNS}) VALUES ({_MARKS})"  # noqa: S608 - fixed parts
    connection.execute("BEGIN IMMEDIATE")
    before = connection.total_changes
    connection.executemany(statement, ((place, *row) for place, row in rows))
    if connection.total_changes - before < len(rows):
        # A place that is taken already by another event is no reason to lose this one.
        connection.executemany(statement, ((None, *row) for _, row in rows))
    connection.execute("COMMIT")


def _is_whole(row: Row) -> bool:
    try:
        return hash_of_row(row) == str(row[12]) and bool(event_from_row(row))
    except (ValueError, TypeError, RecursionError):
        return False


def _is_event(row: Row) -> bool:
    try:
        event_from_row(row)
    except (ValueError, TypeError, RecursionError):
        return False
    return all(isinstance(row[column], str) for column in _TEXTS) and isinstance(row[10], int) and bool(row[0])


def _noted(
    connection: sqlite3.Connection,
    path: Path,
    kept: Path,
    actor: str,
    redactor: Redactor,
    now: Callable[[], datetime],
) -> Event:
    """Write down the repair itself, behind the last event that is remembered."""
    writer = writer_of(connection)
    row = connection.execute(
        "SELECT seq, hash FROM events WHERE writer = ? ORDER BY seq DESC LIMIT 1", (writer,)
    ).fetchone()
    here = Head(writer, int(row[0]), str(row[1])) if row else Head(writer, 0, "")
    remembered = _remembered(path)
    last = max((here, *(one for one in remembered.known if one.writer == writer)), key=lambda one: one.seq)
    pen = _Pen(actor, socket.gethostname(), writer)
    draft = Draft("journal.repaired", {"kept": kept.name, "continues_behind": last.seq, "saved_up_to": here.seq})
    event = placed(draft, pen, redactor, Ids(now), now(), last.seq + 1, last.hash)
    values = (
        event.id, utc_text(event.at), utc_text(event.recorded_at), "", "", event.actor, event.host, event.kind,
        canonical(event.data), event.writer, event.seq, event.prev, event.hash,
    )  # fmt: skip
    connection.execute(f"INSERT INTO events (place, {COLUMNS}) VALUES ({_MARKS})", (None, *values))  # noqa: S608 - fixed
    return event


def _missing(connection: sqlite3.Connection) -> tuple[str, ...]:
    query = f"SELECT place, {COLUMNS} FROM events ORDER BY writer, seq"  # noqa: S608 - fixed parts
    rows: Iterator[tuple[int, Row]] = ((row[0], row[1:]) for row in connection.execute(query))
    return tuple(problem.says for problem in chain_problems(rows, own="") if problem.kind in ("missing", "changed"))


def _swap(path: Path, fresh: Path, kept: Path) -> None:
    """Put `fresh` in the place of `path`. Both files are whole at every moment; SQLite's log goes with the old one."""
    for part in _parts(path)[1:]:
        with suppress(FileNotFoundError):
            copy = kept.with_name(kept.name + part.name.removeprefix(path.name))
            shutil.copyfile(part, copy)
            copy.chmod(0o600)
            _synced(copy)
    os.link(path, kept)
    for half in _parts(fresh)[1:]:
        half.unlink(missing_ok=True)
    _synced(fresh)
    for part in _parts(path)[1:]:
        part.unlink(missing_ok=True)
    fresh.replace(path)
    _synced(path.parent)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _keep_head(path: Path, event: Event) -> None:
    with closing(sqlite3.connect(path)) as connection, suppress(OSError):

        def is_here(head: Head) -> bool:
            found = connection.execute(
                "SELECT 1 FROM events WHERE writer = ? AND seq = ? AND hash = ?", (head.writer, head.seq, head.hash)
            )
            return found.fetchone() is not None

        remember_head(path.with_suffix(".head"), event, is_here)


def _number(path: Path) -> int | None:
    """The old file's number, or None for a new one: then a new chain begins, and the old one's end shows as lost."""
    with suppress(OSError):
        found = application_id(path)
        if found is not None:
            return found
    account = f"{writer_account()}/"
    for head in _remembered(path).known:
        if head.writer.startswith(account) and len(head.writer) == len(account) + 6:
            with suppress(ValueError):
                return int(head.writer.removeprefix(account), 16)
    return None


def writer_account() -> str:
    """User and host, as every writer's name begins."""
    import getpass

    return f"{getpass.getuser()}@{socket.gethostname()}"


def _remembered(path: Path) -> Heads:
    with suppress(ValueError):
        return read_heads(path.with_suffix(".head")) or Heads()
    return Heads()


def _kept_before(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"))


def _parts(path: Path) -> tuple[Path, Path, Path]:
    return path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _size(path: Path) -> int:
    return sum(part.stat().st_size for part in _parts(path)[:2] if part.exists())
