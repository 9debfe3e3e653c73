"""A handful of kept database connections; a broken one is thrown away and the next request opens a new one."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]


class Database:
    """Reads and writes with at most `size` connections; a request waits up to 5 s for a free one."""

    def __init__(self, address: str, name: str, size: int = 4) -> None:
        self._address = address
        self._name = name
        self._kept: queue.LifoQueue[psycopg.Connection[Row] | None] = queue.LifoQueue()
        for _ in range(size):
            self._kept.put(None)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run one statement and return its rows. Raises psycopg.Error."""
        connection = self._kept.get(timeout=5)
        try:
            if connection is None or connection.closed:
                connection = self._connect()
            cursor = connection.execute(sql, values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError:
            if connection is not None:
                connection.close()
            connection = None
            raise
        finally:
            self._kept.put(connection)

    def answers(self) -> bool:
        """True when `select 1` comes back; one retry, because a kept connection may have died unseen."""
        for _ in range(2):
            try:
                self.rows("select 1")
                return True
            except (psycopg.Error, queue.Empty):
                continue
        return False

    def close(self) -> None:
        """Give every kept connection back."""
        while not self._kept.empty():
            connection = self._kept.get_nowait()
            if connection is not None:
                connection.close()

    def _connect(self) -> psycopg.Connection[Row]:
        return psycopg.connect(
            self._address,
            connect_timeout=3,
            application_name=self._name,
            autocommit=True,
            row_factory=dict_row,
            options="-c statement_timeout=8000",
        )
