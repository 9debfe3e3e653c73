"""What a restore does on the target's server: a fresh database like the old one, and the swap of their names.

Everything is asked over short connections of the owner's; names and values go through psycopg's own quoting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from operations.database_mark import with_mark
from operations.errors import VigieError
from operations.proof.identity import database_words
from operations.settings import Secret
from operations.text import one_line

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

CONNECT_LIMIT = 5
END_LIMIT = 30.0
"""Seconds the sessions of the old database have to go."""
LONGEST_NAME = 63
_SWAP_LIMIT = "20s"
_QUOTED_LISTS = frozenset({"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"})
"""Settings whose stored value is a list of names, quoted already."""
_ABOUT = """
select d.oid, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
       d.datlocprovider::text, to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', t.spcname, d.datconnlimit,
       d.datacl::text is not null, shobj_description(d.oid, 'pg_database')
  from pg_database d join pg_tablespace t on t.oid = d.dattablespace where d.datname = %s
"""
_MAY = """
select (select rolsuper or rolcreatedb from pg_roles where rolname = current_user),
       (select pg_has_role(current_user, datdba, 'member') from pg_database where datname = current_database())
"""
_SESSIONS = """
select count(*), coalesce(string_agg(distinct nullif(application_name, ''), ', '), '')
  from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""
_SCHEMAS = """
select nspname, pg_has_role(current_user, nspowner, 'member') from pg_namespace
 where nspname !~ '^pg_' and nspname <> 'information_schema'
"""
_BESIDE_SCHEMAS = """
select format('drop publication %I;', pubname) from pg_publication where pg_has_role(current_user, pubowner, 'member')
union all
select format('drop event trigger %I;', evtname) from pg_event_trigger e
 where pg_has_role(current_user, evtowner, 'member')
   and not exists (select from pg_depend d where d.objid = e.oid and d.deptype = 'e')
union all
select format('drop server %I cascade;', srvname) from pg_foreign_server s
 where pg_has_role(current_user, srvowner, 'member')
   and not exists (select from pg_depend d where d.objid = s.oid and d.deptype = 'e')
union all
select 'select lo_unlink(oid) from pg_largeobject_metadata;' where exists (select from pg_largeobject_metadata)
"""
_GRANTS = """
select case when x.grantee = 0 then '' else pg_get_userbyid(x.grantee) end, x.privilege_type, x.is_grantable
  from pg_database d, aclexplode(d.datacl) x where d.datname = %s
"""
_SETTINGS = """
select case when s.setrole = 0 then '' else pg_get_userbyid(s.setrole) end, unnest(s.setconfig)
  from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where d.datname = %s
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a target's server allows. `maintenance` is a database to rename from, empty when there is none.

    `sessions` are those a swap would end, of the programs in `programs`; `foreign_schemas` those this user may not
    empty; `roles` and `extensions` what the server has.
    """

    may_create: bool
    owns: bool
    maintenance: str
    sessions: int
    programs: str
    roles: frozenset[str]
    extensions: frozenset[str]
    schemas: frozenset[str]
    foreign_schemas: frozenset[str]
    beside_schemas: tuple[str, ...] = ()
    """SQL that removes what lies in no schema and is ours: publications, event triggers, servers, large objects."""


@contextmanager
def connected(address: Secret, database: str = "") -> Iterator[psycopg.Connection[Any]]:
    """A connection, to `database` instead of its own where one is named. Raises VigieError (code 6) in words."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    way = address.reveal()
    try:
        with psycopg.connect(
            make_conninfo(way, dbname=database) if database else way,
            autocommit=True,
            connect_timeout=CONNECT_LIMIT,
            application_name="vigie restore",
        ) as connection:
            yield connection
    except psycopg.Error as error:
        raise VigieError(database_words(error), code=6) from None


def look_at(address: Secret) -> Ground:
    """Ask what the server allows; read-only."""
    with connected(address) as connection:
        connection.execute("set statement_timeout = 5000; set default_transaction_read_only = on")
        may_create, owns = _row(connection, _MAY)
        sessions, programs = _row(connection, _SESSIONS)
        names = _column(
            connection,
            "select datname from pg_database where datname in ('postgres', 'template1') and datallowconn"
            " and datname <> current_database() and has_database_privilege(datname, 'connect') order by datname",
        )
        schemas = connection.execute(_SCHEMAS).fetchall()
        return Ground(
            may_create=bool(may_create),
            owns=bool(owns),
            maintenance=str(names[0]) if names else "",
            sessions=int(sessions),
            programs=one_line(programs, 60),
            roles=frozenset(_column(connection, "select rolname from pg_roles")),
            extensions=frozenset(_column(connection, "select name from pg_available_extensions")),
            schemas=frozenset(name for name, _ in schemas),
            foreign_schemas=frozenset(name for name, mine in schemas if not mine and name != "public"),
            beside_schemas=tuple(_column(connection, _BESIDE_SCHEMAS)),
        )


def create_like(connection: psycopg.Connection[Any], name: str, like: str, mark: str) -> int:
    """Make an empty database with owner, encoding and locale of `like`, and that mark; its oid."""
    from psycopg import sql

    row = _row(connection, _ABOUT, like)
    _, owner, encoding, collate, ctype, provider, locale, icu_locale, tablespace, *_ = row
    parts = [
        sql.SQL("create database {} owner {} template template0 encoding {} lc_collate {} lc_ctype {}").format(
            sql.Identifier(name), sql.Identifier(owner), sql.Literal(encoding), sql.Literal(collate), sql.Literal(ctype)
        )
    ]
    if provider == "i":
        parts.append(sql.SQL("locale_provider icu icu_locale {}").format(sql.Literal(locale or icu_locale)))
    elif provider == "b":
        parts.append(sql.SQL("locale_provider builtin builtin_locale {}").format(sql.Literal(locale)))
    if tablespace != "pg_default":
        parts.append(sql.SQL("tablespace {}").format(sql.Identifier(tablespace)))
    connection.execute(sql.SQL(" ").join(parts))
    text = sql.Literal(with_mark("", mark))
    connection.execute(sql.SQL("comment on database {} is {}").format(sql.Identifier(name), text))
    return int(_row(connection, _ABOUT, name)[0])


def dress_like(connection: psycopg.Connection[Any], name: str, like: str, mark: str) -> None:
    """Give `name` what a dump does not hold: the comment of `like` with that mark, its settings, grants and limits."""
    from psycopg import sql

    about = _row(connection, _ABOUT, like)
    owner, limit, has_grants, comment = str(about[1]), about[9], bool(about[10]), about[11]
    database = sql.Identifier(name)
    for role, entry in connection.execute(_SETTINGS, (like,)).fetchall():
        setting, _, value = entry.partition("=")
        who = sql.SQL("role {} in ").format(sql.Identifier(role)) if role else sql.SQL("")
        connection.execute(
            sql.SQL("alter {}database {} set {} to {}").format(
                who, database, sql.Identifier(setting), _setting_value(setting, value)
            )
        )
    if has_grants:
        connection.execute(sql.SQL("revoke all on database {} from public, {}").format(database, sql.Identifier(owner)))
        for grantee, privilege, grantable in connection.execute(_GRANTS, (like,)).fetchall():
            # The privilege is a word of the server's own.
            connection.execute(
                sql.SQL("grant {} on database {} to {}{}").format(
                    sql.SQL(privilege),
                    database,
                    sql.Identifier(grantee) if grantee else sql.SQL("public"),
                    sql.SQL(" with grant option" if grantable and grantee else ""),
                )
            )
    connection.execute(sql.SQL("alter database {} connection limit {}").format(database, sql.Literal(limit)))
    connection.execute(sql.SQL("comment on database {} is {}").format(database, sql.Literal(with_mark(comment, mark))))


def oid_of(connection: psycopg.Connection[Any], name: str) -> int | None:
    """The oid of a database, None when there is none of that name."""
    row = connection.execute("select oid from pg_database where datname = %s", (name,)).fetchone()
    return int(row[0]) if row else None


def allow_connections(connection: psycopg.Connection[Any], name: str, allow: bool) -> None:
    """Let nobody in, or everybody again; sessions that are there stay."""
    from psycopg import sql

    connection.execute(
        sql.SQL("alter database {} allow_connections {}").format(sql.Identifier(name), sql.Literal(allow))
    )


def end_sessions(connection: psycopg.Connection[Any], name: str, wait: Any) -> None:
    """End every session of a database and wait until they are gone. Raises VigieError when some stay."""
    deadline = monotonic() + END_LIMIT
    while True:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s and pid <> pg_backend_pid()"
            " and backend_type = 'client backend'",
            (name,),
        )
        # A rename sends autovacuum away itself; only a superuser could.
        left = _row(
            connection,
            "select count(*) from pg_stat_activity where datname = %s and backend_type = 'client backend'",
            name,
        )[0]
        if not left:
            return
        if monotonic() > deadline:
            raise VigieError(f"{left} sessions of {name} did not end", code=6)
        wait(0.1)


def rename_both(connection: psycopg.Connection[Any], renames: Sequence[tuple[str, str]]) -> None:
    """Every rename in one transaction: all happen, or none does."""
    from psycopg import sql

    with connection.transaction():
        connection.execute(sql.SQL("set local lock_timeout = {}").format(sql.Literal(_SWAP_LIMIT)))
        for old, new in renames:
            connection.execute(
                sql.SQL("alter database {} rename to {}").format(sql.Identifier(old), sql.Identifier(new))
            )


def drop_database(connection: psycopg.Connection[Any], name: str) -> None:
    """Remove a database with its sessions, if it is there."""
    from psycopg import sql

    connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def named_after(target: str, what: str, job: str) -> str:
    """`<target>_<what>_<job>`, cut in the target's part where it would be too long for a name."""
    ending = f"_{what}_{job}"
    return target.encode()[: LONGEST_NAME - len(ending)].decode("utf-8", "ignore") + ending


def _setting_value(setting: str, value: str) -> sql.Composable:
    from psycopg import sql

    if setting.lower() not in _QUOTED_LISTS:
        return sql.Literal(value)
    names = [part.strip() for part in _split_names(value)]
    return sql.SQL(", ").join(sql.Literal(name.strip('"').replace('""', '"')) for name in names)


def _split_names(value: str) -> list[str]:
    """A list of names at its commas, but not at those inside quotes."""
    parts, inside = [""], False
    for letter in value:
        inside = inside != (letter == '"')
        if letter == "," and not inside:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _row(connection: psycopg.Connection[Any], query: str, *values: Any) -> tuple[Any, ...]:
    row = connection.execute(query.encode(), values).fetchone()
    if row is None:
        raise VigieError(f"the server knows no database {values[0] if values else ''}".rstrip(), code=6)
    return tuple(row)


def _column(connection: psycopg.Connection[Any], query: str) -> list[Any]:
    return [row[0] for row in connection.execute(query.encode()).fetchall()]
