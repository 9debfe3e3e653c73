"""Downloads a backup again and looks whether it is what it says: hash, gzip to its end, the dump's footer, its rows.

Nothing is kept: the stream is hashed, unpacked and read as it comes. A backup of a shell pipeline has no manifest and
perhaps no checksum; what is not there is not compared, and said.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from isal import isal_zlib

from operations.backups import Backup
from operations.bucket import words_of
from operations.dump.reader import DumpReader
from operations.errors import VigieError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK = 1 << 20
DOWNLOAD_FAILED = 4
_SUM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Verified:
    """What a download showed. `problems` is empty for a good one; `not_compared` names what there was nothing for.

    `size` and `plain` are bytes before and after unpacking; `seconds` it took.
    """

    name: str
    size: int
    plain: int
    sha256: str
    rows: int
    tables: int
    seconds: float
    problems: tuple[str, ...]
    not_compared: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Nothing was wrong."""
        return not self.problems


def verify_backup(
    s3: S3Client, bucket: str, backup: Backup, each: Callable[[int], None] = lambda read: None
) -> Verified:
    """Read the whole object; `each` hears how many bytes have come, and may raise to end it.

    Blocks; raises VigieError (code 4) when it cannot be downloaded.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        body = s3.get_object(Bucket=bucket, Key=backup.key)["Body"]
        chunks = _heard(body.iter_chunks(CHUNK), each)
        return check_stream(chunks, backup, told_sum(s3, bucket, backup))[0]
    except (BotoCoreError, ClientError, HTTPError) as error:
        raise VigieError(f"{backup.name} cannot be downloaded: {words_of(error)}", code=DOWNLOAD_FAILED) from None


def _heard(chunks: Iterable[bytes], each: Callable[[int], None]) -> Iterator[bytes]:
    read = 0
    for chunk in chunks:
        read += len(chunk)
        each(read)
        yield chunk


def check_stream(chunks: Iterable[bytes], backup: Backup, told: str) -> tuple[Verified, DumpReader]:
    """Hash, unpack and read the whole; `told` is the checksum that lay beside it. Also what the dump itself tells."""
    began = monotonic()
    unpacking = _Unpacking()
    for chunk in chunks:
        unpacking.feed(chunk)
    unpacking.close()
    reader = unpacking.reader
    problems, not_compared = _compared(backup, unpacking, told)
    verified = Verified(
        backup.name,
        unpacking.size,
        unpacking.plain,
        unpacking.sum.hexdigest(),
        reader.rows,
        len(reader.tables),
        monotonic() - began,
        problems,
        not_compared,
    )
    return verified, reader


class _Unpacking:
    """Hashes, unpacks and reads what it is fed; goes on hashing when it cannot be unpacked."""

    def __init__(self) -> None:
        self.size = self.plain = 0
        self.sum = hashlib.sha256()
        self.reader = DumpReader()
        self.problem = ""
        self._gzip = isal_zlib.decompressobj(31)

    def feed(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self.sum.update(chunk)
        if self.problem:
            return
        if self._gzip.eof:
            self.problem = "there is more behind its gzip's end"
            return
        try:
            piece = self._gzip.decompress(chunk)
        except isal_zlib.IsalError as error:  # type: ignore[misc]  # the stub calls the class an instance
            self.problem = f"its gzip is damaged: {error}"
            return
        self.plain += len(piece)
        self.reader.feed(piece)

    def close(self) -> None:
        if not self.problem and not self._gzip.eof:
            self.problem = "its gzip is cut short"
        elif not self.problem and self._gzip.unused_data:
            self.problem = "there is more behind its gzip's end"
        if not self.problem:
            self.reader.close()
            if self.reader.problem or not self.reader.footer:
                self.problem = f"the dump is not whole: {self.reader.problem or 'its end was not seen'}"


def told_sum(s3: S3Client, bucket: str, backup: Backup) -> str:
    """The checksum beside a backup: empty when there is none, "unreadable" when it holds none."""
    if not backup.checksum:
        return ""
    raw = s3.get_object(Bucket=bucket, Key=f"{backup.key}.sha256")["Body"].read(4096)
    found = _SUM.match(raw.decode("ascii", "replace"))
    return found[0] if found else "unreadable"


def _compared(backup: Backup, unpacking: _Unpacking, told: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    problems = [unpacking.problem] if unpacking.problem else []
    not_compared = []
    found = unpacking.sum.hexdigest()
    if not told:
        not_compared.append("no checksum lies beside it")
    elif told == "unreadable":
        problems.append("its .sha256 holds no checksum")
    elif told != found:
        problems.append(f"its SHA-256 is {found[:12]}…, its .sha256 says {told[:12]}…")
    manifest = backup.manifest
    if manifest is None:
        not_compared.append(backup.manifest_problem or "no manifest lies beside it")
        return tuple(problems), tuple(not_compared)
    if manifest.sha256 != found:
        problems.append(f"its SHA-256 is {found[:12]}…, its manifest says {manifest.sha256[:12]}…")
    if not unpacking.problem and (other := _other_rows(manifest.tables, unpacking.reader.tables)):
        problems.append(other)
    return tuple(problems), tuple(not_compared)


def _other_rows(told: dict[str, int], found: dict[str, int]) -> str:
    """The first table whose rows are not the manifest's; a manifest without tables tells nothing."""
    if not told:
        return ""
    for table in sorted({*told, *found}):
        if told.get(table) != found.get(table):
            return f"{table} has {found.get(table, 'no')} rows, its manifest says {told.get(table, 'nothing')}"
    return ""
