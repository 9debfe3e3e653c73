"""The database as we see it ourselves: does it answer, take writes, have room, and does anybody wait."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from operations.watch.database_link import DatabaseLink
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared

LIMIT = 5.0
FULL_PERCENT = 90.0
WAITERS_MANY = 3
WAIT_LONG = 30.0
_KNOCK_PERCENT = 80.0
_SIZE_EVERY = 300.0
_CLIENT = "coalesce(backend_type, 'client backend') = 'client backend' and datid is not null"
_OURS = "(application_name like 'vigie%' or application_name = 'pg_dump')"
_SERVER = """
select pg_is_in_recovery(),
       (select reset_val from pg_settings where name = 'default_transaction_read_only'),
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0),
       clock_timestamp(),
       (select shobj_description(oid, 'pg_database') from pg_database where datname = current_database()),
       current_setting('server_version_num')::int
"""
_SESSIONS = f"select coalesce(state, 'hidden'), count(*) from pg_stat_activity where {_CLIENT} group by 1"  # noqa: S608
_WAITING = """
select count(distinct l.pid),
       max(extract(epoch from clock_timestamp() - coalesce((to_jsonb(l) ->> 'waitstart')::timestamptz, a.query_start)))
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid
 where not l.granted
"""
_LONGEST = f"""
select max(extract(epoch from clock_timestamp() - query_start)) from pg_stat_activity
 where state = 'active' and pid <> pg_backend_pid() and coalesce(wait_event_type, '') <> 'Lock'
   and backend_type = 'client backend' and not {_OURS}
"""  # noqa: S608
_LAG = """
select case when pg_is_in_recovery() then extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp())
            else (select max(extract(epoch from replay_lag)) from pg_stat_replication) end
"""
_SIZE = "select pg_database_size(current_database())"
_MARK = "vigie:environment="


class DatabaseProbe(Shared):
    """Every 15 s over a held-open connection; when the server is nearly full it also knocks as a newcomer would."""

    def __init__(self, place: Place, link: DatabaseLink) -> None:
        super().__init__(place, "database", "database", 15.0, LIMIT)
        self._link = link
        self._size: tuple[float, int] | None = None

    async def read(self) -> Reading:
        """Time of `select 1`, error kind, writable, connections, waiters, longest wait and query, size, mark."""
        import psycopg

        self.begin()
        ends = time.monotonic() + self.limit
        try:
            await self._link.rows(("select 1",), _left(ends))
            began = time.monotonic()
            await self._link.rows(("select 1",), _left(ends))
            answered = time.monotonic() - began
            asked_at = self.place.now()
            data = _figures(await self._link.rows(self._questions(), _left(ends)), asked_at)
        except (psycopg.Error, TimeoutError) as error:
            refusal = self._link.refusal(error)
            network = refusal.kind in ("refused", "timeout")
            data = {"answers": False, "error": refusal.kind, "network": network}
            return self.reading(Status.DOWN, f"{refusal.kind}: {refusal.words}", None, data)
        self._keep_size(data)
        data |= {"answers": True, "error": "none", "seconds": round(answered, 4)}
        if data["used"] >= _KNOCK_PERCENT and (turned_away := await self._link.knock(_left(ends))):
            data["error"] = turned_away.kind
        status, words = self._verdict(data, answered)
        return self.reading(status, words, answered, data)

    async def close(self) -> None:
        """Give back the connection and the clients."""
        await self._link.close()
        await super().close()

    def _questions(self) -> tuple[str, ...]:
        known = self._size is not None and time.monotonic() - self._size[0] < _SIZE_EVERY
        return (_SERVER, _SESSIONS, _WAITING, _LONGEST, _LAG) + (() if known else (_SIZE,))

    def _keep_size(self, data: dict[str, Any]) -> None:
        if (size := data.get("size")) is not None:
            self._size = (time.monotonic(), size)
        elif self._size is not None:
            data["size"] = self._size[1]

    def _verdict(self, data: dict[str, Any], answered: float) -> tuple[Status, str]:
        down: list[str] = []
        warn: list[str] = []
        if data["error"] != "none":
            down.append(f"a new connection is refused: {data['error']}")
        if not data["writable"]:
            (warn if data["standby"] else down).append("standby" if data["standby"] else "read-only")
        if data["used"] >= FULL_PERCENT:
            warn.append(f"{data['connections']} of {data['usable']} connections")
        if data["waiters"] >= WAITERS_MANY and data["longest_wait"] > WAIT_LONG:
            warn.append(f"{data['waiters']} wait for a lock, longest {data['longest_wait']:.0f} s")
        if answered > self.place.thresholds.database_warn:
            warn.append(f"answers in {answered * 1000:.0f} ms")
        if down or warn:
            return (Status.DOWN if down else Status.WARN), ", ".join(down + warn)
        return Status.OK, f"{answered * 1000:.0f} ms, {data['connections']} of {data['usable']} connections"


def _figures(rows: list[list[tuple[Any, ...]]], asked_at: datetime) -> dict[str, Any]:
    """The answers to `_questions` under the names facts use; times in seconds, `used` in percent."""
    standby, read_only, usable, clock, comment, version = rows[0][0]
    sessions = {str(state): int(count) for state, count in rows[1]}
    connections = sum(sessions.values())
    waiters, longest_wait = rows[2][0]
    comment_line = next((line for line in (comment or "").splitlines() if line.strip().startswith(_MARK)), "")
    figures: dict[str, Any] = {
        "standby": bool(standby),
        "writable": not standby and read_only != "on",
        "usable": max(1, int(usable)),
        "connections": connections,
        "used": round(100.0 * connections / max(1, int(usable)), 1),
        "sessions": sessions,
        "waiters": int(waiters),
        "longest_wait": _seconds(longest_wait),
        "longest_query": _seconds(rows[3][0][0]),
        "mark": comment_line.strip().removeprefix(_MARK).strip()[:80],
        "version": int(version),
        "skew": round((clock.astimezone(UTC) - asked_at).total_seconds(), 1),
    }
    if rows[4][0][0] is not None:
        figures["lag"] = _seconds(rows[4][0][0])
    if len(rows) > 5:
        figures["size"] = int(rows[5][0][0])
    return figures


def _left(ends: float) -> float:
    return max(0.2, ends - time.monotonic())


def _seconds(value: Any) -> float:
    return round(max(0.0, float(value or 0)), 2)
