"""Beside a running dump: how far it is, and who holds it up. It only tells; if it cannot, the dump goes on."""

from __future__ import annotations

from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any

from operations.ages import size_words
from operations.dump.packing import Packer
from operations.engine.steps import StepContext
from operations.settings import Secret
from operations.text import one_line

if TYPE_CHECKING:
    import psycopg

_EVERY = 0.5
_ASK_EVERY = 4
"""The database is asked on every n-th look."""
_TABLE = """
select p.relid::regclass::text, p.tuples_processed from pg_stat_progress_copy p
 where p.command = 'COPY TO' and p.datname = current_database()
"""
_HELD_UP = """
select b.pid, coalesce(b.application_name, ''), left(coalesce(b.query, ''), 80)
  from pg_stat_activity a, unnest(pg_blocking_pids(a.pid)) blocker join pg_stat_activity b on b.pid = blocker
 where a.application_name = 'vigie' and a.datname = current_database() and a.wait_event_type = 'Lock' limit 1
"""


class DumpWatch:
    """Looks while the block lasts, in a thread of its own, and says it as the step's progress."""

    def __init__(self, context: StepContext, address: Secret, packer: Packer) -> None:
        self._context = context
        self._address = address
        self._packer = packer
        self._over = Event()
        self._thread = Thread(target=self._look, name="dump-watch", daemon=True)
        self.blocker = ""
        """Who held a lock that the dump waited for, seen last."""

    def __enter__(self) -> DumpWatch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(10.0)

    def _look(self) -> None:
        table = ""
        with _Questions(self._address) as questions:
            looks = 0
            while not self._over.wait(_EVERY):
                if looks % _ASK_EVERY == 0:
                    table = questions.table()
                    self._tell_blocker(questions.held_up())
                looks += 1
                self._context.progress(f"{size_words(self._packer.size)} packed{f', in {table}' if table else ''}")

    def _tell_blocker(self, blocker: str) -> None:
        if blocker and blocker != self.blocker:
            self.blocker = blocker
            self._context.say(f"the dump waits for {blocker}", "warn")


class _Questions:
    """A read-only connection of its own, given up at the first thing that goes wrong."""

    def __init__(self, address: Secret) -> None:
        self._address = address
        self._connection: psycopg.Connection[Any] | None = None
        self._gone = False

    def __enter__(self) -> _Questions:
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()

    def table(self) -> str:
        """The table that is copied just now, and how many rows of it."""
        row = self._row(_TABLE)
        return f"{one_line(str(row[0]), 60)} {row[1]} rows" if row else ""

    def held_up(self) -> str:
        """Who holds a lock that the dump waits for."""
        row = self._row(_HELD_UP)
        if row is None:
            return ""
        who = f" {one_line(str(row[1]), 40)}" if row[1] else ""
        return f"session {row[0]}{who}: {one_line(str(row[2]), 80)}"

    def _row(self, question: str) -> tuple[Any, ...] | None:
        import psycopg

        if self._gone:
            return None
        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    self._address.reveal(), autocommit=True, connect_timeout=5, application_name="vigie watch of a dump"
                )
                self._connection.execute("set statement_timeout = 2000")
            return self._connection.execute(question.encode()).fetchone()
        except psycopg.Error:
            self._gone = True
            return None
