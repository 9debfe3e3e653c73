"""The recorder's file: readings of the last days, what was usual, which version was seen when, and alarms.

SQLite in WAL mode, private to its user (0600). One writer, any number of readers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from operations.places import private_file, state_folder
from operations.settings import Settings
from operations.watch.history import VersionSpan, minutes_in
from operations.watch.model import Alarm, Reading, Status
from operations.watch.traffic.table import Minute

FILE = "readings.sqlite"
HEARTBEAT_COUNTS = 20.0
"""Seconds after its last heartbeat for which a recorder counts as alive."""
_SCHEMA = """
create table if not exists readings (
  id integer primary key, environment text not null, probe text not null, at real not null, status text not null,
  duration real not null, value real, detail text not null, data blob not null);
create index if not exists readings_by_time on readings (environment, probe, at, status);
create table if not exists minutes (
  environment text not null, minute integer not null, requests integer not null, errors integer not null, p95 real,
  primary key (environment, minute)) without rowid;
create table if not exists versions (
  id integer primary key, environment text not null, version text not null,
  first_at real not null, last_at real not null);
create table if not exists alarms (
  environment text not null, key text not null, opened_at real not null, closed_at real, title text not null,
  probe text not null, offers integer not null, about_site integer not null,
  primary key (environment, key, opened_at)) without rowid;
create table if not exists heartbeat (environment text primary key, at real not null) without rowid;
"""


def store_path(settings: Settings) -> Path:
    """The recorder's file: as set, else in the state directory."""
    return settings.resolve(settings.watch.readings) if settings.watch.readings else state_folder(settings) / FILE


class Store:
    """Open it to write (`writable`), or to read what somebody else writes. Raises sqlite3.Error on a damaged file.

    Readings of one environment should come in the order of time; `add` sorts each batch.
    """

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        self.path = path
        if writable:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            private_file(path)
            path.chmod(0o600)
        mode = "rw" if writable else "ro"
        # Long reads are made in a thread while the loop waits for them; never two at once.
        self._file = sqlite3.connect(
            f"file:{path}?mode={mode}", uri=True, timeout=5.0, isolation_level=None, check_same_thread=False
        )
        if writable:
            self._file.execute("pragma journal_mode = wal")
            self._file.execute("pragma synchronous = normal")
            self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def interrupt(self) -> None:
        """End a query that another thread makes right now; it raises sqlite3.OperationalError there."""
        self._file.interrupt()

    def add(self, environment: str, readings: Iterable[Reading]) -> None:
        """Keep readings, backdated ones too, and what follows from them: minutes of traffic, versions seen."""
        ordered = sorted(readings, key=lambda reading: reading.at)
        rows = [_row(environment, reading) for reading in ordered]
        with self._transaction():
            self._file.executemany(
                "insert into readings (environment, probe, at, status, duration, value, detail, data) "
                "values (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            for reading in ordered:
                if reading.probe == "errors":
                    self._keep_minutes(environment, reading)
                elif reading.probe == "release" and reading.data.get("site"):
                    self._keep_version(environment, str(reading.data["site"]), reading.at.timestamp())

    def add_alarms(self, environment: str, alarms: Iterable[Alarm]) -> None:
        """Keep alarms as they are now; one that has closed meanwhile is closed here too."""
        with self._transaction():
            for alarm in alarms:
                self._file.execute(
                    "insert or replace into alarms values (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        environment,
                        alarm.key,
                        alarm.opened_at.timestamp(),
                        alarm.closed_at.timestamp() if alarm.closed_at else None,
                        alarm.title,
                        alarm.probe,
                        alarm.offers_incident,
                        alarm.about_site,
                    ),
                )

    def beat(self, environment: str, at: datetime) -> None:
        """Say that the recorder lives."""
        self._file.execute("insert or replace into heartbeat values (?, ?)", (environment, at.timestamp()))

    def stop_beating(self, environment: str) -> None:
        """Say that the recorder has ended, so that nobody waits for it."""
        self._file.execute("delete from heartbeat where environment = ?", (environment,))

    def is_recording(self, environment: str, now: datetime) -> bool:
        """True when a recorder lived a moment ago."""
        row = self._file.execute("select at from heartbeat where environment = ?", (environment,)).fetchone()
        return row is not None and abs(now.timestamp() - row[0]) <= HEARTBEAT_COUNTS

    def prune(self, before: datetime) -> int:
        """Forget what is older; gives the number of readings that went."""
        limit = before.timestamp()
        with self._transaction():
            gone = self._file.execute("delete from readings where at < ?", (limit,)).rowcount
            self._file.execute("delete from minutes where minute < ?", (int(limit // 60),))
            self._file.execute("delete from versions where last_at < ?", (limit,))
            self._file.execute("delete from alarms where closed_at is not null and closed_at < ?", (limit,))
        return gone

    def changed(self) -> int:
        """A number that differs from the one before when somebody else wrote to the file."""
        return int(self._file.execute("pragma data_version").fetchone()[0])

    def readings(
        self, environment: str, *, since: datetime | None = None, after_id: int = 0, probes: Sequence[str] = ()
    ) -> tuple[int, list[Reading]]:
        """Readings in the order in which they came in, and the id of the last one."""
        # What is newer than an id lies at the table's end; the plus keeps SQLite from walking the whole index for it.
        where = ("+environment" if after_id else "environment") + " = ? and id > ? and at >= ?"
        values: list[object] = [environment, after_id, since.timestamp() if since else 0.0]
        if probes:
            where += f" and probe in ({','.join('?' * len(probes))})"
            values += probes
        order = "at, id" if after_id == 0 else "id"
        rows = self._file.execute(
            f"select id, probe, at, status, duration, value, detail, data from readings where {where} order by {order}",  # noqa: S608
            values,
        ).fetchall()
        return max((row[0] for row in rows), default=after_id), [_reading(row[1:]) for row in rows]

    def watching_since(self, environment: str) -> datetime | None:
        """When the oldest reading was made."""
        row = self._file.execute("select min(at) from readings where environment = ?", (environment,)).fetchone()
        return _time(row[0]) if row and row[0] is not None else None

    def stretch(
        self, environment: str, probe: str, before: datetime, *, good: bool
    ) -> tuple[datetime, datetime | None] | None:
        """When the stretch of good (or not good) readings that reaches up to `before` began, and the last other one.

        None when the reading just before it was on the other side, or there was none.
        """
        at, other = before.timestamp(), "not in" if good else "in"
        last_other = self._file.execute(
            "select at from readings where environment = ? and probe = ? and at < ? "  # noqa: S608
            f"and status {other} ('ok', 'warn') order by at desc limit 1",
            (environment, probe, at),
        ).fetchone()
        row = self._file.execute(
            "select min(at) from readings where environment = ? and probe = ? and at > ? and at < ?",
            (environment, probe, last_other[0] if last_other else 0.0, at),
        ).fetchone()
        if not row or row[0] is None:
            return None
        return _time(row[0]), _time(last_other[0]) if last_other else None

    def minutes(self, environment: str) -> dict[int, Minute]:
        """Every minute of traffic that was kept."""
        rows = self._file.execute(
            "select minute, requests, errors, p95 from minutes where environment = ? order by minute", (environment,)
        )
        return {minute: (requests, errors, p95) for minute, requests, errors, p95 in rows}

    def requests_per_second(self, environment: str, start: datetime, end: datetime) -> float | None:
        """The mean over the whole clock minutes kept between two times (UTC); None where none was kept."""
        total, minutes = self._file.execute(
            "select sum(requests), count(*) from minutes where environment = ? and minute >= ? and minute < ?",
            (environment, int(start.timestamp() // 60), int(end.timestamp() // 60)),
        ).fetchone()
        return total / (60 * minutes) if minutes else None

    def versions(self, environment: str) -> list[VersionSpan]:
        """The versions that the site reported, oldest first."""
        rows = self._file.execute(
            "select version, first_at, last_at from versions where environment = ? order by first_at", (environment,)
        )
        return [VersionSpan(version, _time(first), _time(last)) for version, first, last in rows]

    def alarms(self, environment: str) -> tuple[Alarm, ...]:
        """Every alarm that was kept, oldest first."""
        rows = self._file.execute(
            "select key, title, opened_at, closed_at, probe, offers, about_site from alarms "
            "where environment = ? order by opened_at",
            (environment,),
        )
        return tuple(
            Alarm(key, title, _time(opened), _time(closed) if closed else None, probe, bool(offers), bool(about))
            for key, title, opened, closed, probe, offers, about in rows
        )

    def _keep_minutes(self, environment: str, reading: Reading) -> None:
        self._file.executemany(
            "insert or replace into minutes values (?, ?, ?, ?, ?)",
            [(environment, minute, *row) for minute, row in minutes_in(reading).items()],
        )

    def _keep_version(self, environment: str, version: str, at: float) -> None:
        last = self._file.execute(
            "select id, version, last_at from versions where environment = ? order by first_at desc limit 1",
            (environment,),
        ).fetchone()
        if last is not None and last[1] == version:
            self._file.execute("update versions set last_at = max(last_at, ?) where id = ?", (at, last[0]))
        elif last is None or at >= last[2]:
            self._file.execute(
                "insert into versions (environment, version, first_at, last_at) values (?, ?, ?, ?)",
                (environment, version, at, at),
            )

    def _transaction(self) -> _Transaction:
        return _Transaction(self._file)


class _Transaction:
    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file

    def __enter__(self) -> None:
        self._file.execute("begin immediate")

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.execute("commit" if kind is None else "rollback")


def open_for_reading(settings: Settings) -> Store | None:
    """The recorder's file, or None when there is none or it cannot be read."""
    path = store_path(settings)
    if not path.is_file():
        return None
    try:
        store = Store(path)
        store.changed()
        store.watching_since("")
    except sqlite3.Error:
        return None
    return store


def _row(environment: str, reading: Reading) -> tuple[object, ...]:
    data = msgspec.json.encode(dict(reading.data))
    at = reading.at.timestamp()
    return environment, reading.probe, at, str(reading.status), reading.duration, reading.value, reading.detail, data


def _reading(row: tuple[object, ...]) -> Reading:
    probe, at, status, duration, value, detail, data = row
    assert isinstance(at, float) and isinstance(duration, float) and isinstance(data, bytes)
    number = float(value) if isinstance(value, int | float) else None
    return Reading(str(probe), Status(str(status)), _time(at), duration, str(detail), number, msgspec.json.decode(data))


def _time(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
