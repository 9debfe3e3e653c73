"""One environment's bucket: does it answer, is its clock ours, what does its policy allow, how does it keep things.

What writes is in `bucket_trial`; a read-only session goes without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from operations.ages import age_words
from operations.bucket import backup_prefix, code_of, s3_client, time_told, words_of
from operations.desk import utc_now
from operations.doctor import rights
from operations.doctor.bucket_keeping import check_keeping
from operations.doctor.bucket_trial import Silent, try_writing
from operations.doctor.finding import LIMIT, Finding, fail, ok, skip, warn
from operations.doctor.rights import ABORT, DELETE, GET, LIST, PUT, UPLOADS, Where
from operations.settings import BackupSettings, Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CLOCK_LIMIT, CLOCK_WARN = timedelta(minutes=15), timedelta(minutes=1)
"""S3 refuses requests whose clock is further off than the first."""
ANSWER_LIMIT = 2.5
"""Seconds for each answer. A bucket that hangs is asked nothing more but to take the object back."""
TIME_IN_ALL = LIMIT
"""Seconds for everything: nothing is written that could not be taken back in them."""


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
    until: float = field(default_factory=lambda: monotonic() + TIME_IN_ALL)

    def has_time_for(self, answers: int) -> bool:
        """Whether so many slow answers more still come in time."""
        return monotonic() + answers * ANSWER_LIMIT <= self.until

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
        Where(place.bucket, backup_prefix(settings, environment), key, place.encryption == "aws:kms"),
        now,
        drill,
    )
    try:
        yield from _examined(bucket, readonly)
        yield from check_keeping(bucket)
    except _Useless:
        return
    except Silent as silence:
        yield rights.silent(str(silence), bucket.where)


def _examined(bucket: Bucket, readonly: bool) -> Iterator[Finding]:
    _, refusal = bucket.ask(bucket.s3.list_objects_v2, Prefix=bucket.where.prefix, MaxKeys=1)
    yield judge_clock(bucket.off)
    mend = rights.mend_whole(refusal, bucket.where)
    if mend:
        yield fail("answers", f"{bucket.place.bucket} refuses everything: {refusal}", mend)
        raise _Useless
    yield ok("answers", f"{bucket.place.bucket}, {bucket.where.prefix}")
    yield rights.judge_right(LIST, refusal, bucket.where)
    _, unlisted = bucket.ask(bucket.s3.list_multipart_uploads, Prefix=bucket.where.prefix, MaxUploads=1)
    yield rights.judge_right(UPLOADS, unlisted, bucket.where)
    if readonly:
        yield from (rights.untold(right, "this session is read-only") for right in (PUT, GET, ABORT, DELETE))
        return
    yield from try_writing(bucket, may_list=not refusal)


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
