"""Calling for help, against a real HTTP server: accepted, refused, slow, gone, and answered later."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from operations.errors import VigieError
from operations.incident import help as helping
from operations.incident.brief import make_brief
from operations.incident.help import ask_after, call_for_help, contact_named
from operations.settings import Contact, Secret, Settings
from tests.operations.incident.conftest import Desk
from tests.operations.incident.test_book import opened
from tests.tui.scenes import NOW, down_snapshot


class Pager(ThreadingHTTPServer):
    """Takes calls; `status` is what it answers, `hang` keeps it from answering."""

    daemon_threads = True

    def __init__(self) -> None:
        self.calls: list[dict[str, object]] = []
        self.status = 200
        self.says = ""
        self.hang: Event | None = None
        super().__init__(("127.0.0.1", 0), Handler)


class Handler(BaseHTTPRequestHandler):
    server: Pager

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.hang:
            self.server.hang.wait(30)
        self.server.calls.append(json.loads(body))
        self._answer(self.server.status, {"id": "c1"})

    def do_GET(self) -> None:
        self._answer(200, {"state": "answered", "says": self.server.says})

    def _answer(self, status: int, body: dict[str, str]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def pager() -> Iterator[tuple[Pager, Contact]]:
    server = Pager()
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}/calls"
        yield server, Contact(name="desk", kind="dba", call=Secret(address), phone="123")
    finally:
        server.shutdown()
        server.server_close()


async def test_the_brief_goes_out_and_the_call_is_on_the_timeline(desk: Desk) -> None:
    incident = opened(desk)
    with pager() as (server, contact):
        brief = make_brief(incident, down_snapshot(), need="the database back", who="ana", now=NOW)
        result = await call_for_help(desk.journal, incident, contact, brief)
        assert result.delivered
        assert result.call == "c1"
        assert server.calls[0]["kind"] == "dba"
        assert server.calls[0]["need"] == "the database back"
        server.says = "I am on it"
        called = desk.read().get(incident.id)
        assert called is not None
        assert await ask_after(desk.journal, called, contact, called.calls[0]) == "I am on it"
        after = desk.read().get(incident.id)
        assert after is not None
        assert after.calls[0].answer == "I am on it"
        assert await ask_after(desk.journal, after, contact, after.calls[0]) == ""
        assert [entry.text for entry in after.entries][-2:] == ["help: desk called", "desk answers: I am on it"]


async def test_a_refused_call_is_said_and_recorded(desk: Desk) -> None:
    incident = opened(desk)
    with pager() as (server, contact):
        server.status = 500
        brief = make_brief(incident, None, need="x", who="ana", now=NOW)
        result = await call_for_help(desk.journal, incident, contact, brief)
    assert not result.delivered
    assert result.problem == "refused with 500"
    after = desk.read().get(incident.id)
    assert after is not None
    assert after.entries[-1].text == "help: desk could not be reached (refused with 500)"


async def test_a_call_that_gets_no_answer_may_have_arrived(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(helping, "LIMIT", 0.3)
    incident = opened(desk)
    with pager() as (server, contact):
        server.hang = Event()
        brief = make_brief(incident, None, need="x", who="ana", now=NOW)
        result = await call_for_help(desk.journal, incident, contact, brief)
        server.hang.set()
    assert "not known whether it arrived" in result.problem


async def test_a_contact_without_an_address_names_the_phone(desk: Desk) -> None:
    brief = make_brief(opened(desk), None, need="x", who="ana", now=NOW)
    incident = desk.read().all()[0]
    result = await call_for_help(desk.journal, incident, Contact(name="Ana", phone="+33 1"), brief)
    assert "+33 1" in result.problem


def test_contacts_are_found_by_name_then_by_kind_then_by_who_can_be_called() -> None:
    lead = Contact(name="Ana", kind="lead")
    desk_contact = Contact(name="desk", kind="dba", call=Secret("http://127.0.0.1:9/"))
    settings = Settings(contacts=(lead, desk_contact))
    assert contact_named(settings, "Ana") is lead
    assert contact_named(settings, kind="dba") is desk_contact
    assert contact_named(settings) is desk_contact
    with pytest.raises(VigieError, match="no contact Bob"):
        contact_named(settings, "Bob")
