"""A journal is asked only for what is wanted: the marks of all incidents, the story of one, and what is new."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from operations.engine.events import Draft
from operations.engine.jobs import JobBook
from operations.engine.journal import Journal
from operations.engine.store import INCIDENT_MARKS, JOB_MARKS
from operations.engine.transfer import export, take_in
from operations.errors import JournalUnavailable
from operations.incident.book import IncidentBook
from tests.operations.engine.stories import ID, Clock, journal_in, opened, told


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    made = journal_in(tmp_path, clock)
    yield made
    made.close()


def book_of(journal: Journal) -> IncidentBook:
    book = IncidentBook(journal)
    book.refresh()
    return book


def many(journal: Journal, clock: Clock, count: int = 30) -> None:
    """So many incidents, the last one open, one of them on staging."""
    for number in range(count):
        clock.passes(minutes=1)
        id = f"i-{number:03}"
        data = {"site": "s", "environment": "staging" if number == 3 else "production", "severity": "P1", "title": id}
        drafts = [Draft("incident.opened", data, incident=id)]
        drafts += [Draft("incident.note", {"text": f"{n}"}, incident=id) for n in range(5)]
        drafts += [Draft("incident.severity", {"severity": "P2"}, incident=id)] if number % 2 else []
        drafts += [Draft("incident.title", {"title": f"{id} {n}"}, incident=id) for n in range(2)] if number % 5 else []
        if number < count - 1:
            state = "resolved" if number % 3 else "closed"
            drafts.append(Draft("incident.state", {"state": state, "why": ""}, incident=id))
        journal.append_many(drafts)


def test_the_list_is_made_of_marks_and_says_what_the_whole_stories_say(journal: Journal, clock: Clock) -> None:
    many(journal, clock)
    book = book_of(journal)
    heads = book.heads()
    assert [head.id for head in heads] == [f"i-{number:03}" for number in reversed(range(30))]
    whole = IncidentBook()
    whole.feed([event for _, event in journal.events()])
    assert [one.head for one in whole.all()] == list(heads) == [one.head for one in book.all()]
    assert list(whole.heads()) == list(heads)
    assert book.all() == whole.all()


def test_only_the_story_that_is_asked_for_is_read(
    journal: Journal, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(journal, clock)
    read: list[str] = []
    story = Journal.story

    def noted(self: Journal, incident: str) -> object:
        read.append(incident)
        return story(self, incident)

    monkeypatch.setattr(Journal, "story", noted)
    monkeypatch.setattr(Journal, "events", lambda self, **wanted: pytest.fail("every event was read"))
    book = book_of(journal)
    found = book.open_for("production")
    assert found is not None and found.id == "i-029"
    assert book.open_for("staging") is None
    assert book.heads() and book.ids() and book.open_for("production") == found
    assert read == ["i-029"]


def test_what_comes_later_changes_list_and_story(journal: Journal, clock: Clock) -> None:
    many(journal, clock)
    book = book_of(journal)
    assert not book.refresh()
    before = book.get("i-029")
    journal.append("incident.note", {"text": "new"}, incident="i-029")
    journal.append("incident.note", {"text": "to one nobody asked for"}, incident="i-005")
    assert book.refresh()
    after, other = book.get("i-029"), book.get("i-005")
    assert before is not None and after is not None and other is not None
    assert (len(after.entries), other.entries[-1].text) == (len(before.entries) + 1, "note: to one nobody asked for")
    journal.append("incident.state", {"state": "closed", "why": ""}, incident="i-029")
    journal.append("incident.state", {"state": "investigating", "why": "again"}, incident="i-005")
    book.refresh()
    assert [one.id for one in book.all_open()] == ["i-005"]
    found = book.open_for("production")
    assert found is not None and found.id == "i-005"


def test_two_writers_of_one_incident_are_told_apart_by_its_whole_story(
    tmp_path: Path, clock: Clock, journal: Journal
) -> None:
    other = journal_in(tmp_path / "other", clock, "tom")
    opened(journal)
    for state in ("identified", "resolved"):
        clock.passes(minutes=2)
        journal.append("incident.state", {"state": state, "why": ""}, incident=ID)
    clock.passes(minutes=-1)
    other.append("incident.state", {"state": "monitoring", "why": ""}, incident=ID)
    take_in(journal, export(other, tmp_path / "out", redactor=None).files)
    book = book_of(journal)
    assert [head.state.value for head in book.heads()] == ["resolved"]
    one = book.get(ID)
    assert one is not None and one.head == book.heads()[0]
    assert [entry.text for entry in one.entries][1:] != []


def test_an_incident_whose_opening_arrives_last_is_whole(tmp_path: Path, clock: Clock, journal: Journal) -> None:
    first, second = journal_in(tmp_path / "a", clock), journal_in(tmp_path / "b", clock, "tom")
    opened(first)
    told(second, clock, "tom came first")
    files = [export(one, tmp_path / name, redactor=None).files for one, name in ((first, "1"), (second, "2"))]
    book = book_of(journal)
    take_in(journal, files[1])
    book.refresh()
    assert book.get(ID) is None and book.heads() == ()
    take_in(journal, files[0])
    book.refresh()
    one = book.get(ID)
    assert one is not None and [entry.kind for entry in one.entries] == ["incident.opened", "incident.note"]
    assert one == book_of(journal).get(ID)


def test_a_job_whose_beginning_arrives_last_is_whole(tmp_path: Path, clock: Clock, journal: Journal) -> None:
    from tests.operations.engine.test_jobs_fold import DONE, created

    whole = journal_in(tmp_path / "a", clock)
    whole.append_many([created("j1"), Draft("job.finished", DONE, job="j1")])
    events = [event for _, event in whole.events()]
    jobs = JobBook(journal, now=clock)
    for event in reversed(events):
        journal.adopt([event])
        jobs.refresh()
    assert [(job.id, job.number, job.code) for job in jobs.jobs()] == [("j1", 1, 0)]


def test_marks_are_read_from_their_own_index(journal: Journal) -> None:
    index = "INDEXED BY marks_of_incidents"
    plan = journal.query(f"EXPLAIN QUERY PLAN SELECT incident, kind, data FROM events {index} WHERE {INCIDENT_MARKS}")
    assert "COVERING INDEX marks_of_incidents" in str(plan)
    plan = journal.query(f"EXPLAIN QUERY PLAN SELECT job, kind FROM events INDEXED BY marks_of_jobs WHERE {JOB_MARKS}")
    assert "COVERING INDEX marks_of_jobs" in str(plan)


def test_damaged_marks_hide_no_other_incident(journal: Journal, clock: Clock) -> None:
    many(journal, clock, 6)
    for number, change in enumerate(("data = '{'", "data = '[]'", "at = 'x'", "data = 'null'")):
        marks = "kind IN ('incident.state', 'incident.opened')"
        journal.query(f"UPDATE events SET {change} WHERE incident = 'i-00{number}' AND {marks}")
    book = book_of(journal)
    assert {"i-004", "i-005"} <= {head.id for head in book.heads()}
    assert book.open_for("production") is not None
    chance = random.Random(3)
    for id in chance.sample(sorted(book.ids()), 6):
        book.get(id)


def test_a_journal_that_fails_is_said_and_not_taken_for_an_empty_one(journal: Journal, clock: Clock) -> None:
    many(journal, clock, 3)
    book = book_of(journal)
    journal.close()
    with pytest.raises(JournalUnavailable):
        book.get("i-000")
    with pytest.raises(JournalUnavailable):
        book_of(journal)
