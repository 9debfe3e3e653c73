"""Restoring, step by step. The whole object is checked before the first byte of it runs; the target is proven twice.

Until the swap (or, in place, until the one transaction ends) the target is as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from isal import isal_zlib

from operations.ages import size_words
from operations.backups import Backup, choose_backup, list_backups
from operations.bucket import place_of, s3_client, words_of
from operations.desk import Desk
from operations.dump import server
from operations.dump.connection import child_way, way_to
from operations.dump.loading import Loading, checking, counting, emptying
from operations.dump.reader import DumpReader
from operations.dump.tools import find_tool
from operations.dump.verify import CHUNK, Verified, check_stream, told_sum
from operations.engine.model import Plan, Step, StepFailed
from operations.engine.process import Streams
from operations.engine.steps import Completed, StepContext
from operations.errors import VigieError
from operations.jobs.backup_steps import RETRIES, complaint_of
from operations.jobs.restore_swap import close_and_swap
from operations.jobs.smoke import smoke_step
from operations.places import places_for
from operations.proof.identity import Identity, read_identity
from operations.proof.not_production import prove_target

BLOCKED, PREREQUISITE, DOWNLOAD_FAILED, CHECK_FAILED, RESTORE_FAILED, SMOKE_FAILED = 1, 2, 4, 5, 6, 7
LOAD_LIMIT = 12 * 3600.0
"""Seconds a load may take; a hung one is ended."""
TIMEOUT_SINCE = 17
"""The first PostgreSQL with the setting `transaction_timeout`."""
_TELL_EVERY = 0.5
_NAMED = 5
_SMOKE_PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds between smoke runs after a swap: a pool replaces its ended sessions one by one, each at its next use."""


class RestoreSteps:
    """The steps of one restore; what one leaves for the next is in here."""

    def __init__(self, desk: Desk, plan: Plan) -> None:
        self._desk = desk
        self._plan = plan
        self._address = desk.env.database
        self._form = str(plan.details["form"])
        self._beside = str(plan.request.get("as") or "")
        self._target: Identity | None = None
        self._backup: Backup | None = None
        self._file = Path()
        self._verified: Verified | None = None
        self._reader = DumpReader()
        self._fresh = ""
        self._fresh_oid = 0
        self._told = ""
        self._download_debris = ""
        self._fresh_debris = ""

    def all(self) -> Sequence[Step]:
        """The steps of the plan, in its order."""
        doing: dict[str, Callable[[StepContext], None]] = {
            "prerequisites": self.prerequisites,
            "download": self.download,
            "verify": self.verify,
            "create": self.create,
            "load": self.load,
            "dress": self.dress,
            "swap": self.swap,
            "look": self.look,
            "smoke": self.smoke,
        }
        return [Step(one.name, doing[one.name]) for one in self._plan.steps]

    def prerequisites(self, context: StepContext) -> None:
        """Every proof again, and the backup is still the one of the plan."""
        self._target = prove(self._desk)
        found = list_backups(self._desk.settings, str(self._plan.request["from"]), newest=None)
        name = str(self._plan.details["backup"]).rpartition("/")[2]
        self._backup = choose_backup(found, name)
        context.report(backup=name, target=self._target.database, form=self._form, source=self._plan.request["from"])

    def download(self, context: StepContext) -> None:
        """Fetch the packed dump into a private folder; it is gone again when the job ends."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        backup = self._known_backup
        folder = places_for(self._desk.settings).state / "restore"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = folder / f"{context.job}.sql.gz"
        self._download_debris = context.leaves("download", f"a downloaded dump: {self._file}", path=str(self._file))
        place = place_of(self._desk.settings, str(self._plan.request["from"]))
        s3 = s3_client(place, drill=self._desk.settings.drill is not None, limit=30.0, retries=RETRIES)
        began, told, size = monotonic(), 0.0, 0
        try:
            self._told = told_sum(s3, place.bucket, backup)
            body = s3.get_object(Bucket=place.bucket, Key=backup.key)["Body"]
            with self._file.open("xb") as file:
                self._file.chmod(0o600)
                for chunk in body.iter_chunks(CHUNK):
                    file.write(chunk)
                    size += len(chunk)
                    context.checkpoint()
                    if monotonic() - told > _TELL_EVERY:
                        told = monotonic()
                        context.progress(f"{size_words(size)} of {size_words(backup.size)}")
        except (BotoCoreError, ClientError, HTTPError) as error:
            raise StepFailed(DOWNLOAD_FAILED, f"{backup.name} cannot be downloaded: {words_of(error)}") from None
        except OSError as error:
            raise StepFailed(DOWNLOAD_FAILED, f"{self._file} cannot be written: {error.strerror or error}") from None
        seconds = monotonic() - began
        context.report(download_seconds=round(seconds, 2))
        context.progress(f"{size_words(size)} in {seconds:.1f} s")

    def verify(self, context: StepContext) -> None:
        """Checksum, gzip to its end, the dump's own end; then what the target lacks of what the dump asks for."""
        with self._file.open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK), b"")
            verified, self._reader = check_stream(chunks, self._known_backup, self._told)
        self._verified = verified
        for words in verified.not_compared:
            context.say(f"not compared: {words}", "warn")
        if verified.problems:
            raise StepFailed(CHECK_FAILED, f"{verified.name}: {'; '.join(verified.problems)}")
        if odd := self._reader.meta_command:
            raise StepFailed(CHECK_FAILED, f"the dump holds a command for psql itself: {odd}. No pg_dump writes that")
        if odd := self._reader.transaction_command:
            words = f"the dump ends or begins a transaction itself: {odd}, so it cannot be loaded in one"
            raise StepFailed(RESTORE_FAILED, f"{words}. pg_dump writes that around large objects alone")
        self._preflight()
        context.report(
            verify_seconds=round(verified.seconds, 2),
            rows=verified.rows,
            tables=verified.tables,
            sha256=verified.sha256,
        )
        context.progress(f"{verified.rows} rows of {verified.tables} tables, checked in {verified.seconds:.1f} s")

    def create(self, context: StepContext) -> None:
        """A database of its own beside the target, with its encoding, locale and owner, marked at once."""
        import psycopg

        like = self._known_target.database
        self._fresh = self._beside or server.named_after(like, "restore", context.job)
        with server.connected(self._address) as connection:
            if server.oid_of(connection, self._fresh) is not None:
                raise StepFailed(RESTORE_FAILED, f"there is a database {self._fresh} already")
            words = f"a half restored database {self._fresh}"
            self._fresh_debris = context.leaves("database", words, database=self._fresh)
            try:
                self._fresh_oid = server.create_like(connection, self._fresh, like, self._desk.environment)
            except psycopg.errors.DuplicateDatabase:
                # Somebody was faster: it is theirs, and no debris of ours.
                context.settled(self._fresh_debris)
                raise StepFailed(RESTORE_FAILED, f"there is a database {self._fresh} already") from None
        context.say(f"database {self._fresh}")

    def load(self, context: StepContext) -> None:
        """psql, one transaction, the first error ends it; it looks first where it is, and counts the rows last."""
        target, verified = self._known_target, self._known_check
        database, oid = (self._fresh, self._fresh_oid) if self._fresh else (target.database, target.oid)
        way = way_to(self._address, database)
        tool = find_tool("psql", at_least=target.major, loopback=way.is_loopback)
        before = checking(database, oid, target.identifier, self._desk.environment)
        before += self._emptying(context) if self._form == "in place" else ""
        loading = Loading(self._file, before, counting(self._reader.tables), verified.sha256)
        argv = [tool.path, "--no-psqlrc", "--no-password", "--quiet", "--output=/dev/null",
                "--set=ON_ERROR_STOP=1", "--file=-"]  # fmt: skip
        try:
            with child_way(way) as child:
                done = context.run(
                    argv, env=child, limit=LOAD_LIMIT, streams=Streams(input=self._telling(context, loading))
                )
        except (OSError, isal_zlib.IsalError) as error:  # type: ignore[misc]  # the stub calls the class an instance
            raise StepFailed(RESTORE_FAILED, f"{self._file} could not be read again: {error}") from None
        self._check(done)
        context.report(load_seconds=round(done.seconds, 2))
        context.progress(f"{self._reader.rows} rows loaded and counted in {done.seconds:.1f} s")
        if self._form == "in place":
            context.no_return()
            self._dress_in_place()
        self._forget_download(context)

    def dress(self, context: StepContext) -> None:
        """What a dump does not hold: statistics, the mark, settings and grants of the database."""
        like = self._known_target.database
        with server.connected(self._address, self._fresh) as connection:
            connection.execute("analyze")
        with server.connected(self._address) as connection:
            server.dress_like(connection, self._fresh, like, self._desk.environment)
        if self._beside:
            context.settled(self._fresh_debris)
            words = f"{self._reader.rows} rows of {len(self._reader.tables)} tables"
            context.report(database=self._fresh, says=f"{self._known_backup.name} lies in {self._fresh}: {words}")

    def swap(self, context: StepContext) -> None:
        """Prove once more, then let nobody in, end the sessions, and rename both in one transaction."""
        target = prove(self._desk)
        if target.oid != self._known_target.oid:
            raise StepFailed(RESTORE_FAILED, f"{target.database} is not the database it was: somebody changed it")
        before = server.named_after(target.database, "before", context.job)
        renames = ((target.database, before), (self._fresh, target.database))
        close_and_swap(context, self._address, renames, target)
        context.settled(self._fresh_debris)
        context.report(before=before, database=target.database)
        context.say(f"{target.database} is the restored one; the old one is kept as {before}")

    def look(self, context: StepContext) -> None:
        """Over the address that the site itself uses: it is the restored one, and marked."""
        found = read_identity(self._address)
        if self._fresh_oid and found.oid != self._fresh_oid:
            raise StepFailed(RESTORE_FAILED, f"{found.database} is not the restored one: somebody changed it")
        if found.mark != self._desk.environment:
            raise StepFailed(RESTORE_FAILED, f"{found.database} is marked {found.mark or 'nothing'}")
        words = f"{self._reader.rows} rows of {len(self._reader.tables)} tables from {self._known_backup.name}"
        context.report(says=f"{found.database} restored: {words}")

    def smoke(self, context: StepContext) -> None:
        """The smoke tests of the target's site; a failure leaves the restored one and names the way back."""
        undo = f"vigie restore --env {self._desk.environment} --undo {context.job}"
        back = f". Back: {undo}" if self._form == "swap" else ""
        smoke_after_swap(self._desk, context, "restored", back)

    def _preflight(self) -> None:
        """What the dump asks for and the server lacks: named all at once, before anything is made."""
        ground, reader = server.look_at(self._address), self._reader
        lacking = [
            *_lack("roles", reader.roles - ground.roles),
            *_lack("extensions", set(reader.extensions) - ground.extensions),
        ]
        major = reader.server_version.partition(".")[0]
        if major.isdigit() and int(major) > self._known_target.major:
            lacking.append(f"PostgreSQL {major} (it is {self._known_target.major})")
        if reader.transaction_timeout and self._known_target.major < TIMEOUT_SINCE:
            lacking.append(f"transaction_timeout, which the dump sets (pg_dump {TIMEOUT_SINCE} or newer made it)")
        tool = find_tool("psql", at_least=self._known_target.major, loopback=way_to(self._address).is_loopback)
        if reader.restricted and not tool.knows_restrict:
            lacking.append(f"a psql that knows \\restrict ({tool.path} is {tool.version}: install its last update)")
        if self._form == "in place" and (foreign := set(reader.schemas) & ground.foreign_schemas):
            lacking += _lack("the right to empty the schemas", foreign)
        if lacking:
            raise StepFailed(PREREQUISITE, f"the target's server lacks {'; '.join(lacking)}")

    def _emptying(self, context: StepContext) -> str:
        target = prove(self._desk)
        ground = server.look_at(self._address)
        schemas = sorted(ground.schemas - ground.foreign_schemas)
        context.say(f"in place: {', '.join(schemas)} are emptied", "warn")
        return emptying(schemas, ground.beside_schemas, target.major)

    def _dress_in_place(self) -> None:
        with server.connected(self._address) as connection:
            connection.execute("analyze")

    def _telling(self, context: StepContext, loading: Loading) -> Callable[[], bytes]:
        told, total = 0.0, self._verified.plain if self._verified else 0

        def give() -> bytes:
            nonlocal told
            if monotonic() - told > _TELL_EVERY:
                told = monotonic()
                context.progress(f"{size_words(loading.fed)} of {size_words(total)}")
            return loading.next_piece()

        return give

    def _check(self, done: Completed) -> None:
        said = complaint_of(done.tail)
        if done.timed_out:
            raise StepFailed(RESTORE_FAILED, f"psql was ended after {done.seconds:.0f} s")
        if done.code:
            raise StepFailed(RESTORE_FAILED, f"psql ended with {done.code}, nothing of it stays: {said}")

    def _forget_download(self, context: StepContext) -> None:
        self._file.unlink(missing_ok=True)
        context.settled(self._download_debris)

    @property
    def _known_check(self) -> Verified:
        assert self._verified is not None
        return self._verified

    @property
    def _known_target(self) -> Identity:
        assert self._target is not None
        return self._target

    @property
    def _known_backup(self) -> Backup:
        assert self._backup is not None
        return self._backup


def prove(desk: Desk) -> Identity:
    """Every test, now. Raises StepFailed with the name of the test that spoke."""
    proof = prove_target(desk.settings, desk.environment)
    if proof.refusal is not None:
        raise StepFailed(proof.refusal.code, f"blocked by “{proof.refusal.name}”: {proof.refusal.says}")
    if proof.identity is None:
        raise VigieError("the target was not asked", code=BLOCKED)
    return proof.identity


def smoke_after_swap(desk: Desk, context: StepContext, done: str, way_on: str = "") -> None:
    """Run the smoke tests until they pass, a few times: a site notices at its next query that a session was ended."""
    if not desk.env.url:
        context.say("no address is set for this environment: no smoke tests", "warn")
        return
    for pause in (*_SMOKE_PAUSES, None):
        report = smoke_step(desk, context)
        if report.ok or pause is None:
            break
        context.progress(f"{report.says}; once more in {pause:g} s")
        context.wait(pause)
    context.progress(report.says)
    context.report(smoke=report.as_data(), smoke_ok=report.ok, checks=report.as_data()["checks"])
    if not report.ok:
        raise StepFailed(SMOKE_FAILED, f"{done}, but {report.says}{way_on}")


def _lack(what: str, names: set[str] | frozenset[str]) -> list[str]:
    if not names:
        return []
    shown = sorted(names)
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    return [f"{what} {', '.join(shown[:_NAMED])}{more}"]
