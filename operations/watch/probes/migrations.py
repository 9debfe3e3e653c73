"""Which migrations the database says it has: applied, failed, and still pending against the checkout."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations.beside import beside
from operations.migration_names import is_migration, plain_name
from operations.text import one_line
from operations.watch.database_link import DatabaseLink
from operations.watch.model import Reading, Status
from operations.watch.probes.base import Place, Shared

_LIMIT = 5.0
_TABLES = """
select to_regclass('public.vigie_migrations') is not null, to_regclass('public._prisma_migrations') is not null,
       to_regclass('supabase_migrations.schema_migrations') is not null
"""
_PLAIN = "select name, applied_at, finished_at, error from vigie_migrations order by applied_at desc limit 200"
_PRISMA = (
    "select migration_name, started_at, finished_at, case when rolled_back_at is not null then 'rolled back' "
    "when finished_at is null then coalesce(logs, 'not finished') end from _prisma_migrations "
    "order by started_at desc limit 200"
)
_SUPABASE = (
    "select version || coalesce('_' || name, ''), null::timestamptz, null::timestamptz, null "
    "from supabase_migrations.schema_migrations order by version desc limit 200"
)
_GRACE = 60.0


class MigrationsProbe(Shared):
    """Every 60 s. Understands the plain SQL folder, Prisma's table and Supabase's."""

    def __init__(self, place: Place, link: DatabaseLink) -> None:
        super().__init__(place, "migrations", "migrations", 60.0, _LIMIT)
        self._link = link

    async def read(self) -> Reading:
        """Applied with their times, failed, pending; unknown when there is no table of migrations."""
        import psycopg

        self.begin()
        try:
            [[present]] = await self._link.rows((_TABLES,), self.limit - 0.5)
            asked = [sql for sql, there in zip((_PLAIN, _PRISMA, _SUPABASE), present, strict=True) if there]
            if not asked:
                return self.reading(Status.UNKNOWN, "no table of migrations in this database")
            [rows] = await self._link.rows(asked[:1], self.limit - 0.5)
        except (psycopg.Error, TimeoutError) as error:
            refusal = self._link.refusal(error)
            return self.reading(Status.UNKNOWN, f"the database does not tell: {refusal.words}")
        applied = [_row(row, self.place.now()) for row in rows]
        site = self.place.settings.site
        folder = self.place.settings.resolve(site.repository) / site.migrations
        files = await beside(_files, folder)
        known = {plain_name(str(row[0])) for row in rows}
        pending = [one_line(name, 120) for name in files or [] if plain_name(name) not in known]
        failed = [name for name, _, _, error in applied if error and error != "rolled back"]
        data = {"applied": applied[:30], "failed": failed[:10], "pending": pending[:20], "folder": files is not None}
        if failed:
            return self.reading(Status.DOWN, f"failed: {failed[0]}", float(len(failed)), data)
        words = f"{len(applied)} applied" + (f", {len(pending)} pending" if pending else "")
        return self.reading(Status.OK, words, 0.0, data)

    async def close(self) -> None:
        """Give back the connection and the clients."""
        await self._link.close()
        await super().close()


def _row(row: tuple[Any, ...], now: datetime) -> list[str | None]:
    """Name, applied, finished, error as text; begun long ago and never finished is an error too."""
    name, applied, finished, error = row
    words = one_line(str(error), 120) if error else ""
    if not words and finished is None and applied is not None and (now - _utc(applied)).total_seconds() > _GRACE:
        words = "begun and not finished"
    return [one_line(str(name), 120), _iso(applied), _iso(finished), words or None]


def _files(folder: Path) -> list[str] | None:
    """Names of the migrations in the checkout; None when there is no such folder."""
    try:
        found = sorted(folder.iterdir())
    except OSError:
        return None
    migrations = (path for path in found if is_migration(path.name))
    named = [path.name for path in migrations if path.suffix == ".sql" or (path / "migration.sql").is_file()]
    return named[:2000]


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _iso(at: datetime | None) -> str | None:
    return None if at is None else _utc(at).isoformat()
