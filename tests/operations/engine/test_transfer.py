"""What one journal exports another takes in: once, in any order, checked first, and the incident is the same there."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.engine.chainfile import ChainBroken
from operations.engine.events import Draft
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.engine.transfer import export, fallback_files, take_in, take_in_fallbacks
from operations.engine.verify import Problem
from operations.errors import VigieError
from tests.operations.engine.stories import ID, Clock, fallback_in, journal_in, opened, read, told


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    """A journal with an incident, whose story two more writers told on."""
    made = journal_in(tmp_path / "ana", clock)
    opened(made)
    other = journal_in(tmp_path / "tom", clock, "tom")
    made.append(
        "job.created", {"operation": "smoke", "plan": {"steps": [{"name": "a", "title": "Ask"}]}}, job="j1", incident=ID
    )
    for number in range(4):
        told(made, clock, f"seen {number}")
        told(other, clock, f"tom saw {number}")
    other.append("incident.state", {"state": "monitoring", "why": ""}, incident=ID)
    clock.passes(seconds=-90)
    made.append("step.finished", {"step": "a", "seconds": 2.0, "says": "answers"}, job="j1", incident=ID)
    made.append("incident.state", {"state": "resolved", "why": "well"}, incident=ID)
    files = export(other, tmp_path / "from-tom", redactor=None).files
    take_in(made, files)
    other.close()
    yield made
    made.close()


def target(tmp_path: Path, clock: Clock, name: str = "elsewhere") -> Journal:
    return journal_in(tmp_path / name, clock, "eva")


def grave(journal: Journal) -> list[Problem]:
    return [problem for problem in journal.verify() if problem.grave]


def test_an_imported_journal_folds_to_the_same_incidents_and_verifies(
    source: Journal, tmp_path: Path, clock: Clock
) -> None:
    done = export(source, tmp_path / "out", redactor=Redactor())
    there = target(tmp_path, clock)
    taken = take_in(there, done.files)
    assert taken.new == done.events == len(source.events())
    assert read(there) == read(source)
    assert grave(there) == []
    assert {event.id for _, event in source.events()} < {event.id for _, event in there.events()}


def test_files_and_folder_are_private_and_named_by_their_writers(source: Journal, tmp_path: Path) -> None:
    done = export(source, tmp_path / "out", redactor=None)
    assert len(done.files) == 2 == len({path.name for path in done.files})
    assert [path.stat().st_mode & 0o777 for path in done.files] == [0o600, 0o600]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in done.files)


def test_the_same_again_changes_nothing(source: Journal, tmp_path: Path, clock: Clock) -> None:
    files = export(source, tmp_path / "out", redactor=None).files
    there = target(tmp_path, clock)
    take_in(there, [*files, *files])
    before = there.events()
    again = take_in(there, files)
    assert (again.new, there.events()) == (0, before)
    assert take_in(source, files).new == 0


def test_one_incident_goes_with_its_jobs_and_without_the_others(source: Journal, tmp_path: Path, clock: Clock) -> None:
    done = export(source, tmp_path / "out", redactor=Redactor(), incident=ID)
    there = target(tmp_path, clock)
    take_in(there, done.files)
    assert read(there) == read(source)
    assert there.story("0730-bbb") == []
    assert {problem.kind for problem in there.verify()} == {"partial"}


def test_the_order_in_which_files_arrive_does_not_matter(source: Journal, tmp_path: Path, clock: Clock) -> None:
    files = export(source, tmp_path / "out", redactor=None).files
    wanted = read(source)
    for number, order in enumerate(itertools.permutations(files)):
        there = target(tmp_path, clock, f"order-{number}")
        for path in order:
            take_in(there, [path])
        assert read(there) == wanted
        there.close()


def test_a_part_that_came_first_is_completed_by_the_whole(source: Journal, tmp_path: Path, clock: Clock) -> None:
    part = export(source, tmp_path / "part", redactor=None, incident=ID)
    whole = export(source, tmp_path / "whole", redactor=None)
    there = target(tmp_path, clock)
    take_in(there, part.files)
    taken = take_in(there, whole.files)
    assert (taken.new, taken.known) == (whole.events - part.events, part.events)
    assert grave(there) == [] and read(there) == read(source)


def test_a_journal_that_has_its_own_events_keeps_them(source: Journal, tmp_path: Path, clock: Clock) -> None:
    there = target(tmp_path, clock)
    opened(there, "0730-zzz")
    own = there.events()
    take_in(there, export(source, tmp_path / "out", redactor=None).files)
    assert there.events()[:1] == own
    there.append("incident.note", {"text": "goes on"}, incident="0730-zzz")
    assert there.verify() == []


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("edit", "was changed"),
        ("cut", "cut off"),
        ("drop", "are missing"),
        ("swap", "out of order|are missing"),
        ("forge", "does not follow"),
        ("garbage", "no event can be read"),
        ("later", "format"),
    ],
)
def test_a_file_that_somebody_worked_on_is_refused_and_nothing_is_taken_in(
    source: Journal, tmp_path: Path, clock: Clock, how: str, says: str
) -> None:
    files = export(source, tmp_path / "out", redactor=None).files
    path = max(files, key=lambda file: file.stat().st_size)
    lines = path.read_text().splitlines()
    if how == "edit":
        lines[3] = lines[3].replace('"actor":"ana"', '"actor":"eve"')
    elif how == "cut":
        del lines[-3:]
    elif how == "drop":
        del lines[4]
    elif how == "swap":
        lines[3], lines[4] = lines[4], lines[3]
    elif how == "forge":
        lines[4] = forged(lines[4])
    elif how == "garbage":
        lines[4] = "{"
    elif how == "later":
        lines[0] = lines[0].replace("journal/1", "journal/9")
    path.write_text("\n".join(lines) + "\n")
    there = target(tmp_path, clock)
    with pytest.raises(ChainBroken, match=says):
        take_in(there, files)
    assert there.events() == []


def forged(line: str) -> str:
    """An event that never was, with a hash that fits it."""
    from operations.engine.events import canonical, event_from_json, event_to_json, sealed

    body = json.loads(line)
    body["prev"] = "0" * 64
    return canonical(event_to_json(sealed(event_from_json(body))))


def test_two_copies_of_a_state_directory_that_both_went_on_are_told_apart(
    source: Journal, tmp_path: Path, clock: Clock
) -> None:
    import shutil

    source.query("PRAGMA wal_checkpoint(TRUNCATE)")
    (tmp_path / "copy").mkdir()
    shutil.copy(source.path, tmp_path / "copy" / "journal.sqlite")
    copy = journal_in(tmp_path / "copy", clock)
    copy.append("incident.note", {"text": "in the copy"}, incident=ID)
    source.append("incident.note", {"text": "in the original"}, incident=ID)
    before = source.events()
    with pytest.raises(ChainBroken, match="another chain here"):
        take_in(source, export(copy, tmp_path / "out", redactor=None).files)
    assert source.events() == before


def test_what_is_masked_on_the_way_out_says_so_and_never_replaces_the_original(
    source: Journal, tmp_path: Path, clock: Clock
) -> None:
    source.append("incident.note", {"text": "the key was hunter22"}, incident=ID)
    done = export(source, tmp_path / "out", redactor=Redactor(["hunter22"]))
    assert all("hunter22" not in path.read_text() for path in done.files)
    there = target(tmp_path, clock)
    take_in(there, done.files)
    assert "hunter22" not in str(read(there).entries)
    assert [problem.kind for problem in there.verify()] == ["redacted"]
    assert take_in(source, done.files).new == 0
    assert "hunter22" in str(read(source).entries)


def test_an_incident_that_is_not_there_is_said(source: Journal, tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="no incident 9999"):
        export(source, tmp_path / "out", redactor=None, incident="9999-zzz")


def test_a_file_that_cannot_be_read_or_written_is_said(source: Journal, tmp_path: Path) -> None:
    with pytest.raises(VigieError, match="cannot be read"):
        take_in(source, [tmp_path / "nothing.jsonl"])
    (tmp_path / "file").write_text("")
    with pytest.raises(VigieError, match="cannot be written"):
        export(source, tmp_path / "file", redactor=None)


def test_what_was_kept_beside_the_journal_is_taken_in_once(tmp_path: Path, clock: Clock) -> None:
    journal = journal_in(tmp_path, clock)
    opened(journal)
    beside = fallback_in(tmp_path, clock)
    clock.passes(seconds=20)
    beside.append("incident.note", {"text": "the disk is full"}, incident=ID)
    assert take_in_fallbacks(journal, tmp_path).new == 1
    beside.append("incident.note", {"text": "still"}, incident=ID)
    assert take_in_fallbacks(journal, tmp_path).new == 1
    assert take_in_fallbacks(journal, tmp_path).new == 0
    assert [entry.text for entry in read(journal).entries][1:] == ["note: the disk is full", "note: still"]
    assert journal.verify() == []
    assert len(fallback_files(tmp_path)) == 1


def test_a_line_torn_by_a_crash_costs_only_itself(tmp_path: Path, clock: Clock) -> None:
    journal = journal_in(tmp_path, clock)
    opened(journal)
    first = fallback_in(tmp_path, clock)
    first.append("incident.note", {"text": "one"}, incident=ID)
    with first.path.open("a") as file:
        file.write('{"id": "half')
    again = type(first)(first.path, actor="ana", redactor=Redactor(), now=clock, stderr=None)
    again.append("incident.note", {"text": "two"}, incident=ID)
    done = take_in_fallbacks(journal, tmp_path)
    assert done.new == 2
    assert "line 2" in done.skipped[0]
    assert journal.verify() == []


def test_a_fallback_that_was_edited_gives_only_what_its_hashes_speak_for(tmp_path: Path, clock: Clock) -> None:
    journal = journal_in(tmp_path, clock)
    beside = fallback_in(tmp_path, clock)
    for words in ("one", "two", "three"):
        beside.append("incident.note", {"text": words}, incident=ID)
    beside.path.write_text(beside.path.read_text().replace('"text":"two"', '"text":"zwei"'))
    done = take_in_fallbacks(journal, tmp_path)
    assert done.new == 2 and "was changed" in done.skipped[0]
    assert [problem.kind for problem in journal.verify()] == ["missing"]


def test_events_fold_to_one_incident_in_whatever_order_they_come(source: Journal) -> None:
    from operations.incident.book import IncidentBook

    wanted = read(source)
    events = [event for _, event in source.events()]
    chance = random.Random(7)
    for _ in range(40):
        chance.shuffle(events)
        book = IncidentBook()
        for event in events:
            book.feed([event])
            if chance.random() < 0.3:
                book.get(ID)
        assert book.get(ID) == wanted
        assert book.heads()[0] == wanted.head


def test_many_events_of_many_writers_are_found_by_their_last_ones(tmp_path: Path, clock: Clock) -> None:
    journal = journal_in(tmp_path, clock)
    assert journal.heads() == ()
    journal.append_many([Draft("note", {"n": number}) for number in range(5)])
    for name in ("a", "b"):
        beside = fallback_in(tmp_path, clock, name)
        beside.append("note", {})
    take_in_fallbacks(journal, tmp_path)
    found = {head.writer.rpartition("/")[2]: head.seq for head in journal.heads()}
    assert found == {journal.writer.rpartition("/")[2]: 7, "a": 1, "b": 1}
