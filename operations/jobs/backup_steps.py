"""Backing up, step by step. Nothing counts as a backup before its manifest lies beside it and the bucket was looked at.

What a step puts outside is journaled before: the upload's id before the first part, the objects before the upload is
put together. A failure or a cancel takes back what it can; what it cannot is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from operations.ages import size_words
from operations.backups import Backup, Manifest, list_backups
from operations.bucket import backup_prefix, place_of, s3_client
from operations.desk import Desk
from operations.dump.connection import child_way, way_to
from operations.dump.packing import LocalCopy, Packed, Packer, temporary_of
from operations.dump.reader import DumpReader
from operations.dump.tools import find_tool
from operations.engine.model import Plan, Step, StepFailed
from operations.engine.process import Streams
from operations.engine.steps import Completed, StepContext
from operations.jobs.backup_app import archive_app
from operations.jobs.backup_source import CONNECTION_ERROR, Source, ask_source
from operations.jobs.backup_watch import DumpWatch
from operations.jobs.launch import journal_heads
from operations.text import one_line
from operations.upload import JOB, Upload, UploadFailed, names_under, put_whole

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DUMP_FAILED, UPLOAD_FAILED = 4, 5
DUMP_LIMIT = 6 * 3600.0
"""Seconds a dump may take; a hung one is ended."""
RETRIES = 6
"""Of each call to the bucket, twice as far apart each time: about half a minute of trouble is waited out."""
LOCK_WAIT = 60
"""Seconds pg_dump waits for a lock on a table before it gives up."""
_REFUSED = ("connection to server", "could not connect", "could not translate host", "password authentication")


class BackupSteps:
    """The steps of one backup; what one leaves for the next is in here."""

    def __init__(self, desk: Desk, plan: Plan) -> None:
        self._desk = desk
        self._plan = plan
        self._place = place_of(desk.settings, desk.environment)
        self._s3: S3Client = s3_client(self._place, drill=desk.settings.drill is not None, limit=30.0, retries=RETRIES)
        self._key = ""
        self._started = desk.now()
        self._source: Source | None = None
        self._reader = DumpReader()
        self._packed = Packed(0, 0, "")
        self._client_version = ""
        self._incomplete = ""
        self._half = ""

    def all(self) -> Sequence[Step]:
        """In the order of the plan."""
        return (
            Step("dump", self._dump),
            Step("checksum", self._checksum),
            Step("manifest", self._manifest),
            *([Step("app", self._app)] if self._plan.request.get("app") else []),
            Step("look", self._look),
        )

    @property
    def _name(self) -> str:
        return self._key.rpartition("/")[2]

    def _dump(self, context: StepContext) -> None:
        address = self._desk.env.database
        self._source = source = ask_source(address)
        way = way_to(address)
        tool = find_tool("pg_dump", at_least=source.major, loopback=way.is_loopback)
        self._client_version = tool.version
        self._started = context.now()
        self._key = _key(self._desk, self._started)
        self._look_before()
        context.say(f"s3://{self._place.bucket}/{self._key}")
        upload = Upload(self._s3, self._place.bucket, self._key, self._how(context))
        unfinished = self._leaves(context, "upload", "an unfinished upload", upload_id=upload.begin())
        copy = self._copy(context)
        packer = Packer([upload.write, copy.write] if copy else [upload.write])
        argv = [tool.path, "--format=plain", "--no-password", f"--lock-wait-timeout={LOCK_WAIT}s"]
        try:
            with child_way(way) as child, DumpWatch(context, address, packer) as watch:
                done = context.run(argv, env=child, limit=DUMP_LIMIT, streams=Streams(output=self._taking(packer)))
                self._check(done, watch.blocker)
                self._packed = packer.finish()
            whose = {"job": context.job, "size": self._packed.size}
            self._incomplete = self._leaves(context, "incomplete", "a backup without its manifest", **whose)
            self._finish(context, upload)
            context.settled(unfinished)
            self._keep(context, copy)
        except OSError as error:
            raise StepFailed(DUMP_FAILED, f"the copy failed: {error.strerror or error}") from None
        finally:
            packer.stop()
            upload.stop()
            if copy:
                copy.abort()
        context.progress(
            f"{self._reader.rows} rows of {len(self._reader.tables)} tables, {size_words(self._packed.size)}"
        )

    def _finish(self, context: StepContext, upload: Upload) -> None:
        try:
            upload.finish()
        except UploadFailed as failed:
            if failed.taken:
                # What lies there is somebody else's: nothing of it may be cleaned away as ours.
                context.settled(self._incomplete)
            raise

    def _taking(self, packer: Packer) -> Callable[[bytes], None]:
        def take(piece: bytes) -> None:
            self._reader.feed(piece)
            packer.write(piece)

        return take

    def _check(self, done: Completed, blocker: str) -> None:
        """Whether what came is a whole dump; pg_dump's code 0 alone is a hint."""
        said = complaint_of(done.tail)
        if done.timed_out:
            raise StepFailed(DUMP_FAILED, f"pg_dump was ended after {done.seconds:.0f} s")
        if "statement timeout" in said and "LOCK TABLE" in said:
            # What pg_dump says of it names no lock.
            held = f": {blocker} holds it" if blocker else ""
            raise StepFailed(DUMP_FAILED, f"a lock on its tables was not given within {LOCK_WAIT} s{held}")
        if done.code:
            refused = not self._reader.tables and any(words in said for words in _REFUSED)
            raise StepFailed(CONNECTION_ERROR if refused else DUMP_FAILED, f"pg_dump ended with {done.code}: {said}")
        self._reader.close()
        if self._reader.problem or not self._reader.footer:
            raise StepFailed(DUMP_FAILED, f"the dump is not whole: {self._reader.problem or 'its end was not seen'}")

    def _look_before(self) -> None:
        if names_under(self._s3, self._place.bucket, self._key):
            raise StepFailed(UPLOAD_FAILED, f"{self._key} is there already")

    def _how(self, context: StepContext) -> Mapping[str, Any]:
        how: dict[str, Any] = {"StorageClass": self._place.storage_class, "ContentType": "application/gzip"}
        how["Metadata"] = {JOB: context.job}
        return how | ({"ServerSideEncryption": self._place.encryption} if self._place.encryption else {})

    def _leaves(self, context: StepContext, kind: str, what: str, **data: Any) -> str:
        return context.leaves(kind, f"{what}: {self._name}", bucket=self._place.bucket, key=self._key, **data)

    def _copy(self, context: StepContext) -> LocalCopy | None:
        folder = str(self._plan.request.get("keep_local") or "")
        if not folder:
            return None
        path = Path(folder).expanduser().absolute() / self._name
        self._half = context.leaves("copy", f"half a copy: {path}", path=str(temporary_of(path)))
        return LocalCopy(path)

    def _keep(self, context: StepContext, copy: LocalCopy | None) -> None:
        if copy is None:
            return
        try:
            copy.finish()
        except OSError as error:
            raise StepFailed(DUMP_FAILED, f"the copy {copy.path} failed: {error.strerror or error}") from None
        context.settled(self._half)
        context.say(f"copy kept: {copy.path}")

    def _checksum(self, context: StepContext) -> None:
        line = f"{self._packed.sha256}  {self._name}\n".encode()
        self._put(context, f"{self._key}.sha256", line, "text/plain")
        context.say(f"sha256 {self._packed.sha256}")

    def _manifest(self, context: StepContext) -> None:
        manifest = self._as_manifest(context)
        context.no_return()
        body = msgspec.json.format(msgspec.json.encode(manifest))
        self._put(context, f"{self._key}.manifest.json", body, "application/json")
        context.settled(self._incomplete)

    def _as_manifest(self, context: StepContext) -> Manifest:
        assert self._source is not None
        reader = self._reader
        return Manifest(
            schema=1,
            environment=self._desk.environment,
            site=self._desk.site,
            file=self._name,
            size=self._packed.size,
            sha256=self._packed.sha256,
            server_version=reader.server_version or self._source.version,
            client_version=reader.client_version or self._client_version,
            tables=reader.tables,
            extensions=reader.extensions,
            started=self._started,
            finished=context.now(),
            marked=self._source.mark == self._desk.environment,
            job=context.job,
            footer=reader.footer,
            journal=journal_heads(self._desk.settings),
        )

    def _put(self, context: StepContext, key: str, body: bytes, kind: str) -> None:
        how = {**self._how(context), "ContentType": kind, "StorageClass": "STANDARD"}
        put_whole(self._s3, self._place.bucket, key, body, how)

    def _app(self, context: StepContext) -> None:
        how = {**self._how(context), "StorageClass": "STANDARD"}
        context.report(**archive_app(self._desk, context, self._s3, self._place, self._key, how))

    def _look(self, context: StepContext) -> None:
        """What the bucket says is what counts: all three objects, and whether this one can be trusted."""
        found = list_backups(self._desk.settings, self._desk.environment, self._s3)
        backup = next((one for one in found.backups if one.key == self._key), None)
        if backup is None or not backup.complete:
            raise StepFailed(
                UPLOAD_FAILED, f"{self._name} is not whole in the bucket: {backup.why_not if backup else 'gone'}"
            )
        took = (context.now() - self._started).total_seconds()
        words = f"{size_words(backup.size)}, {self._reader.rows} rows of {len(self._reader.tables)} tables"
        context.report(**self._details(backup), seconds=round(took, 1))
        if not backup.trusted:
            raise StepFailed(
                DUMP_FAILED, f"{self._name} is stored ({words}), but it cannot be trusted: {backup.why_not}"
            )
        context.report(says=f"{self._name} stored: {words}")

    def _details(self, backup: Backup) -> Mapping[str, Any]:
        return {
            "backup": self._name,
            "key": f"s3://{self._place.bucket}/{self._key}",
            "size": backup.size,
            "sha256": self._packed.sha256,
            "rows": self._reader.rows,
            "tables": len(self._reader.tables),
            "trusted": backup.trusted,
            "why_not": backup.why_not,
        }


def complaint_of(tail: Sequence[str]) -> str:
    """The first error among a program's last lines and what follows it, for one line; else the last three lines."""
    first = next((n for n, text in enumerate(tail) if re.search(r"(error|FATAL|PANIC):", text)), max(0, len(tail) - 3))
    return one_line(" ".join(tail[first:]), 300)


def _key(desk: Desk, started: datetime) -> str:
    prefix = backup_prefix(desk.settings, desk.environment)
    return f"{prefix}{started:%Y-%m-%d}/backup_{desk.environment}_{started:%Y%m%d_%H%M%S}.sql.gz"
