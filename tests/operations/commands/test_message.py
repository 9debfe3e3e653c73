"""`vigie message`: drafted, shown, confirmed, sent, tried again; exit codes say what came of it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from unittest import mock

import pytest

from tests.attack.poison import EVIL
from tests.attack.world import heard
from tests.operations.doctor.clinic import bare


class Called(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


class Chat(ThreadingHTTPServer):
    """Takes what is posted; `status` and `says` are its answer."""

    daemon_threads = True

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status, self.says = 200, b"ok"
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(self.server.says)))
        self.end_headers()
        self.wfile.write(self.server.says)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@dataclass
class Team:
    """A folder with settings, and the chat that they name."""

    folder: Path
    chat: Chat

    def vigie(self, *arguments: str) -> Called:
        with mock.patch.dict(os.environ, bare(self.folder), clear=True), contextlib.chdir(self.folder):
            done = heard(*arguments)
        return Called(done.returncode, done.stdout, done.stderr)

    def message(self, *arguments: str) -> Called:
        return self.vigie("message", *arguments)

    def opened(self) -> str:
        return self.vigie("incident", "open", "site down").out.strip()


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    chat = Chat()
    Thread(target=chat.serve_forever, args=(0.02,), daemon=True).start()
    address = f"http://127.0.0.1:{chat.server_address[1]}"
    (tmp_path / "vigie.toml").write_text(
        'operator = "ana"\n[site]\nname = "Harbour Tow"\n[environments.production]\nkind = "production"\n'
        '[watch]\ncontrol_targets = ["http://127.0.0.1:9"]\n[messages]\nzone = "Europe/Paris"\n'
        f'[[messages.targets]]\nname = "chat"\nkind = "slack"\naddress = "{address}/chat"\naudience = "the team"\n'
        f'[[messages.targets]]\nname = "wall"\nkind = "webhook"\naddress = "{address}/wall"\npublic = true\n',
        "utf-8",
    )
    try:
        yield Team(tmp_path, chat)
    finally:
        chat.shutdown()
        chat.server_close()


SAID = ("--set", "impact=no quotes", "--set", "impact.fr=pas de devis", "--next", "30m")


def test_a_draft_shows_both_languages_and_what_is_still_to_be_said(team: Team) -> None:
    team.opened()
    done = team.message("draft", "initial")
    assert done.code == 2
    assert "── en ──\nWe are having trouble with Harbour Tow.\nWhat you may notice: [impact]" in done.out
    assert "── fr ──\nNous rencontrons" in done.out
    assert "[WARN] still to be said: impact: nobody has said it yet" in done.err
    assert team.message("draft", "initial", *SAID).code == 0
    (row,) = team.message("list").out.splitlines()
    assert row.endswith("initial    draft      not sent"), "only the draft of the opening is kept"


def test_a_message_about_an_incident_needs_one(team: Team) -> None:
    done = team.message("draft", "update")
    assert done.code == 1
    assert "none is open" in done.err


def test_sending_shows_everything_asks_and_says_what_came_of_it(team: Team) -> None:
    id = team.opened()
    refused = team.message("send", "initial", *SAID)
    assert refused.code == 1
    assert "--yes" in refused.err
    assert team.chat.got == []
    done = team.message("send", "initial", *SAID, "--yes")
    assert done.code == 0, done.err
    assert "To          the team  (chat, slack)" in done.err
    assert "What you may notice: no quotes" in done.err
    assert done.out.startswith("ok         chat")
    assert "pas de devis" in team.chat.got[0]["text"]
    listed = team.message("list", "--json").document["result"]
    assert listed["incident"] == id
    one = listed["messages"][0]
    assert (one["kind"], one["result"], one["by"]) == ("initial", "delivered", "ana")
    shown = team.message("show", one["id"])
    assert "What you may notice: no quotes" in shown.out
    assert "initial message sent to the team" in team.vigie("incident", "show", id).out


def test_the_public_wants_its_word(team: Team) -> None:
    team.opened()
    plain = team.message("send", "initial", *SAID, "--to", "all", "--yes")
    assert plain.code == 1
    assert '--confirm "PUBLIC"' in plain.err
    assert team.chat.got == []
    assert team.message("send", "initial", *SAID, "--to", "all", "--confirm", "PUBLIC").code == 0
    assert len(team.chat.got) == 2


def test_blanks_and_secrets_stop_it_with_a_code_of_their_own(team: Team) -> None:
    team.opened()
    blank = team.message("send", "initial", "--yes")
    assert (blank.code, "still to be said: impact" in blank.err) == (2, True)
    secret = team.message("send", "initial", "--set", "impact=use password=hunter2", "--yes", "--json")
    assert secret.code == 2
    assert secret.document["meaning"] == "something is left blank, or must not leave"
    assert "hunter2" not in secret.document["error"]["what"]
    meant = ("send", "initial", "--set", "impact=write to help@tow.example", "--yes")
    assert team.message(*meant).code == 2
    assert team.message(*meant, "--allow", "key").code == 1
    assert team.chat.got == []
    assert team.message(*meant, "--allow", "mail").code == 0


def test_a_plan_sends_nothing_and_has_the_code_of_its_guard(team: Team) -> None:
    team.opened()
    done = team.message("send", "initial", *SAID, "--plan")
    assert (done.code, team.chat.got) == (0, [])
    assert "Promises    the next update at" in done.out
    assert team.message("send", "initial", "--plan", "--json").document["exit_code"] == 2
    assert team.vigie("--readonly", "message", "send", "initial", *SAID, "--plan").code == 0
    assert team.vigie("--readonly", "message", "send", "initial", *SAID, "--yes").code == 1


def test_what_was_not_taken_is_sent_again_on_request(team: Team) -> None:
    team.opened()
    team.chat.status, team.chat.says = 500, b"oops"
    done = team.message("send", "initial", *SAID, "--yes", "--json")
    assert (done.code, done.document["meaning"]) == (3, "a target did not take it: vigie message retry")
    id = done.document["result"]["message"]
    team.chat.status, team.chat.says = 200, b"<html>log in"
    strange = team.message("retry", id, "--yes")
    assert (strange.code, "NOT KNOWN  chat  attempt 2" in strange.out) == (4, True)
    team.chat.says = b"ok"
    assert team.message("retry", id, "--yes").code == 1
    assert team.message("retry", id, "--yes", "--looked").code == 0
    assert len({one["text"] for one in team.chat.got}) == 1
    assert team.message("retry", id, "--yes").code == 1
    told = team.vigie("incident", "show", team.message("list", "--json").document["result"]["incident"]).out
    assert "message: chat did not take it: answered 500: oops" in told
    assert "message: chat NOT KNOWN: answered 200 with a web page" in told


def test_planned_work_is_announced_without_an_incident(team: Team) -> None:
    words = ("--set", "window=Sunday 02:00-04:00 UTC", "--set", "impact=no quotes", "--set", "workaround=none")
    assert team.message("send", "maintenance", *words, "--yes").code == 0
    one = team.message("list", "--json").document["result"]["messages"][0]
    assert (one["kind"], one["result"]) == ("maintenance", "delivered")
    assert "nothing for the moment" in team.message("show", one["id"]).out


@pytest.mark.parametrize("name", ["impact", "workaround"])
def test_hostile_words_change_no_line_around_them(team: Team, name: str) -> None:
    team.opened()
    calm = team.message("draft", "update", "--set", "impact=x", "--set", "workaround=x").out.splitlines()
    stormy = team.message(
        "draft", "update", "--set", "impact=x", "--set", "workaround=x", "--set", f"{name}={EVIL}"
    ).out
    flood = team.message("draft", "update", "--set", "workaround=x", "--set", f"impact={'漢' * 1_000_000}").out
    for text in (stormy, flood):
        assert "\x1b" not in text
        assert len(text.splitlines()) == len(calm)
        assert max(map(len, text.splitlines())) < 500


def test_what_is_no_kind_target_or_pair_is_refused_in_words(team: Team) -> None:
    team.opened()
    for words, said in (
        (("draft", "poem"), "The usual kinds"),
        (("send", "initial", "--to", "nobody"), "There is: chat, wall"),
        (("draft", "initial", "--set", "impact"), "NAME=WORDS"),
        (("draft", "initial", "--next", "soon"), "--next 'soon' is no time"),
        (("draft", "initial", "--incident", "0101-xyz"), "There is no incident 0101-xyz"),
        (("show", "m-0"), "There is no message m-0"),
        (("retry", "m-0"), "There is no message m-0"),
    ):
        done = team.message(*words)
        assert (done.code, said in done.err) == (1, True), (words, done.err)


def test_without_a_target_the_way_to_one_is_said(team: Team) -> None:
    path = team.folder / "vigie.toml"
    path.write_text(path.read_text("utf-8").partition("[[messages.targets]]")[0], "utf-8")
    team.opened()
    done = team.message("send", "initial", *SAID, "--yes")
    assert (done.code, "[[messages.targets]]" in done.err) == (1, True)
