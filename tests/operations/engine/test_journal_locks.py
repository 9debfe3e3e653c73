"""Locks on the journal's file: whoever closes theirs takes nothing from those who still write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from operations.desk import utc_now
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.watch.store import Store

WRITER = """
import sys
from pathlib import Path
from operations.desk import utc_now
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor

def opened():
    return Journal.open(Path(sys.argv[1]), actor="ana", redactor=Redactor(), now=utc_now)

journal = opened()
journal.append("first", {})
opened().close()  # as planning does, to read the jobs so far
print("ready", flush=True)
sys.stdin.readline()
journal.append("after the others left", {})
"""


def test_what_a_worker_writes_after_its_console_has_left_is_seen_by_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    console = Journal.open(path, actor="ana", redactor=Redactor(), now=utc_now)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None and worker.stdin is not None
        assert worker.stdout.readline() == "ready\n"
        console.close()
        again = Journal.open(path, actor="ana", redactor=Redactor(), now=utc_now)
        assert [event.kind for _, event in again.events()] == ["first"]
        worker.stdin.write("\n")
        worker.stdin.close()
    assert worker.returncode == 0
    assert [event.kind for _, event in again.events()] == ["first", "after the others left"]
    assert again.verify() == []
    again.close()


def test_files_of_our_own_are_private_from_their_first_moment(tmp_path: Path) -> None:
    Journal.open(tmp_path / "journal.sqlite", actor="ana", redactor=Redactor(), now=utc_now).close()
    Store(tmp_path / "readings.sqlite", writable=True).close()
    assert [path.stat().st_mode & 0o777 for path in sorted(tmp_path.glob("*.sqlite"))] == [0o600, 0o600]
