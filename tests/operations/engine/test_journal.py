"""The journal loses nothing it acknowledged, keeps one chain, says in words why it cannot be used, and is found out."""

from __future__ import annotations

import getpass
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from operations.engine.events import Draft, Ids, hash_of_row
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.engine.store import COLUMNS
from operations.errors import JournalUnavailable

NOW = datetime(2026, 7, 30, 3, 7, tzinfo=UTC)

APPENDER = """
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.engine.store import COLUMNS
journal = Journal.open(Path(sys.argv[1]), actor="ana", redactor=Redactor(), now=lambda: datetime.now(UTC))
for number in range(int(sys.argv[2])):
    event = journal.append("note", {"number": number, "from": sys.argv[3]})
    print(event.id, flush=True)
"""


def open_journal(path: Path, *secrets: str) -> Journal:
    return Journal.open(path, actor="ana", redactor=Redactor(secrets), now=lambda: NOW)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(tmp_path / "state" / "journal.sqlite", "hunter22")


def tampered(journal: Journal, *statements: str) -> list[str]:
    journal.append_many([Draft("note", {"number": number}) for number in range(6)])
    with sqlite3.connect(journal.path, isolation_level=None) as other:
        for statement in statements:
            other.execute(statement)
    other.close()
    return [f"{problem.kind} {problem.seq}" for problem in journal.verify()]


def test_an_event_comes_back_as_it_was_written(journal: Journal) -> None:
    written = journal.append("note", {"text": "zone is undefined", "n": 1.5}, incident="1121-kfp", job="j1")
    assert journal.events() == [(1, written)]
    assert written.at == written.recorded_at == NOW
    assert f"@{written.host}/" in written.writer
    assert journal.verify() == []


def test_files_are_private(journal: Journal) -> None:
    journal.append("note", {})
    for path in journal.path.parent.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_secrets_never_reach_the_file(journal: Journal) -> None:
    journal.append("note", {"text": "login hunter22", "more": [{"hunter22": 1}]})
    assert all(b"hunter22" not in path.read_bytes() for path in journal.path.parent.iterdir())


def test_values_json_does_not_know_are_made_plain(journal: Journal) -> None:
    data: dict[Any, Any] = {
        "path": Path("/x"),
        "at": NOW,
        "nan": float("nan"),
        "pair": (1, 2),
        "bad": "\udc80",
        3: None,
    }
    event = journal.append("note", data)
    assert event.data == {
        "path": "/x", "at": "2026-07-30T03:07:00Z", "nan": None, "pair": [1, 2], "bad": "\\udc80", "3": None,
    }  # fmt: skip
    assert journal.events()[0][1] == event
    assert journal.verify() == []


def test_events_are_found_by_kind_incident_job_and_place(journal: Journal) -> None:
    journal.append("a", {}, incident="i")
    journal.append("b", {}, job="j")
    journal.append("c", {})

    def kinds(**wanted: object) -> list[str]:
        return [event.kind for _, event in journal.events(**wanted)]  # type: ignore[arg-type]

    assert kinds(kinds=("a", "c")) == ["a", "c"]
    assert kinds(incident="i") == ["a"]
    assert kinds(job="j") == kinds(any_job=True) == ["b"]
    assert kinds(after=1) == ["b", "c"]
    assert kinds(after=1, limit=1) == ["b"]
    assert kinds(job="") == ["a", "c"]


def test_finding_one_job_among_many_events_uses_an_index(journal: Journal) -> None:
    plan = "EXPLAIN QUERY PLAN SELECT * FROM events WHERE place > ? AND {} ORDER BY place LIMIT ?"
    for condition, index in (
        ("job = ? AND job != ''", "events_by_job"),
        ("incident = ? AND incident != ''", "events_by_incident"),
        ("job != '' AND '' = ?", "events_of_jobs"),
    ):
        assert index in str(journal.query(plan.format(condition), ("0", "x", -1)))
    assert "events_by_kind" in str(journal.query(plan.format("kind IN (?)"), ("0", "x", -1)))


def test_changes_are_noticed_from_this_and_from_other_connections(journal: Journal) -> None:
    other = open_journal(journal.path)
    assert journal.changed()
    assert not journal.changed()
    other.append("note", {})
    assert journal.changed()
    assert not journal.changed()
    journal.append("note", {})
    assert journal.changed()


def test_several_events_are_written_together_or_not_at_all(journal: Journal) -> None:
    with pytest.raises(ValueError, match="without a zone"):
        journal.append_many([Draft("a", {}), Draft("b", {}, at=datetime(2026, 1, 1))])
    assert journal.events() == []
    journal.append("c", {})
    assert journal.verify() == []


def test_eight_processes_keep_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    command = [sys.executable, "-c", APPENDER, str(path), "25"]
    writers = [subprocess.Popen([*command, str(n)], stdout=subprocess.PIPE, text=True) for n in range(8)]
    said = [writer.communicate(timeout=90)[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 8
    journal = open_journal(path)
    events = [event for _, event in journal.events()]
    assert sorted(event.id for event in events) == sorted(identity for ids in said for identity in ids)
    assert [event.seq for event in events] == list(range(1, 201))
    assert journal.verify() == []


def test_a_killed_writer_loses_no_acknowledged_event(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    writer = subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(path), "100000", "x"], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = [writer.stdout.readline().strip() for _ in range(30)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += [line for line in writer.stdout.read().split("\n")[:-1] if line]
    writer.wait(20)
    writer.stdout.close()
    journal = open_journal(path)
    found = {event.id for _, event in journal.events()}
    assert set(acknowledged) <= found
    assert journal.verify() == []
    journal.append("note", {})
    assert journal.verify() == []


def test_an_edited_event_is_found(journal: Journal) -> None:
    assert tampered(journal, "UPDATE events SET actor = 'tom' WHERE seq = 3") == ["changed 3"]


def test_an_edited_event_with_a_new_hash_is_found(journal: Journal) -> None:
    assert tampered(journal, "UPDATE events SET hash = 'f00' WHERE seq = 3") == ["changed 3", "changed 3"]


def test_a_deleted_event_is_found(journal: Journal) -> None:
    assert tampered(journal, "DELETE FROM events WHERE seq IN (2, 3)") == ["missing 2"]


def test_reordered_events_are_found(journal: Journal) -> None:
    moves = [f"UPDATE events SET place = {to} WHERE seq = {seq}" for seq, to in ((3, 99), (4, 3), (3, 4))]
    assert tampered(journal, *moves) == ["reordered 4"]


def test_a_cut_off_end_is_found(journal: Journal) -> None:
    assert tampered(journal, "DELETE FROM events WHERE seq > 4") == ["cut-off 6"]


def test_an_emptied_journal_is_found(journal: Journal) -> None:
    assert tampered(journal, "DELETE FROM events") == ["cut-off 6"]


def test_a_cut_off_end_is_found_after_more_was_written(journal: Journal) -> None:
    tampered(journal, "DELETE FROM events WHERE seq > 4")
    journal.append_many([Draft("note", {}) for _ in range(5)])
    assert [f"{problem.kind} {problem.seq}" for problem in journal.verify()] == ["cut-off 6"]


def test_a_replaced_last_event_is_found(journal: Journal, tmp_path: Path) -> None:
    journal.append("note", {"said": "yes"})
    forged = open_journal(tmp_path / "forged.sqlite").append("note", {"said": "no"})
    columns = f"hash = '{forged.hash}', id = '{forged.id}', data = '{{\"said\":\"no\"}}'"
    with sqlite3.connect(journal.path) as other:
        other.execute(f"UPDATE events SET {columns}")
    other.close()
    assert {f"{problem.kind} {problem.seq}" for problem in journal.verify()} == {"changed 1"}


def test_a_missing_or_unreadable_head_file_is_said(journal: Journal) -> None:
    journal.append("note", {})
    journal.head_path.write_text("nonsense")
    assert [problem.kind for problem in journal.verify()] == ["head"]
    journal.head_path.unlink()
    assert [problem.kind for problem in journal.verify()] == ["head"]
    journal.append("note", {})
    assert journal.verify() == []


def test_a_damaged_file_is_said_in_words(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"not a journal at all" * 500)
    with pytest.raises(JournalUnavailable, match=r"damaged.*vigie journal repair"):
        open_journal(path)


def test_a_damaged_page_is_said_in_words(journal: Journal) -> None:
    journal.append_many([Draft("note", {"n": number, "text": "x" * 300}) for number in range(200)])
    journal.close()
    body = bytearray(journal.path.read_bytes())
    body[8192:] = os.urandom(len(body) - 8192)
    journal.path.write_bytes(body)
    with pytest.raises(JournalUnavailable, match="damaged"):
        open_journal(journal.path).events()


def test_a_full_disk_is_said_in_words_and_loses_nothing(journal: Journal) -> None:
    kept = journal.append("note", {"text": "kept"})
    journal.query("PRAGMA max_page_count = 12")
    with pytest.raises(JournalUnavailable, match="disk is full"):
        journal.append("note", {"text": "x" * 200_000})
    assert journal.events() == [(1, kept)]
    journal.query("PRAGMA max_page_count = 100000")
    journal.append("note", {"text": "after"})
    assert journal.verify() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_disk_that_is_really_full_loses_nothing_and_recovers(small_disk: Path) -> None:
    journal = open_journal(small_disk / "journal.sqlite")
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(b"x" * 4096)
    written = []
    with pytest.raises(JournalUnavailable, match="disk is full"):
        while True:
            written.append(journal.append("note", {"text": "x" * 500}))
    with pytest.raises(JournalUnavailable):
        open_journal(small_disk / "another.sqlite")
    filler.unlink()
    written.append(journal.append("note", {"text": "after"}))
    assert [event for _, event in journal.events()] == written
    assert journal.verify() == []
    journal.close()


def test_a_file_size_limit_is_said_in_words(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "journal.sqlite")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        with pytest.raises(JournalUnavailable, match="cannot be used"):
            journal.append("note", {"text": "x" * 200_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.append("note", {"text": "after"})
    assert journal.verify() == []


def test_a_folder_that_is_a_file_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(JournalUnavailable, match="cannot be used"):
        open_journal(tmp_path / "state" / "journal.sqlite")


def test_a_journal_nobody_may_write_is_said_in_words(journal: Journal) -> None:
    journal.query("PRAGMA query_only = 1")
    with pytest.raises(JournalUnavailable, match="read-only"):
        journal.append("note", {})


def test_ids_never_run_backwards_even_when_the_clock_does() -> None:
    times = iter([NOW, NOW, datetime(2020, 1, 1, tzinfo=UTC), NOW])
    ids = Ids(lambda: next(times))
    made = [ids.new() for _ in range(4)]
    assert made == sorted(made)
    assert len(set(made)) == 4
    assert {(identity[14], identity[19] in "89ab", len(identity)) for identity in made} == {("7", True, 36)}


def test_opening_loads_nothing_heavy(tmp_path: Path) -> None:
    heavy = ("textual", "boto3", "httpx", "psycopg", "git", "platformdirs", "ctypes")
    code = f"import sys, operations.engine.journal; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@given(
    st.text(),
    st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.floats() | st.text(), max_size=4),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_row_has_the_hash_of_its_event_whatever_is_in_it(journal: Journal, text: str, data: dict[str, Any]) -> None:
    journal.append("note", {"text": text, **data}, incident=text.encode("utf-8", "replace").decode().replace("\0", ""))
    row = journal.query(f"SELECT {COLUMNS} FROM events ORDER BY place DESC LIMIT 1")[0]
    assert hash_of_row(row) == row[12]


def test_a_journal_of_an_earlier_version_keeps_its_writer_and_gets_its_indexes(
    journal: Journal, tmp_path: Path
) -> None:
    journal.append("incident.opened", {"environment": "production"}, incident="i")
    old = f"{getpass.getuser()}@{journal.host}"
    journal.query(f"UPDATE events SET writer = '{old}'")
    for statement in ("DROP INDEX marks_of_incidents", "DROP INDEX marks_of_jobs", "PRAGMA application_id = 0"):
        journal.query(statement)
    journal.query("PRAGMA user_version = 2")
    journal.query("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    before = Journal.open_to_read(journal.path, redactor=Redactor(), now=lambda: NOW)
    assert [row[0] for row in before.incident_marks()] == ["i"]
    with pytest.raises(JournalUnavailable, match="read-only"):
        before.append("note", {})
    before.close()
    again = open_journal(journal.path)
    assert again.writer == old
    assert [row[0] for row in again.incident_marks()] == ["i"]
    assert again.append("note", {}).seq == 2
