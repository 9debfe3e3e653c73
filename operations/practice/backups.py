"""Five days of backups: dumped once for real, filed anew under the days before each session.

Each is the three objects that the console's own backup writes, the manifest last; only their dates are moved.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from operations.errors import VigieError
from operations.practice.dataset import NEWEST_BACKUP_AGE
from operations.practice.layout import SITE_NAME
from operations.practice.postgres import wheel_folder
from operations.practice.processes import leashed

FOOTER = b"-- PostgreSQL database dump complete"
DUMP_LIMIT = 120.0
_COPY = re.compile(rb'^COPY ("?[^ ]+"?) \(.*\) FROM stdin;$')


@dataclass(frozen=True, slots=True)
class Dump:
    """One real dump, kept in the cache: its file and what was counted while it was written."""

    days: int
    file: str
    size: int
    sha256: str
    tables: dict[str, int]
    server_version: str
    client_version: str
    seconds: float


def make_dump(address: str, days: int, folder: Path, environ: Mapping[str, str], seconds: float) -> Dump:
    """Dump the database at `address` with the wheel's pg_dump. Raises VigieError when the dump is not whole."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{days}.sql.gz"
    plain, secret_free = _dumped(address, environ)
    packed = gzip.compress(plain, 6, mtime=0)
    (folder / name).write_bytes(packed)
    versions = re.findall(rb"^-- Dumped (?:from database|by pg_dump) version (\S+)", plain, re.MULTILINE)
    dump = Dump(
        days=days,
        file=name,
        size=len(packed),
        sha256=hashlib.sha256(packed).hexdigest(),
        tables=count_rows(plain),
        server_version=versions[0].decode() if versions else "",
        client_version=versions[1].decode() if len(versions) > 1 else "",
        seconds=seconds,
    )
    if FOOTER not in plain[-400:]:
        raise VigieError(f"A practice backup is not whole: {secret_free}")
    (folder / f"{days}.json").write_text(json.dumps(asdict(dump)), "utf-8")
    return dump


def count_rows(plain: bytes) -> dict[str, int]:
    """Rows of each table in a plain dump, counted between COPY and its end mark."""
    counts: dict[str, int] = {}
    table = ""
    for line in plain.split(b"\n"):
        if table:
            if line == b"\\.":
                table = ""
            else:
                counts[table] += 1
        elif match := _COPY.match(line):
            table = match[1].decode().replace('"', "")
            counts[table] = 0
    return counts


def stored_dumps(folder: Path) -> tuple[Dump, ...]:
    """The dumps of the cache, newest first."""
    return tuple(
        sorted((Dump(**json.loads(file.read_text("utf-8"))) for file in folder.glob("*.json")), key=lambda d: d.days)
    )


def file_backups(bucket: Path, cache: Path, environment: str, now: datetime, chance: Random) -> tuple[datetime, ...]:
    """Put the five days of backups into the bucket's folder as they would lie there at `now`: when each ended."""
    root = bucket / SITE_NAME / "backups" / environment
    ends = []
    for dump in stored_dumps(cache):
        age = NEWEST_BACKUP_AGE + timedelta(days=dump.days, seconds=chance.uniform(-240, 240))
        started = (now - age).replace(microsecond=0)
        finished = started + timedelta(seconds=dump.seconds)
        folder = root / f"{started:%Y-%m-%d}"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"backup_{environment}_{started:%Y%m%d_%H%M%S}.sql.gz"
        manifest = _manifest(dump, name, environment, started, finished, chance)
        shutil.copyfile(cache / dump.file, folder / name)
        (folder / f"{name}.sha256").write_text(f"{dump.sha256}  {name}\n", "utf-8")
        (folder / f"{name}.manifest.json").write_text(json.dumps(manifest, indent=1), "utf-8")
        for suffix in ("", ".sha256", ".manifest.json"):
            os.utime(folder / f"{name}{suffix}", (finished.timestamp(), finished.timestamp()))
        ends.append(finished)
    return tuple(ends)


def _manifest(
    dump: Dump, name: str, environment: str, started: datetime, finished: datetime, chance: Random
) -> dict[str, object]:
    return {
        "schema": 1,
        "environment": environment,
        "site": SITE_NAME,
        "file": name,
        "size": dump.size,
        "sha256": dump.sha256,
        "server_version": dump.server_version,
        "client_version": dump.client_version,
        "tables": dump.tables,
        "extensions": [],
        "started": _stamp(started),
        "finished": _stamp(finished),
        "marked": True,
        "job": f"{chance.getrandbits(32):08x}",
        "footer": True,
    }


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _dumped(address: str, environ: Mapping[str, str]) -> tuple[bytes, str]:
    """The plain dump and what pg_dump said. The password travels in the environment."""
    head, _, tail = address.rpartition("@")
    user, password = head.removeprefix("postgresql://").split(":", 1)
    host_port, _, database = tail.partition("/")
    host, port = host_port.split(":")
    argv = [str(wheel_folder() / "bin" / "pg_dump"), "-h", host, "-p", port, "-U", user, "--no-password", database]
    done = subprocess.run(
        leashed(argv), stdin=subprocess.DEVNULL, capture_output=True, timeout=DUMP_LIMIT,
        env={**environ, "PGPASSWORD": password},
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "replace").strip()
    if done.returncode:
        raise VigieError(f"pg_dump ended with code {done.returncode}: {said}")
    return done.stdout, said
