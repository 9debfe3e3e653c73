"""Migrations between two releases: git and the database's own record, together and each alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from operations.applied_migrations import Applied, read_applied
from operations.errors import VigieError
from operations.migrations import MigrationsBetween, judge_between
from operations.repository import Repository
from operations.settings import Secret
from tests.operations.gitsite import GitSite
from tests.servers import PostgresServer

FIRST = {"migrations/0001_calls.sql": "create table calls (id int);"}
ADDS = "alter table calls add column zone text;"
DROPS = "alter table calls drop column zone;"


@pytest.fixture
def site(tmp_path: Path) -> GitSite:
    return GitSite(tmp_path / "repository")


def between(
    site: GitSite, old: str, new: str, applied: Callable[[], Sequence[Applied] | None] | None = None
) -> MigrationsBetween:
    since = datetime(2024, 5, 2, tzinfo=UTC)
    return judge_between(Repository(site.path), "migrations", old, new, applied, since=since)


def test_no_migration_between_is_none(site: GitSite) -> None:
    old = site.commit("one", FIRST)
    new = site.commit("two", {"app.py": "1", "migrations/README.md": "words", "migrations/.gitkeep": ""})
    found = between(site, old, new)
    assert (found.verdict, found.items) == ("none", ())
    assert found.safe
    assert "git alone" in found.notes[0]


def test_the_worst_of_several_decides_and_each_is_named(site: GitSite) -> None:
    old = site.commit("one", FIRST)
    new = site.commit("two", {"migrations/0002_zone.sql": ADDS, "migrations/0003_drop.sql": DROPS})
    found = between(site, old, new)
    assert found.verdict == "one-way"
    assert [(item.name, item.verdict) for item in found.items] == [("0002_zone", "adds"), ("0003_drop", "one-way")]
    assert not found.safe
    assert found.words.startswith("0002_zone, 0003_drop, one way")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"migrations/0001_calls.sql": "create table calls (id bigint);"}, "changed after"),
        ({"migrations/0001_calls.sql": None}, "deleted after"),
        ({"migrations/0002_fill.py": "op.execute('x')"}, "not an SQL file"),
        ({"migrations/0002_big.sql": "-- x\n" * 300_000}, "too large"),
        ({"migrations/0002_broken.sql": "creat table"}, "not readable"),
    ],
)
def test_what_git_cannot_tell(site: GitSite, files: dict[str, str | None], reason: str) -> None:
    old = site.commit("one", FIRST)
    new = site.commit("two", files)
    found = between(site, old, new)
    assert found.verdict == "cannot-tell"
    assert reason in found.items[0].reasons[0]


def test_prisma_folders_and_down_files(site: GitSite) -> None:
    old = site.commit("one", FIRST)
    new = site.commit(
        "two",
        {
            "migrations/20240502101500_zone/migration.sql": ADDS,
            "migrations/0003_x.up.sql": ADDS,
            "migrations/0003_x.down.sql": DROPS,
            "migrations/migration_lock.toml": "provider = 'postgresql'",
        },
    )
    found = between(site, old, new)
    assert [item.name for item in found.items] == ["0003_x", "20240502101500_zone"]
    assert found.verdict == "adds"


def test_a_migration_the_database_never_ran_has_no_effect_yet(site: GitSite) -> None:
    old = site.commit("one", FIRST)
    new = site.commit("two", {"migrations/0002_drop.sql": DROPS})
    found = between(site, old, new, lambda: [Applied("0001_calls")])
    assert found.verdict == "none"
    assert found.items[0].reasons == ("not applied in the database",)
    assert between(site, old, new, lambda: [Applied("0001_calls"), Applied("0002_drop")]).verdict == "one-way"


def test_recorded_in_the_database_but_not_in_git_cannot_be_told(site: GitSite) -> None:
    old = site.commit("one", FIRST)
    new = site.commit("two", {"app.py": "1"})
    late, early = datetime(2024, 5, 3, tzinfo=UTC), datetime(2024, 4, 1, tzinfo=UTC)
    found = between(site, old, new, lambda: [Applied("0001_calls"), Applied("0009_by_hand", late)])
    assert (found.verdict, found.items[0].name) == ("cannot-tell", "0009_by_hand")
    # What was there when the target went live, the target ran with.
    assert between(site, old, new, lambda: [Applied("0000_squashed", early)]).verdict == "none"
    assert between(site, old, new, lambda: [Applied("0000_undated")]).verdict == "cannot-tell"


def test_a_failed_migration_outranks_everything(site: GitSite) -> None:
    old = site.commit("one", FIRST)
    new = site.commit("two", {"migrations/0002_drop.sql": DROPS})
    found = between(site, old, new, lambda: [Applied("0002_drop", failed="column does not exist")])
    assert found.verdict == "failed"
    assert not found.safe


def test_an_unreadable_database_is_said_and_git_still_counts(site: GitSite) -> None:
    def refuse() -> Sequence[Applied] | None:
        raise VigieError("The database's migrations cannot be read: connection refused.")

    old = site.commit("one", FIRST)
    new = site.commit("two", {"migrations/0002_drop.sql": DROPS})
    found = between(site, old, new, refuse)
    assert found.verdict == "one-way"
    assert "connection refused" in found.notes[0]
    keeps_none = between(site, old, new, lambda: None)
    assert "keeps no record" in keeps_none.notes[0]


def test_every_kind_of_record_is_read_from_a_real_database(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    assert read_applied(Secret(address)) is None
    postgres.run(
        "create table vigie_migrations (name text, applied_at timestamptz, finished_at timestamptz, error text)", name
    )
    postgres.run(
        "insert into vigie_migrations values ('0001_calls', '2024-05-01Z', '2024-05-01Z', null),"
        " ('0002_zone', '2024-05-02Z', null, 'column \"zone\" exists')",
        name,
    )
    first, second = read_applied(Secret(address)) or ()
    assert (first.name, first.failed, first.at) == ("0001_calls", "", datetime(2024, 5, 1, tzinfo=UTC))
    assert second.failed == 'column "zone" exists'
    postgres.run(
        "create table _prisma_migrations (migration_name text, started_at timestamptz, finished_at timestamptz,"
        " logs text, rolled_back_at timestamptz)",
        name,
    )
    postgres.run(
        "insert into _prisma_migrations values ('20240101_a', now(), now(), null, null),"
        " ('20240102_b', now(), null, 'boom', now()), ('20240103_c', now(), null, null, null)",
        name,
    )
    postgres.run("create schema supabase_migrations", name)
    postgres.run("create table supabase_migrations.schema_migrations (version text, name text)", name)
    postgres.run("insert into supabase_migrations.schema_migrations values ('20240201120000', 'zone')", name)
    found = {row.name: row.failed for row in read_applied(Secret(address)) or ()}
    assert found["20240101_a"] == ""
    assert found["20240102_b"] == ""
    assert found["20240103_c"] == "never finished"
    assert found["20240201120000_zone"] == ""


def test_long_names_stay_apart(postgres: PostgresServer) -> None:
    """Cut, so that a record cannot fill the memory; never so that two become one."""
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    postgres.run("create table vigie_migrations (name text, applied_at int, finished_at int, error text)", name)
    postgres.run("insert into vigie_migrations select repeat('x', 9000) || n, 1, 1 from generate_series(1, 2) n", name)
    one, two = read_applied(Secret(address)) or ()
    assert one.name != two.name
    assert len(one.name) == len(two.name) < 5000


def test_a_supabase_table_without_names_is_read_too(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    postgres.run("create schema supabase_migrations", name)
    postgres.run("create table supabase_migrations.schema_migrations (version text)", name)
    postgres.run("insert into supabase_migrations.schema_migrations values ('20240201120000')", name)
    assert [row.name for row in read_applied(Secret(address)) or ()] == ["20240201120000"]


def test_a_database_that_refuses_is_an_error_without_the_password(postgres: PostgresServer) -> None:
    address = postgres.url("postgres", password="wrong-and-secret")
    with pytest.raises(VigieError, match="cannot be read") as caught:
        read_applied(Secret(address))
    assert "wrong-and-secret" not in str(caught.value)
    with pytest.raises(VigieError, match="cannot be read"):
        read_applied(Secret("postgresql://u:p@127.0.0.1:9/x"))
