"""How a bucket keeps what it is given: old versions, encryption, and from whom. It is only asked, never set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from operations.bucket import code_of, s3_client, words_of
from operations.doctor.finding import Finding, fail, ok, skip, warn
from operations.doctor.rights import DENIED

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from operations.doctor.bucket import Bucket

_LIMIT = 2.5
_REFUSED = frozenset({400, 401, 403})


def check_keeping(bucket: Bucket) -> Iterator[Finding]:
    """Versioning, encryption, strangers. What this key may not ask is skipped: the policy need not allow it."""
    yield _versioning(bucket)
    yield _encryption(bucket)
    yield _strangers(bucket)


def _versioning(bucket: Bucket) -> Finding:
    name = "versioning"
    answer, refusal = bucket.ask(bucket.s3.get_bucket_versioning)
    if refusal in DENIED:
        return _unasked(name, "s3:GetBucketVersioning")
    if refusal:
        return skip(name, f"not known: the bucket answered {refusal}")
    if answer.get("Status") == "Enabled":
        return ok(name, "on: what is removed or overwritten can be had back")
    command = (
        f"aws s3api put-bucket-versioning --bucket {bucket.place.bucket} --versioning-configuration Status=Enabled"
    )
    return warn(name, "off: a backup that is removed or overwritten is gone", f"As an administrator: {command}")


def _encryption(bucket: Bucket) -> Finding:
    name = "encryption"
    if bucket.stored_with:
        return ok(name, f"by the bucket's word objects are stored with {bucket.stored_with}")
    answer, refusal = bucket.ask(bucket.s3.get_bucket_encryption)
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    if rules:
        return ok(name, "on for every object")
    if refusal in DENIED:
        return _unasked(name, "s3:GetEncryptionConfiguration")
    if refusal and refusal != "ServerSideEncryptionConfigurationNotFoundError":
        return skip(name, f"not known: the bucket answered {refusal}")
    mend = "Turn default encryption on for the bucket, or see that the server's disks are encrypted."
    return warn(name, "the server does not say that it encrypts what it stores", mend)


def _strangers(bucket: Bucket) -> Finding:
    """The surest proof: ask as nobody."""
    from botocore.exceptions import BotoCoreError, ClientError

    name = "closed to strangers"
    command = (
        f"aws s3api put-public-access-block --bucket {bucket.place.bucket} --public-access-block-configuration "
        "BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
    )
    mend = f"Now, as an administrator: {command}"
    if bucket.read_by_strangers:
        return fail(name, "anybody can read the backups without a key", mend)
    try:
        _as_stranger(bucket).list_objects_v2(Bucket=bucket.place.bucket, Prefix=bucket.where.prefix, MaxKeys=1)
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in _REFUSED:
            return ok(name, f"who has no key is refused ({code_of(error)})")
        return skip(name, f"not known: the bucket answered {code_of(error)}")
    except BotoCoreError as error:
        return skip(name, f"not known: {words_of(error)}")
    return fail(name, "anybody can list the backups without a key", mend)


def stranger_reads(bucket: Bucket, key: str) -> bool:
    """Whether that object can be read without a key. Silence is no proof of it."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        _as_stranger(bucket).head_object(Bucket=bucket.place.bucket, Key=key)
    except (BotoCoreError, ClientError):
        return False
    return True


def _as_stranger(bucket: Bucket) -> S3Client:
    return s3_client(bucket.place, drill=bucket.drill, limit=_LIMIT, retries=0, anonymous=True)


def _unasked(name: str, action: str) -> Finding:
    return skip(name, f"not known: this key may not ask ({action})", "Look in the bucket's own settings, or grant it.")
