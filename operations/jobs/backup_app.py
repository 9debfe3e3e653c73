"""The code beside the database: `git archive` of the live commit, packed, hashed and stored as the dump is.

Nothing of it is a backup of the database, and nothing of it can spoil one: it comes after the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from operations.ages import size_words
from operations.bucket import abort_upload
from operations.desk import Desk
from operations.dump.packing import Packer
from operations.engine.model import Guard, StepFailed
from operations.engine.process import Streams
from operations.engine.steps import StepContext
from operations.errors import VigieError
from operations.git import git_command, git_environment
from operations.jobs.going_live import how_it_ended
from operations.platforms import platform_for
from operations.repository import Repository
from operations.settings import BackupSettings
from operations.upload import Upload, put_whole

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREREQUISITE, ARCHIVE_FAILED = 2, 4
ARCHIVE_LIMIT = 1800.0
"""Seconds git may take."""


def live_commit(desk: Desk) -> str:
    """The full hash of what is live. Raises VigieError (2) when nobody can say, or git does not have it."""
    platform = platform_for(desk.settings, desk.environment)
    live = platform.live() if platform else None
    if live is None or not live.commit:
        raise VigieError("nobody knows which commit is live", code=PREREQUISITE)
    found = Repository(desk.settings.resolve(desk.settings.site.repository)).find(live.commit)
    if not found:
        says = f"the live commit {live.commit[:7]} is not in this checkout: git fetch --tags"
        raise VigieError(says, code=PREREQUISITE)
    return found


def app_guard(desk: Desk) -> Guard:
    """The live commit is known and here."""
    try:
        return Guard("live commit here", "pass", live_commit(desk)[:7])
    except VigieError as error:
        return Guard("live commit here", "refuse", error.what, PREREQUISITE)


def archive_app(
    desk: Desk, context: StepContext, s3: S3Client, place: BackupSettings, key: str, how: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Store the archive beside the dump `key`, and its checksum; what was stored, for the outcome."""
    commit = live_commit(desk)
    folder, _, dump = key.rpartition("/")
    name = dump.replace("backup_", "app_", 1).removesuffix(".sql.gz") + ".tar.gz"
    stored = f"{folder}/{name}"
    upload = Upload(s3, place.bucket, stored, {**how, "ContentType": "application/gzip"})
    where = {"bucket": place.bucket, "key": stored}
    left = context.leaves("upload", f"an unfinished upload: {name}", upload_id=upload.begin(), **where)
    packer = Packer([upload.write])
    repository = desk.settings.resolve(desk.settings.site.repository)
    argv = git_command(repository, "archive", "--format=tar", f"--prefix={desk.site}-{commit[:7]}/", commit)
    try:
        done = context.run(argv, env=git_environment(), limit=ARCHIVE_LIMIT, streams=Streams(output=packer.write))
        if done.code or done.timed_out:
            raise StepFailed(ARCHIVE_FAILED, f"the database is stored, but git archive failed: {how_it_ended(done)}")
        packed = packer.finish()
        upload.finish()
        context.settled(left)
        line = f"{packed.sha256}  {name}\n".encode()
        put_whole(s3, place.bucket, f"{stored}.sha256", line, {**how, "ContentType": "text/plain"})
    except (StepFailed, VigieError):
        packer.stop()
        upload.stop()
        with suppress(VigieError):
            # What cannot be aborted stays named; how the archive failed is what counts.
            abort_upload(s3, place.bucket, stored, upload.upload_id)
            context.settled(left)
        raise
    finally:
        packer.stop()
        upload.stop()
    context.progress(f"{commit[:7]}, {size_words(packed.size)}")
    return {"app": name, "app_commit": commit, "app_size": packed.size, "app_sha256": packed.sha256}
