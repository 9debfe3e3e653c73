"""One object written to a bucket in parts while it is still being made: nothing is there before `finish`.

Every part carries its MD5 and its ETag is compared; the whole is looked at afterwards. S3's own SHA-256 of a multipart
object is a hash of hashes, so the caller's own sum is the one that counts.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from operations.bucket import code_of, words_of
from operations.errors import VigieError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

PART = 8 * 1024 * 1024
"""Bytes of a part; S3 wants at least 5 MiB of all but the last."""
AT_ONCE = 3
"""Parts under way at a time: with the one being filled this is the memory an upload takes."""
_GROWS_EVERY = 2000
"""Parts double after this many: S3 takes 10,000 of them, enough for 5 TB then."""


JOB = "vigie-job"
"""Key of the metadata that says which job wrote an object: what another one wrote is never taken for ours."""
CODE = 5
"""Exit code of a backup whose upload failed."""


class UploadFailed(VigieError):
    """The object is not there, or not whole. `taken`: something else has its name already."""

    def __init__(self, what: str, *, taken: bool = False) -> None:
        super().__init__(what, code=CODE)
        self.taken = taken


class Upload:
    """One multipart upload. `begin`, then `write` as often as there is data, then `finish`, or `stop` at any time."""

    def __init__(self, s3: S3Client, bucket: str, key: str, how: Mapping[str, Any]) -> None:
        """`how`: what `create_multipart_upload` takes beside bucket and key (storage class, encryption, metadata)."""
        self.upload_id = ""
        self.size = 0
        self._s3 = s3
        self._where = {"Bucket": bucket, "Key": key}
        self._how = how
        self._filling = bytearray()
        self._part = PART
        self._sums: list[bytes] = []
        self._parts: list[CompletedPartTypeDef] = []
        self._under_way: deque[Future[CompletedPartTypeDef]] = deque()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="upload")

    def begin(self) -> str:
        """Ask for the upload and return its id: whoever journals it can abort it later."""
        answer = self._call(self._s3.create_multipart_upload, **self._how)
        self.upload_id = str(answer["UploadId"])
        return self.upload_id

    def write(self, data: bytes) -> None:
        """Take the next bytes; waits while AT_ONCE parts are under way. Raises UploadFailed of an earlier part, too."""
        self._filling += data
        while len(self._filling) >= self._part:
            piece = bytes(self._filling[: self._part])
            del self._filling[: self._part]
            self._send(piece)

    def finish(self) -> None:
        """Send what is left, put the parts together, and see that the object is there in its size."""
        if self._filling or not self._sums:
            self._send(bytes(self._filling))
            self._filling.clear()
        while self._under_way:
            self._settle()
        self._pool.shutdown()
        try:
            self._call(
                self._s3.complete_multipart_upload,
                UploadId=self.upload_id,
                MultipartUpload={"Parts": self._parts},
                IfNoneMatch="*",
            )
        except UploadFailed as failed:
            # The answer may have been lost where the object was not: then the name is taken, by ourselves.
            if not self._is_there(surely_ours=failed.taken):
                raise
        if not self._is_there():
            raise UploadFailed(f"{self._where['Key']} is not there in its {self.size} bytes")

    def stop(self) -> None:
        """Give up: nothing more is sent once this returns. The upload itself stays until it is aborted."""
        for future in self._under_way:
            future.cancel()
        self._pool.shutdown(cancel_futures=True)

    def _send(self, piece: bytes) -> None:
        while len(self._under_way) >= AT_ONCE:
            self._settle()
        number = len(self._sums) + 1
        sum_of_it = hashlib.md5(piece, usedforsecurity=False).digest()
        self._sums.append(sum_of_it)
        self.size += len(piece)
        if number % _GROWS_EVERY == 0:
            self._part *= 2
        self._under_way.append(self._pool.submit(self._put, number, piece, sum_of_it))

    def _settle(self) -> None:
        self._parts.append(self._under_way.popleft().result())

    def _put(self, number: int, piece: bytes, sum_of_it: bytes) -> CompletedPartTypeDef:
        answer = self._call(
            self._s3.upload_part,
            UploadId=self.upload_id,
            PartNumber=number,
            Body=piece,
            ContentMD5=b64encode(sum_of_it).decode(),
        )
        etag = str(answer["ETag"])
        # With a key of KMS the tag is no MD5; then only the bucket's own check of ContentMD5 speaks.
        if "kms" not in str(answer.get("ServerSideEncryption", "")) and etag.strip('"') != sum_of_it.hex():
            raise UploadFailed(f"part {number} arrived as {etag}, not as {sum_of_it.hex()}")
        return {"ETag": etag, "PartNumber": number}

    def _is_there(self, *, surely_ours: bool = False) -> bool:
        size, job = stored(self._s3, self._where["Bucket"], self._where["Key"])
        return size == self.size and (not surely_ours or _is_job(self._how, job))

    def _call(self, what: Any, **given: Any) -> Any:
        return _called(f"the upload to {self._where['Key']} failed", what, **self._where, **given)


def put_whole(s3: S3Client, bucket: str, key: str, body: bytes, how: Mapping[str, Any]) -> None:
    """Put a small object in one piece, with its MD5, where nothing is yet. Raises UploadFailed."""
    sum_of_it = b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    what = f"{key} cannot be written"
    try:
        _called(what, s3.put_object, Bucket=bucket, Key=key, Body=body, ContentMD5=sum_of_it, IfNoneMatch="*", **how)
    except UploadFailed as failed:
        # Asked a second time after a lost answer, the bucket refuses what is there already, by ourselves.
        if not failed.taken or not _is_job(how, stored(s3, bucket, key)[1]):
            raise


def stored(s3: S3Client, bucket: str, key: str) -> tuple[int, str]:
    """Bytes of an object, and the job it says wrote it; -1 and nothing where none can be looked at."""
    try:
        found = _called(f"{key} cannot be looked at", s3.head_object, Bucket=bucket, Key=key)
    except UploadFailed:
        return -1, ""
    # Names of metadata come back in any case.
    told = {name.lower(): value for name, value in found.get("Metadata", {}).items()}
    return int(found["ContentLength"]), str(told.get(JOB, ""))


def _is_job(how: Mapping[str, Any], job: str) -> bool:
    """Whether `job` is the one that objects made `how` name; never where they name none."""
    return bool(job) and how.get("Metadata", {}).get(JOB) == job


def names_under(s3: S3Client, bucket: str, prefix: str) -> set[str]:
    """The keys that begin with `prefix`, the first thousand. Raises UploadFailed."""
    found = _called(f"the bucket {bucket} cannot be read", s3.list_objects_v2, Bucket=bucket, Prefix=prefix)
    return {str(item["Key"]) for item in found.get("Contents", [])}


def remove(s3: S3Client, bucket: str, key: str) -> None:
    """Remove an object; one that is gone is fine. Raises UploadFailed."""
    _called(f"{key} cannot be removed", s3.delete_object, Bucket=bucket, Key=key)


def _refusal(error: Exception, what: str) -> UploadFailed:
    """What S3 answered, as an error of ours; anything else is raised as it is."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not isinstance(error, BotoCoreError | ClientError):
        raise error
    taken = code_of(error) in ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
    return UploadFailed(f"{what}: {words_of(error)}", taken=taken)


def _called(what: str, call: Any, **given: Any) -> Any:
    try:
        return call(**given)
    except Exception as error:  # noqa: BLE001 - S3's are told in words, the others go on
        raise _refusal(error, what) from None
