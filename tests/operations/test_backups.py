"""A backup is trusted for what it is, never for being the newest; read from a real bucket."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from operations.backups import Backup, Manifest, judge, list_backups
from operations.bucket import backup_prefix, list_strays, place_of, s3_client
from operations.errors import VigieError
from operations.settings import BackupSettings, Environment, Secret, Settings, Site
from tests.operations.dripping import dripping_server
from tests.s3faults import Harm, faulty_s3
from tests.servers import S3Server

DAY = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


def _backup(day: int, size: int = 1000, tables: int = 10, **keys: Any) -> Backup:
    at = DAY + timedelta(days=day)
    manifest = Manifest(
        schema=1,
        environment="production",
        size=keys.pop("told", size),
        sha256="x",
        tables={f"public.t{n}": 1 for n in range(tables)},
        started=at,
        finished=at + timedelta(minutes=5),
        footer=keys.pop("footer", True),
    )
    return Backup(f"k{day}", "production", at, size, **{"checksum": True, "manifest": manifest, **keys})


def _trust(*backups: Backup) -> list[bool]:
    return [backup.trusted for backup in reversed(judge(backups))]


def test_good_backups_are_all_trusted() -> None:
    assert _trust(*(_backup(day) for day in range(4))) == [True] * 4


@pytest.mark.parametrize("lost", [{"checksum": False}, {"manifest": None}, {"told": 999}, {"footer": False}])
def test_an_incomplete_backup_is_never_trusted(lost: dict[str, Any]) -> None:
    assert _trust(_backup(0), _backup(1, **lost)) == [True, False]


def test_a_backup_of_less_than_half_the_usual_size_or_tables_is_not_trusted() -> None:
    assert _trust(_backup(0), _backup(1, size=499)) == [True, False]
    assert _trust(_backup(0), _backup(1, size=500)) == [True, True]
    assert _trust(_backup(0), _backup(1, tables=4)) == [True, False]


def test_three_nights_of_small_backups_do_not_become_the_measure() -> None:
    assert _trust(_backup(0), _backup(1), *(_backup(day, size=2) for day in range(2, 9))) == [True] * 2 + [False] * 7


def test_the_first_backup_has_nothing_to_be_held_against() -> None:
    assert _trust(_backup(0, size=1, tables=0)) == [True]


def _settings(s3: S3Server, bucket: str) -> Settings:
    place = BackupSettings(
        bucket=bucket, endpoint=s3.endpoint, access_key=Secret(s3.access_key), secret_key=Secret(s3.secret_key)
    )
    return Settings(site=Site(name="Pro Remorque"), environments={"production": Environment(backups=place)})


def _put(s3: S3Server, bucket: str, day: int, *, manifest: bytes | None = None, size: int = 100) -> str:
    at = DAY + timedelta(days=day)
    key = f"pro-remorque/backups/production/{at:%Y-%m-%d}/backup_production_{at:%Y%m%d_%H%M%S}.sql.gz"
    told = _backup(day, size=size).manifest
    import msgspec

    body = msgspec.json.encode(told) if manifest is None else manifest
    client = s3.client()
    client.put_object(Bucket=bucket, Key=key, Body=b"x" * size)
    client.put_object(Bucket=bucket, Key=f"{key}.sha256", Body=b"x")
    client.put_object(Bucket=bucket, Key=f"{key}.manifest.json", Body=body)
    return key


def test_a_bucket_is_listed_newest_first_with_what_speaks_against_each(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    good = _put(s3, bucket, 0)
    broken = _put(s3, bucket, 1, manifest=b"\xff[/x]")
    foreign = _put(s3, bucket, 2, manifest=json.dumps({"environment": "production"}).encode())
    nested = _put(s3, bucket, 3, manifest=b'{"x":' + b"[" * 60_000)
    s3.client().put_object(Bucket=bucket, Key=f"{good}.note", Body=b"?")
    found = list_backups(_settings(s3, bucket), "production")
    assert [backup.key for backup in found.backups] == [nested, foreign, broken, good]
    assert [backup.trusted for backup in found.backups] == [False, False, False, True]
    assert found.backups[0].why_not == found.backups[2].why_not == "its manifest cannot be read"
    assert found.newest_trusted is not None and found.newest_trusted.key == good
    assert found.usual_size == 100
    assert found.server_time is not None


def test_a_manifest_without_its_dump_is_shown_as_incomplete(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    key = _put(s3, bucket, 0)
    s3.client().delete_object(Bucket=bucket, Key=key)
    [backup] = list_backups(_settings(s3, bucket), "production").backups
    assert (backup.trusted, backup.why_not) == (False, "incomplete: the dump itself is missing")


def test_a_manifest_of_another_environment_is_not_believed(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    told = _backup(0, size=100).manifest
    import msgspec

    assert told is not None
    _put(s3, bucket, 0, manifest=msgspec.json.encode(msgspec.structs.replace(told, environment="staging")))
    [backup] = list_backups(_settings(s3, bucket), "production").backups
    assert backup.why_not == "its manifest says staging"


def test_an_unfinished_upload_is_a_stray(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    key = "pro-remorque/backups/production/2026-03-01/backup_production_20260301_020000.sql.gz"
    s3.client().create_multipart_upload(Bucket=bucket, Key=key)
    found = list_backups(_settings(s3, bucket), "production")
    assert [stray.key for stray in found.strays] == [key]
    assert found.newest_trusted is None


def test_a_bucket_that_is_not_there_is_an_error_in_words(s3: S3Server) -> None:
    with pytest.raises(VigieError, match="the bucket nowhere cannot be read"):
        list_backups(_settings(s3, "nowhere"), "production")


def test_a_bucket_whose_answer_never_ends_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.backups.LIST_LIMIT", 0.5)
    key = Secret("0123456789")
    with dripping_server() as endpoint:
        place = BackupSettings(bucket="b", endpoint=endpoint, access_key=key, secret_key=key)
        settings = Settings(site=Site(name="x"), environments={"staging": Environment(backups=place)})
        with pytest.raises(VigieError, match=r"the bucket b did not tell all it holds within 0\.5 s"):
            list_backups(settings, "staging")


def test_no_bucket_at_all_is_a_clear_demand() -> None:
    with pytest.raises(VigieError, match=r"backups\.bucket"):
        list_backups(Settings(environments={"production": Environment()}), "production")


def test_the_prefix_is_the_sites_slug_unless_named() -> None:
    named = Environment(backups=BackupSettings(bucket="b", prefix="/own/"))
    settings = Settings(site=Site(name="Pro Remorque"), environments={"a": Environment(), "b": named})
    assert backup_prefix(settings, "a") == "pro-remorque/backups/a/"
    assert backup_prefix(settings, "b") == "own/backups/b/"


@pytest.mark.parametrize(("code", "words"), [("NoSuchUpload", ""), ("AccessDenied", "uploads cannot be listed: Acc")])
def test_a_server_that_knows_no_upload_has_none_and_one_that_refuses_is_said(
    s3: S3Server, code: str, words: str
) -> None:
    settings = _settings(s3, s3.new_bucket())
    with faulty_s3(s3.endpoint) as faulty:
        faulty.pick = lambda method, path: Harm(status=403, code=code) if "uploads" in path else None
        place = msgspec.structs.replace(place_of(settings, "production"), endpoint=faulty.endpoint)
        strays, trouble = list_strays(s3_client(place), place.bucket, "")
    assert (strays, trouble[: len(words) or None]) == ((), words)
