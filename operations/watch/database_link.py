"""One held-open, read-only connection to the site's PostgreSQL, and what its refusals mean.

Held open because at "too many clients" a new one would be refused. It can change nothing: every session is read-only
with a statement and a lock limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from operations.secret_parts import secrets_of_address
from operations.settings import Secret
from operations.text import one_line

if TYPE_CHECKING:
    import psycopg

DatabaseError = Literal["none", "refused", "timeout", "starting", "auth", "too many clients", "other"]
CONNECT_SECONDS = 5
_SESSION = (
    "set statement_timeout = 5000; set lock_timeout = 1000; set default_transaction_read_only = on; "
    "set idle_in_transaction_session_timeout = 10000"
)
_WORDS: tuple[tuple[DatabaseError, tuple[str, ...]], ...] = (
    ("too many clients", ("too many clients", "too many connections", "remaining connection slots", "max_client_conn")),
    (
        "starting",
        ("starting up", "shutting down", "in recovery mode", "not yet accepting", "not accepting connections"),
    ),
    (
        "auth",
        ("password authentication", "no pg_hba", "does not exist", "permission denied", "tenant or user not found"),
    ),
    ("auth", ("no password supplied", "authentication failed", "certificate verify")),
    ("timeout", ("timeout expired", "timed out", "statement timeout", "connection timeout")),
    ("refused", ("refused", "could not translate", "not known", "resolve", "reset by peer", "unreachable", "no route")),
    ("refused", ("server closed the connection", "terminating connection", "connection is closed", "is lost")),
)
_STATES: dict[str, DatabaseError] = {
    "53300": "too many clients",
    "57P03": "starting",
    "57P01": "refused",
    "28P01": "auth",
    "28000": "auth",
    "3D000": "auth",
    "42501": "auth",
    "57014": "timeout",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the database did not answer: the kind facts use, and one line without any secret."""

    kind: DatabaseError
    words: str


class DatabaseLink:
    """A connection that is opened when first needed and opened again after it broke. One question at a time."""

    def __init__(self, address: Secret) -> None:
        self._address = address
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._turn = asyncio.Lock()

    async def rows(self, statements: Sequence[str], limit: float) -> list[list[tuple[Any, ...]]]:
        """The rows of each statement, in order, within `limit` seconds for all.

        A held connection that turns out to be broken is replaced once. Raises psycopg.Error or TimeoutError; after
        either the connection is given up.
        """
        import psycopg

        async with self._turn, asyncio.timeout(limit):
            held = self._connection is not None and not self._connection.closed
            try:
                return await self._ask(statements)
            except psycopg.OperationalError as error:
                if not held or error.sqlstate == "57014":
                    raise
            return await self._ask(statements)

    async def knock(self, limit: float) -> Refusal | None:
        """Try one new connection beside the held one: the refusal a newcomer would get, or None."""
        import psycopg

        try:
            async with asyncio.timeout(limit):
                connection = await self._open()
                await connection.close()
        except (psycopg.Error, TimeoutError) as error:
            return self.refusal(error)
        return None

    def refusal(self, error: BaseException) -> Refusal:
        """Name an error. Foreign words are cleaned, and the address' secrets masked should they ever appear."""
        if isinstance(error, TimeoutError):
            return Refusal("timeout", "no answer in time")
        words = one_line(_last_words(str(error)), 160) or type(error).__name__
        for secret in sorted(secrets_of_address(self._address.reveal()), key=len, reverse=True):
            words = words.replace(secret, "•••") if secret else words
        state = getattr(error, "sqlstate", None) or ""
        if state in _STATES:
            return Refusal(_STATES[state], words)
        lower = str(error).lower()
        return Refusal(next((kind for kind, marks in _WORDS if any(mark in lower for mark in marks)), "other"), words)

    async def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.closed:
            await connection.close()

    async def _ask(self, statements: Sequence[str]) -> list[list[tuple[Any, ...]]]:
        if self._connection is None or self._connection.closed:
            self._connection = await self._open()
        try:
            answers: list[list[tuple[Any, ...]]] = []
            for statement in statements:
                cursor = await self._connection.execute(statement.encode())
                answers.append(await cursor.fetchall() if cursor.description else [])
            return answers
        except BaseException:
            await self.close()
            raise

    async def _open(self) -> psycopg.AsyncConnection[Any]:
        import psycopg

        connection = await psycopg.AsyncConnection.connect(
            self._address.reveal(),
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=CONNECT_SECONDS,
            application_name="vigie",
        )
        try:
            await connection.execute(_SESSION)
        except BaseException:
            await connection.close()
            raise
        return connection


def _last_words(message: str) -> str:
    """libpq tells each address it tried; the last FATAL or failed line is the one that counts."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "failed" in line] or lines[-1:]
    return telling[-1].rpartition("FATAL:")[2].strip() or telling[-1] if telling else ""
