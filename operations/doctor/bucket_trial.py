"""Tries the rights that write, on one small object of the doctor's own, and takes it back.

Nothing else is ever written or removed. To remove and to abort is tried on what is not there, for S3 refuses before it
looks; where the object could not be removed it has one fixed name, so that there is never a second.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from operations.doctor import rights
from operations.doctor.bucket_keeping import stranger_reads
from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.doctor.rights import ABORT, DELETE, DENIED, GET, NOTHING_THERE, PUT

if TYPE_CHECKING:
    from operations.doctor.bucket import Bucket

FOLDER = "vigie-doctor"
LEFT = f"{FOLDER}/left-for-want-of-DeleteObject"
BODY = b"Written by vigie doctor to try its rights; nobody needs it.\n"
OWN_OBJECT = "the doctor's own object"
_SLOW = "the bucket answers too slowly to try it and take it back in time"
_UNTRUSTED = "This server cannot be trusted with backups."

Written = Literal["no", "yes", "perhaps"]


class Silent(Exception):
    """The bucket did not answer."""


def try_writing(bucket: Bucket, *, may_list: bool) -> Iterator[Finding]:
    """Abort, Delete, Put, Get; then what became of the object."""
    own = f"{bucket.where.prefix}{FOLDER}/{secrets.token_hex(8)}"
    _, refusal = bucket.ask(bucket.s3.abort_multipart_upload, Key=own, UploadId="vigie-doctor-has-none")
    yield rights.judge_right(ABORT, refusal, bucket.where)
    _, refusal = bucket.ask(bucket.s3.delete_object, Key=own)
    yield rights.judge_right(DELETE, refusal, bucket.where)
    if not bucket.has_time_for(2):
        yield from (rights.untold(right, _SLOW) for right in (PUT, GET))
        return
    may_remove = not refusal or refusal in NOTHING_THERE
    key = own if may_remove else f"{bucket.where.prefix}{LEFT}"
    yield from _put_and_get(bucket, key, may_list=may_list, may_remove=may_remove)


def _put_and_get(bucket: Bucket, key: str, *, may_list: bool, may_remove: bool) -> Iterator[Finding]:
    """Whatever the bucket does meanwhile, the object is taken back."""
    how = {"ServerSideEncryption": bucket.place.encryption} if bucket.place.encryption else {}
    written: Written = "perhaps"
    silence: Silent | None = None
    try:
        _, refusal = bucket.ask(bucket.s3.put_object, Key=key, Body=BODY, **how)
        written = "no" if refusal else "yes"
        yield rights.judge_right(PUT, refusal, bucket.where)
        if bucket.has_time_for(2):
            yield _got(bucket, key, written, may_list=may_list)
        else:
            yield rights.untold(GET, _SLOW)
    except Silent as error:
        silence = error
    yield _afterwards(bucket, key, written, may_remove=may_remove)
    if silence is not None:
        raise silence


def _got(bucket: Bucket, key: str, written: Written, *, may_list: bool) -> Finding:
    answer, refusal = bucket.ask(bucket.s3.get_object, Key=key)
    if not refusal:
        same = _is_ours(answer)
        bucket.stored_with = str(answer.get("ServerSideEncryption", ""))
        if bucket.has_time_for(2):
            bucket.read_by_strangers = stranger_reads(bucket, key)
        return ok(GET.action, "allowed") if same else fail(GET.action, "what was written came back changed", _UNTRUSTED)
    if written == "no" and refusal in DENIED and not may_list:
        # Without s3:ListBucket S3 does not say that nothing is there.
        return rights.untold(GET, "nothing could be written to read")
    if written == "yes" and refusal in NOTHING_THERE:
        return fail(GET.action, "what was just written is not there", _UNTRUSTED)
    return rights.judge_right(GET, refusal, bucket.where)


def _is_ours(answer: Mapping[str, Any]) -> bool:
    from botocore.exceptions import BotoCoreError

    try:
        return bool(answer["Body"].read(len(BODY) + 1) == BODY)
    except (BotoCoreError, OSError):
        return False


def _afterwards(bucket: Bucket, key: str, written: Written, *, may_remove: bool) -> Finding:
    """Take it back, and say what became of it."""
    if written == "no":
        return skip(OWN_OBJECT, "nothing was written")
    left = _taken_back(bucket, key) if may_remove else "the key may not remove it"
    if left:
        mend = f"Remove it: aws s3 rm s3://{bucket.place.bucket}/{key}"
        return warn(OWN_OBJECT, f"{key} may be left there: {left}", mend)
    did = "written and removed again" if written == "yes" else "removed again, if it was written at all"
    return ok(OWN_OBJECT, f"{did}: {key}")


def _taken_back(bucket: Bucket, key: str) -> str:
    """Why the object stays, empty when it is gone."""
    try:
        _, refusal = bucket.ask(bucket.s3.delete_object, Key=key)
    except Silent as silence:
        return str(silence)
    return "" if refusal in NOTHING_THERE else refusal
