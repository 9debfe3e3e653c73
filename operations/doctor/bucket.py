"""One environment's bucket: each right tried by itself, on one small object of the doctor's own.

Nothing but that object is ever written or removed, and a read-only session writes none. Where it could not be removed
again it has one fixed name, so that there is never a second.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from operations.ages import age_words
from operations.bucket import backup_prefix, code_of, s3_client, time_told, words_of
from operations.desk import utc_now
from operations.doctor import rights
from operations.doctor.bucket_keeping import check_keeping, stranger_reads
from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.doctor.rights import ABORT, DELETE, DENIED, GET, LIST, NOTHING_THERE, PUT, UPLOADS, Where
from operations.settings import BackupSettings, Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CLOCK_LIMIT, CLOCK_WARN = timedelta(minutes=15), timedelta(minutes=1)
"""S3 refuses requests whose clock is further off than the first."""
ANSWER_LIMIT = 2.5
"""Seconds for each answer. A bucket that hangs is asked nothing more but to take the object back."""
FOLDER = "vigie-doctor"
LEFT = f"{FOLDER}/left-for-want-of-DeleteObject"
BODY = b"Written by vigie doctor to try its rights; nobody needs it.\n"


class Silent(Exception):
    """The bucket did not answer."""


class _Useless(Exception):
    """It refuses whatever is asked, which has been said."""


@dataclass(slots=True)
class Bucket:
    """The bucket under examination, and what its last answer told of the time."""

    s3: S3Client
    place: BackupSettings
    where: Where
    now: Callable[[], datetime] = utc_now
    drill: bool = False
    off: timedelta | None = None
    stored_with: str | None = None
    """The encryption of the trial object as the bucket tells it; None when there was no such object."""
    read_by_strangers: bool = False
    """Whether the trial object could be read without a key."""

    def ask(self, call: Callable[..., Any], **given: Any) -> tuple[Mapping[str, Any], str]:
        """The answer, and S3's word for a refusal. Raises Silent."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = call(Bucket=self.place.bucket, **given)
        except ClientError as error:
            self._note_time(error.response)
            return {}, code_of(error) or "an error without a name"
        except BotoCoreError as error:
            raise Silent(words_of(error)) from None
        self._note_time(answer)
        return dict(answer), ""

    def _note_time(self, answer: Mapping[str, Any]) -> None:
        told = time_told(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}))
        self.off = abs(self.now() - told) if told else self.off


def check_bucket(
    settings: Settings, environment: str, *, readonly: bool, now: Callable[[], datetime] = utc_now
) -> Iterator[Finding]:
    """Reach it, try every right, look how it keeps what it is given."""
    place = settings.environments[environment].backups
    key = f"environments.{environment}.backups"
    if not place.bucket:
        yield skip("bucket", f"{key}.bucket is not set: no backups", f'{key}: bucket = "my-site-backups"')
        return
    drill = settings.drill is not None
    bucket = Bucket(
        s3_client(place, drill=drill, limit=ANSWER_LIMIT, retries=0),
        place,
        Where(place.bucket, backup_prefix(settings, environment), key),
        now,
        drill,
    )
    try:
        yield from _examined(bucket, readonly)
        yield from check_keeping(bucket)
    except _Useless:
        return
    except Silent as silence:
        yield rights.silent("answers", str(silence))


def _examined(bucket: Bucket, readonly: bool) -> Iterator[Finding]:
    _, refusal = bucket.ask(bucket.s3.list_objects_v2, Prefix=bucket.where.prefix, MaxKeys=1)
    yield judge_clock(bucket.off)
    mend = rights.mend_whole(refusal, bucket.where)
    if mend:
        yield fail("answers", f"{bucket.place.bucket} refuses everything: {refusal}", mend)
        raise _Useless
    yield ok("answers", f"{bucket.place.bucket}, {bucket.where.prefix}")
    yield rights.judge_right(LIST, refusal, bucket.where)
    may_list = not refusal
    _, refusal = bucket.ask(bucket.s3.list_multipart_uploads, Prefix=bucket.where.prefix, MaxUploads=1)
    yield rights.judge_right(UPLOADS, refusal, bucket.where)
    if readonly:
        yield from (rights.untold(right, "this session is read-only") for right in (PUT, GET, ABORT, DELETE))
        return
    yield from _tried(bucket, may_list)


def _tried(bucket: Bucket, may_list: bool) -> Iterator[Finding]:
    """What writes. To remove and to abort is tried on what is not there: S3 refuses before it looks."""
    own = f"{bucket.where.prefix}{FOLDER}/{secrets.token_hex(8)}"
    _, refusal = bucket.ask(bucket.s3.abort_multipart_upload, Key=own, UploadId="vigie-doctor-has-none")
    yield rights.judge_right(ABORT, refusal, bucket.where)
    _, refusal = bucket.ask(bucket.s3.delete_object, Key=own)
    yield rights.judge_right(DELETE, refusal, bucket.where)
    may_remove = not refusal or refusal in NOTHING_THERE
    key = own if may_remove else f"{bucket.where.prefix}{LEFT}"
    silence: Silent | None = None
    try:
        yield from _written(bucket, key, may_list)
    except Silent as error:
        # The object may be there all the same.
        silence = error
    left = _taken_back(bucket, key) if may_remove else "the key may not remove it"
    yield _own_object(bucket, key, left)
    if silence is not None:
        raise silence


def _written(bucket: Bucket, key: str, may_list: bool) -> Iterator[Finding]:
    how = {"ServerSideEncryption": bucket.place.encryption} if bucket.place.encryption else {}
    _, unwritten = bucket.ask(bucket.s3.put_object, Key=key, Body=BODY, **how)
    yield rights.judge_right(PUT, unwritten, bucket.where)
    answer, unread = bucket.ask(bucket.s3.get_object, Key=key)
    if not unread:
        bucket.stored_with = str(answer.get("ServerSideEncryption", ""))
        yield _read_back(answer)
        bucket.read_by_strangers = stranger_reads(bucket, key)
    elif unwritten and unread in DENIED and not may_list:
        # Without s3:ListBucket S3 refuses to say that nothing is there.
        yield rights.untold(GET, "nothing could be written to read")
    elif unread in NOTHING_THERE and not unwritten:
        yield fail(GET.action, "what was just written is not there", "This server cannot be trusted with backups.")
    else:
        yield rights.judge_right(GET, unread, bucket.where)


def _read_back(answer: Mapping[str, Any]) -> Finding:
    from botocore.exceptions import BotoCoreError

    try:
        same = answer["Body"].read(len(BODY) + 1) == BODY
    except (BotoCoreError, OSError):
        same = False
    if same:
        return ok(GET.action, "allowed")
    return fail(GET.action, "what was written came back changed", "This server cannot be trusted with backups.")


def _taken_back(bucket: Bucket, key: str) -> str:
    """Why the object stays, empty when it is gone."""
    try:
        _, refusal = bucket.ask(bucket.s3.delete_object, Key=key)
    except Silent as silence:
        return str(silence)
    return "" if refusal in NOTHING_THERE else refusal


def _own_object(bucket: Bucket, key: str, left: str) -> Finding:
    name = "the doctor's own object"
    if not left:
        return ok(name, f"written, read and removed again: {key}")
    return warn(name, f"{key} may be left there: {left}", f"Remove it: aws s3 rm s3://{bucket.place.bucket}/{key}")


def judge_clock(off: timedelta | None) -> Finding:
    """How far this machine's clock is from the bucket's."""
    name, mend = "clock", "Set this machine's clock: timedatectl set-ntp true"
    if off is None:
        return skip(name, "the bucket did not tell its time")
    says = f"{age_words(off.total_seconds())} off the bucket's"
    if off > CLOCK_LIMIT:
        return fail(name, f"{says}: S3 refuses what is more than 15 minutes off", mend)
    if off > CLOCK_WARN:
        return warn(name, f"{says}: ages and what came first are not to be trusted", mend)
    return ok(name, "as the bucket's")
