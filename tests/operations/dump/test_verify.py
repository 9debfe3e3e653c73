"""Verifying: a good backup is good; every damage is found and named; what is not there is not compared."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from operations.backups import Backup
from operations.dump.verify import verify_backup
from operations.errors import VigieError
from tests.attack.world import heard
from tests.operations.jobs.vault import ROWS, Vault, new_vault
from tests.servers import PostgresServer, S3Server


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, s3: S3Server) -> Vault:
    """One backup, made once; nobody changes it."""
    made = new_vault(tmp_path_factory.mktemp("original"), postgres, s3)
    outcome, _ = made.back_up()
    assert outcome.code == 0, outcome.says
    return made


@pytest.fixture
def vault(tmp_path: Path, original: Vault) -> Vault:
    """The same backup in a bucket of its own."""
    copied = replace(original, folder=tmp_path, bucket=original.s3.new_bucket())
    for key in original.names():
        copied.s3.client().copy_object(
            Bucket=copied.bucket, Key=key, CopySource={"Bucket": original.bucket, "Key": key}
        )
    return copied


def the_one(vault: Vault) -> Backup:
    (backup,) = vault.stored().backups
    return backup


def change(vault: Vault, how: Callable[[bytes], bytes], suffix: str = "") -> None:
    key = f"{the_one(vault).key}{suffix}"
    vault.s3.client().put_object(Bucket=vault.bucket, Key=key, Body=how(vault.read(key)))


def problems(vault: Vault) -> str:
    found = verify_backup(vault.s3.client(), vault.bucket, the_one(vault))
    assert found.ok == (not found.problems)
    return "; ".join(found.problems)


def test_a_good_one_is_good(vault: Vault) -> None:
    found = verify_backup(vault.s3.client(), vault.bucket, the_one(vault))
    assert (found.ok, found.not_compared) == (True, ())
    assert (found.rows, found.tables) == (ROWS + 2, 2)
    packed = vault.read(the_one(vault).key)
    assert (found.size, found.sha256) == (len(packed), hashlib.sha256(packed).hexdigest())
    assert found.plain == len(gzip.decompress(packed))


def test_a_flipped_byte_is_found(vault: Vault) -> None:
    change(vault, lambda raw: raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:])
    assert "its .sha256 says" in problems(vault)
    assert "its manifest says" in problems(vault)


def test_a_truncated_one_is_found(vault: Vault) -> None:
    change(vault, lambda raw: raw[:-2000])
    assert "its gzip is cut short" in problems(vault)


def test_a_dump_cut_inside_valid_gzip_with_a_good_checksum_is_found(vault: Vault) -> None:
    def cut(raw: bytes) -> bytes:
        return gzip.compress(gzip.decompress(raw).partition(b"-- PostgreSQL database dump complete")[0])

    change(vault, cut)
    sum_now = hashlib.sha256(vault.read(the_one(vault).key)).hexdigest()
    change(vault, lambda raw: f"{sum_now}  {the_one(vault).name}\n".encode(), ".sha256")
    change(vault, lambda raw: json.dumps({**json.loads(raw), "sha256": sum_now}).encode(), ".manifest.json")
    assert problems(vault) == "the dump is not whole: its end was not seen"


@pytest.mark.parametrize("more", [b"x", b"x" * 3_000_000], ids=["a byte", "3 MB"])
def test_something_behind_its_end_is_found(vault: Vault, more: bytes) -> None:
    change(vault, lambda raw: raw + more)
    assert "there is more behind its gzip's end" in problems(vault)


def test_rows_that_are_not_the_manifests_are_found(vault: Vault) -> None:
    def other(raw: bytes) -> bytes:
        told = json.loads(raw)
        return json.dumps({**told, "tables": {**told["tables"], "public.calls": 7}}).encode()

    change(vault, other, ".manifest.json")
    assert problems(vault) == f"public.calls has {ROWS} rows, its manifest says 7"


def test_one_of_a_shell_pipeline_is_verified_and_what_is_not_there_is_said(vault: Vault) -> None:
    key = the_one(vault).key
    for suffix in (".sha256", ".manifest.json"):
        vault.s3.client().delete_object(Bucket=vault.bucket, Key=key + suffix)
    found = verify_backup(vault.s3.client(), vault.bucket, the_one(vault))
    assert found.ok
    assert found.not_compared == ("no checksum lies beside it", "no manifest lies beside it")


def test_one_that_is_gone_meanwhile_is_code_4(vault: Vault) -> None:
    backup = the_one(vault)
    vault.s3.client().delete_object(Bucket=vault.bucket, Key=backup.key)
    with pytest.raises(VigieError, match="cannot be downloaded") as caught:
        verify_backup(vault.s3.client(), vault.bucket, backup)
    assert caught.value.code == 4


def test_the_commands_list_and_verify_and_tell_by_their_codes(vault: Vault) -> None:
    config = str(vault.folder / "vigie.toml")
    name = the_one(vault).name
    listed = heard("--config", config, "backups", "list", "--env", "staging")
    assert listed.returncode == 0
    assert name in listed.stdout and f"{ROWS + 2} rows" in listed.stdout and "trusted" in listed.stdout
    document = json.loads(heard("--config", config, "backups", "list", "--env", "staging", "--json").stdout)
    assert [backup["name"] for backup in document["result"]["backups"]] == [name]
    good = heard("--config", config, "backups", "verify", "--latest", "--env", "staging")
    assert (good.returncode, good.stdout.startswith(f"{name} verified: ")) == (0, True)
    change(vault, lambda raw: raw[:-2000])
    bad = heard("--config", config, "backups", "verify", name, "--env", "staging", "--json")
    assert bad.returncode == 5
    assert json.loads(bad.stdout)["meaning"] == "verification failed"
    assert heard("--config", config, "backups", "verify", "no-such", "--env", "staging").returncode == 4
    assert heard("--config", config, "backups", "verify", "--env", "staging").returncode == 1


def test_an_empty_bucket_says_so(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> None:
    vault = Vault(tmp_path, postgres, s3, postgres.url(), s3.new_bucket())
    vault.settings()
    done = heard("--config", str(tmp_path / "vigie.toml"), "backups", "list", "--env", "staging")
    assert (done.returncode, done.stdout) == (0, "")
    assert "there is no backup of dispatch staging" in done.stderr
    none = heard("--config", str(tmp_path / "vigie.toml"), "backups", "verify", "--latest", "--env", "staging")
    assert none.returncode == 4
