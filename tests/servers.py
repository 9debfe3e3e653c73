"""Real servers for the tests, on loopback: PostgreSQL from the wheel and an S3 server by rclone.

Both die with the test process, however it ends. `tests/conftest.py` has the fixtures for all.
"""

from __future__ import annotations

import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from operations.practice.layout import searchable_by_all
from operations.practice.postgres import copy_wheel, wheel_folder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

DEADLINE = 60.0
_LIBC = ctypes.CDLL(None)
_NOBODY = 65534
_ROOM = 6_000_000_000
"""Bytes that several test processes' servers and files may take together."""


@dataclass(frozen=True)
class PostgresServer:
    """A running PostgreSQL 18 with the superuser `owner`, password login over loopback."""

    port: int
    password: str
    binaries: Path
    data: Path
    process: subprocess.Popen[bytes] = field(repr=False)
    user: str = "owner"
    host: str = "127.0.0.1"

    def url(self, database: str = "postgres", user: str = "", password: str = "") -> str:
        """Address of a database on this server."""
        return f"postgresql://{user or self.user}:{password or self.password}@{self.host}:{self.port}/{database}"

    def new_database(self, name: str = "") -> str:
        """Create an empty database and return its address."""
        name = name or f"db_{secrets.token_hex(6)}"
        self.run(f'create database "{name}" strategy file_copy')
        return self.url(name)

    def run(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as the superuser; the rows it gives."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@dataclass(frozen=True)
class S3Server:
    """A running S3 server; `client()` speaks to it, `folder` is where its buckets lie as plain folders."""

    endpoint: str
    access_key: str
    secret_key: str
    folder: Path

    def new_bucket(self) -> str:
        """Create an empty bucket and return its name."""
        name = f"bucket-{secrets.token_hex(6)}"
        self.client().create_bucket(Bucket=name)
        return name

    def client(self) -> S3Client:
        """A client with this server's keys, the same one each time: making one costs more than what it is used for."""
        return _client(self.endpoint, self.access_key, self.secret_key)


@cache
def _client(endpoint: str, access_key: str, secret_key: str) -> S3Client:
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name="us-east-1",
        config=Config(
            request_checksum_calculation="when_required",
            s3={"addressing_style": "path"},
            retries={"max_attempts": 2},
        ),
    )


@contextmanager
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """Run a PostgreSQL 18 until the block ends; `settings` go on its command line. Takes about a second.

    As root it runs as nobody, with its data, and its binaries if need be, where that user may look.
    """
    home = _home(tmp_path_factory, "postgres")
    who = _identity()
    try:
        binaries = _binaries(home)
        password = secrets.token_urlsafe(12)
        pwfile = home / "pw"
        pwfile.write_text(password)
        data = home / "data"
        data.mkdir(mode=0o700)
        if who:
            os.chown(home, who["user"], who["group"])
            os.chown(data, who["user"], who["group"])
            os.chown(pwfile, who["user"], who["group"])
        how = [
            "-U",
            "owner",
            "--auth=scram-sha-256",
            f"--pwfile={pwfile}",
            "--no-sync",
            # Written into the configuration: a random password needs no stretching, and every login pays for it.
            "-c",
            "scram_iterations=1",
            "--encoding=UTF8",
            "--locale=C",
        ]
        subprocess.run(
            [str(binaries / "initdb"), "-D", str(data), *how],
            check=True,
            capture_output=True,
            cwd=home,
            env=_bare_environment(),
            **who,
        )
        process, port = _start_postgres(binaries, data, home, settings or {}, password, who)
        try:
            yield PostgresServer(port, password, binaries, data, process)
        finally:
            # At once: what a hundred tests wrote need not reach a disk.
            _stop(process, signal.SIGQUIT)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def s3_server(tmp_path_factory: pytest.TempPathFactory | None = None) -> Iterator[S3Server]:
    """Run `rclone serve s3` until the block ends."""
    home = _home(tmp_path_factory, "s3")
    folder = home / "buckets"
    folder.mkdir()
    access, secret = secrets.token_hex(8), secrets.token_hex(16)
    log = home / "log"
    command = [str(_rclone()), "serve", "s3", str(folder), "--addr", "127.0.0.1:0", "--auth-key", f"{access},{secret}"]
    command += ["--config", str(home / "none.conf"), "--vfs-cache-mode", "off", "-v"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=_bare_environment(), preexec_fn=_die_with_parent(signal.SIGKILL)
        )
    try:
        yield S3Server(_rclone_address(process, log), access, secret, folder)
    finally:
        _stop(process, signal.SIGTERM)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """One PostgreSQL for the test process; make a database of your own on it."""
    with postgres_server(tmp_path_factory) as server:
        yield server


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One S3 server for the test process; make a bucket of your own on it."""
    with s3_server(tmp_path_factory) as server:
        yield server


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _home(tmp_path_factory: pytest.TempPathFactory | None, name: str) -> Path:
    """A folder others may pass through; pytest's own are private, which is wrong for a server under another uid."""
    memory = in_memory()
    if tmp_path_factory is not None and os.geteuid() != 0 and memory is None:
        return tmp_path_factory.mktemp(name)
    home = Path(tempfile.mkdtemp(prefix=f"vigie-{name}-", dir=memory))
    home.chmod(0o755)
    return home


def in_memory() -> Path | None:
    """Where files lie in memory, if there is room and programs may lie there, too."""
    place = Path("/dev/shm")
    try:
        usable = os.access(place, os.W_OK) and not os.statvfs(place).f_flag & os.ST_NOEXEC
        return place if usable and shutil.disk_usage(place).free > _ROOM else None
    except OSError:
        return None


def _identity() -> dict[str, Any]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def _binaries(home: Path) -> Path:
    wheel = wheel_folder()
    if os.geteuid() != 0 or searchable_by_all(wheel):
        return wheel / "bin"
    return copy_wheel(wheel, home / "install") / "bin"


def _start_postgres(
    binaries: Path, data: Path, home: Path, settings: Mapping[str, str], password: str, who: Mapping[str, Any]
) -> tuple[subprocess.Popen[bytes], int]:
    fixed = {
        "unix_socket_directories": "",
        "listen_addresses": "127.0.0.1",
        "max_connections": "40",
        # What a crash would cost is a test run: nothing is written twice or waited for.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "checkpoint_timeout": "1h",
        "max_wal_size": "8GB",
        "autovacuum": "off",
    }
    options = [part for name, value in {**fixed, **settings}.items() for part in ("-c", f"{name}={value}")]
    for _ in range(5):
        port = free_port()
        with (home / "log").open("ab") as log:
            process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *options],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=home,
                env=_bare_environment(),
                preexec_fn=_die_with_parent(signal.SIGINT),
                **who,
            )
        if _answers(process, port, password):
            return process, port
        _stop(process, signal.SIGINT)
    raise RuntimeError("PostgreSQL did not start:\n" + (home / "log").read_text()[-2000:])


def _answers(process: subprocess.Popen[bytes], port: int, password: str) -> bool:
    import psycopg

    deadline = time.monotonic() + DEADLINE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(f"postgresql://owner:{password}@127.0.0.1:{port}/postgres", connect_timeout=5).close()
        except psycopg.OperationalError:
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        else:
            return True
    return False


def _rclone() -> Path:
    beside = Path(sys.executable).parent / "rclone"
    return beside if beside.exists() else Path(shutil.which("rclone") or "rclone")


def _rclone_address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + DEADLINE
    while process.poll() is None and time.monotonic() < deadline:
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text()):
            return found[0]
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    raise RuntimeError("rclone did not start:\n" + log.read_text()[-2000:])


def _bare_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}


def _die_with_parent(number: signal.Signals) -> Any:
    """Runs in the child: PR_SET_PDEATHSIG, after the change of user, which would clear it."""

    def ask() -> None:
        _LIBC.prctl(1, int(number), 0, 0, 0)

    return ask


def _stop(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)
