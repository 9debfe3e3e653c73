"""More than a hundred hostile texts through every way into an incident: no layout moves, nothing runs, nothing is lost.

Each story holds all of them, one in each field; each next one begins elsewhere, so that a field meets many.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from operations.engine.events import Event
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.http import Answer
from operations.incident import message_shapes as shapes
from operations.incident.book import IncidentBook
from operations.incident.brief import Brief, make_brief
from operations.incident.clock import clock_of
from operations.incident.message_answers import judged
from operations.incident.message_plan import tidy
from operations.incident.model import Incident, IncidentState
from operations.incident.paging import answer_in, reply_of, request_for
from operations.incident.sent_messages import messages_of
from operations.settings import Contact, MessageTarget, Settings
from operations.text import clean
from runbooks.reader import read
from runbooks.view import view
from runbooks.walk import begin, replay
from tests.attack.corpus import HOSTILE
from tests.attack.poison import foreign_escapes
from tests.attack.world import heard
from tests.operations.doctor.clinic import bare
from tests.operations.incident.mailing import target
from tests.operations.incident.tale import ID, NIGHT
from tests.operations.incident.test_report import check_inert, overwritten
from tests.tui.scenes import NOW, down_snapshot, walking
from tui.lines import Line, text_of, width_of
from tui.message_lines import message_lines, message_words
from tui.model import Model
from tui.panels.bottom import timeline
from tui.panels.health import health_line, probe_lines
from tui.panels.incident import head_lines, story_lines
from tui.panels.page import page

STORIES = 4
RIGHT_TO_LEFT = set("\u202a\u202b\u202d\u202e\u2066\u2067\u200f")


def words_from(story: int) -> Callable[[], str]:
    """The texts one after the other, from another one on in each story."""
    endless: Iterator[str] = islice(cycle(HOSTILE), story * 31, None)
    return lambda: next(endless)


def events_of(story: int) -> list[Event]:
    return overwritten(words_from(story))


def incident_of(events: list[Event]) -> Incident:
    book = IncidentBook()
    book.feed(events)
    found = book.get(ID)
    assert found is not None
    return found


def scene(story: int) -> Model:
    """The console in the middle of it: probes, alarms, changes, authors, runbook, people and notes say such things."""
    say = words_from(story + 1)
    shot = down_snapshot()
    states = tuple(
        replace(one, title=say(), reason=say(), last=replace(one.last, detail=say()) if one.last else None)
        for one in shot.states
    )
    shot = replace(
        shot, states=states, notes=(say(), say()),
        alarms=tuple(replace(one, title=say()) for one in shot.alarms),
        changes=tuple(replace(one, title=say(), who=say(), detail=say(), commit=say()) for one in shot.changes),
        signatures=tuple(replace(one, text=say(), path=say(), new_in=say()) for one in shot.signatures),
    )  # fmt: skip
    incident = replace(incident_of(events_of(story)), state=IncidentState.MONITORING)
    people = Settings(contacts=(Contact(name=say() or "x", kind="lead", phone=say()),))
    book = read(f"# {say()[:200]}\n\n## {say()[:200]}\n\n{say()[:2000]}\n\n- {say()[:200]}: go on\n", say()[:80])
    begun = replay([(NOW, begin(book))], book)
    assert begun is not None
    return replace(
        walking(6), snapshot=shot, incident=incident, clock=clock_of(incident, people, NOW), site=say(), operator=say(),
        message=say(), standing=(say(),), real_alarm=say(), walk=view(begun, shot.facts, NOW) if story % 2 else None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def scenes() -> list[Model]:
    return [scene(story) for story in range(STORIES)]


def check(rows: list[Line], width: int) -> None:
    """As Block shows them: it cuts what is too wide, and changes nothing else."""
    for row in rows:
        text = text_of(row)
        assert text == clean(text).replace("\n", " ").replace("\t", " "), text[:80]
        assert not RIGHT_TO_LEFT & set(text)
        assert len(text) < 6_000
    assert len(rows) < 4_000, f"{len(rows)} rows of {width}"


def test_there_are_more_than_a_hundred_of_them() -> None:
    assert len(HOSTILE) > 100
    assert any(len(one) >= 1_000_000 for one in HOSTILE)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 36), (40, 10)])
def test_the_main_page_keeps_its_rows_and_columns(scenes: list[Model], width: int, height: int) -> None:
    for model in scenes:
        for one in (model, replace(model, walk=None), replace(model, walk=None, incident=None)):
            rows = page(one, width, height)
            check(rows, width)
            assert len(rows) == height
            assert max(width_of(row) for row in rows) <= width
            places = {width_of(row[: row.index(gap)]) for row in rows for gap in ((" │ ", "dim"),) if gap in row}
            assert len(places) <= 1, "the columns stand apart at one place"


def test_the_incidents_page_its_timeline_and_messages_stay_readable(scenes: list[Model]) -> None:
    for model in scenes:
        assert model.incident is not None
        assert model.snapshot is not None
        for width in (40, 80, 120):
            head = head_lines(model, width)
            check(head, width)
            check(story_lines(model, width), width)
            check(timeline(model, width, 9), width)
            check(timeline(model, width, 9, whole=True), width)
            assert len(head) < 60
            before = [width_of(row[:2]) for row in timeline(model, width, 9)]
            assert max(before) <= width // 4 + 12, "a name leaves room for what was done"
        for message in messages_of(model.incident, NOW):
            check(message_lines(message, 80), 80)
            assert "\n" not in message_words(message)
        for state in model.snapshot.states:
            check([health_line(model, state, 80, []), *probe_lines(model, state, [], 80)], 80)


def test_no_form_of_the_report_takes_a_text_for_more_than_text() -> None:
    for story in (0, 3):
        check_inert(events_of(story))


def briefs(scenes: list[Model]) -> Iterator[Brief]:
    for story, model in enumerate(scenes):
        say = words_from(story + 3)
        assert model.incident is not None
        yield make_brief(model.incident, model.snapshot, need=say(), who=say(), now=NOW)


def test_a_brief_has_twelve_lines_and_a_call_for_help_says_no_more(scenes: list[Model]) -> None:
    for brief in briefs(scenes):
        lines = brief.lines()
        assert len(lines) <= 12
        assert all(len(line) < 500 and line == clean(line) and "\n" not in line for line in lines)
        for pager in ("", "pagerduty", "opsgenie"):
            contact = Contact(name="Eva", pager=pager)
            request = request_for(contact, brief, "key")
            assert not foreign_escapes(json.dumps(json.loads(request.body), ensure_ascii=False).encode())
            assert len(request.body) < 20_000


def shaped(text: str) -> dict[str, Any]:
    parcel = shapes.Parcel("m-1", "update", {"en": tidy(text)}, "Harbour Tow", "1121-kfp")
    aim: MessageTarget = target("t")
    return {
        "slack": shapes.slack(parcel, aim),
        "teams": shapes.teams(parcel, aim),
        "webhook": shapes.webhook(parcel, aim),
        "page": shapes.statuspage(parcel, aim),
        "file": shapes.file_text(parcel, aim, NIGHT),
    }


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)
    elif isinstance(value, str):
        yield value


def test_no_shape_of_a_message_gives_a_text_a_meaning() -> None:
    for text in HOSTILE:
        made = shaped(text)
        assert "\x1b" not in "".join(strings(made))
        assert not RIGHT_TO_LEFT & set(json.dumps(made, ensure_ascii=False))
        assert not set("<>") & set(made["slack"]["text"]), "no <!channel>, no link"
        assert made["slack"]["mrkdwn"] is False
        blocks = made["teams"]["attachments"][0]["content"]["body"]
        assert {block["type"] for block in blocks} == {"RichTextBlock"}, "a text run knows no Markdown"
        assert "<script" not in made["page"]["incident"]["body"]
        assert "<img" not in made["page"]["incident"]["body"]


def test_whatever_a_webhook_answers_is_a_short_line_in_the_record() -> None:
    contact = Contact(name="Eva")
    for text in (one[:5_000] for one in HOSTILE):
        lie = {"ok": False, "error": text, "says": text, "id": text}
        for body in (text.encode("utf-8", "replace"), json.dumps(lie).encode()):
            for status in (200, 204, 302, 500):
                answer = Answer("http://x/", "http", status, body=body, headers={"location": "//h/" + text[:90]})
                for kind in ("slack", "teams", "webhook", "statuspage"):
                    verdict = judged(answer, target("t", kind))
                    said = verdict.problem + verdict.remote
                    assert len(said) < 400
                    assert said == clean(said).replace("\n", " "), said
                    assert verdict.result != "delivered" or status < 300
                reply = reply_of(contact, answer, "key", 1.0)
                words = reply.problem + reply.id + answer_in(contact, answer)
                assert len(words) < 500
                assert words == clean(words).replace("\n", " ")


def test_every_command_that_shows_an_incident_shows_it_inert(tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text(
        'operator = "ana"\nlock_dir = "locks"\n[site]\nname = "board"\n[environments.production]\nkind = "production"\n'
    )

    def run(*arguments: str) -> tuple[int, str, str]:
        with mock.patch.dict(os.environ, bare(tmp_path), clear=True), contextlib.chdir(tmp_path):
            done = heard("incident", *arguments)
        return done.returncode, done.stdout, done.stderr

    assert run("list")[0] == 0
    (path,) = tmp_path.rglob("journal.sqlite")
    journal = Journal.open(path, actor="ana", redactor=Redactor(), now=lambda: NOW)
    for event in events_of(0):
        journal.append(event.kind, event.data, at=event.at, incident=ID, job=event.job)
    journal.close()
    for arguments in (
        ("list",), ("list", "--json"), ("stats",), ("stats", "--json"), *(
            (*words[:1], ID, *words[1:]) for words in (
                ("show",), ("show", "--json"), ("show", "--handles", "--search", "e"), ("clock",), ("clock", "--json"),
                ("task",), ("role",), ("tell",), ("follow", "--no-wait"), ("follow", "--no-wait", "--json"),
                ("export",), ("export", "--format", "html"), ("export", "--format", "json"),
            )
        ),
    ):  # fmt: skip
        code, out, err = run(*arguments)
        assert code == 0, (arguments, err[:300])
        assert not foreign_escapes((out + err).encode("utf-8", "replace")), arguments
        assert not RIGHT_TO_LEFT & set(out + err), arguments
        if arguments[-1] in ("--json", "json") and "follow" not in arguments:
            json.loads(out)
