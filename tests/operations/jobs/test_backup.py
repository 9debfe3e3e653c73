"""A backup: what lies in the bucket afterwards is whole and restores with plain tools; what fails leaves nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from operations.practice.postgres import wheel_folder
from tests.operations.jobs.vault import ROWS, Vault, new_vault, today
from tests.servers import PostgresServer, S3Server


@pytest.fixture
def vault(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> Vault:
    return new_vault(tmp_path, postgres, s3)


def test_three_objects_lie_in_the_bucket_and_tell_the_truth(vault: Vault) -> None:
    outcome, bench = vault.back_up()
    assert (outcome.code, bench.debris) == (0, {}), outcome.says
    key = next(key for key in vault.names() if key.endswith(".sql.gz"))
    assert re.fullmatch(rf"dispatch/backups/staging/{today()}/backup_staging_\d{{8}}_\d{{6}}\.sql\.gz", key)
    assert vault.names() == {key, f"{key}.sha256", f"{key}.manifest.json"}
    packed = vault.read(key)
    manifest = json.loads(vault.read(f"{key}.manifest.json"))
    assert manifest["sha256"] == hashlib.sha256(packed).hexdigest()
    assert (manifest["size"], manifest["footer"], manifest["marked"]) == (len(packed), True, False)
    assert manifest["tables"] == {"public.calls": ROWS, "public.trucks": 2}
    assert (manifest["environment"], manifest["job"]) == ("staging", "job1")
    assert vault.read(f"{key}.sha256").decode() == f"{manifest['sha256']}  {key.rpartition('/')[2]}\n"
    assert vault.stored().newest_trusted is not None
    assert outcome.says.endswith(f"{ROWS + 2} rows of 2 tables")


def test_it_restores_with_nothing_but_plain_tools(vault: Vault, tmp_path: Path) -> None:
    vault.back_up()
    for key in vault.names():
        (tmp_path / key.rpartition("/")[2]).write_bytes(vault.read(key))
    name = next(found.name for found in tmp_path.glob("*.sql.gz"))
    checked = subprocess.run(["sha256sum", "-c", f"{name}.sha256"], cwd=tmp_path, capture_output=True, check=True)
    assert checked.stdout == f"{name}: OK\n".encode()
    plain = subprocess.run(["gunzip", "-c", name], cwd=tmp_path, capture_output=True, check=True).stdout
    target = vault.postgres.new_database()
    psql = [str(wheel_folder() / "bin" / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-d", target]
    subprocess.run(psql, input=plain, check=True, capture_output=True, env={"PATH": os.defpath}, timeout=60)
    database = target.rpartition("/")[2]
    assert vault.postgres.run("select count(*), max(caller) from calls", database) == vault.run(
        "select count(*), max(caller) from calls"
    )


def test_a_local_copy_holds_the_same_bytes(vault: Vault, tmp_path: Path) -> None:
    outcome, bench = vault.back_up(keep_local=str(tmp_path / "kept"))
    assert (outcome.code, bench.debris) == (0, {})
    (copy,) = (tmp_path / "kept").iterdir()
    key = next(key for key in vault.names() if key.endswith(copy.name))
    assert copy.read_bytes() == vault.read(key)
    assert gzip.decompress(copy.read_bytes()).endswith(b"\n")


def test_a_mark_makes_it_count(vault: Vault) -> None:
    vault.run(f"comment on database {vault.database} is 'vigie:environment=staging'")
    vault.back_up()
    newest = vault.stored().newest_trusted
    assert newest is not None
    assert newest.manifest is not None
    assert newest.manifest.marked


def test_another_environments_mark_refuses(vault: Vault) -> None:
    vault.run(f"comment on database {vault.database} is 'vigie:environment=production'")
    refusal = vault.plan().refusal
    assert refusal is not None
    assert (refusal.name, refusal.code) == ("one story", 1)
    assert "marked production, not staging" in refusal.says


def test_a_much_smaller_one_is_stored_and_not_trusted(vault: Vault) -> None:
    vault.back_up(days_ago=1)
    vault.run("delete from calls")
    outcome, _ = vault.back_up()
    assert outcome.code == 4
    assert "cannot be trusted" in outcome.says
    found = vault.stored()
    assert [backup.trusted for backup in found.backups] == [False, True]


@pytest.mark.parametrize("step", ["dump", "checksum", "manifest"])
def test_a_cancel_leaves_nothing(vault: Vault, step: str) -> None:
    outcome, bench = vault.back_up(cancel_in=step)
    assert (outcome.code, bench.debris, vault.names()) == (143, {}, set())
    assert vault.stored().strays == ()
