"""The database to be dumped, asked before anything is done: does it answer, what is it, what would be in the way.

Read-only, with short limits. What a reading cannot tell is None, and the plan says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from operations.database_mark import mark_in
from operations.errors import VigieError
from operations.proof.identity import database_words
from operations.settings import Secret
from operations.text import one_line

CONNECT_LIMIT = 5
CONNECTION_ERROR = 3
"""Exit code of a backup whose database does not answer."""
_SESSION = "set statement_timeout = 5000; set default_transaction_read_only = on"
_SERVER = """
select current_setting('server_version_num')::int, current_setting('server_version'), current_database(),
       pg_database_size(current_database()), shobj_description(oid, 'pg_database'),
       (select count(*) from pg_class where relkind in ('r', 'p') and relnamespace not in
         (select oid from pg_namespace where nspname like 'pg\\_%' or nspname = 'information_schema'))
  from pg_database where datname = current_database()
"""
_IN_THE_WAY = """
select l.pid, left(coalesce(a.query, ''), 80), coalesce(a.application_name, ''),
       extract(epoch from clock_timestamp() - a.xact_start)
  from pg_locks l join pg_stat_activity a using (pid)
 where l.mode = 'AccessExclusiveLock' and l.granted and l.locktype = 'relation' and l.pid <> pg_backend_pid()
   and l.database = (select oid from pg_database where datname = current_database())
 order by a.xact_start limit 1
"""


@dataclass(frozen=True, slots=True)
class Source:
    """What the database says of itself. `size` in bytes on disk, `mark` empty when it has none, `major` its version.

    `in_the_way` names a session that holds a lock which a dump would wait for.
    """

    major: int
    version: str
    name: str
    size: int
    mark: str
    tables: int
    in_the_way: str = ""


def ask_source(address: Secret) -> Source:
    """Ask the database. Raises VigieError (code 3) in words when it does not answer."""
    import psycopg

    try:
        with psycopg.connect(
            address.reveal(),
            autocommit=True,
            connect_timeout=CONNECT_LIMIT,
            application_name="vigie backup",
        ) as connection:
            # Not as a start option: poolers refuse those.
            connection.execute(_SESSION)
            row = connection.execute(_SERVER).fetchone()
            blocking = connection.execute(_IN_THE_WAY).fetchone()
    except psycopg.Error as error:
        raise VigieError(f"the database does not answer: {database_words(error)}", code=CONNECTION_ERROR) from None
    assert row is not None
    number, version, name, size, comment, tables = row
    return Source(number // 10000, one_line(version, 40), name, size, mark_in(comment), tables, _blocker(blocking))


def _blocker(row: tuple[object, ...] | None) -> str:
    if row is None:
        return ""
    pid, query, application, seconds = row
    who = f" {one_line(str(application), 40)}" if application else ""
    since = f" for {float(str(seconds)):.0f} s" if seconds is not None else ""
    return f"session {pid}{who} holds a lock{since}: {one_line(str(query), 80)}"
