"""A damaged journal gives up every event that can be read, goes on where it ended, and the old file stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.engine import repair as repairing
from operations.engine.carving import carved
from operations.engine.events import Draft, Event
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.engine.repair import Repaired, damage, repair
from operations.engine.transfer import export, take_in
from operations.errors import JournalUnavailable, VigieError
from tests.operations.engine.stories import ID, Clock, changed, journal_in, opened, read, ruined, told


@pytest.fixture
def clock() -> Clock:
    return Clock()


def written(folder: Path, clock: Clock, count: int = 400, text: int = 300) -> list[Event]:
    """A closed journal with so many events, some of them longer than a page."""
    journal = journal_in(folder, clock)
    opened(journal)
    drafts = [
        Draft("incident.note", {"n": n, "text": "x" * (text if n % 50 else 20_000)}, incident=ID) for n in range(count)
    ]
    journal.append_many(drafts)
    events = [event for _, event in journal.events()]
    journal.query("PRAGMA wal_checkpoint(TRUNCATE)")
    journal.close()
    return events


def repaired(folder: Path, clock: Clock) -> Repaired:
    return repair(folder / "journal.sqlite", actor="ana", redactor=Redactor(), now=clock)


def events_in(folder: Path, clock: Clock) -> list[Event]:
    journal = journal_in(folder, clock)
    found = [event for _, event in journal.events()]
    journal.close()
    return found


def test_a_ruined_page_costs_only_the_events_on_it(tmp_path: Path, clock: Clock) -> None:
    before = written(tmp_path, clock)
    path = tmp_path / "journal.sqlite"
    ruined(path, path.stat().st_size // 4096 // 2)
    assert damage(path)
    old = path.read_bytes()
    done = repaired(tmp_path, clock)
    after = events_in(tmp_path, clock)
    assert len(before) - 20 <= len(after) - 1 < len(before)
    assert [event for event in before if event in after] == after[:-1]
    assert after[-1].kind == "journal.repaired"
    assert done.kept.read_bytes() == old
    assert done.missing and done.events == len(after)
    assert damage(path) == ""


def test_the_head_of_the_file_gone_costs_no_event_of_another_page(tmp_path: Path, clock: Clock) -> None:
    before = written(tmp_path, clock)
    ruined(tmp_path / "journal.sqlite", 0)
    with pytest.raises(JournalUnavailable, match="journal repair"):
        journal_in(tmp_path, clock)
    done = repaired(tmp_path, clock)
    assert events_in(tmp_path, clock)[:-1] == before
    assert done.missing == ()
    journal = journal_in(tmp_path, clock)
    assert journal.verify() == []
    journal.append("incident.note", {"text": "goes on"}, incident=ID)
    assert journal.verify() == []
    assert {event.writer for _, event in journal.events()} == {journal.writer}


@pytest.mark.parametrize("how", ["half", "garbage", "empty"])
def test_a_file_that_is_cut_or_nothing_but_garbage_gives_what_it_has(tmp_path: Path, clock: Clock, how: str) -> None:
    before = written(tmp_path, clock)
    path = tmp_path / "journal.sqlite"
    raw = path.read_bytes()
    path.write_bytes({"half": raw[: len(raw) // 2], "garbage": os.urandom(len(raw)), "empty": b""}[how])
    assert damage(path)
    done = repaired(tmp_path, clock)
    found = events_in(tmp_path, clock)
    assert (100 if how == "half" else 0) <= len(found) - 1 < len(before)
    assert found[-1].seq == before[-1].seq + 1
    assert found[-1].prev == before[-1].hash
    assert "missing" in " ".join(done.missing)
    journal = journal_in(tmp_path, clock)
    assert {problem.kind for problem in journal.verify()} == {"missing", "cut-off"}


def test_what_a_repair_could_not_read_an_older_export_brings_back(tmp_path: Path, clock: Clock) -> None:
    before = written(tmp_path, clock)
    journal = journal_in(tmp_path, clock)
    files = export(journal, tmp_path / "out", redactor=None).files
    journal.close()
    path = tmp_path / "journal.sqlite"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    repaired(tmp_path, clock)
    journal = journal_in(tmp_path, clock)
    take_in(journal, files)
    assert {event.id for event in before} <= {event.id for _, event in journal.events()}
    assert journal.verify() == []


def test_events_that_lie_in_the_log_alone_are_saved(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    journal = journal_in(tmp_path, clock)
    opened(journal)
    for number in range(30):
        told(journal, clock, f"seen {number}")
    events = [event for _, event in journal.events()]
    for path in tmp_path.glob("journal.*"):
        shutil.copy(path, folder)
    journal.close()
    assert (folder / "journal.sqlite-wal").stat().st_size > 0
    ruined(folder / "journal.sqlite", 0)
    done = repaired(folder, clock)
    assert events_in(folder, clock)[:-1] == events
    assert done.kept.with_name(done.kept.name + "-wal").stat().st_size > 0


def test_an_edited_event_stays_and_is_still_named_after_a_repair(tmp_path: Path, clock: Clock) -> None:
    written(tmp_path, clock)
    path = tmp_path / "journal.sqlite"
    changed(
        path,
        "UPDATE events SET actor = 'eve' WHERE seq = 7",
        "PRAGMA wal_checkpoint(TRUNCATE)",
        "PRAGMA journal_mode = DELETE",
    )
    ruined(path, path.stat().st_size // 4096 - 3)
    repaired(tmp_path, clock)
    journal = journal_in(tmp_path, clock)
    assert any(problem.kind == "changed" and problem.seq == 7 for problem in journal.verify())


HOLDER = """
import sys
from pathlib import Path
from operations.desk import utc_now
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
journal = Journal.open(Path(sys.argv[1]), actor="tom", redactor=Redactor(), now=utc_now)
print("open", flush=True)
sys.stdin.readline()
"""


def test_a_journal_that_somebody_has_open_is_not_repaired(tmp_path: Path, clock: Clock) -> None:
    written(tmp_path, clock)
    journal = journal_in(tmp_path, clock)
    command = [sys.executable, "-c", HOLDER, str(journal.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdin is not None
        assert other.stdout.readline() == "open\n"
        journal.close()
        with pytest.raises(VigieError, match=f"open in other processes: {other.pid}"):
            repaired(tmp_path, clock)
        other.stdin.close()
    assert sorted(path.name for path in tmp_path.iterdir() if "damaged" in path.name or "new" in path.name) == []
    repaired(tmp_path, clock)


def test_while_it_is_repaired_nobody_opens_it(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, clock)
    said: list[str] = []
    fill = repairing._fill

    def meanwhile(*given: object) -> None:
        with pytest.raises(JournalUnavailable) as caught:
            journal_in(tmp_path, clock)
        said.append(str(caught.value))
        fill(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(repairing, "_fill", meanwhile)
    repaired(tmp_path, clock)
    assert "being repaired" in said[0]


@pytest.mark.parametrize("where", ["link", "unlink", "replace"])
def test_a_repair_that_is_killed_midway_loses_nothing(tmp_path: Path, clock: Clock, where: str) -> None:
    before = written(tmp_path, clock)
    path = tmp_path / "journal.sqlite"
    ruined(path, 0)
    target = {"link": "os.link", "unlink": "operations.engine.repair._parts", "replace": "pathlib.Path.replace"}[where]
    code = f"""
import os
import pathlib
from pathlib import Path
from operations.desk import utc_now
from operations.engine.redaction import Redactor
import operations.engine.repair as repairing
def die(*given, **named):
    os.kill(os.getpid(), 9)
calls = []
real = repairing._parts
def later(path):
    calls.append(path)
    return die() if len(calls) > 4 else real(path)
name = {target!r}
if name == "os.link": os.link = die
elif name == "pathlib.Path.replace": pathlib.Path.replace = die
else: repairing._parts = later
repairing.repair(Path({str(path)!r}), actor="ana", redactor=Redactor(), now=utc_now)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == -9
    clock.passes(minutes=1)
    repaired(tmp_path, clock)
    found = {event.id for event in events_in(tmp_path, clock)}
    assert {event.id for event in before} <= found
    journal = journal_in(tmp_path, clock)
    assert [problem for problem in journal.verify() if problem.grave] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(folder)], capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_without_room_for_a_new_file_nothing_is_touched(small_disk: Path, clock: Clock) -> None:
    written(small_disk, clock, 300)
    path = small_disk / "journal.sqlite"
    ruined(path, 0)
    before = path.read_bytes()
    (small_disk / "filler").write_bytes(b"x" * 100_000)
    with pytest.raises(VigieError, match=r"room|No space"):
        repaired(small_disk, clock)
    assert path.read_bytes() == before
    (small_disk / "filler").unlink()


def test_a_whole_journal_needs_no_repair(tmp_path: Path, clock: Clock) -> None:
    written(tmp_path, clock)
    assert damage(tmp_path / "journal.sqlite") == ""
    with pytest.raises(JournalUnavailable, match="no journal"):
        damage(tmp_path / "other.sqlite")


def test_damage_to_an_index_alone_costs_nothing(tmp_path: Path, clock: Clock) -> None:
    before = written(tmp_path, clock)
    path = tmp_path / "journal.sqlite"
    pages = range(1, path.stat().st_size // 4096)
    index = next(n for n in pages if path.read_bytes()[n * 4096] == 0x0A)
    ruined(path, index)
    assert damage(path)
    assert repaired(tmp_path, clock).missing == ()
    assert events_in(tmp_path, clock)[:-1] == before


def test_every_page_size_is_read(tmp_path: Path, clock: Clock) -> None:
    before = written(tmp_path, clock, 60)
    path = tmp_path / "journal.sqlite"
    for size in (512, 1024, 65536):
        changed(path, "PRAGMA journal_mode = DELETE", f"PRAGMA page_size = {size}", "VACUUM")
        assert {row[0] for _, row in carved(path)} == {event.id for event in before}
        raw = bytearray(path.read_bytes())
        raw[:100] = os.urandom(100)
        (tmp_path / "headless.sqlite").write_bytes(raw)
        assert {row[0] for _, row in carved(tmp_path / "headless.sqlite")} == {event.id for event in before}


def test_an_incident_is_the_same_after_a_repair(tmp_path: Path, clock: Clock) -> None:
    written(tmp_path, clock)
    wanted = read(tmp_path)
    ruined(tmp_path / "journal.sqlite", 0)
    repaired(tmp_path, clock)
    assert read(tmp_path) == wanted


def test_the_files_of_a_repair_are_private(tmp_path: Path, clock: Clock) -> None:
    written(tmp_path, clock)
    ruined(tmp_path / "journal.sqlite", 0)
    repaired(tmp_path, clock)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert isinstance(journal_in(tmp_path, clock), Journal)
