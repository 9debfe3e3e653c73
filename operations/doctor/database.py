"""One environment's database: does it answer, what is it, whose is it, what may we. Asked read-only, with limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from operations.doctor.finding import Finding, Verdict, fail, ok, skip, warn
from operations.doctor.programs import fits_server
from operations.dump.connection import way_to
from operations.errors import VigieError
from operations.proof.identity import Identity, asking, identity_over
from operations.settings import Environment, Settings
from operations.text import one_line

if TYPE_CHECKING:
    import psycopg

TARGETS = frozenset({"staging", "recovery"})
"""Kinds that a backup may be restored onto."""
_GRANTS = "What a database must allow stands in docs/operations.md."
_RIGHTS = """
select current_user::text, rolsuper, rolcreatedb,
       pg_has_role(current_user, d.datdba, 'member'), pg_has_role('pg_signal_backend', 'member'),
       pg_has_role('pg_read_all_stats', 'usage'), rolbypassrls,
       (select coalesce(bool_or(ssl), false) from pg_stat_ssl where pid = pg_backend_pid()),
       pg_get_userbyid(d.datdba)::text
  from pg_roles r, pg_database d where r.rolname = current_user and d.datname = current_database()
"""
_OURS = """
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and not exists (select from pg_depend e
     where e.objid = c.oid and e.classid = 'pg_class'::regclass and e.deptype = 'e')
"""
_UNREADABLE = f"""
select format('%I.%I', n.nspname, c.relname), count(*) over () {_OURS}
   and c.relkind in ('r', 'p', 'm', 'S')
   and not (has_schema_privilege(n.oid, 'usage') and case c.relkind
     when 'S' then has_sequence_privilege(c.oid, 'select') else has_table_privilege(c.oid, 'select') end)
 order by 1 limit 3
"""
_HIDDEN_ROWS = f"""
select format('%I.%I', n.nspname, c.relname), count(*) over () {_OURS}
   and c.relkind in ('r', 'p') and row_security_active(c.oid) order by 1 limit 3
"""
_WRITABLE = f"""
select format('%I.%I', n.nspname, c.relname), count(*) over () {_OURS}
   and c.relkind in ('r', 'p') and has_schema_privilege(n.oid, 'usage')
   and has_table_privilege(c.oid, 'insert, update, delete, truncate')
 order by 1 limit 3
"""
_TROUBLE = (
    (("password", "authentication"), "Correct user and password in {key}."),
    (("does not exist",), "Correct the database or user in {key}."),
    (("no pg_hba",), "Let this machine's address in at the server (pg_hba.conf, or the provider's allow list)."),
    (("translate", "not known", "resolve", "no such host"), "Correct the host in {key}; is there a name server?"),
    (("refused",), "Is the server up, and are host and port in {key} right?"),
    (("timeout", "timed out"), "A firewall or allow list may drop us: let this machine's address in at the server."),
    (("ssl", "certificate"), "Correct sslmode and sslrootcert in {key}."),
)


def check_database(settings: Settings, environment: str) -> Iterator[Finding]:
    """The database as operations use it, then the read-only one as the watch does."""
    env = settings.environments[environment]
    key = f"environments.{environment}.database"
    if not env.database:
        mend = f'{key} = "${{DB_URL}}", with DB_URL=postgresql://… in .env.operations'
        yield skip("database", f"{key} is not set: no backups, no restores, no database readings", mend)
        return
    try:
        with asking(env.database) as connection:
            identity = identity_over(connection)
            yield ok("answers", f"{identity.database}, PostgreSQL {identity.version}")
            yield judge_mark(environment, identity.mark)
            yield from _rights(connection, env, environment)
    except VigieError as error:
        yield fail("answers", error.what, mend_for(error.what, key))
        return
    loopback = way_to(env.database).is_loopback
    yield fits_server("pg_dump", identity.major, loopback=loopback)
    if env.kind in TARGETS:
        yield fits_server("psql", identity.major, loopback=loopback)
    yield from _readonly(env, environment, identity)


def judge_mark(environment: str, mark: str) -> Finding:
    """Its own word for which environment it is."""
    if not mark:
        says = "the database does not say which environment it is: restores refuse it, its backups do not count"
        return warn("mark", says, f"vigie mark --env {environment}")
    if mark != environment:
        says = f"the database says that it is {mark}, and the settings say {environment}"
        mend = f"Correct environments.{environment}.database; if the mark is wrong, its owner changes the comment."
        return fail("mark", says, mend)
    return ok("mark", mark)


def mend_for(words: str, key: str) -> str:
    """What usually helps against that refusal."""
    found = (mend for signs, mend in _TROUBLE if any(sign in words.lower() for sign in signs))
    return next(found, "Try it by hand: psql with the address in {key}.").format(key=key)


def _rights(connection: psycopg.Connection[Any], env: Environment, environment: str) -> Iterator[Finding]:
    row = connection.execute(_RIGHTS).fetchone()
    if row is None:
        yield warn("rights", "the server does not tell what this user may do", _GRANTS)
        return
    user, is_super, creates, owns, signals, sees, bypasses, encrypted, owner = row
    name, owner = one_line(user, 60), one_line(owner, 60)
    if not encrypted and not way_to(env.database).is_loopback:
        yield warn("encryption", "the connection is not encrypted", "Add ?sslmode=require to the address.")
    yield _reads_all(connection, name)
    if not is_super and not bypasses:
        yield _sees_every_row(connection, name)
    if env.kind in TARGETS:
        yield _restores(name, creates=bool(is_super or creates), owns=bool(owns), signals=bool(is_super or signals))
    if not owns:
        says = f"{name} does not own the database ({owner} does): vigie mark needs the owner"
        marks: Verdict = "warn" if env.kind in TARGETS else "ok"
        yield Finding("owner", marks, says, f"Use the owner's address in environments.{environment}.database.")
    if not env.database_readonly:
        yield judge_sight(name, bool(sees))


def _reads_all(connection: psycopg.Connection[Any], user: str) -> Finding:
    named, count = _some(connection, _UNREADABLE)
    if count:
        says = f"{user} cannot read {count} of the tables and sequences, as {named}: a backup would fail"
        return fail("reads everything", says, f'As an administrator: grant pg_read_all_data to "{user}". {_GRANTS}')
    return ok("reads everything", f"{user} may read every table")


def _sees_every_row(connection: psycopg.Connection[Any], user: str) -> Finding:
    named, count = _some(connection, _HIDDEN_ROWS)
    if count:
        says = f"row level security hides rows of {count} tables from {user}, as {named}: pg_dump refuses that"
        return fail("sees every row", says, f'As an administrator: alter role "{user}" bypassrls')
    return ok("sees every row", "no row is hidden from it")


def _restores(user: str, *, creates: bool, owns: bool, signals: bool) -> Finding:
    lacking = [
        words
        for has, words in (
            (owns, "does not own the database"),
            (creates, "may not create databases"),
            (signals, "may not end other users' sessions"),
        )
        if not has
    ]
    if not lacking:
        return ok("restores by a swap", f"{user} owns it and may create databases")
    says = f"{user} {' and '.join(lacking)}: a restore empties it and loads in place"
    mend = f'As an administrator: alter role "{user}" createdb; grant pg_signal_backend to "{user}". {_GRANTS}'
    return warn("restores by a swap", says, mend)


def judge_sight(user: str, sees: bool) -> Finding:
    """Whether pg_stat_activity shows other users' sessions."""
    if sees:
        return ok("sees sessions", f"{user} sees who blocks whom")
    says = f"{user} does not see other users' sessions: what blocks or is slow stays unknown"
    return warn("sees sessions", says, f'As an administrator: grant pg_monitor to "{user}"')


def _readonly(env: Environment, environment: str, main: Identity) -> Iterator[Finding]:
    key = f"environments.{environment}.database_readonly"
    name = "read-only address"
    if not env.database_readonly:
        mend = f"Make a user with pg_read_all_data and pg_monitor only, and set {key}."
        yield skip(name, f"{key} is not set: the watch uses the other one", mend)
        return
    try:
        with asking(env.database_readonly) as connection:
            identity = identity_over(connection)
            yield _same_database(key, main, identity)
            row = connection.execute(_RIGHTS).fetchone()
            standby = connection.execute("select pg_is_in_recovery()").fetchone()
            user = one_line(row[0], 60) if row else "the user"
            yield judge_readonly(
                user, bool(row and row[1]), *_some(connection, _WRITABLE), standby=bool(standby and standby[0])
            )
            yield judge_sight(user, bool(row and row[5]))
    except VigieError as error:
        yield fail(name, error.what, mend_for(error.what, key))


def _same_database(key: str, main: Identity, found: Identity) -> Finding:
    same = main.database == found.database and main.mark == found.mark
    if not same or (main.identifier and found.identifier and main.identifier != found.identifier):
        says = f"it leads to {found.database} ({found.mark or 'no mark'}), the other to {main.database}"
        return fail("read-only address", says, f"Correct {key}: the watch would read another database.")
    return ok("read-only address", f"{found.database}, the same one")


def judge_readonly(user: str, is_super: bool, named: str, count: int, *, standby: bool) -> Finding:
    """By rights, not by a setting that a session may change."""
    if standby:
        return ok("really read-only", "a standby, which nobody can write to")
    if is_super or count:
        what = "is a superuser" if is_super else f"may write to {count} tables, as {named}"
        mend = (
            "Make a user of its own: create role vigie_watch login password '…'; "
            "grant pg_read_all_data, pg_monitor to vigie_watch"
        )
        return warn("really read-only", f"{user} {what}: the address is not read-only", mend)
    return ok("really read-only", f"{user} may write to no table")


def _some(connection: psycopg.Connection[Any], query: str) -> tuple[str, int]:
    """Up to three names, and how many there are."""
    rows = connection.execute(query.encode()).fetchall()
    return ", ".join(one_line(str(name), 60) for name, _ in rows), int(rows[0][1]) if rows else 0
