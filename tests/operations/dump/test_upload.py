"""Uploads in parts to a real S3 server: whole, empty, aborted, refused, and one whose last answer was lost."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from operations.bucket import abort_upload, list_strays
from operations.errors import VigieError
from operations.upload import JOB, PART, Upload, UploadFailed, put_whole
from tests.servers import S3Server

HOW: dict[str, Any] = {"StorageClass": "STANDARD_IA", "Metadata": {JOB: "job-7"}}


class Mischief:
    """The client, with one of its calls answered by the test."""

    def __init__(self, client: Any, **instead: Any) -> None:
        self._client = client
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        return self._instead.get(name) or getattr(self._client, name)


def begun(client: Any, bucket: str, key: str = "a/b.gz") -> Upload:
    upload = Upload(client, bucket, key, HOW)
    upload.begin()
    return upload


def content(client: Any, bucket: str, key: str = "a/b.gz") -> bytes:
    return bytes(client.get_object(Bucket=bucket, Key=key)["Body"].read())


def test_what_is_written_in_any_pieces_is_there_at_the_end_and_not_before(s3: S3Server) -> None:
    client, bucket = s3.client(), s3.new_bucket()
    upload = begun(client, bucket)
    whole = hashlib.shake_128(b"seed").digest(2 * PART + 12_345)
    for start in range(0, len(whole), 700_001):
        upload.write(whole[start : start + 700_001])
        assert client.list_objects_v2(Bucket=bucket).get("KeyCount", 0) == 0
    upload.finish()
    assert content(client, bucket) == whole
    assert upload.size == len(whole)
    assert list_strays(client, bucket, "") == ((), "")


def test_nothing_at_all_is_an_empty_object(s3: S3Server) -> None:
    client, bucket = s3.client(), s3.new_bucket()
    upload = begun(client, bucket)
    upload.finish()
    assert content(client, bucket) == b""


def test_an_aborted_upload_leaves_nothing(s3: S3Server) -> None:
    client, bucket = s3.client(), s3.new_bucket()
    upload = begun(client, bucket)
    upload.write(b"x" * (PART + 1))
    strays, _ = list_strays(client, bucket, "a/")
    assert [stray.upload_id for stray in strays] == [upload.upload_id]
    upload.stop()
    abort_upload(client, bucket, "a/b.gz", upload.upload_id)
    assert list_strays(client, bucket, "") == ((), "")
    assert client.list_objects_v2(Bucket=bucket).get("KeyCount", 0) == 0
    abort_upload(client, bucket, "a/b.gz", upload.upload_id)  # a second time is fine


def test_a_part_that_arrived_as_something_else_is_a_failure(s3: S3Server) -> None:
    client, bucket = s3.client(), s3.new_bucket()
    upload = begun(Mischief(client, upload_part=lambda **_: {"ETag": '"0000"'}), bucket)
    upload.write(b"x" * PART)
    with pytest.raises(UploadFailed, match="part 1 arrived as"):
        upload.finish()


def test_a_failed_part_is_told_while_more_is_written(s3: S3Server) -> None:
    client, bucket = s3.client(), s3.new_bucket()
    upload = begun(client, bucket)
    client.abort_multipart_upload(Bucket=bucket, Key="a/b.gz", UploadId=upload.upload_id)
    with pytest.raises(UploadFailed, match="NoSuchUpload"):
        for _ in range(12):
            upload.write(b"x" * PART)


def test_a_lost_answer_to_the_last_call_is_no_failure_when_the_object_is_there(s3: S3Server) -> None:
    client, bucket = s3.client(), s3.new_bucket()

    def done_but_unheard(**given: Any) -> Any:
        given.pop("IfNoneMatch")
        client.complete_multipart_upload(**given)
        raise EndpointConnectionError(endpoint_url=s3.endpoint)

    upload = begun(Mischief(client, complete_multipart_upload=done_but_unheard), bucket)
    upload.write(b"whole")
    upload.finish()
    assert content(client, bucket) == b"whole"


def taken(operation: str) -> ClientError:
    """What S3 answers when something has that name already."""
    answer: Any = {"Error": {"Code": "PreconditionFailed"}, "ResponseMetadata": {"HTTPStatusCode": 412}}
    return ClientError(answer, operation)


@pytest.mark.parametrize("job", ["job-7", "job-8", None])
def test_a_name_that_is_taken_is_a_failure_unless_it_was_taken_by_this_very_upload(
    s3: S3Server, job: str | None
) -> None:
    client, bucket = s3.client(), s3.new_bucket()

    def somebody_was_first(**_: Any) -> Any:
        client.put_object(Bucket=bucket, Key="a/b.gz", Body=b"other", Metadata={JOB: job} if job else {})
        raise taken("CompleteMultipartUpload")

    upload = begun(Mischief(client, complete_multipart_upload=somebody_was_first), bucket)
    upload.write(b"whole")
    if job == "job-7":
        upload.finish()
    else:
        with pytest.raises(UploadFailed, match="it is there already") as failed:
            upload.finish()
        assert failed.value.taken


@pytest.mark.parametrize("job", ["job-7", "job-8", None])
def test_a_small_object_is_put_once_though_its_answer_was_lost_and_never_over_anothers(
    s3: S3Server, job: str | None
) -> None:
    client, bucket = s3.client(), s3.new_bucket()

    def somebody_was_first(**given: Any) -> Any:
        client.put_object(Bucket=bucket, Key=given["Key"], Body=given["Body"], Metadata={JOB: job} if job else {})
        raise taken("PutObject")

    mischief: Any = Mischief(client, put_object=somebody_was_first)
    if job == "job-7":
        put_whole(mischief, bucket, "a/b.gz", b"small", HOW)
    else:
        with pytest.raises(UploadFailed, match="it is there already"):
            put_whole(mischief, bucket, "a/b.gz", b"small", HOW)


def test_an_object_that_is_not_there_afterwards_is_a_failure_whatever_was_answered(s3: S3Server) -> None:
    client, bucket = s3.client(), s3.new_bucket()
    upload = begun(Mischief(client, complete_multipart_upload=lambda **_: {}), bucket)
    upload.write(b"whole")
    with pytest.raises(UploadFailed, match="is not there in its 5 bytes"):
        upload.finish()


def test_a_refusal_is_told_in_words(s3: S3Server) -> None:
    with pytest.raises(VigieError, match=r"NoSuchBucket \(there is no such bucket\)"):
        begun(s3.client(), "no-such-bucket-here")
