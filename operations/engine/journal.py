"""The journal: this user's append-only store of all events, in SQLite. What `append` returned is on disk.

Several processes of one user append at once; each event is chained to the one its writer (user, host and file) wrote
before. Events of other writers come in as they are (`adopt`), each chain for itself.
"""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from operations.engine.events import Draft, Event, Ids, canonical, event_from_row, plain, sealed, utc_text
from operations.engine.heads import Head, mark_of, read_heads, remember_head
from operations.engine.redaction import Redactor
from operations.engine.store import (
    COLUMNS,
    INCIDENT_MARKS,
    Gate,
    connect,
    connect_to_read,
    has_marks,
    unavailable,
    writer_of,
)
from operations.engine.verify import Excuses, Problem, chain_problems, excuses_of, head_problems

_PIECE = 2_000
_WITH_ITS_JOBS = (
    "SELECT place FROM events WHERE incident = ? AND incident != '' UNION"
    " SELECT place FROM events WHERE job != '' AND job IN"
    " (SELECT job FROM events WHERE incident = ? AND incident != '' AND kind = 'job.created' AND job != '')"
)
_WRITERS = (
    "WITH RECURSIVE writers (name) AS (SELECT min(writer) FROM events UNION ALL"
    " SELECT (SELECT min(writer) FROM events WHERE writer > name) FROM writers WHERE name IS NOT NULL)"
)
"""Goes from writer to writer in the index instead of reading every event."""


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
        gate: Gate | None = None,
    ) -> None:
        self.path = path
        self.actor = actor
        self.host = socket.gethostname()
        self.writer = writer_of(connection)
        self.head_path = path.with_suffix(".head")
        self.unreadable: set[int] = set()
        """Places of events that were asked for and could not be read."""
        self.head_problem = ""
        """Why the last head could not be kept, in words; empty when it was."""
        self._connection = connection
        self._gate = gate
        self.marked = has_marks(connection)
        """Whether the file has the indexes of marks."""
        self._redactor = redactor
        self._now = now
        self._ids = Ids(now)
        self._guard = threading.RLock()
        self._own_appends = 0
        self._seen = (-1, 0)

    @classmethod
    def open(cls, path: Path, *, actor: str, redactor: Redactor, now: Callable[[], datetime]) -> Journal:
        """Open the journal at `path`, making it (mode 0600) when there is none. Raises JournalUnavailable."""
        connection, gate = connect(path)
        return cls(path, connection, actor=actor, redactor=redactor, now=now, gate=gate)

    @classmethod
    def open_to_read(cls, path: Path, *, redactor: Redactor, now: Callable[[], datetime]) -> Journal:
        """Open one whose folder cannot be written: appending to it raises. Raises JournalUnavailable."""
        return cls(path, connect_to_read(path), actor="", redactor=redactor, now=now)

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

    def adopt(self, events: Iterable[Event], more: Sequence[Draft] = ()) -> list[Event]:
        """Put other writers' events in as they are, and `more` of our own behind them: all or nothing.

        Whether they may come in is asked elsewhere (`transfer`). Returns our own. Raises JournalUnavailable.
        """
        newest: dict[str, Event] = {}
        written: list[Event] = []
        with self._writing():
            for event in events:
                self._insert(event)
                newest[event.writer] = event
            seq, prev = self._last()
            for draft in more:
                written.append(self._placed(draft, seq + 1, prev))
                self._insert(written[-1])
                seq, prev = written[-1].seq, written[-1].hash
        self._own_appends += 1
        for event in (*newest.values(), *written[-1:]):
            self._keep_head(event)
        return written

    def forget(self, heads: Sequence[Head], note: Draft) -> None:
        """Remove each writer's events up to its head, behind a note of our own: all or nothing.

        What is removed is wiped from the file. Whether it may go is asked elsewhere (`pruning`). Raises
        JournalUnavailable.
        """
        self.query("PRAGMA secure_delete = ON")
        with self._writing():
            seq, prev = self._last()
            event = self._placed(note, seq + 1, prev)
            self._insert(event)
            for head in heads:
                self._connection.execute("DELETE FROM events WHERE writer = ? AND seq <= ?", (head.writer, head.seq))
        self._own_appends += 1
        self._keep_head(event)

    def jobs_removed(self) -> int:
        """How many jobs were removed for their age: numbers of jobs go on behind them. Raises JournalUnavailable."""
        found = self.events(kinds=("journal.pruned",))
        return max((int(event.data.get("jobs") or 0) for _, event in found if event.writer == self.writer), default=0)

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
        query = f"SELECT place, {COLUMNS} FROM events WHERE {where} ORDER BY place LIMIT ?"  # noqa: S608 - fixed parts
        return self._found(query, (*values, -1 if limit is None else limit))

    def story(self, incident: str) -> list[tuple[int, Event]]:
        """All events of an incident, those of its jobs included, each with its place. Raises JournalUnavailable."""
        query = f"SELECT place, {COLUMNS} FROM events WHERE place IN ({_WITH_ITS_JOBS}) ORDER BY place"  # noqa: S608 - fixed
        return self._found(query, (incident, incident))

    def chain(self, writer: str) -> Iterator[Event]:
        """All events of one writer in their order, read piece by piece. Raises JournalUnavailable."""
        seq = 0
        query = f"SELECT place, {COLUMNS} FROM events WHERE writer = ? AND seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - fixed
        while True:
            newest = self.query(
                "SELECT max(seq) FROM (SELECT seq FROM events WHERE writer = ? AND seq > ? ORDER BY seq LIMIT ?)",
                (writer, seq, _PIECE),
            )[0][0]
            if newest is None:
                return
            yield from (event for _, event in self._found(query, (writer, seq, _PIECE)))
            seq = int(newest)

    def incident_marks(self) -> list[tuple[Any, ...]]:
        """Of every event that opens an incident or changes its state or severity: incident, writer, seq, kind, at,
        actor and data, as text; each incident's together, each writer's in order. Behind them in the same order those
        that change a title: they are few, and no index of their own is worth it. Raises JournalUnavailable."""
        index = "INDEXED BY marks_of_incidents" if self.marked else ""
        marks = "SELECT incident, writer, seq, kind, at, actor, data FROM events"
        order = "ORDER BY incident, writer, seq"
        return self.query(f"{marks} {index} WHERE {INCIDENT_MARKS} {order}") + self.query(
            f"{marks} WHERE kind = 'incident.title' {order}"
        )

    def known(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of `ids` that are in the journal. Raises JournalUnavailable."""
        found: set[str] = set()
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            marks = ", ".join("?" * len(some))
            found |= {row[0] for row in self.query(f"SELECT id FROM events WHERE id IN ({marks})", some)}  # noqa: S608
        return frozenset(found)

    def last_place(self) -> int:
        """The place of the newest event, 0 without any. Raises JournalUnavailable."""
        return int(self.query("SELECT coalesce(max(place), 0) FROM events")[0][0])

    def _found(self, query: str, values: Sequence[object]) -> list[tuple[int, Event]]:
        found: list[tuple[int, Event]] = []
        for row in self.query(query, values):
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
        newest = "SELECT max(seq) FROM events WHERE writer = name"
        rows = self.query(
            f"{_WRITERS} SELECT name, seq, hash FROM writers JOIN events"  # noqa: S608 - fixed
            f" ON writer = name AND seq = ({newest}) WHERE name IS NOT NULL"
        )
        return tuple(Head(writer, seq, digest) for writer, seq, digest in rows)

    def own_mark(self) -> str:
        """This file's own last event in a few characters, for the foot of a message; empty without one."""
        row = self.query("SELECT seq, hash FROM events WHERE writer = ? ORDER BY seq DESC LIMIT 1", (self.writer,))
        return mark_of(Head(self.writer, int(row[0][0]), str(row[0][1]))) if row else ""

    def heads_marked(self, marks: Sequence[str]) -> tuple[list[Head], list[Problem]]:
        """The events that marks (`own_mark`) stand for, and a problem for each that nothing here fits. Reads all."""
        found: list[Head] = []
        problems: list[Problem] = []
        for mark in marks:
            seq, _, digest = mark.partition("-")
            wanted = (int(seq) if seq.isdecimal() else -1, f"{digest}*" if digest.isalnum() else "")
            rows = self.query("SELECT writer, seq, hash FROM events WHERE seq = ? AND hash GLOB ?", wanted)
            found += [Head(str(writer), int(number), str(whole)) for writer, number, whole in rows]
            if not rows:
                problems.append(Problem("cut-off", "", max(wanted[0], 0), f"no event here fits the mark {mark}"))
        return found, problems

    def verify(self, outside: Sequence[Head] = ()) -> list[Problem]:
        """Everything that is wrong with the chains: changed, missing, reordered or cut off. Reads every event.

        `outside` are heads that were written where this user cannot reach. Raises JournalUnavailable.
        """
        query = f"SELECT place, {COLUMNS} FROM events ORDER BY writer, seq"  # noqa: S608 - fixed parts
        excuses = self.excuses()
        with self._guard, self._in_words():
            rows = ((row[0], row[1:]) for row in self._connection.execute(query))
            problems = list(chain_problems(rows, excuses, own=self.writer))
        problems += head_problems(outside, self._hash_at, excuses)
        try:
            kept = read_heads(self.head_path)
        except ValueError as error:
            return [*problems, Problem("head", "", 0, str(error))]
        if kept is None:
            words = "the head file is gone: a cut-off end could not be seen"
            return [*problems, *([Problem("head", "", 0, words)] if self.last_place() else [])]
        return [*problems, *head_problems((*kept.known, *kept.lost), self._hash_at, excuses, lost=kept.lost)]

    def excuses(self) -> Excuses:
        """What the journal itself says of gaps in its chains. Raises JournalUnavailable."""
        return excuses_of(
            (event for _, event in self.events(kinds=("journal.imported", "journal.pruned"))), self.writer
        )

    def close(self) -> None:
        """Close the connection; nothing is lost by not doing so."""
        with self._guard:
            self._connection.close()
        if self._gate is not None:
            self._gate.close()

    def _last(self) -> tuple[int, str]:
        row = self._connection.execute(
            "SELECT seq, hash FROM events WHERE writer = ? ORDER BY seq DESC LIMIT 1", (self.writer,)
        ).fetchone()
        return (int(row[0]), str(row[1])) if row else (0, "")

    def _hash_at(self, writer: str, seq: int) -> str | None:
        """The hash of that event; for 0 that of any event of the writer. None where there is none."""
        one = "seq = ?" if seq else "seq > ?"
        rows = self.query(f"SELECT hash FROM events WHERE writer = ? AND {one} LIMIT 1", (writer, seq))  # noqa: S608 - fixed
        return str(rows[0][0]) if rows else None

    def _placed(self, draft: Draft, seq: int, prev: str) -> Event:
        return placed(draft, self, self._redactor, self._ids, self._now(), seq, prev)

    def _insert(self, event: Event) -> None:
        values = (
            event.id, utc_text(event.at), utc_text(event.recorded_at), event.incident, event.job, event.actor,
            event.host, event.kind, canonical(event.data), event.writer, event.seq, event.prev, event.hash,
        )  # fmt: skip
        marks = ", ".join("?" * len(values))
        self._connection.execute(f"INSERT INTO events ({COLUMNS}) VALUES ({marks})", values)  # noqa: S608 - fixed parts

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
