"""Pruning: what goes, what never goes, and what a bucket that refuses leaves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operations.backups import Backup, BackupList, Manifest, judge, list_backups
from operations.jobs import operation_named
from operations.jobs.prune import prunable
from tests.attack.world import heard
from tests.operations.jobs.rig import Bench
from tests.operations.jobs.vault import Vault, new_vault
from tests.s3faults import Harm, faulty_s3
from tests.servers import PostgresServer, S3Server

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)


def stored(days: float, size: int = 1000, *, whole: bool = True) -> Backup:
    at = NOW - timedelta(days=days)
    manifest = Manifest(
        schema=1, environment="staging", size=size, sha256="0", started=at, finished=at, footer=True, tables={"a": 1}
    )
    return Backup(
        f"x/backup_staging_{at:%Y%m%d_%H%M%S}.sql.gz", "staging", at, size, whole, manifest if whole else None
    )


def the_list(*backups: Backup) -> BackupList:
    return BackupList(judge(backups))


ONE = st.builds(
    stored, st.floats(0, 90), st.sampled_from([10, 600, 1000, 5000]), whole=st.sampled_from([True, True, True, False])
)


@given(st.lists(ONE, max_size=12, unique_by=lambda one: one.key), st.floats(0, 60), st.integers(1, 9))
def test_whatever_lies_there_the_newest_trusted_ones_stay(backups: list[Backup], days: float, keep: int) -> None:
    found = the_list(*backups)
    pruning = prunable(found, NOW, days=days, keep=keep)
    stays = {one.key for one in pruning.stays}
    trusted = [one for one in found.backups if one.trusted]
    assert {one.key for one in trusted[:keep]} <= stays
    assert stays or not backups, "never everything"
    assert trusted or not pruning.goes, "where none can be trusted each may be the last resort"
    assert all((one.finished or one.at) < NOW - timedelta(days=days) for one in pruning.goes)
    assert len(pruning.goes) + len(pruning.stays) == len(found.backups)


def test_three_small_ones_of_the_last_nights_do_not_push_the_good_ones_out() -> None:
    found = the_list(stored(40), stored(35), stored(2, 2), stored(1, 2), stored(0.1, 2))
    assert [one.size for one in prunable(found, NOW, days=30, keep=2).goes] == []


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, s3: S3Server) -> Vault:
    """Three backups: of today, of 40 and of 50 days ago; made once."""
    made = new_vault(tmp_path_factory.mktemp("original"), postgres, s3)
    for days in (50, 40, 0):
        outcome, _ = made.back_up(days_ago=days)
        assert outcome.code == 0, outcome.says
    return made


@pytest.fixture
def vault(tmp_path: Path, original: Vault) -> Vault:
    """The same three in a bucket of their own."""
    copied = replace(original, folder=tmp_path, bucket=original.s3.new_bucket())
    for key in original.names():
        copied.s3.client().copy_object(Bucket=copied.bucket, Key=key, CopySource=f"{original.bucket}/{key}")
    return copied


def test_the_command_shows_first_and_removes_three_objects_as_one(vault: Vault) -> None:
    vault.settings()
    base = ("--config", str(vault.folder / "vigie.toml"), "backups", "prune", "--env", "staging")
    shown = heard(*base, "--keep", "2", "--json")
    plan = json.loads(shown.stdout)["plan"]
    assert (shown.returncode, len(plan["details"]["keys"])) == (0, 1)
    assert len(vault.names()) == 9, "only shown"
    assert heard(*base, "--keep", "2", "--apply").returncode == 1, "not confirmed"
    assert heard(*base, "--keep", "0").returncode == 1
    assert heard(*base, "--apply").returncode == 0, "seven are kept: nothing is left to remove, nothing to confirm"
    assert len(vault.names()) == 9
    done = heard(*base, "--keep", "2", "--apply", "--yes")
    assert done.returncode == 0, done.stderr
    assert len(vault.names()) == 6
    assert [backup.trusted for backup in vault.stored().backups] == [True, True]


def test_code_5_when_the_bucket_refuses_and_what_is_left_is_no_backup(vault: Vault, s3: S3Server) -> None:
    with faulty_s3(s3.endpoint) as faulty:

        def refuse(method: str, path: str) -> Harm | None:
            return Harm(status=403, code="AccessDenied") if method == "DELETE" and path.endswith(".gz") else None

        faulty.pick = refuse
        desk = vault.desk(endpoint=faulty.endpoint)
        operation = operation_named("prune")
        outcome = Bench(operation.plan(desk, {"keep": 1})).go(operation, desk)
    assert outcome.code == 5
    assert "0 removed, then" in outcome.says
    assert [backup.complete for backup in vault.stored().backups] == [True, False, True]
    again = operation.plan(vault.desk(), {"keep": 1})
    assert Bench(again).go(operation, vault.desk()).code == 0
    assert len(vault.stored().backups) == 1


def test_a_clock_that_is_wrong_removes_nothing(vault: Vault) -> None:
    desk = replace(vault.desk(), now=lambda: datetime.now(UTC) + timedelta(days=400))
    plan = operation_named("prune").plan(desk, {"keep": 1})
    assert plan.refusal is not None
    assert (plan.refusal.code, plan.refusal.name) == (2, "clock right")


def test_backups_of_another_site_in_the_same_place_are_neither_trusted_nor_removed(vault: Vault) -> None:
    other = msgspec.structs.replace(vault.settings().site, name="Dispatch!")
    settings = msgspec.structs.replace(vault.settings(), site=other)
    desk = replace(vault.desk(), settings=settings)
    assert operation_named("prune").plan(desk, {"keep": 1, "days": 0}).details["keys"] == []
    assert {backup.trusted for backup in list_backups(settings, "staging").backups} == {False}


def test_what_changed_since_the_plan_stops_it(vault: Vault) -> None:
    operation, desk = operation_named("prune"), vault.desk()
    plan = operation.plan(desk, {"keep": 2})
    newest = vault.stored().backups[0].key
    vault.s3.client().delete_object(Bucket=vault.bucket, Key=f"{newest}.manifest.json")
    outcome = Bench(plan).go(operation, desk)
    assert (outcome.code, "Nothing was removed" in outcome.says) == (1, True)
    assert len(vault.names()) == 8
