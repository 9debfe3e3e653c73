"""Backup and restore of about 300 MB of plain SQL, each beside what the shell does with the same database."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from operations.dump.connection import child_way, way_to
from operations.dump.packing import Packer
from operations.dump.reader import DumpReader
from operations.dump.tools import find_tool
from operations.engine.process import Child, Hooks, Streams, child_environment, run_child
from operations.engine.redaction import Redactor
from operations.settings import Secret
from operations.upload import Upload
from tests.bench.report import Row, middle
from tests.operations.jobs.yard import Yard, new_yard
from tests.servers import postgres_server, s3_server

MEGABYTE = 1_000_000
ROWS = 2_600_000
_FILL = """
insert into calls
select n, md5(n::text) || ' called about a car on the ' || (array['quay', 'bridge', 'ring road', 'hill'])[n % 4 + 1]
       || ', waits since ' || (timestamp '2026-01-01' + n * interval '7 seconds') || ', truck ' || n % 97
  from generate_series(1001, {last}) n
"""
_PEAK = """
import resource, sys
from pathlib import Path
from operations.desk import Desk
from operations.jobs.backup import Backup
from operations.settings_reader import load_settings
from tests.operations.jobs.rig import Bench
desk = Desk(load_settings(Path(sys.argv[1]), {}), "staging")
outcome = Bench(Backup().plan(desk, {})).go(Backup(), desk)
assert outcome.code == 0, outcome.says
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def dumping(runs: int, rows: int = ROWS) -> list[Row]:
    """Every row about dumps. Each figure is the median of `runs`, taken in turn with its peer."""
    with postgres_server() as postgres, s3_server() as s3, _folder() as folder:
        yard = new_yard(folder, postgres, s3, rows=1000)
        yard.run(_FILL.format(last=rows))
        yard.run("vacuum analyze calls")
        plain = folder / "plain.sql"
        _timed(lambda: _pg_dump(yard, plain))
        size = plain.stat().st_size / MEGABYTE
        sink, null = _in_turn(runs, lambda: _null_sink(yard), lambda: _pg_dump(yard, Path("/dev/null")))
        whole, shell = _in_turn(max(1, runs // 2), lambda: _backup(yard), lambda: _pipeline(yard))
        load, psql, download, verify = _loads(yard, plain, max(1, runs // 2))
        peak = _peak(yard)
    about = f"{size:.0f} MB of plain SQL, PostgreSQL on the same machine"
    return [
        Row("dump, gzip, hash, count into nothing", sink, "s", None, null, 1.15, f"{about}; peer: pg_dump > /dev/null"),
        Row("whole backup to S3", whole, "s", None, shell, 0.25, "peer: pg_dump | gzip with the same upload"),
        Row("peak memory of a backup", peak, "MB", 150.0),
        Row("restore: load and count", load, "s", None, psql, 1.15, "peer: psql -1 -f plain.sql"),
        Row("restore: download", download, "s"),
        Row("restore: hash, gzip and end", verify, "s"),
    ]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name:
        yield Path(name)


def _timed(do: Callable[[], object]) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


def _in_turn(runs: int, one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    pairs = [(_timed(one), _timed(other)) for _ in range(runs)]
    return middle([pair[0] for pair in pairs]), middle([pair[1] for pair in pairs])


def _tool(program: str) -> str:
    assert program in ("pg_dump", "psql")
    return find_tool("pg_dump" if program == "pg_dump" else "psql", at_least=18, loopback=True).path


def _pg_dump(yard: Yard, into: Path) -> None:
    with child_way(way_to(Secret(yard.address))) as child, into.open("wb") as file:
        subprocess.run([_tool("pg_dump")], env=child_environment(child), stdout=file, check=True)


def _null_sink(yard: Yard) -> None:
    """What the backup does with the dump, but for the upload."""
    reader, packer = DumpReader(), Packer([lambda piece: None])

    def take(piece: bytes) -> None:
        reader.feed(piece)
        packer.write(piece)

    nothing: Callable[[object], None] = lambda _: None  # noqa: E731
    hooks = Hooks(line=nothing, started=nothing, ended=nothing, stop=lambda: None)
    with child_way(way_to(Secret(yard.address))) as env:
        child = Child([_tool("pg_dump")], env=env, limit=600.0)
        done = run_child(child, hooks, Redactor(), Streams(output=take))
    packer.finish()
    packer.stop()
    reader.close()
    assert done.code == 0 and reader.footer


def _backup(yard: Yard) -> None:
    outcome, _ = yard.back_up()
    assert outcome.code == 0, outcome.says


def _pipeline(yard: Yard) -> None:
    """pg_dump | gzip, its output taken by the same upload in parts."""
    upload = Upload(yard.s3.client(), yard.bucket, f"shell/{time.monotonic_ns()}.sql.gz", {})
    upload.begin()
    with child_way(way_to(Secret(yard.address))) as child:
        dump = subprocess.Popen([_tool("pg_dump")], env=child_environment(child), stdout=subprocess.PIPE)
        packed = subprocess.Popen(["gzip"], stdin=dump.stdout, stdout=subprocess.PIPE)
        assert packed.stdout is not None and dump.stdout is not None
        dump.stdout.close()
        while piece := packed.stdout.read(1 << 18):
            upload.write(piece)
        assert (dump.wait(), packed.wait()) == (0, 0)
        packed.stdout.close()
    upload.finish()
    upload.stop()


def _loads(yard: Yard, plain: Path, runs: int) -> tuple[float, float, float, float]:
    """Seconds of our load, psql's, our download and our check."""
    ours, theirs, downloads, checks = [], [], [], []
    for number in range(runs):
        name = f"{yard.target}_beside{number}"
        outcome, _ = yard.restore({"as": name})
        assert outcome.code == 0, outcome.says
        ours.append(float(outcome.details["load_seconds"]))
        downloads.append(float(outcome.details["download_seconds"]))
        checks.append(float(outcome.details["verify_seconds"]))
        address = yard.postgres.new_database(f"{name}_psql")
        theirs.append(_timed(lambda address=address: _psql(address, plain)))  # type: ignore[misc]
        for gone in (name, f"{name}_psql"):
            yard.postgres.run(f'drop database "{gone}"')
    return middle(ours), middle(theirs), middle(downloads), middle(checks)


def _psql(address: str, plain: Path) -> None:
    with child_way(way_to(Secret(address))) as child:
        argv = [_tool("psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-f", str(plain)]
        subprocess.run(argv, env=child_environment(child), check=True)


def _peak(yard: Yard) -> float:
    """Megabytes of memory that a process takes which does nothing but back up."""
    yard.settings()
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, str(yard.folder / "vigie.toml")],
        env={**os.environ}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout) / 1000
