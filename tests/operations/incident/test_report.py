"""The report: true, whole, the same from the same events, and inert whatever they hold."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from operations.documents.html import html
from operations.documents.markdown import markdown
from operations.engine.events import Event
from operations.engine.redaction import Redactor
from operations.incident.picture_svg import curve_svg
from operations.incident.refold import events_of, redacted
from operations.incident.report import Report, report_from, report_of
from operations.incident.report_data import report_json
from operations.incident.report_document import report_document
from tests.operations.documents.test_papers import HOSTILE
from tests.operations.incident.conftest import Desk
from tests.operations.incident.tale import ID, Tale, bad_release, through_json, with_data


def made(events: list[Event]) -> Report:
    report = report_from(events, ID)
    assert report is not None
    return report


def all_forms(events: list[Event]) -> tuple[str, ...]:
    """Every form of the report."""
    report = made(events)
    paper = report_document(report)
    return markdown(paper), html(paper), report_json(report), curve_svg(report.curve, "x")


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.fixture(scope="module")
def text() -> str:
    return all_forms(bad_release().events)[0]


def test_it_has_the_sections_of_a_report_in_their_order(text: str) -> None:
    assert [line[3:] for line in text.split("\n") if line.startswith("## ")] == [
        "Summary", "Impact", "Times", "Timeline", "Detection", "Contributing factors", "What went well",
        "What did not go well", "Where we were lucky", "Action items", "Messages sent", "Jobs and their outcomes",
        "Evidence", "People", "Calls for help",
    ]  # fmt: skip


def test_the_report_of_a_drill_says_so_in_its_heading_and_first_line_in_every_form(text: str) -> None:
    opened, *others = bad_release().events
    forms = all_forms([with_data(opened, drill=True), *others])
    assert forms[0].startswith(f"# Drill, incident {ID}: ")
    assert section(forms[0], "Summary").strip().startswith("Drill: nothing here was real.")
    assert "Drill: nothing here was real." in forms[1] and f"answer times, drill, incident {ID}" in forms[1]
    assert json.loads(forms[2])["drill"] is True
    assert "rill" not in text


def test_a_stakeholder_reads_first_what_happened_and_how_long_it_took(text: str) -> None:
    summary = section(text, "Summary")
    assert (
        "On 2026-11-21 at 03:07:00Z, or up to 20 s before that, errors began on pro-remorque production. It was"
        " mitigated at 03:17:25Z, 10m25s later, by a rollback to v2.4.0. It was resolved at 03:30:00Z, 23m00s after it"
        " began."
    ) in summary
    assert "| Severity | P0: complete outage, data loss, or a breach |" in summary
    assert "| Led by | ana |" in summary


def test_the_onset_is_given_with_its_bracket(text: str) -> None:
    assert "| began | 03:06:40Z to 03:07:00Z | errors began, as measured |" in section(text, "Times")


def test_messages_stand_word_for_word_with_what_came_back(text: str) -> None:
    found = section(text, "Messages sent")
    assert "```text\nPro Remorque ne répond pas.\nProchaine nouvelle : 03:28 UTC.\n```" in found
    assert "- page: not known whether it arrived: no answer in 10 s" in found
    assert "- room: delivered" in found and "- To: #incidents, PUBLIC page" in found
    assert found.index("English:") < found.index("French:")


def test_answers_stand_with_the_evidence_for_and_against(text: str) -> None:
    found = section(text, "Evidence")
    assert "A release (ana, as suggested, runbook site-down)" in found
    assert "- for: errors began 60 s after v2.4.1, 0 s old" in found
    assert "- against: a flag was turned, 5 s old" in found
    assert "- not known: settings" in found


def test_jobs_calls_and_tasks_stand_with_their_outcome(text: str) -> None:
    jobs = section(text, "Jobs and their outcomes")
    assert "rollback production to v2.4.0; reason: errors since the release | ana | 20s | exit code 0, success" in jobs
    assert "| 03:16:10Z | Marc | accepted | 03:16:50Z on my way |" in section(text, "Calls for help")
    tasks = section(text, "Action items")
    assert "| revert the commits | tom | 2026-11-22 03:36Z | done 2026-11-21 03:50Z by tom |" in tasks


def test_what_was_measured_is_the_watchs_word_and_nobodys_else(text: str) -> None:
    found = section(text, "Timeline")
    assert "| 03:07:10Z (noted 03:12:02Z) | watch | api/health DOWN: 503 zone |" in found
    assert "| 03:12:00Z | ana | incident opened, P1: api/health, 5xx down |" in found


def test_what_stays_open_is_listed_and_the_checklist_alone_is_no_action_item() -> None:
    tale = Tale()
    tale.say("03:00:00", "ana", "incident.opened", {"site": "s", "environment": "e", "severity": "P0", "title": "x"})
    tale.say("03:30:00", "ana", "task.added", {"task": "verify-2", "text": "see that it holds", "owner": "ana"})
    tale.say("03:30:00", "ana", "incident.state", {"state": "closed", "left": ["v2 is still on main"]})
    paper = report_document(made(tale.events))
    found = section(markdown(paper), "Action items")
    assert "Still open when it was closed:\n\n- v2 is still on main" in found
    assert any("does not come again" in words for words in paper.blanks)


def test_only_what_nobody_told_is_blank() -> None:
    assert report_document(made(bad_release().events)).blanks == (
        "what did not go well: tools, access, knowledge, time", "what could have made it worse, and did not happen",
    )  # fmt: skip


def test_what_is_told_last_counts() -> None:
    tale = bad_release()
    tale.say("03:55:00", "ana", "incident.told", {"field": "cause", "value": "a missing migration"})
    assert made(tale.events).told["cause"] == "a missing migration"


def test_the_highest_severity_it_had_is_named() -> None:
    tale = bad_release()
    tale.say("03:20:00", "ana", "incident.severity", {"before": "P0", "severity": "P2"})
    assert "P0: complete outage, data loss, or a breach; P2 at the end" in all_forms(tale.events)[0]


def test_a_restricted_one_says_so_before_anything_else() -> None:
    tale = bad_release()
    tale.say("03:13:00", "ana", "incident.restricted", {"restricted": True, "why": "a breach"})
    assert section(all_forms(tale.events)[0], "Summary").strip().startswith("RESTRICTED")
    tale.say("03:14:00", "ana", "incident.restricted", {"restricted": False, "why": "it is none"})
    assert "RESTRICTED" not in all_forms(tale.events)[0]


def test_an_incident_that_has_just_been_opened_has_a_report() -> None:
    tale = Tale()
    tale.say("03:12:00", "ana", "incident.opened", {"site": "s", "environment": "e", "severity": "P3", "title": "odd"})
    found = all_forms(tale.events)[0]
    assert "It is not resolved yet." in found and "there is no curve" in found


@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_which_events_arrived_changes_no_byte(seed: int) -> None:
    events = bad_release().events
    expected = all_forms(events)
    others = through_json(events) + events[:7]
    random.Random(seed).shuffle(others)
    assert all_forms(others) == expected


def test_two_consoles_that_saw_the_same_thing_make_one_report_whoever_arrives_first() -> None:
    tale = bad_release()
    twice = {"key": "probe:9", "probe": "page", "title": "page", "status": "down", "detail": "500"}
    tale.say("03:09:00", "tom", "probe.changed", twice, noted="03:12:05")
    tale.say("03:09:00", "ana", "probe.changed", {**twice, "detail": "502"}, noted="03:12:06")
    assert all_forms(tale.events) == all_forms(tale.events[::-1])


def test_a_real_journal_gives_the_same_report_as_its_events_elsewhere(desk: Desk) -> None:
    for event in bad_release().events:
        desk.time = event.recorded_at
        desk.journal.append(event.kind, event.data, at=event.at, incident=ID, job=event.job)
    here = events_of(desk.journal, ID)
    assert len(here) == len(bad_release().events)
    assert all_forms(through_json(here)[::-1]) == all_forms(here)


def test_the_incident_a_console_holds_gives_the_report_of_the_journal(desk: Desk) -> None:
    for event in bad_release().events:
        desk.time = event.recorded_at
        desk.journal.append(event.kind, event.data, at=event.at, incident=ID, job=event.job)
    held = desk.read().get(ID)
    assert held is not None
    assert report_json(report_of(held)) == report_json(made(events_of(desk.journal, ID)))


def test_the_json_says_the_same_as_the_paper() -> None:
    body: dict[str, Any] = json.loads(report_json(made(bad_release().events)))
    assert body["schema"] == "vigie.incident-report/1"
    assert body["seconds_to"] == {"detect": 180, "acknowledge": 120, "diagnose": 605, "mitigate": 625, "resolve": 1380}
    assert body["moments"]["mitigated"]["at"] == "2026-11-21T03:17:25Z"
    assert body["curve"]["points"][0] == ["2026-11-21T02:12:00Z", 0.2, 0.4]
    assert body["messages"][0]["texts"]["en"].startswith("Pro Remorque does not answer.\nNext")


def test_todays_secrets_are_masked_wherever_they_were_written() -> None:
    tale = bad_release()
    tale.say("03:20:00", "ana", "incident.note", {"text": "the key is hunter2*secret"})
    found = all_forms(redacted(tale.events, Redactor(["hunter2*secret"])))
    assert not any("hunter2" in form for form in found)


def test_an_incident_nobody_opened_has_no_report() -> None:
    assert report_from([event for event in bad_release().events if event.kind != "incident.opened"], ID) is None


def hostile(words: Any) -> list[Event]:
    """The scripted incident with those words in every field that anybody may write."""
    return overwritten(lambda: words)


def overwritten(words: Callable[[], Any]) -> list[Event]:
    """As `hostile`, with what `words` gives next in each field."""

    def over(value: Any, name: str = "") -> Any:
        if name in KEPT or not isinstance(value, str | dict | list):
            return value
        if isinstance(value, dict):
            return {key: over(item, key) for key, item in value.items()}
        return [over(item) for item in value] if isinstance(value, list) else words()

    return [replace(event, actor=str(words()), data=over(dict(event.data))) for event in bad_release().events]


KEPT = {
    "field", "status", "from", "state", "severity", "job", "operation", "environment", "code", "task", "message",
    "walk", "step", "name", "level", "verdict", "kind", "due", "promised", "event", "section", "target", "key", "probe",
    "call",
}  # fmt: skip


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.found.update(f"@{name}" for name, _ in attrs if name.startswith("on") or name in ("href", "src", "style"))


def tags(text: str) -> set[str]:
    parser = _Tags()
    parser.feed(text)
    return parser.found


def check_inert(events: list[Event]) -> None:
    """Nothing in them became markup, in no form of the report."""
    found, page, body, svg = all_forms(events)
    plain = all_forms(bad_release().events)
    assert tags(page) <= tags(plain[1]) and tags(svg) <= tags(plain[3])
    tokens = MarkdownIt("commonmark").enable("table").parse(found)
    assert not {token.type for token in tokens} & {"html_block", "code_block", "hr", "ordered_list_open"}
    inline = {child.type for token in tokens for child in token.children or ()}
    assert not inline & {"html_inline", "link_open", "image", "code_inline", "em_open"}
    assert [t.tag for t in tokens if t.type == "heading_open"].count("h2") == 15
    assert not [c for form in (found, page, svg) for c in form if c not in "\n\t" and category(c) in ("Cc", "Cs")]
    assert not set("\u202a\u202b\u202d\u202e\u2066\u2067\u200f") & set(found + page + svg + body)
    json.loads(body)


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_in_every_field_stay_words(words: str) -> None:
    check_inert(hostile(words))


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.text(max_size=120))
def test_any_words_in_every_field_stay_words(words: str) -> None:
    check_inert(hostile(words))


@pytest.mark.parametrize(
    "value", [None, 5, True, [], {}, [[[]]], {"a": {"b": []}}, 1e300, pytest.param("x" * 1_000_000, id="a megabyte")]
)
def test_no_value_anywhere_keeps_a_report_from_being_made(value: Any) -> None:
    events = bad_release().events
    for number, event in enumerate(events):
        if event.kind == "incident.opened":
            continue
        for name in event.data:
            broken = replace(event, data={**event.data, name: value})
            assert made([*events[:number], broken, *events[number + 1 :]]).incident.id == ID
