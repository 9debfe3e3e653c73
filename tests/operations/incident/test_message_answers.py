"""What came of a message is what the answer allows to say: servers that fail, hang, lie, redirect, flood, break off."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.attack.poison import EVIL
from tests.operations.incident.conftest import Desk
from tests.operations.incident.mailing import OK, Kind, events, page, sent, site, target, the_message
from tests.operations.incident.post import Post, break_off, drip, flood, hang, vanish
from tests.operations.web import reply

ANSWERS: dict[str, tuple[Kind, Any, str, str]] = {
    "accepted": ("slack", OK, "delivered", ""),
    "accepted by a chat that answers JSON": ("slack", reply('{"success": true}'), "delivered", ""),
    "a wrong hook": ("slack", reply("no_service", 404, "text/plain"), "failed", "answered 404: no_service"),
    "a server's error": ("slack", reply("oops", 500, "text/plain"), "failed", "answered 500: oops"),
    "a gateway": ("slack", reply("late", 504, "text/plain"), "unknown", "look before sending again"),
    "too many": ("slack", reply("slow down", 429, "text/plain", retry_after="30"), "failed", "again after 30 s"),
    "a login page with a good status": ("slack", reply("<!DOCTYPE html><p>log in", 200), "unknown", "a web page"),
    "another service's word": ("slack", reply("welcome", 200), "unknown", "“welcome”; not known"),
    "a lie in JSON": ("slack", reply('{"ok": false, "error": "channel_is_archived"}'), "failed", "channel_is_archived"),
    "nothing where a word is due": ("slack", reply("", 200), "unknown", "answered 200 with nothing"),
    "Teams accepts": ("teams", reply("", 202), "delivered", ""),
    "Teams reports a failure with 200": ("teams", reply("Webhook delivery failed: 429"), "failed", "failed: 429"),
    "a hook that complains": ("webhook", reply('{"errors": ["no"]}'), "failed", "no"),
    "a hook's login page": ("webhook", reply("\n<html><body>", 200, "text/html"), "unknown", "a web page"),
    "moved": ("slack", reply("", 302, location="https://evil.example/?t=abc"), "failed", "us to evil.example"),
    "see other": ("webhook", reply("", 303, location="/thanks"), "unknown", "answered 303"),
    "a body without end": ("webhook", drip, "unknown", "did not end within 0.5 s; not known"),
    "no answer": ("slack", hang, "unknown", "no answer within 0.5 s; not known whether it arrived: look before"),
    "cut without a word": ("slack", vanish, "unknown", "look before sending again"),
    "broken off in the body": ("slack", break_off, "unknown", "answered 200, but the answer broke off"),
    "a flood": ("webhook", flood, "delivered", ""),
    "a flood where a word is due": ("slack", flood, "unknown", "look before sending again"),
    "nonsense for a page": ("statuspage", reply('{"id": 5}', 201), "unknown", "no incident of a status page"),
    "a page's refusal": ("statuspage", reply('{"error": "Unauthorized"}', 401), "failed", "answered 401"),
    "an id that is a path": ("statuspage", reply('{"id": "../../x"}', 201), "unknown", "an id that is none"),
    "escapes and markup": ("slack", reply(EVIL.encode("utf-8", "replace"), 500), "failed", "answered 500: evil"),
    "a megabyte in one line": ("slack", reply("x" * 1_000_000, 500), "failed", "answered 500: xxx"),
    "a line turned round": ("slack", reply("\u202egnp.exe\u2066 🚨漢字 אבג", 400), "failed", ": gnp.exe 🚨漢字 אבג"),
    "nested without end": ("webhook", reply("[" * 100_000), "delivered", ""),
    "a status of its own": ("webhook", b"HTTP/1.1 999 \xff\xfe\r\ncontent-length: 0\r\n\r\n", "failed", "answered 999"),
    "no HTTP": ("webhook", b"SSH-2.0-OpenSSH_9.6\r\n", "unknown", "look before sending again"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
async def test_what_came_of_it_is_what_the_answer_allows_to_say(
    desk: Desk, post: Post, tmp_path: Path, name: str
) -> None:
    kind, answer, result, words = ANSWERS[name]
    address = post.at("/v1/pages/p1/incidents" if kind == "statuspage" else "/in", answer)
    one = page(f"{post.web.url}/v1") if kind == "statuspage" else target("there", kind, address)
    settings = site(tmp_path, msgspec.structs.replace(one, limit=0.5))
    message, came = await sent(desk, settings)
    assert (came[0].result, words in came[0].problem) == (result, True), came[0].problem
    assert came[0].problem.isprintable()
    recorded = events(desk, "message.delivered")[0].data
    assert (recorded["result"], recorded.get("problem", "")) == (result, came[0].problem)
    assert the_message(desk, message).result == result
    assert len(post.got) == 1


async def test_where_nothing_listens_nothing_left(desk: Desk, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/hook/t0ken-of-ours-123456"
        _, came = await sent(desk, site(tmp_path, target("chat", "slack", address)))
    assert came[0].result == "failed"
    assert came[0].problem == "it was not reached: connection refused"


async def test_a_server_that_quotes_its_own_key_is_not_quoted(desk: Desk, post: Post, tmp_path: Path) -> None:
    address = post.at("/hook/t0ken-of-ours-123456", reply("bad hook /hook/t0ken-of-ours-123456", 403, "text/plain"))
    _, came = await sent(desk, site(tmp_path, target("chat", "slack", address)))
    assert "t0ken" not in came[0].problem
    assert "answered 403: bad hook /hook/•••" in came[0].problem
