"""The code beside the database: the live commit's own files with their checksum; a dump is never spoilt by it."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.backups import list_backups
from operations.jobs.backup import Backup
from tests.operations.jobs.rig import Bench, Rig, a_rig
from tests.servers import PostgresServer, S3Server


@pytest.fixture
def bucket(s3: S3Server) -> str:
    return s3.new_bucket()


@pytest.fixture
def rig(tmp_path: Path, postgres: PostgresServer, s3: S3Server, bucket: str) -> Iterator[Rig]:
    with a_rig(tmp_path) as made:
        address = postgres.new_database()
        postgres.run("create table calls (id int)", address.rpartition("/")[2])
        made.more = f'database = "{address}"'
        made.tables = (
            f'[environments.production.backups]\nbucket = "{bucket}"\nendpoint = "{s3.endpoint}"\n'
            'region = "us-east-1"\n'
            f'access_key = "{s3.access_key}"\nsecret_key = "{s3.secret_key}"\nencryption = ""\n'
        )
        yield made


def test_the_live_commits_files_lie_beside_the_dump(rig: Rig, s3: S3Server, bucket: str) -> None:
    rig.git.commit("not live yet", {"app.txt": "4"})
    desk = rig.desk()
    plan = Backup().plan(desk, {"app": True})
    assert plan.refusal is None
    assert [step.name for step in plan.steps] == ["dump", "checksum", "manifest", "app", "look"]
    bench = Bench(plan)
    outcome = bench.go(Backup(), desk)
    assert outcome.code == 0, outcome.says
    assert bench.debris == {}
    name = outcome.details["app"]
    assert name.startswith("app_production_")
    keys = {Path(one["Key"]).name: one["Key"] for one in s3.client().list_objects_v2(Bucket=bucket)["Contents"]}
    raw = s3.client().get_object(Bucket=bucket, Key=keys[name])["Body"].read()
    told = s3.client().get_object(Bucket=bucket, Key=keys[f"{name}.sha256"])["Body"].read().decode()
    assert told == f"{hashlib.sha256(raw).hexdigest()}  {name}\n"
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        live = archive.extractfile(f"dispatch-{rig.commits['v3'][:7]}/app.txt")
        assert live is not None
        assert live.read() == b"3", "what is live, not what is newest"
    (backup,) = list_backups(desk.settings, "production").backups
    assert backup.trusted, "an archive is not taken for a dump"


def test_code_2_when_nobody_knows_what_is_live(rig: Rig) -> None:
    (rig.root / "current").unlink()
    (rig.root / "releases.jsonl").unlink()
    refusal = Backup().plan(rig.desk(), {"app": True}).refusal
    assert refusal is not None
    assert (refusal.name, refusal.code) == ("live commit here", 2)
    assert Backup().plan(rig.desk(), {}).refusal is None


def test_a_failing_archive_is_4_and_the_dump_stays(rig: Rig) -> None:
    desk = rig.desk()
    bench = Bench(Backup().plan(desk, {"app": True}))

    def objects_vanish(step: str) -> None:
        if step == "app":
            tree = rig.git.git("rev-parse", f"{rig.commits['v3']}^{{tree}}")
            (rig.git.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()

    bench.before = objects_vanish
    outcome = bench.go(Backup(), desk)
    assert outcome.code == 4
    assert "the database is stored, but git archive failed" in outcome.says
    (backup,) = list_backups(desk.settings, "production").backups
    assert backup.trusted
    assert bench.debris == {}
    assert list_backups(desk.settings, "production").strays == ()
