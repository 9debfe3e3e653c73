"""Applying migrations: what is pending at a commit, and which program brings it into the database.

Four drivers: Vigie itself for a folder of plain SQL (recorded in the table `vigie_migrations`), Prisma, Supabase,
or any command. Whoever applies, success is what the database's own record says afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from operations.applied_migrations import Applied
from operations.dump.connection import child_way, unnamed_file, way_to
from operations.migration_locks import Running, running_of
from operations.migration_names import doubled, in_record, is_migration, name_of
from operations.migration_sql import Word
from operations.migrations import judge_file
from operations.repository import ChangedFile, Repository
from operations.settings import DeploySettings, Secret
from operations.text import one_line, sql_literal

TABLE = "vigie_migrations"
_MAKE_TABLE = (
    f"create table if not exists {TABLE} "
    "(name text primary key, applied_at timestamptz, finished_at timestamptz, error text)"
)


_LONGEST = 2**31 - 1
"""Milliseconds, the most that a server takes as a limit."""
_LOOK_AFTER_CLIENT = """do $$ begin
if current_setting('client_connection_check_interval', true) is not null then
perform set_config('client_connection_check_interval', '2s', LOCAL); end if;
exception when others then null; end $$"""


@dataclass(frozen=True, slots=True)
class Pending:
    """A migration that the commit has and the database has not. `path` is relative to the repository.

    Names and paths are as git has them: whoever shows one cleans it, as `shown` is.
    """

    name: str
    path: str
    word: Word
    reasons: tuple[str, ...]
    running: Running

    @property
    def shown(self) -> str:
        """The name for a person."""
        return one_line(self.name, 200)


@dataclass(frozen=True, slots=True)
class ProgramCalls:
    """The calls of a migration program: one that only shows, one that applies. An empty one there is not."""

    preview: tuple[str, ...]
    apply: tuple[str, ...]
    previews_with: tuple[int, ...] = (0,)
    """Exit codes of a preview that went well."""


def pending_at(
    repository: Repository, commit: str, folder: str, recorded: Sequence[Applied], driver: str = ""
) -> tuple[Pending, ...]:
    """What the commit (a full hash) has under `folder` and the record has not, in the order of its names."""
    paths = {name_of(path, folder): path for path in _paths_at(repository, commit, folder, driver)}
    there = in_record((row for row in recorded if not row.failed), paths)
    found = []
    for name in sorted(paths.keys() - there):
        path = paths[name]
        text = repository.text_at(commit, path)
        verdict = judge_file(ChangedFile(path, "added", text))
        found.append(Pending(name, path, verdict.word, verdict.reasons, running_of(text or "")))
    return tuple(found)


def names_at(repository: Repository, commit: str, folder: str, driver: str = "") -> tuple[str, ...]:
    """The names of the migrations that a commit has."""
    return tuple(sorted({name_of(path, folder) for path in _paths_at(repository, commit, folder, driver)}))


def doubled_at(repository: Repository, commit: str, folder: str, recorded: Sequence[Applied], driver: str = "") -> str:
    """Two migrations of a commit that the record cannot tell apart, in words; empty when there are none."""
    return doubled(repository.files_at(commit, folder), folder, recorded, driver)


def _paths_at(repository: Repository, commit: str, folder: str, driver: str) -> Sequence[str]:
    return [path for path in repository.files_at(commit, folder) if is_migration(path, driver)]


def calls_of(settings: DeploySettings, address: Secret) -> ProgramCalls:
    """The calls of the driver; none for `sql`, which is ours. Passwords are never in them.

    Prisma: `migrate status` ends with 1 where something is pending (prisma.io, "Prisma CLI reference"). Supabase takes
    the address without its password, which libpq's rules let it find in PGPASSFILE (supabase.com, "supabase db push").
    """
    match settings.migrations:
        case "prisma":
            return ProgramCalls(
                ("npx", "prisma", "migrate", "status"), ("npx", "prisma", "migrate", "deploy"), previews_with=(0, 1)
            )
        case "supabase":
            push = ("npx", "supabase", "db", "push", "--db-url", _without_password(address))
            return ProgramCalls((*push, "--dry-run"), (*push, "--yes"))
        case "command":
            return ProgramCalls(settings.migrate_preview, settings.migrate)
    return ProgramCalls((), ())


def psql_call(
    program: str,
    file: Path,
    name: str,
    running: Running,
    *,
    lock_timeout: float,
    limit: float,
    session: str,
    baseline: Sequence[str] = (),
) -> tuple[str, ...]:
    """One psql run that applies `file` and records it, all in one transaction where it can be.

    Outside of one the record is begun before and finished after: a file that stops half way is a failed migration, and
    the database says so. `lock_timeout` is the seconds a statement waits for a lock, `limit` those it runs, `session`
    the name by which the server knows it. They are set by statements, because poolers refuse options of the connection,
    and within the transaction where there is one, because poolers hand connections on. `baseline` are names that count
    as applied, for a database that kept no record until now.
    """
    mark = f"{TABLE} (name, applied_at, finished_at)"
    rows = ", ".join(f"({sql_literal(one)}, now(), now())" for one in baseline)
    known = f"insert into {mark} values {rows} on conflict (name) do nothing" if rows else ""  # noqa: S608
    started = "now()" if running.wrapped else "null"
    again = f"on conflict (name) do update set applied_at = now(), finished_at = {started}, error = null"
    begun = f"insert into {mark} values ({sql_literal(name)}, now(), {started}) {again}"  # noqa: S608
    ended = "" if running.wrapped else f"update {TABLE} set finished_at = now() where name = {sql_literal(name)}"  # noqa: S608
    here = "set local" if running.wrapped else "set"
    longest = min(int(limit * 1000), _LONGEST)
    limits = (
        f"{here} lock_timeout = {int(lock_timeout * 1000)}; {here} statement_timeout = {longest}; "
        f"{here} client_min_messages = warning; {here} application_name = {sql_literal(session)}"
    )
    statements = (
        limits,
        looking_after_client(local=running.wrapped),
        _MAKE_TABLE,
        known,
        begun,
    )
    before = [part for statement in statements if statement for part in ("--command", statement)]
    after = ["--command", ended] if ended else []
    single = ("--single-transaction",) if running.wrapped else ()
    return (
        program, "--no-psqlrc", "--no-password", "--quiet", "--echo-errors", "--set", "ON_ERROR_STOP=1",
        *single, *before, "--file", str(file), *after,
    )  # fmt: skip


def looking_after_client(*, local: bool) -> str:
    """A statement by which the server looks while it works whether its client is still there (PostgreSQL 14 and later;
    not on every system). `local`: for the transaction only, as poolers need it."""
    return _LOOK_AFTER_CLIENT.replace("LOCAL", "true" if local else "false")


@contextmanager
def migration_environment(address: Secret, session: str = "vigie") -> Iterator[Mapping[str, str]]:
    """What a migration program finds: PG* and PGPASSFILE, and the whole address in DATABASE_URL.

    `session` is what its sessions are named in the server. DATABASE_URL holds the password: the environment of a child
    is its own user's to read, unlike its arguments.
    """
    with child_way(way_to(address), session) as found:
        yield {**found, "DATABASE_URL": address.reveal()}


@contextmanager
def sql_file(text: str) -> Iterator[Path]:
    """A file of that text that no other user can read or change, while the block lasts."""
    with unnamed_file(text.encode()) as name:
        yield Path(name)


def _without_password(address: Secret) -> str:
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(address.reveal())
    user, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{host}"))
