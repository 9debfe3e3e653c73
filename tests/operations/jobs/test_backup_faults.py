"""What a backup must survive, made to happen for real: the right code, clear words, nothing half left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from operations.dump import tools
from operations.engine.model import Outcome
from operations.engine.record import JobState
from operations.errors import PrerequisiteMissing, VigieError
from operations.jobs.backup import CODES, Backup
from operations.upload import JOB
from tests.operations.jobs.rig import Bench
from tests.operations.jobs.runs import Runs
from tests.operations.jobs.vault import Vault, new_vault
from tests.s3faults import FaultyS3, Harm, faulty_s3, is_part
from tests.servers import PostgresServer, S3Server, free_port


@pytest.fixture
def vault(tmp_path: Path, postgres: PostgresServer, s3: S3Server) -> Vault:
    return new_vault(tmp_path, postgres, s3)


@pytest.fixture
def faulty(s3: S3Server) -> Iterator[FaultyS3]:
    with faulty_s3(s3.endpoint) as proxy:
        yield proxy


def backed_up(vault: Vault, faulty: FaultyS3, harm: Callable[[str, str], Harm | None]) -> tuple[Outcome, Bench]:
    """A backup through the proxy, which does harm from the first step on."""
    faulty.pick = harm
    return vault.back_up(desk=vault.desk(endpoint=faulty.endpoint))


def nothing_left(vault: Vault, bench: Bench) -> bool:
    return bench.debris == {} and vault.names() == set() and vault.stored().strays == ()


def while_waiting(vault: Vault, act: Callable[[int], None]) -> threading.Thread:
    """Call `act` with the backend of the dump as soon as that waits for a lock."""

    def look() -> None:
        question = (
            "select pid from pg_stat_activity where application_name = 'vigie' and wait_event_type = 'Lock' "
            f"and datname = '{vault.database}'"
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if found := vault.run(question):
                act(found[0][0])
                return

    thread = threading.Thread(target=look)
    thread.start()
    return thread


@pytest.fixture
def locked(vault: Vault) -> Iterator[Vault]:
    """A session that holds a table the dump wants."""
    import psycopg

    with psycopg.connect(vault.address, application_name="a long migration") as holder:
        holder.execute("lock table trucks in access exclusive mode")
        yield vault


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (Harm(status=500), "InternalError"),
        (Harm(status=503, code="SlowDown"), "it asks for fewer requests"),
        (Harm(status=403, code="AccessDenied"), "the key may not do this"),
        (Harm(status=301, code="PermanentRedirect"), "in another region"),
        (Harm("reset"), "onnection"),
        (Harm("damage"), "it arrived damaged"),
    ],
    ids=lambda value: f"{value.kind}-{value.status}" if isinstance(value, Harm) else "",
)
def test_code_5_when_s3_takes_no_part(
    vault: Vault, faulty: FaultyS3, harm: Harm, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.jobs.backup_steps.RETRIES", 1)
    outcome, bench = backed_up(vault, faulty, lambda method, path: harm if is_part(method, path) else None)
    assert (outcome.code, outcome.meaning) == (5, CODES[5])
    assert words in outcome.says
    assert nothing_left(vault, bench)


def test_a_server_that_is_slow_now_and_then_only_delays(vault: Vault, faulty: FaultyS3) -> None:
    slow = iter([Harm(status=503, code="SlowDown"), Harm("reset")])
    outcome, bench = backed_up(vault, faulty, lambda m, p: next(slow, None) if is_part(m, p) else None)
    assert (outcome.code, bench.debris) == (0, {}), outcome.says


def test_code_5_when_the_manifest_is_refused_and_the_dump_is_named(vault: Vault, faulty: FaultyS3) -> None:
    refuse = Harm(status=403, code="AccessDenied")
    outcome, bench = backed_up(vault, faulty, lambda m, p: refuse if m == "PUT" and "manifest" in p else None)
    assert outcome.code == 5
    # Past the point of no return nothing is taken back by itself: it is named.
    left = [piece.words for piece in bench.debris.values()]
    assert len(left) == 1 and left[0].startswith("a backup without its manifest: backup_staging_")
    assert not vault.stored().backups[0].trusted


def dump_name(at: datetime) -> str:
    return f"dispatch/backups/staging/{at:%Y-%m-%d}/backup_staging_{at:%Y%m%d_%H%M%S}.sql.gz"


def test_code_5_when_an_object_of_that_name_is_there_already_and_it_stays(vault: Vault) -> None:
    operation, desk = Backup(), vault.desk()
    bench = Bench(operation.plan(desk, {}))
    at = datetime.now(UTC)
    bench.now = lambda: at  # type: ignore[method-assign]
    vault.s3.client().put_object(Bucket=vault.bucket, Key=dump_name(at), Body=b"another bastion's")
    outcome = bench.go(operation, desk)
    assert outcome.code == 5
    assert outcome.says.endswith("is there already")
    assert bench.debris == {}
    assert vault.names() == {dump_name(at)}
    assert vault.read(dump_name(at)) == b"another bastion's"
    assert vault.stored().strays == ()


def test_code_5_when_another_backup_takes_the_name_at_the_last_moment_and_nothing_of_it_is_cleaned_away(
    vault: Vault, faulty: FaultyS3
) -> None:
    written: list[str] = []

    def harm(method: str, path: str) -> Harm | None:
        if method != "POST" or "uploadId=" not in path:
            return None
        key = urlsplit(path).path.removeprefix(f"/{vault.bucket}/")
        vault.s3.client().put_object(Bucket=vault.bucket, Key=key, Body=b"another bastion's")
        written.append(key)
        return Harm(status=412, code="PreconditionFailed")

    outcome, bench = backed_up(vault, faulty, harm)
    assert outcome.code == 5
    assert "it is there already" in outcome.says
    assert bench.debris == {}
    assert vault.read(written[0]) == b"another bastion's"
    assert vault.stored().strays == ()


@pytest.mark.parametrize(("job", "stays"), [("job-7", False), ("job-8", True), (None, False), ("", True)])
def test_cleaning_removes_a_dump_without_manifest_only_where_this_job_wrote_it(
    vault: Vault, job: str | None, stays: bool
) -> None:
    """Where the bucket says of no object whose it is, the size to the byte decides."""
    s3, key = vault.s3.client(), dump_name(datetime.now(UTC))
    body = b"half a day's work" if job != "" else b"of another size"
    s3.put_object(Bucket=vault.bucket, Key=key, Body=body, Metadata={JOB: job} if job else {})
    size = len(b"half a day's work")
    debris = {"kind": "incomplete", "bucket": vault.bucket, "key": key, "job": "job-7", "size": size}
    said: list[str] = []
    if stays:
        with pytest.raises(VigieError, match="was not written by this job: it is left alone"):
            Backup().clean(vault.desk(), debris, said.append)
        assert vault.read(key) == body
    else:
        Backup().clean(vault.desk(), debris, said.append)
        assert vault.names() == set()
        assert said == [f"{key} removed"]


def test_an_upload_whose_abort_is_refused_is_named(vault: Vault, faulty: FaultyS3) -> None:
    def harm(method: str, path: str) -> Harm | None:
        refused = is_part(method, path) or (method == "DELETE" and "uploadId=" in path)
        return Harm(status=403, code="AccessDenied") if refused else None

    with pytest.raises(VigieError, match=r"cannot be aborted: AccessDenied \(the key may not do this\)"):
        backed_up(vault, faulty, harm)
    assert len(vault.stored().strays) == 1
    faulty.pick = lambda method, path: None
    warning = next(guard for guard in vault.plan().guards if guard.name == "bucket answers")
    assert warning.verdict == "warn" and "1 unfinished upload" in warning.says


def test_code_3_when_nobody_listens_where_the_database_should_be(vault: Vault) -> None:
    desk = vault.desk(address=f"postgresql://somebody:a-secret-word@127.0.0.1:{free_port()}/nothing")

    refusal = Backup().plan(desk, {}).refusal
    assert refusal is not None
    assert (refusal.name, refusal.code) == ("database answers", 3)
    assert "a-secret-word" not in refusal.says


def test_code_2_without_a_bucket_or_with_one_that_refuses(vault: Vault) -> None:

    refusal = Backup().plan(vault.desk(secret="wrong"), {}).refusal
    assert refusal is not None
    assert (refusal.name, refusal.code) == ("bucket answers", 2)
    gone = Backup().plan(vault.desk(bucket="no-such-bucket"), {}).refusal
    assert gone is not None and "there is no such bucket" in gone.says
    with pytest.raises(PrerequisiteMissing, match="database is not set"):
        Backup().plan(vault.desk(address=""), {})


def test_code_4_when_the_database_ends_the_dump(locked: Vault) -> None:
    def terminate(pid: int) -> None:
        locked.run(f"select pg_terminate_backend({pid})")

    ending = while_waiting(locked, terminate)
    outcome, bench = locked.back_up()
    ending.join()
    assert outcome.code == 4
    assert "terminating connection" in outcome.says
    assert nothing_left(locked, bench)


def test_code_4_when_pg_dump_is_killed(locked: Vault) -> None:
    wanted = f"PGDATABASE={locked.database}".encode()

    def kill(_: int) -> None:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                named = (folder / "comm").read_text() == "pg_dump\n"
                if named and wanted in (folder / "environ").read_bytes().split(b"\0"):
                    os.kill(int(folder.name), signal.SIGKILL)

    ending = while_waiting(locked, kill)
    outcome, bench = locked.back_up()
    ending.join()
    assert outcome.code == 4
    assert "pg_dump ended with" in outcome.says
    assert nothing_left(locked, bench)


def test_code_2_when_every_pg_dump_here_is_older_than_the_server(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
    (old / "pg_dump").chmod(0o755)
    monkeypatch.setattr(tools, "_USUAL", ())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(old))
    tools.installed.cache_clear()
    try:
        refusal = vault.plan().refusal
    finally:
        tools.installed.cache_clear()
    assert refusal is not None
    assert (refusal.name, refusal.code) == ("pg_dump fits", 2)
    assert f"{old}/pg_dump is 9.6.24: an older one cannot read this server" in refusal.says
    assert "Install the PostgreSQL 18 client programs" in refusal.says


def test_code_4_when_a_lock_is_not_given_and_the_plan_names_who_holds_it(
    locked: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = next(guard for guard in locked.plan().guards if guard.name == "database answers")
    assert warning.verdict == "warn"
    assert "a long migration holds a lock" in warning.says
    monkeypatch.setattr("operations.jobs.backup_steps.LOCK_WAIT", 1)
    outcome, bench = locked.back_up()
    assert outcome.code == 4
    assert outcome.says.startswith("a lock on its tables was not given within 1 s: session ")
    assert any("the dump waits for" in words and "a long migration" in words for words in bench.said)
    assert nothing_left(locked, bench)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_code_4_when_the_disk_for_the_copy_is_full(vault: Vault, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(kept)], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        outcome, bench = vault.back_up(keep_local=str(kept))
        assert outcome.code == 4
        assert "No space left on device" in outcome.says
        assert nothing_left(vault, bench)
        assert list(kept.iterdir()) == []
    finally:
        subprocess.run(["umount", str(kept)], check=True)


def test_two_at_once_is_75_and_says_who(vault: Vault, faulty: FaultyS3) -> None:
    runs = Runs(vault.settings(endpoint=faulty.endpoint), "backup", "staging")
    faulty.pick = lambda method, path: Harm("hold") if is_part(method, path) else None
    first = runs.start()
    assert faulty.holding.wait(30)
    refusal = runs.operation.plan(runs.desk(), {}).refusal
    assert refusal is not None
    assert refusal.code == 75
    assert "ana" in refusal.says
    faulty.let_go.set()
    assert runs.ended(first.id).code == 0
    runs.journal.close()


def test_kill_9_in_the_middle_of_an_upload_names_it_and_cleaning_aborts_it(vault: Vault, faulty: FaultyS3) -> None:
    runs = Runs(vault.settings(endpoint=faulty.endpoint), "backup", "staging")
    faulty.pick = lambda method, path: Harm("hold") if is_part(method, path) else None
    job = runs.start()
    assert faulty.holding.wait(30)
    job = runs.kill(runs.job(job.id))
    assert job.state is JobState.LOST
    assert any(piece.words.startswith("an unfinished upload: backup_staging_") for piece in job.debris)
    faulty.pick = lambda method, path: None
    faulty.let_go.set()
    after, said = runs.clean(job)
    assert after.debris == (), said
    assert vault.stored().strays == () and vault.names() == set()
    # And nothing of the dead job holds anything.
    assert runs.ended(runs.start().id).code == 0
    runs.journal.close()


@pytest.mark.parametrize("held", [".sha256", ".manifest.json"])
def test_kill_9_between_the_dump_and_its_manifest_is_named_and_cleaning_takes_all_of_it(
    vault: Vault, faulty: FaultyS3, held: str
) -> None:
    runs = Runs(vault.settings(endpoint=faulty.endpoint), "backup", "staging")
    faulty.pick = lambda method, path: Harm("hold") if method == "PUT" and held in path else None
    job = runs.start()
    assert faulty.holding.wait(30)
    job = runs.kill(runs.job(job.id))
    assert job.state is JobState.LOST
    assert any("a backup without its manifest: backup_staging_" in piece.words for piece in job.debris)
    [half] = vault.stored().backups
    assert not half.trusted and half.why_not.startswith("incomplete")
    # What the dead one had sent is lost on its way.
    faulty.pick = lambda method, path: Harm("reset") if method == "PUT" else None
    faulty.let_go.set()
    after, said = runs.clean(job)
    assert after.debris == (), said
    assert vault.stored().strays == () and vault.names() == set()
    runs.journal.close()


def test_sigterm_in_the_middle_of_an_upload_is_143_and_leaves_nothing(vault: Vault, faulty: FaultyS3) -> None:
    from operations.engine.control import cancel

    runs = Runs(vault.settings(endpoint=faulty.endpoint), "backup", "staging")
    faulty.pick = lambda method, path: Harm("hold") if is_part(method, path) else None
    job = runs.start()
    assert faulty.holding.wait(30)
    faulty.pick = lambda method, path: None
    cancel(runs.journal, runs.job(job.id))
    faulty.let_go.set()
    job = runs.ended(job.id)
    assert (job.code, job.debris) == (143, ())
    assert vault.stored().strays == () and vault.names() == set()
    runs.journal.close()


def test_no_secret_is_in_any_file_nor_in_any_childs_command_or_environment(locked: Vault) -> None:
    """While pg_dump waits for a lock: the password is in memory that only it is led to."""
    secrets = [locked.postgres.password.encode(), locked.s3.secret_key.encode()]
    seen: list[bytes] = []

    def look(_: int) -> None:
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (folder / "cmdline").read_bytes()
                # The S3 server of the tests is told its key on its command line.
                seen.append(b"" if b"rclone" in command else command)
                if (folder / "comm").read_text() == "pg_dump\n":
                    seen.append((folder / "environ").read_bytes())

    looking = while_waiting(locked, look)
    runs = Runs(locked.settings(), "backup", "staging")
    job = runs.start()
    looking.join()
    runs.kill(runs.job(job.id))
    runs.journal.close()
    assert any(b"PGPASSFILE=" in found for found in seen)
    state = locked.folder / "state"
    seen += [path.read_bytes() for path in state.rglob("*") if path.is_file()]
    assert not [secret for secret in secrets if any(secret in found for found in seen)]
