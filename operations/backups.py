"""The backups in the bucket: which are complete, which can be trusted, how old the newest trusted one is.

A backup is three objects, the manifest last. The newest one is never believed because it is the newest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING

import msgspec

from operations.beside import side_by_side, within
from operations.bucket import Stray, backup_prefix, list_strays, place_of, refused, s3_client, time_told
from operations.errors import VigieError
from operations.foreign_json import NOT_JSON
from operations.settings import Settings
from operations.text import one_line

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MEASURED_AGAINST = 5
"""A backup is held against the median of this many trusted ones before it."""
NEWEST = 60
"""How many a look at the bucket reads the manifests of, unless told otherwise."""
LIST_LIMIT = 120.0
"""Seconds for a whole look at the bucket: S3's own limits count from byte to byte, so that a drip never ends."""
NO_SUCH = 4
"""Exit code where no such backup is there."""
_MANIFEST_CAP = 4_000_000
_STAMP = re.compile(r"_(\d{8}_\d{6})\.sql\.gz$")


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What the backup job wrote last. `tables` maps "schema.table" to its rows; `footer`: the dump's end was seen."""

    schema: int
    environment: str
    site: str = ""
    file: str = ""
    size: int
    sha256: str
    server_version: str = ""
    client_version: str = ""
    tables: dict[str, int] = {}
    extensions: list[str] = []
    started: datetime
    finished: datetime
    marked: bool = False
    job: str = ""
    footer: bool = False
    journal: list[tuple[str, int, str]] = []
    """The journal's last event of each writer (writer, seq, hash): here nobody who edits the journal reaches them."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup as the bucket tells it; `size` is the dump object's, in bytes, `at` the time in its name.

    `complete`: all three objects are there and the manifest fits. `trusted` is set by `judge`; `why_not` says in a
    few words what speaks against it.
    """

    key: str
    environment: str
    at: datetime
    size: int
    checksum: bool = False
    manifest: Manifest | None = None
    manifest_problem: str = ""
    trusted: bool = False
    why_not: str = ""
    foreign: bool = False
    """Its manifest names another site: two sites share a bucket and a prefix."""

    @property
    def name(self) -> str:
        """The file name of the dump."""
        return self.key.rpartition("/")[2]

    @property
    def complete(self) -> bool:
        """All three objects, and a manifest that speaks of this dump."""
        return self.checksum and self.manifest is not None and self.manifest.size == self.size

    @property
    def finished(self) -> datetime | None:
        """When it was finished, by its manifest: ages count from here."""
        return self.manifest.finished if self.manifest else None


@dataclass(frozen=True, slots=True)
class BackupList:
    """What lies in the bucket for one environment, newest first. `server_time` is the bucket's own clock, when told."""

    backups: tuple[Backup, ...]
    strays: tuple[Stray, ...] = ()
    strays_unknown: str = ""
    server_time: datetime | None = None

    @property
    def newest_trusted(self) -> Backup | None:
        """The newest backup that can be trusted."""
        return next((backup for backup in self.backups if backup.trusted), None)

    @property
    def usual_size(self) -> float | None:
        """Median size in bytes of the last five trusted ones."""
        sizes = [backup.size for backup in self.backups if backup.trusted][:MEASURED_AGAINST]
        return float(median(sizes)) if sizes else None


def judge(backups: Iterable[Backup]) -> tuple[Backup, ...]:
    """Say of each backup whether it can be trusted, newest first.

    Trusted: complete, footer seen, size at least half the median of the last five *trusted* before it, tables not
    fewer than half of theirs (operations.md). An untrusted one is never the measure for the next.
    """
    judged: list[Backup] = []
    trusted: list[Backup] = []
    for backup in sorted(backups, key=lambda b: (b.finished or b.at, b.key)):
        why_not = _against(backup, trusted[-MEASURED_AGAINST:])
        backup = replace(backup, trusted=not why_not, why_not=why_not)
        judged.append(backup)
        if backup.trusted:
            trusted.append(backup)
    return tuple(reversed(judged))


def list_backups(
    settings: Settings, environment: str, client: S3Client | None = None, newest: int | None = NEWEST
) -> BackupList:
    """The `newest` backups of that environment (None: all), judged. Blocks; raises VigieError without S3, or late."""
    place = place_of(settings, environment)
    s3 = client or s3_client(place, drill=settings.drill is not None)
    prefix = backup_prefix(settings, environment)
    late = VigieError(
        f"the bucket {place.bucket} did not tell all it holds within {LIST_LIMIT:g} s",
        next_step="Try again; vigie doctor says how the bucket answers.",
    )
    return within(LIST_LIMIT, lambda: _listed(s3, place.bucket, prefix, environment, settings.site.name, newest), late)


def _listed(s3: S3Client, bucket: str, prefix: str, environment: str, site: str, newest: int | None) -> BackupList:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        objects, server_time = _objects(s3, bucket, prefix)
        backups = _group(objects, environment)[:newest]
        backups = _with_manifests(s3, bucket, backups, objects, site)
    except (BotoCoreError, ClientError) as error:
        raise refused(bucket, error) from None
    strays, unknown = list_strays(s3, bucket, prefix)
    return BackupList(judge(backups), strays, unknown, server_time)


def choose_backup(found: BackupList, name: str) -> Backup:
    """The backup of that file name, or the newest trusted one for an empty name. Raises VigieError (code 4)."""
    if not name:
        if found.newest_trusted is None:
            raise VigieError("There is no backup that can be trusted.", code=NO_SUCH)
        return found.newest_trusted
    wanted = name.rpartition("/")[2]
    backup = next((backup for backup in found.backups if backup.name == wanted and backup.size), None)
    if backup is None:
        shown = one_line(name, 80)
        raise VigieError(
            f"There is no backup {shown}.", code=NO_SUCH, next_step="vigie backups list --all shows their names."
        )
    return backup


def _against(backup: Backup, before: Sequence[Backup]) -> str:
    if not backup.checksum or backup.manifest is None:
        missing = [word for word, there in (("checksum", backup.checksum), ("manifest", backup.manifest)) if not there]
        return backup.manifest_problem or f"incomplete: no {' and no '.join(missing)}"
    if backup.manifest.size != backup.size:
        return f"{backup.size} bytes, its manifest says {backup.manifest.size}"
    if not backup.manifest.footer:
        return "the dump's end was not seen"
    if not before:
        return ""
    usual = median(b.size for b in before)
    if backup.size < usual / 2:
        return f"{backup.size} bytes, usual {usual:.0f}"
    tables = median(len(b.manifest.tables) for b in before if b.manifest)
    if len(backup.manifest.tables) < tables / 2:
        return f"{len(backup.manifest.tables)} tables, usual {tables:.0f}"
    return ""


def _objects(s3: S3Client, bucket: str, prefix: str) -> tuple[dict[str, int], datetime | None]:
    found: dict[str, int] = {}
    server_time: datetime | None = None
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        server_time = time_told(page.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
        found.update({item["Key"]: item["Size"] for item in page.get("Contents", [])})
    return found, server_time


def _group(objects: Mapping[str, int], environment: str) -> list[Backup]:
    """One backup for each dump, and one for each checksum or manifest that has lost its dump."""
    names = {key.removesuffix(".manifest.json").removesuffix(".sha256") for key in objects}
    found = []
    for key in names:
        stamp = _STAMP.search(key)
        if stamp is None:
            continue
        try:
            at = datetime.strptime(stamp[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            continue
        problem = "" if key in objects else "incomplete: the dump itself is missing"
        found.append(
            Backup(key, environment, at, objects.get(key, 0), f"{key}.sha256" in objects, manifest_problem=problem)
        )
    return sorted(found, key=lambda backup: (backup.at, backup.key), reverse=True)


def _with_manifests(
    s3: S3Client, bucket: str, backups: Sequence[Backup], objects: Mapping[str, int], site: str
) -> list[Backup]:
    """Read the manifests, several at once. One of another site is none of ours: it is never trusted, never pruned."""

    def read(backup: Backup) -> Backup:
        key = f"{backup.key}.manifest.json"
        if key not in objects or backup.manifest_problem:
            return backup
        if objects[key] > _MANIFEST_CAP:
            return replace(backup, manifest_problem="its manifest is too large to be one")
        raw = s3.get_object(Bucket=bucket, Key=key)["Body"].read(_MANIFEST_CAP)
        try:
            manifest = msgspec.json.decode(raw, type=Manifest)
        except NOT_JSON:
            return replace(backup, manifest_problem="its manifest cannot be read")
        if manifest.environment != backup.environment:
            return replace(backup, manifest_problem=f"its manifest says {one_line(manifest.environment, 40)}")
        if manifest.site and site and manifest.site != site:
            return replace(
                backup, manifest_problem=f"it is of {one_line(manifest.site, 40)}, not of {site}", foreign=True
            )
        return replace(backup, manifest=_in_utc(manifest))

    return side_by_side(read, backups, at_once=6)


def _in_utc(manifest: Manifest) -> Manifest:
    def utc(at: datetime) -> datetime:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)

    return msgspec.structs.replace(manifest, started=utc(manifest.started), finished=utc(manifest.finished))
