"""Jobs beside each other: a nightly backup holds up no rollback, and a full disk stops backups, never the way back."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from operations.jobs.verify import Verify, backup_choices
from tests.attack.world import heard
from tests.operations.jobs.rig import Bench, Rig, a_rig
from tests.operations.jobs.runs import Runs
from tests.servers import PostgresServer, S3Server

CONFIRMED = ("--confirm", "dispatch production", "--reason", "a test")


@pytest.fixture
def rig(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> Iterator[Rig]:
    """A production with a database, a bucket and a release to go back to."""
    with a_rig(tmp_path) as made:
        address = postgres.new_database()
        postgres.run("create table calls (id int)", address.rpartition("/")[2])
        made.more = f'database = "{address}"'
        made.tables = (
            f'[environments.production.backups]\nbucket = "{s3.new_bucket()}"\nendpoint = "{s3.endpoint}"\n'
            f'region = "us-east-1"\naccess_key = "{s3.access_key}"\nsecret_key = "{s3.secret_key}"\nencryption = ""\n'
        )
        yield made


def test_a_backup_that_began_at_two_does_not_delay_a_rollback_at_one_past_two(
    rig: Rig, postgres: PostgresServer
) -> None:
    backups = Runs(rig.settings(), "backup", "production")
    rollbacks = Runs(rig.settings(), "rollback", "production")
    with psycopg.connect(postgres.url(rig.more.split('"')[1].rpartition("/")[2])) as connection:
        connection.execute("lock table calls")
        nightly = backups.until(backups.start().id, lambda job: bool(job.groups))
        rollback = rollbacks.ended(rollbacks.start().id)
        assert rollback.code == 0, rollback.says
        assert rig.served() == "v2"
        assert backups.job(nightly.id).live, "the dump still waits for its lock"
    assert backups.ended(nightly.id).code == 0
    for runs in (backups, rollbacks):
        runs.journal.close()


def test_a_full_disk_under_the_journal_stops_a_backup_with_words_and_lets_a_rollback_through(rig: Rig) -> None:
    path = rig.write_settings()
    state = rig.folder / "state"
    state.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(state)], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(OSError, match="No space"), (state / "filler").open("wb") as filler:
            filler.write(b"x" * 1_000_000)
        backup = heard("--config", str(path), "backup", "--env", "production", "--yes")
        assert backup.returncode == 1
        assert "journal" in backup.stderr
        rollback = heard("--config", str(path), "rollback", "--env", "production", *CONFIRMED)
        assert rollback.returncode == 0, rollback.stderr
    finally:
        subprocess.run(["umount", "--lazy", str(state)], check=True)
    assert rig.served() == "v2"


def test_a_backup_is_chosen_and_verified_as_a_job(rig: Rig, s3: S3Server) -> None:
    runs = Runs(rig.settings(), "backup", "production")
    assert runs.ended(runs.start().id).code == 0
    runs.journal.close()
    desk = rig.desk()
    ((name, words),) = backup_choices(desk)
    assert "trusted" in words
    good = Bench(Verify().plan(desk, {"file": name})).go(Verify(), desk)
    assert (good.code, "verified" in good.says) == (0, True)
    assert Verify().plan(desk, {}).request == {"file": name}, "the newest trusted one, unless another is named"
    bucket = rig.tables.split('bucket = "')[1].split('"')[0]
    (key,) = [
        one["Key"] for one in s3.client().list_objects_v2(Bucket=bucket)["Contents"] if one["Key"].endswith(".gz")
    ]
    raw = bytearray(s3.client().get_object(Bucket=bucket, Key=key)["Body"].read())
    raw[len(raw) // 2] ^= 1
    s3.client().put_object(Bucket=bucket, Key=key, Body=bytes(raw))
    bad = Bench(Verify().plan(desk, {"file": name})).go(Verify(), desk)
    assert bad.code == 1
    assert name in bad.says
