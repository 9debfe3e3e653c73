"""A bucket for backups: where it is, a client for it, its refusals in words, uploads that nobody finished.

The calls here are few and plain, so that they work on every server that speaks S3.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from operations.errors import VigieError
from operations.settings import BackupSettings, Settings
from operations.text import one_line

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.session import Session as CoreSession
    from mypy_boto3_s3 import S3Client

LOOK_RETRIES = 2
_DATE = re.compile(r"\w{3}, [^,]+")


@dataclass(frozen=True, slots=True)
class Stray:
    """A multipart upload that nobody finished or aborted: it costs, and hides a failed backup."""

    key: str
    upload_id: str
    started: datetime


def place_of(settings: Settings, environment: str) -> BackupSettings:
    """Bucket settings of that environment; raises VigieError when there is no bucket."""
    env = settings.environments.get(environment)
    if env is None or not env.backups.bucket:
        raise VigieError(
            f"no bucket is set for the backups of {environment}",
            next_step=f"Set environments.{environment}.backups.bucket.",
            code=2,
        )
    return env.backups


def backup_prefix(settings: Settings, environment: str) -> str:
    """`<prefix>/backups/<environment>/`; the prefix defaults to the site's name as a slug."""
    env = settings.environments.get(environment)
    own = env.backups.prefix.strip("/") if env else ""
    slug = re.sub(r"[^a-z0-9]+", "-", settings.site.name.lower()).strip("-")
    return "/".join(part for part in (own or slug, "backups", environment) if part) + "/"


def s3_client(
    place: BackupSettings,
    *,
    drill: bool = False,
    limit: float = 10.0,
    retries: int = LOOK_RETRIES,
    anonymous: bool = False,
) -> S3Client:
    """A client for that bucket; `limit` in seconds for each answer, `retries` after a refusal that may pass.

    A drill takes no keys from the machine's own settings. An `anonymous` one has none, as a stranger.
    """
    import os

    from botocore import UNSIGNED
    from botocore.config import Config

    endpoint = place.endpoint or ("" if drill else os.environ.get("AWS_ENDPOINT_URL_S3", ""))
    keys: dict[str, Any] = {}
    if place.access_key and place.secret_key and not anonymous:
        keys = {
            "aws_access_key_id": place.access_key.reveal(),
            "aws_secret_access_key": place.secret_key.reveal(),
            "aws_session_token": None,
        }
    config = Config(
        connect_timeout=limit,
        read_timeout=limit,
        retries={"max_attempts": retries, "mode": "standard"},
        request_checksum_calculation="when_required" if endpoint else "when_supported",
        response_checksum_validation="when_required" if endpoint else "when_supported",
        s3={"addressing_style": "path"} if endpoint else {},
        signature_version=UNSIGNED if anonymous or (drill and not keys) else None,
        proxies={} if drill else None,
    )
    with _MAKING:
        made = (_session_with_keys() if keys or drill or anonymous else _core_session()).create_client(
            "s3", endpoint_url=endpoint or None, region_name=place.region or "us-east-1", config=config, **keys
        )
    return cast("S3Client", made)


_MAKING = Lock()
"""The loader below is shared, and fills its cache while a client is made."""


def _core_session() -> CoreSession:
    """boto3's own core: its transfer manager is not used here and costs a third of its start.

    What S3 is described by, a megabyte of JSON, is read once and not again for every client.
    """
    from botocore.session import Session as CoreSession

    session = CoreSession()
    session.register_component("data_loader", _loader())
    return session


@cache
def _session_with_keys() -> CoreSession:
    """One for every client that is given its keys. Without keys each client looks them up for itself: they change."""
    return _core_session()


@cache
def _loader() -> Loader:
    from botocore.loaders import create_loader

    return create_loader()


def list_strays(s3: S3Client, bucket: str, prefix: str) -> tuple[tuple[Stray, ...], str]:
    """Unfinished uploads under that prefix, oldest first; and why they cannot be listed, where that is so."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
        uploads = [upload for page in pages for upload in page.get("Uploads", [])]
    except (BotoCoreError, ClientError) as error:
        # So some servers answer where there never was one.
        nothing = code_of(error) == "NoSuchUpload"
        return (), "" if nothing else f"uploads cannot be listed: {words_of(error)}"
    found = (Stray(u["Key"], u["UploadId"], u["Initiated"].astimezone(UTC)) for u in uploads)
    return tuple(sorted(found, key=lambda stray: stray.started)), ""


def abort_upload(s3: S3Client, bucket: str, key: str, upload_id: str) -> None:
    """Give an unfinished upload up; one that is gone already is fine. Raises VigieError when it is refused."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    except (BotoCoreError, ClientError) as error:
        if code_of(error) not in ("NoSuchUpload", "404"):
            raise VigieError(f"the upload to {key} cannot be aborted: {words_of(error)}", code=5) from None


def time_told(headers: Mapping[str, str]) -> datetime | None:
    """The server's own clock by its Date header, UTC; of two, as a proxy makes them, the first."""
    from email.utils import parsedate_to_datetime

    told = _DATE.match(headers.get("date", ""))
    try:
        return parsedate_to_datetime(told[0]).astimezone(UTC) if told else None
    except (ValueError, TypeError):
        return None


def refused(bucket: str, error: Exception) -> VigieError:
    """What the bucket answered to a reading, as an error of ours."""
    return VigieError(f"the bucket {bucket} cannot be read: {words_of(error)}")


def code_of(error: Exception) -> str:
    """S3's own word for a refusal, empty for anything else."""
    # A connection that was cut has a response, too: None.
    return str((getattr(error, "response", None) or {}).get("Error", {}).get("Code", ""))


def words_of(error: Exception) -> str:
    """A refusal in words, with S3's own code; never an address with a signature in it."""
    code = code_of(error)
    meant = _MEANT.get(code, "")
    if code:
        return f"{one_line(code, 60)} ({meant})" if meant else one_line(code, 60)
    return one_line(re.sub(r'"?https?://\S+', "the bucket", str(error)), 120)


_MEANT = {
    "AccessDenied": "the key may not do this",
    "403": "the key may not do this",
    "InvalidAccessKeyId": "the key is unknown",
    "SignatureDoesNotMatch": "the secret is not the key's",
    "NoSuchBucket": "there is no such bucket",
    "PermanentRedirect": "the bucket is in another region",
    "301": "the bucket is in another region",
    "AuthorizationHeaderMalformed": "the bucket is in another region",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
    "SlowDown": "it asks for fewer requests",
    "PreconditionFailed": "it is there already",
    "BadDigest": "it arrived damaged",
    "ExpiredToken": "the session's token has expired",
}
