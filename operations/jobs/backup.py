"""The backup: dump, gzip, hash and upload in one stream, then checksum and manifest, then a look into the bucket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from operations.bucket import abort_upload, place_of, s3_client
from operations.desk import Desk
from operations.dump.packing import temporary_of
from operations.engine.model import LockName, Plan, Step
from operations.errors import VigieError
from operations.jobs.backup_plan import NAME, plan_backup
from operations.jobs.backup_steps import BackupSteps
from operations.upload import names_under, remove, stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CODES = {
    0: "success",
    1: "invalid arguments, or not confirmed",
    2: "missing prerequisite",
    3: "database connection error",
    4: "dump failed",
    5: "upload to S3 failed",
}


class Backup:
    """`vigie backup`; request: `keep_local` (a folder for a second copy), `app` (the live commit, too)."""

    name = NAME
    title = "Back up"
    codes: Mapping[int, str] = CODES
    lock: LockName | None = "backup"

    def plan(self, desk: Desk, request: Mapping[str, Any]) -> Plan:
        """The whole preview, changing nothing. Raises VigieError with the code the command would end with."""
        return plan_backup(desk, request)

    def steps(self, desk: Desk, plan: Plan) -> Sequence[Step]:
        """The steps of `plan`."""
        return BackupSteps(desk, plan).all()

    def clean(self, desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
        """Take back one piece of a backup that did not come to its end. Raises VigieError where the bucket refuses."""
        kind = str(debris.get("kind"))
        if kind not in BACKUP_DEBRIS:
            raise VigieError(f"A backup leaves nothing of the kind {kind}.")
        BACKUP_DEBRIS[kind](desk, debris, say)


def _upload(desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
    s3 = s3_client(place_of(desk.settings, desk.environment), drill=desk.settings.drill is not None)
    abort_upload(s3, str(debris["bucket"]), str(debris["key"]), str(debris["upload_id"]))
    say(f"upload to {debris['key']} aborted")


def _incomplete(desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
    """Remove a dump without manifest, and its checksum; one that is whole, or another job's, stays."""
    s3 = s3_client(place_of(desk.settings, desk.environment), drill=desk.settings.drill is not None)
    bucket, key = str(debris["bucket"]), str(debris["key"])
    there = names_under(s3, bucket, key)
    if f"{key}.manifest.json" in there:
        say(f"{key} is whole: its manifest is there")
        return
    if key in there and not _is_of(s3, bucket, key, debris):
        raise VigieError(
            f"{key} was not written by this job: it is left alone.",
            next_step="Look at it in the bucket; remove it there if it is nobody's.",
        )
    for name in sorted(there & {key, f"{key}.sha256"}):
        remove(s3, bucket, name)
        say(f"{name} removed")


def _is_of(s3: S3Client, bucket: str, key: str, debris: Mapping[str, Any]) -> bool:
    """Whether that job wrote it; where the bucket keeps no metadata, its size to the byte has to do."""
    size, job = stored(s3, bucket, key)
    return job == debris.get("job") if job else size == debris.get("size")


def _copy(desk: Desk, debris: Mapping[str, Any], say: Callable[[str], None]) -> None:
    path = Path(str(debris["path"]))
    if path != temporary_of(path.with_name(path.name.removeprefix(".").removesuffix(".part"))):
        raise VigieError(f"{path} is not a half copy of a backup: it is left alone.")
    path.unlink(missing_ok=True)
    say(f"{path} removed")


BACKUP_DEBRIS = {"upload": _upload, "incomplete": _incomplete, "copy": _copy}
"""What a backup leaves when it dies, and what cleans it."""
