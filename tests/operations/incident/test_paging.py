"""Calls through PagerDuty and Opsgenie, with a real server: taken, refused, slow, cut off, lying, and called again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from threading import Event
from typing import Literal

import pytest

from operations.engine.redaction import Redactor
from operations.incident import help as helping
from operations.incident.brief import Brief, make_brief
from operations.incident.help import CallResult, ask_after, call_for_help, heard, phoned
from operations.incident.model import Incident
from operations.incident.told import restrict
from operations.settings import Contact, Secret, Settings
from tests.operations.incident.conftest import Desk
from tests.operations.incident.pagers import Behaviour, Pagers, pagers
from tests.operations.incident.test_book import opened
from tests.tui.scenes import NOW, down_snapshot

KEY = "R0ut1ngK3yTh4tM4yN3v3rSh0w"
Pager = Literal["pagerduty", "opsgenie"]
both = pytest.mark.parametrize("pager", ["pagerduty", "opsgenie"])


@pytest.fixture
def server() -> Iterator[Pagers]:
    with pagers() as running:
        yield running


def contact(server: Pagers, pager: Pager) -> Contact:
    return Contact(name="Eva Lang", kind="on-call", pager=pager, key=Secret(KEY), call=Secret(server.address))


def brief(incident: Incident) -> Brief:
    return replace(make_brief(incident, down_snapshot(), need="a second pair of eyes", who="ana", now=NOW))


async def call(desk: Desk, contact: Contact) -> CallResult:
    incident = desk.read().all()[0]
    return await call_for_help(desk.journal, incident, contact, brief(incident))


def said(desk: Desk) -> str:
    return desk.read().all()[0].entries[-1].text


async def test_pagerduty_gets_an_event_that_triggers(desk: Desk, server: Pagers) -> None:
    incident = opened(desk)
    result = await call(desk, contact(server, "pagerduty"))
    assert (result.delivered, result.result, result.problem) == (True, "delivered", "")
    (got,) = server.heard
    assert got.path == "/v2/enqueue"
    assert (got.body["routing_key"], got.body["event_action"]) == (KEY, "trigger")
    assert got.body["dedup_key"] == f"vigie-{incident.id}-harbour-eva-lang-1" == result.call
    payload = got.body["payload"]
    assert (payload["severity"], payload["source"]) == ("critical", "harbour production")
    assert payload["summary"].startswith("P0 harbour production: a second pair of eyes. api/health")
    assert payload["custom_details"]["need"] == "a second pair of eyes"
    assert said(desk) == "help: Eva Lang called"


async def test_opsgenie_gets_an_alert_with_its_key_in_the_header(desk: Desk, server: Pagers) -> None:
    incident = opened(desk)
    assert (await call(desk, contact(server, "opsgenie"))).delivered
    (got,) = server.heard
    assert (got.path, got.headers["authorization"]) == ("/v2/alerts", f"GenieKey {KEY}")
    assert got.body["alias"] == f"vigie-{incident.id}-harbour-eva-lang-1"
    assert got.body["priority"] == "P1"
    assert len(got.body["message"]) <= 130
    assert "Need:   a second pair of eyes" in got.body["description"]
    assert KEY not in json.dumps(got.body)


@both
@pytest.mark.parametrize(
    ("behaves", "result", "problem"),
    [
        (Behaviour(400, {"message": "Event object is invalid"}), "failed", "refused with 400: Event object is invalid"),
        (Behaviour(401, {"message": f"no such key {KEY}"}), "failed", "refused with 401: no such key •••"),
        (Behaviour(429, raw=b"slow down"), "failed", "refused with 429"),
        (Behaviour(500, raw=b"\x1b[2J[bold]oops"), "failed", "refused with 500"),
        (Behaviour(301), "failed", "refused with 301"),
        (Behaviour(504), "unknown", "a gateway answered 504: not known whether it arrived"),
        (Behaviour(202, raw=b"<html>all is well</html>"), "unknown", "but not as"),
        (Behaviour(200, {"ok": True}), "unknown", "not known whether it arrived"),
        (Behaviour(202, raw=b"[" * 70_000), "unknown", "not known whether it arrived"),
        (Behaviour(202, ["success"]), "unknown", "not known whether it arrived"),
        (Behaviour(202, {"status": "success", "dedup_key": "another", "requestId": 5}), "unknown", "not known"),
        (Behaviour(cut=True), "unknown", "not known whether it arrived"),
    ],
)
async def test_what_a_pager_answers_is_neither_more_nor_less_than_it_says(
    desk: Desk, server: Pagers, pager: Pager, behaves: Behaviour, result: str, problem: str
) -> None:
    opened(desk)
    server.behaves = behaves
    got = await call(desk, contact(server, pager))
    assert (got.delivered, got.result) == (False, result), got
    assert problem in got.problem
    assert KEY not in got.problem
    assert ("may have been called" in said(desk)) is (result == "unknown")


@both
async def test_a_pager_that_never_answers_may_have_been_reached(
    desk: Desk, server: Pagers, pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(helping, "LIMIT", 0.3)
    opened(desk)
    server.behaves = Behaviour(hang=Event())
    got = await call(desk, contact(server, pager))
    assert (got.result, got.problem) == ("unknown", "no answer in 0.3 s: not known whether it arrived")


@both
async def test_an_answer_without_end_is_cut_off(desk: Desk, server: Pagers, pager: Pager) -> None:
    opened(desk)
    server.behaves = Behaviour(endless=True, raw=b"x")
    assert (await call(desk, contact(server, pager))).result == "unknown"


@both
async def test_nobody_listening_is_a_call_that_did_not_arrive(desk: Desk, pager: Pager) -> None:
    opened(desk)
    deaf = Contact(name="Eva", pager=pager, key=Secret(KEY), call=Secret("http://127.0.0.1:9"))
    got = await call(desk, deaf)
    assert (got.result, got.problem) == ("failed", "connection refused")


@both
async def test_a_call_that_may_have_arrived_is_the_same_call_when_it_is_tried_again(
    desk: Desk, server: Pagers, pager: Pager
) -> None:
    opened(desk)
    server.behaves = Behaviour(202, raw=b"?")
    await call(desk, contact(server, pager))
    server.behaves = Behaviour(503)
    await call(desk, contact(server, pager))
    server.behaves = Behaviour()
    assert (await call(desk, contact(server, pager))).delivered
    assert len(server.woken) == 1, "one key, one person woken"
    rows = [event.data for _, event in desk.journal.events(kinds=("help.called",))]
    assert [row["attempt"] for row in rows] == [1, 2, 3]
    assert [row["result"] for row in rows] == ["unknown", "failed", "delivered"]
    await call(desk, contact(server, pager))
    assert len(server.woken) == 2, "after one that arrived, the next call is a new one"


async def test_opsgenies_acknowledgement_is_on_the_timeline_once(desk: Desk, server: Pagers) -> None:
    incident = opened(desk)
    eva = contact(server, "opsgenie")
    result = await call(desk, eva)
    called = desk.read().all()[0]
    assert await ask_after(desk.journal, called, eva, called.calls[0]) == ""
    server.behaves.asked = {"data": {"acknowledged": True, "report": {"acknowledgedBy": f"eva@x.example {KEY}"}}}
    assert await ask_after(desk.journal, called, eva, called.calls[0]) == "acknowledged by eva@x.example •••"
    after = desk.read().all()[0]
    assert await ask_after(desk.journal, after, eva, after.calls[0]) == ""
    assert server.heard[-1].path == f"/v2/alerts/{result.call}?identifierType=alias"
    assert server.heard[-1].headers["authorization"] == f"GenieKey {KEY}"
    assert desk.read().get(incident.id) is not None


async def test_pagerduty_is_not_asked_after_and_an_answer_is_written_down_by_hand(desk: Desk, server: Pagers) -> None:
    opened(desk)
    eva = contact(server, "pagerduty")
    await call(desk, eva)
    called = desk.read().all()[0]
    assert await ask_after(desk.journal, called, eva, called.calls[0]) == ""
    assert len(server.heard) == 1
    heard(desk.journal, called, "Eva Lang", "on my way, ten minutes")
    after = desk.read().all()[0]
    assert (after.calls[0].answer, after.calls[0].answered_at) == ("on my way, ten minutes", desk.time)


async def test_a_call_by_phone_counts_as_one_and_is_asked_after_nowhere(desk: Desk, server: Pagers) -> None:
    incident = opened(desk)
    eva = contact(server, "opsgenie")
    phoned(desk.journal, incident, eva)
    after = desk.read().all()[0]
    assert said(desk) == "help: Eva Lang called by phone"
    assert await ask_after(desk.journal, after, eva, after.calls[0]) == ""
    assert server.heard == []


@both
async def test_a_restricted_incident_is_called_for_without_what_it_is_about(
    desk: Desk, server: Pagers, pager: Pager
) -> None:
    restrict(desk.journal, opened(desk, title="customer data on a public bucket"), True, "a breach")
    await call(desk, contact(server, pager))
    sent = json.dumps(server.heard[0].body)
    assert "call ana" in sent
    for detail in ("bucket", "breach", "zone is undefined", "second pair of eyes"):
        assert detail not in sent


@both
async def test_the_key_stands_in_no_event_and_no_repr(desk: Desk, server: Pagers, pager: Pager) -> None:
    desk.journal._redactor = Redactor()  # not even one that knows nothing lets it through
    opened(desk)
    server.behaves = Behaviour(400, {"message": f"bad key {KEY}"})
    got = await call(desk, contact(server, pager))
    rows = [repr(event.data) for _, event in desk.journal.events()]
    assert KEY not in repr(got) + "".join(rows) + repr(contact(server, pager))
    assert KEY in Settings(contacts=(contact(server, pager),)).secrets()
