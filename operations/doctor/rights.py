"""The actions a bucket's policy has to allow: why Vigie wants each, and what to say of what S3 answered. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from operations.doctor.finding import Finding, Verdict, fail, ok, skip

NOTHING_THERE = frozenset({"NoSuchUpload", "NoSuchKey", "404", "NotFound"})
DENIED = frozenset({"AccessDenied", "AllAccessDisabled", "Forbidden", "403", "401", "Unauthorized"})
_WHOLE = {
    "NoSuchBucket": "Make the bucket, or correct {where}.bucket.",
    "InvalidAccessKeyId": "Correct {where}.access_key (AWS_ACCESS_KEY_ID).",
    "SignatureDoesNotMatch": "Correct {where}.secret_key (AWS_SECRET_ACCESS_KEY).",
    "ExpiredToken": "Log in again: the session's token has expired.",
    "InvalidToken": "Log in again: the session's token is not known.",
    "PermanentRedirect": "Set {where}.region to the bucket's own.",
    "301": "Set {where}.region to the bucket's own.",
    "AuthorizationHeaderMalformed": "Set {where}.region to the bucket's own.",
    "IllegalLocationConstraintException": "Set {where}.region to the bucket's own.",
    "RequestTimeTooSkewed": "Set this machine's clock: timedatectl set-ntp true",
}
"""Answers that say nothing of one right, for nothing at all can be done: how to mend each."""

_OTHERWISE = (
    'Try again. A server that knows no encryption wants {where}.encryption = ""; one without this call, another.'
)


@dataclass(frozen=True, slots=True)
class Right:
    """One action: why Vigie wants it, and how grave it is without."""

    action: str
    why: str
    missing: Verdict = "fail"
    whole_bucket: bool = False


LIST = Right("s3:ListBucket", "backups are found by it", whole_bucket=True)
UPLOADS = Right("s3:ListBucketMultipartUploads", "uploads that nobody finished are found by it", "warn", True)
PUT = Right("s3:PutObject", "a backup is written by it")
GET = Right("s3:GetObject", "restores and vigie backups verify read by it")
ABORT = Right("s3:AbortMultipartUpload", "a failed backup takes its parts back by it, which else cost on", "warn")
DELETE = Right("s3:DeleteObject", "prune, and a backup whose manifest was refused, remove by it", "warn")
RIGHTS = (LIST, UPLOADS, PUT, GET, ABORT, DELETE)


@dataclass(frozen=True, slots=True)
class Where:
    """The bucket, the prefix in it, the settings that name it, and whether its objects need a key of KMS, too."""

    bucket: str
    prefix: str
    key: str
    kms: bool = False


def mend_whole(code: str, where: Where) -> str:
    """How to mend an answer that concerns the whole bucket; empty for every other one."""
    return _WHOLE.get(code, "").format(where=where.key)


def judge_right(right: Right, refusal: str, where: Where) -> Finding:
    """From S3's word for its refusal, empty when it did what was asked. What is not there was allowed to be touched."""
    if not refusal or refusal in NOTHING_THERE:
        return ok(right.action, "allowed")
    if refusal in DENIED:
        return Finding(right.action, right.missing, f"not allowed ({refusal}): {right.why}", grant(right, where))
    mend = mend_whole(refusal, where) or _OTHERWISE.format(where=where.key)
    return Finding(right.action, right.missing, f"the bucket answered {refusal}: {right.why}", mend)


def untold(right: Right, why: str) -> Finding:
    """It could not be tried."""
    return skip(right.action, f"not tried: {why}")


def silent(words: str, where: Where) -> Finding:
    """The bucket did not answer, or could not be asked, and is asked nothing more."""
    if "credentials" in words.lower():
        mend = (
            f"Set {where.key}.access_key and secret_key (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY in .env.operations)."
        )
        return fail("answers", f"there is no key to ask with: {words}", mend)
    mend = f"Is {where.key}.endpoint right, and may this machine reach it? What comes after this was not tried."
    return fail("answers", f"the bucket does not answer: {words}", mend)


def grant(right: Right, where: Where) -> str:
    """The statement that allows it."""
    resource = where.bucket if right.whole_bucket else f"{where.bucket}/{where.prefix}*"
    words = (
        f'Allow "{right.action}" on "arn:aws:s3:::{resource}" to the key\'s user; the policy is in docs/operations.md'
    )
    if where.kms and right in (PUT, GET):
        return f"{words}; with aws:kms also kms:GenerateDataKey and kms:Decrypt"
    return words
