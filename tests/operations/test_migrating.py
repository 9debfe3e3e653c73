"""Which program brings migrations in, what it is told, and that no password is ever among its arguments."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from operations.applied_migrations import Applied
from operations.migrating import Pending, calls_of, doubled_at, migration_environment, names_at, pending_at, psql_call
from operations.migration_locks import Running
from operations.repository import Repository
from operations.settings import DeploySettings, Secret
from tests.operations.gitsite import GitSite

ADDRESS = Secret("postgresql://app:p%40ss-word@db.example.test:6543/postgres?sslmode=require")


def test_the_calls_of_each_driver() -> None:
    prisma = calls_of(DeploySettings(migrations="prisma"), ADDRESS)
    assert prisma.apply == ("npx", "prisma", "migrate", "deploy")
    assert prisma.previews_with == (0, 1), "status ends with 1 where something is pending"
    supabase = calls_of(DeploySettings(migrations="supabase"), ADDRESS)
    assert supabase.preview[-1] == "--dry-run"
    assert "postgresql://app@db.example.test:6543/postgres?sslmode=require" in supabase.apply
    own = calls_of(DeploySettings(migrations="command", migrate=("bin/up",), migrate_preview=("bin/up", "-n")), ADDRESS)
    assert (own.preview, own.apply) == (("bin/up", "-n"), ("bin/up",))
    assert calls_of(DeploySettings(migrations="sql"), ADDRESS).apply == ()
    for calls in (prisma, supabase, own):
        assert "word" not in " ".join((*calls.preview, *calls.apply))


def test_a_program_finds_the_database_in_its_environment() -> None:
    with migration_environment(ADDRESS) as found:
        assert found["DATABASE_URL"] == ADDRESS.reveal()
        assert (found["PGHOST"], found["PGPORT"], found["PGSSLMODE"]) == ("db.example.test", "6543", "require")
        assert "PGOPTIONS" not in found, "poolers refuse options of the connection"
        assert "p@ss-word" in Path(found["PGPASSFILE"]).read_text()
        assert stat.S_IMODE(Path(found["PGPASSFILE"]).stat().st_mode) == 0o600
        assert "PGPASSWORD" not in found


def test_a_name_with_quotes_stays_one_text() -> None:
    call = psql_call(
        "psql",
        Path("x.sql"),
        "0002_o'hara\\",
        Running(True),
        lock_timeout=2.5,
        limit=9,
        session="vigie-1",
        baseline=("0001_'; drop table x; --",),
    )
    words = " ".join(call)
    assert "E'0002_o''hara\\\\'" in words
    assert "E'0001_''; drop table x; --'" in words
    assert "--single-transaction" in call
    assert "set local lock_timeout = 2500; set local statement_timeout = 9000" in words
    alone = psql_call("psql", Path("x.sql"), "a", Running(False), lock_timeout=2.5, limit=9, session="vigie-1")
    assert "--single-transaction" not in alone
    assert any(word.startswith("set lock_timeout = 2500; set statement_timeout = 9000") for word in alone)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    site = GitSite(tmp_path / "repository")
    site.commit(
        "all kinds",
        {
            "migrations/0002_b.sql": "create table b (id int);",
            "migrations/0001_a.sql": "create table a (id int);",
            "migrations/0003_c.up.sql": "create table c (id int);",
            "migrations/0003_c.down.sql": "drop table c;",
            "migrations/README.md": "how",
            "migrations/meta/_journal.json": "{}",
            "migrations/meta/0001_snapshot.json": "{}",
            "prisma/20240101000000_start/migration.sql": "create table d (id int);",
            "prisma/migration_lock.toml": "x",
        },
        tag="v1",
    )
    return Repository(site.path)


def test_pending_is_what_the_record_has_not_in_order(repository: Repository) -> None:
    commit = repository.resolve("v1")
    assert names_at(repository, commit, "migrations") == ("0001_a", "0002_b", "0003_c")
    pending = pending_at(repository, commit, "migrations", [Applied("0001_a.sql"), Applied("0002_b", failed="half")])
    assert [one.name for one in pending] == ["0002_b", "0003_c"]
    assert pending[1].path == "migrations/0003_c.up.sql"
    assert [one.word for one in pending] == ["adds", "adds"]
    assert [one.name for one in pending_at(repository, commit, "prisma", [])] == ["20240101000000_start"]
    assert pending_at(repository, commit, "prisma", [Applied("20240101000000")]) == ()
    assert pending_at(repository, commit, "nowhere", []) == ()


def names_of(pending: Sequence[Pending]) -> list[str]:
    return [one.name for one in pending]


def test_two_migrations_of_one_day_are_two(tmp_path: Path) -> None:
    """A date that two files begin with is the version of neither: recorded is what goes by its whole name."""
    site = GitSite(tmp_path / "repository")
    first, second = "migrations/20261122_first.sql", "migrations/20261122_second.sql"
    site.commit("two of a day", {first: "select 1;", second: "select 2;"}, tag="v1")
    repository = Repository(site.path)
    commit = repository.resolve("v1")
    recorded = [Applied("20261122_first"), Applied("20261122_third"), Applied("2026112")]
    assert names_of(pending_at(repository, commit, "migrations", recorded)) == ["20261122_second"]
    assert doubled_at(repository, commit, "migrations", recorded, "sql") == ""
    # Supabase records the version alone: what it means by it nobody can tell.
    bare = [Applied("20261122", version="20261122")]
    for says in (
        doubled_at(repository, commit, "migrations", recorded, "supabase"),
        doubled_at(repository, commit, "migrations", bare, "sql"),
    ):
        assert says.startswith(f"{first} and {second} have one version, 20261122, ")


def test_a_version_stands_for_a_migration_where_the_record_is_one_of_versions(tmp_path: Path) -> None:
    site = GitSite(tmp_path / "repository")
    files = {"migrations/20240101000000_a.sql": "select 1;", "migrations/0002_b.sql": "select 2;"}
    site.commit("versions", files, tag="v1")
    repository = Repository(site.path)
    commit = repository.resolve("v1")
    both = ["0002_b", "20240101000000_a"]
    versions = [Applied("20240101000000", version="20240101000000"), Applied("0002", version="0002")]
    assert names_of(pending_at(repository, commit, "migrations", versions)) == []
    renamed = [Applied("20240101000000_was", version="20240101000000"), Applied("0002_was", version="0002")]
    assert names_of(pending_at(repository, commit, "migrations", renamed)) == ["0002_b"]
    by_name = [Applied("20240101000000_was"), Applied("0002"), Applied("0002_was")]
    assert names_of(pending_at(repository, commit, "migrations", by_name)) == both


def test_files_in_folders_are_migrations_of_their_own(tmp_path: Path) -> None:
    site = GitSite(tmp_path / "repository")
    folders = {"migrations/2026/0001_a.sql": "select 1;", "migrations/2026/0002_b.up.sql": "select 2;"}
    prisma = {"migrations/2027_c/migration.sql": "select 3;", "migrations/2027_c/note.sql": "select 4;"}
    site.commit("in folders", {**folders, **prisma}, tag="v1")
    repository = Repository(site.path)
    commit = repository.resolve("v1")
    assert names_at(repository, commit, "migrations") == ("2026/0001_a", "2026/0002_b", "2027_c", "2027_c/note")
    pending = pending_at(repository, commit, "migrations", [Applied("2026/0001_a"), Applied("2026")])
    assert names_of(pending) == ["2026/0002_b", "2027_c", "2027_c/note"]
    assert names_at(repository, commit, "migrations", "prisma") == ("2027_c",), "Prisma runs migration.sql alone"
    assert "the record names the folder 2026," in doubled_at(repository, commit, "migrations", [Applied("2026")])
    assert doubled_at(repository, commit, "migrations", [Applied("2026/0001_a"), Applied("2027_c")]) == ""


@pytest.mark.parametrize("other", ["0001_a.up.sql", "0001_a.py", "0001_a/migration.sql"])
def test_two_files_of_one_name_are_named_both(tmp_path: Path, other: str) -> None:
    site = GitSite(tmp_path / "repository")
    site.commit("twice", {"migrations/0001_a.sql": "select 1;", f"migrations/{other}": "select 2;"}, tag="v1")
    repository = Repository(site.path)
    says = doubled_at(repository, repository.resolve("v1"), "migrations", [])
    assert "migrations/0001_a.sql" in says
    assert f"migrations/{other}" in says


def test_settings_name_their_driver() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"migrations": "magic"}, DeploySettings)
