"""A console's book takes every event, whatever the journal does, and puts it where it belongs as soon as that goes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.engine.fallback import FallbackJournal, fallback_path
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.engine.repair import repair
from operations.engine.steady import SteadyJournal
from operations.errors import JournalUnavailable
from operations.incident.reminding import remind
from operations.settings import Settings
from tests.operations.engine.stories import ID, Clock, journal_in, opened, read, ruined


@pytest.fixture
def clock() -> Clock:
    return Clock()


def steady(state: Path, clock: Clock) -> SteadyJournal:
    def beside() -> FallbackJournal:
        path = fallback_path(state, "console")
        return FallbackJournal(path, actor="ana", redactor=Redactor(), now=clock, stderr=io.StringIO())

    return SteadyJournal(
        lambda: journal_in(state, clock),
        lambda: Journal.open_to_read(state / "journal.sqlite", redactor=Redactor(), now=clock),
        beside,
    )


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of one megabyte; what does not fit is kept in a temporary folder elsewhere."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"x" * 1024)
    return filler


def note(book: SteadyJournal, text: str) -> None:
    book.append("incident.note", {"text": text}, incident=ID)


def test_a_full_disk_costs_no_event_and_all_are_in_order_when_it_has_room_again(small_disk: Path, clock: Clock) -> None:
    book = steady(small_disk, clock)
    assert book.journal is not None
    opened(book.journal)
    filler = fill(small_disk)
    number = 0
    while book.trouble is None:
        number += 1
        clock.passes(seconds=1)
        note(book, f"{number} " + "x" * 400)
    for _ in range(3):
        number += 1
        clock.passes(seconds=1)
        note(book, f"{number} kept beside")
    assert "disk is full" in str(book.trouble) and book.writable is None
    assert book.beside is not None and not book.beside.lost
    assert len(book.kept_beside()) == 4
    assert book.retry() is False
    filler.unlink()
    assert book.retry() is True
    number += 1
    clock.passes(seconds=1)
    note(book, f"{number} again")
    assert book.writable is not None and book.kept_beside() == ()
    told = [int(entry.text.split()[1]) for entry in read(book.writable).entries[1:]]
    assert told == list(range(1, number + 1))
    assert book.writable.verify() == []
    book.close()


def test_what_is_kept_beside_is_heard_of_like_the_rest_and_a_reminder_is_said_all_the_same(
    tmp_path: Path, clock: Clock
) -> None:
    book = steady(tmp_path, clock)
    assert book.journal is not None
    opened(book.journal)
    trouble = JournalUnavailable("The journal cannot be used: the file is damaged.")
    trouble.damaged = True
    book.notice(trouble)
    clock.passes(minutes=2)
    assert remind(book, read(book.journal), Settings(), clock()) == ("nobody is incident commander",)
    assert [event.kind for _, event in book.events(incident=ID)][-1] == "timer.said"
    assert [event.kind for _, event in book.events(kinds=("incident.opened", "timer.said"), limit=1)] == [
        "incident.opened"
    ]
    assert book.events(kinds=("timer.said",), incident="another") == []
    book.close()


def test_a_read_only_state_directory_still_shows_what_is_in_it(small_disk: Path, clock: Clock) -> None:
    first = journal_in(small_disk, clock)
    opened(first)
    first.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    book = steady(small_disk, clock)
    assert book.writable is None and book.journal is not None
    assert "ead-only" in str(book.trouble) or "cannot be" in str(book.trouble)
    assert read(book.journal).title == "the site is down"
    note(book, "kept elsewhere")
    assert book.beside is not None and small_disk not in book.beside.path.parents
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert book.retry() is True
    assert book.journal is not None
    assert [entry.text for entry in read(book.journal).entries][1:] == ["note: kept elsewhere"]
    book.close()


AS_ANOTHER = """
import os, sys
from pathlib import Path
from tests.operations.engine.stories import Clock
from tests.operations.engine.test_steady import note, steady
os.environ["TMPDIR"] = sys.argv[2]
os.setgroups([]); os.setgid(65534); os.setuid(65534)
book = steady(Path(sys.argv[1]), Clock())
note(book, "by nobody")
print(book.writable, book.trouble)
print(book.beside.path, book.beside.lost)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root may become another user")
def test_a_folder_that_belongs_to_somebody_else_is_said_and_nothing_is_lost(clock: Clock) -> None:
    # Not below pytest's own folder: another user may not even enter that.
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        state, elsewhere = Path(folder) / "state", Path(folder) / "tmp"
        elsewhere.mkdir(mode=0o777)
        elsewhere.chmod(0o777)
        journal = journal_in(state, clock)
        opened(journal)
        journal.close()
        done = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER, str(state), str(elsewhere)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        first, second = done.stdout.splitlines()
        assert first.startswith("None The journal cannot be used: ")
        assert second.startswith(str(elsewhere)) and second.endswith(".jsonl ")


def test_where_no_file_takes_it_memory_keeps_it_until_the_journal_is_back(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.engine.fallback.fallback_folders", lambda state: (Path("/dev/full/x"),))
    state = tmp_path / "state"
    state.write_text("a file where a folder should be")
    book = steady(state, clock)
    note(book, "in memory")
    state.unlink()
    assert book.retry() is True
    assert book.journal is not None
    assert [event.data["text"] for _, event in book.journal.events(kinds=("incident.note",))] == ["in memory"]
    book.close()


def test_a_damaged_file_is_recorded_beside_and_repaired_without_losing_either(tmp_path: Path, clock: Clock) -> None:
    first = journal_in(tmp_path, clock)
    opened(first)
    first.query("PRAGMA wal_checkpoint(TRUNCATE)")
    first.close()
    ruined(tmp_path / "journal.sqlite", 0)
    book = steady(tmp_path, clock)
    assert book.damaged and book.journal is None
    note(book, "while it was damaged")
    assert book.retry() is False
    book.let_go()
    repair(tmp_path / "journal.sqlite", actor="ana", redactor=Redactor(), now=clock)
    assert book.retry() is True
    assert book.journal is not None
    assert [entry.text for entry in read(book.journal).entries][1:] == ["note: while it was damaged"]
    assert book.journal.verify() == []
    book.close()


def test_damage_that_is_met_while_reading_turns_it_aside(tmp_path: Path, clock: Clock) -> None:
    book = steady(tmp_path, clock)
    assert book.journal is not None
    opened(book.journal)
    book.journal.query("PRAGMA wal_checkpoint(TRUNCATE)")
    from operations.errors import JournalUnavailable

    error = JournalUnavailable("The journal cannot be used: the file is damaged.")
    book.notice(error)
    assert book.trouble is None
    error.damaged = True
    book.notice(error)
    assert book.damaged
    note(book, "beside")
    assert len(book.kept_beside()) == 1
    book.close()


def test_changes_are_noticed_in_the_journal_and_beside_it(tmp_path: Path, clock: Clock) -> None:
    book = steady(tmp_path, clock)
    assert book.changed()
    assert not book.changed()
    note(book, "one")
    assert book.changed()
    book.let_go()
    assert not book.changed()
    note(book, "two")
    assert book.changed()
    assert not book.changed()
