"""Sending: recorded first, to all at once, nothing twice and nothing lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from operations.engine.events import Event
from operations.engine.journal import Journal
from operations.engine.redaction import Redactor
from operations.errors import Busy, JournalUnavailable, VigieError
from operations.incident import sending
from operations.incident.messages import drafted
from operations.incident.sending import keep_draft, past_messages, retry, send
from operations.incident.sent_messages import messages_in, messages_of
from operations.settings import Settings, Site
from tests.operations.incident.conftest import START, Desk
from tests.operations.incident.mailing import OK, events, made, page, sent, site, target, the_message
from tests.operations.incident.post import Post, StatusPage, hang, vanish
from tests.operations.incident.test_book import opened
from tests.operations.incident.test_messages import again, told
from tests.operations.web import reply


async def test_the_record_is_on_disk_before_the_first_byte_leaves(desk: Desk, post: Post, tmp_path: Path) -> None:
    seen: list[int] = []

    async def look(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes:
        seen.append(len(events(desk, "message.sent")))
        return OK

    await sent(desk, site(tmp_path, target("chat", "slack", post.at("/chat", look))))
    assert seen == [1]


async def test_a_slow_target_holds_up_no_other(desk: Desk, post: Post, tmp_path: Path) -> None:
    arrived = asyncio.Event()

    async def wait_for_the_other(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes:
        await arrived.wait()
        return OK

    async def come(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes:
        arrived.set()
        return OK

    slow = target("slow", "slack", post.at("/slow", wait_for_the_other), limit=30.0)
    _, came = await sent(desk, site(tmp_path, slow, target("quick", "slack", post.at("/quick", come))))
    assert [one.result for one in came] == ["delivered", "delivered"]


async def test_failed_ones_are_sent_again_word_for_word_and_taken_ones_are_not(
    desk: Desk, post: Post, tmp_path: Path
) -> None:
    settings = site(
        tmp_path,
        target("good", "slack", post.at("/good", OK)),
        target("bad", "slack", post.at("/bad", reply("no", 500))),
    )
    message, _ = await sent(desk, settings)
    post.at("/bad", OK)
    told(desk, message.incident, impact="something else") if message.incident else None
    desk.pass_time(minutes=3)
    came = await retry(desk.journal, settings, message.message, message.incident, desk.now)
    assert [(one.target, one.result, one.attempt) for one in came] == [("bad", "delivered", 2)]
    assert post.bodies("/bad")[0] == post.bodies("/bad")[1]
    assert len(post.bodies("/good")) == 1
    assert the_message(desk, message).result == "delivered"
    with pytest.raises(VigieError, match="Every target has it"):
        await retry(desk.journal, settings, message.message, message.incident, desk.now)


async def test_where_it_is_not_known_somebody_has_to_look_first(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", vanish)))
    message, _ = await sent(desk, settings)
    post.at("/in", OK)
    with pytest.raises(VigieError, match="not known whether it arrived"):
        await retry(desk.journal, settings, message.message, message.incident, desk.now)
    assert len(post.got) == 1
    came = await retry(desk.journal, settings, message.message, message.incident, desk.now, looked=True)
    assert came[0].result == "delivered"


async def test_two_consoles_never_send_the_same_message(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    message = made(desk, settings)
    other = Journal.open(desk.journal.path, actor="tom", redactor=Redactor(), now=desk.now)
    results = await asyncio.gather(
        send(desk.journal, settings, message, desk.now),
        send(other, settings, message, desk.now),
        return_exceptions=True,
    )
    other.close()
    assert sorted(type(one).__name__ for one in results) == ["VigieError", "tuple"]
    assert len(post.got) == 1


async def test_two_first_notices_drafted_at_once_become_one(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    mine, theirs = made(desk, settings), made(desk, settings)
    await send(desk.journal, settings, mine, desk.now)
    with pytest.raises(VigieError, match="ana sent one at 03:00:00Z"):
        await send(desk.journal, settings, theirs, desk.now)
    assert len(post.got) == 1


async def test_what_two_consoles_draft_at_the_opening_is_one_draft(desk: Desk) -> None:
    incident = opened(desk)
    draft = drafted(incident, "initial", desk.now(), Settings(site=Site(name="Tow")), None)
    for id in ("m-1", "m-2"):
        keep_draft(desk.journal, incident, draft, id, key=f"draft:initial:{incident.id}")
    assert [one.id for one in past_messages(desk.journal, incident, desk.now())] == ["m-1"]
    (kept,) = messages_of(again(desk, incident))
    assert (kept.id, kept.result, kept.texts) == ("m-1", "draft", dict(draft.texts))


async def test_two_consoles_never_retry_the_same_target(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", reply("no", 500))))
    message, _ = await sent(desk, settings)
    freed = asyncio.Event()

    async def wait(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes:
        await freed.wait()
        return OK

    post.at("/in", wait)
    first = asyncio.create_task(retry(desk.journal, settings, message.message, message.incident, desk.now))
    post.web.arrived.clear()
    await post.web.arrived.wait()
    with pytest.raises(Busy, match="being sent to chat just now"):
        await retry(desk.journal, settings, message.message, message.incident, desk.now)
    freed.set()
    assert (await first)[0].result == "delivered"
    assert len(post.got) == 2


async def test_a_console_that_dies_while_sending_leaves_it_unknown_and_not_lost(
    desk: Desk, post: Post, tmp_path: Path
) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", hang), limit=60.0))
    message = made(desk, settings)
    task = asyncio.create_task(send(desk.journal, settings, message, desk.now))
    await post.web.arrived.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert the_message(desk, message).result == "sending"
    desk.pass_time(minutes=2)
    found = the_message(desk, message)
    assert found.result == "unknown"
    assert "Vigie ended before the answer" in found.deliveries[0].problem
    assert found.texts == message.texts


async def test_what_cannot_be_recorded_is_not_sent(
    desk: Desk, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    message = made(desk, settings)

    def full(*_: object, **__: object) -> Event:
        raise JournalUnavailable("The journal cannot be used: the disk is full.")

    monkeypatch.setattr(desk.journal, "append", full)
    with pytest.raises(JournalUnavailable):
        await send(desk.journal, settings, message, desk.now)
    assert post.got == []


async def test_an_answer_that_cannot_be_recorded_is_said_all_the_same(
    desk: Desk, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    message = made(desk, settings)
    append = desk.journal.append

    def filling(kind: str, *given: Any, **named: Any) -> Event:
        if kind == "message.delivered":
            raise JournalUnavailable("The journal cannot be used: the disk is full.")
        return append(kind, *given, **named)

    monkeypatch.setattr(desk.journal, "append", filling)
    came = await send(desk.journal, settings, message, desk.now)
    assert came[0].result == "delivered"
    assert "not recorded: The journal cannot be used: the disk is full." in came[0].problem


async def test_what_was_said_for_a_message_counts_for_the_next_one(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    incident = opened(desk)
    message = made(
        desk,
        settings,
        incident,
        given={"impact": "no quotes"},
        told={"impact": "no quotes", "workaround.fr": "appelez"},
    )
    await send(desk.journal, settings, message, desk.now)
    fields = [(event.data["field"], event.data.get("lang", "")) for event in events(desk, "incident.told")]
    assert fields == [("impact", ""), ("workaround", "fr")]
    assert "no quotes" in drafted(again(desk, incident), "update", desk.now(), settings, None).texts["en"]


async def test_messages_fold_alike_in_whatever_order_their_events_come(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("a", "slack", post.at("/a", reply("no", 500))), page(StatusPage(post).open()))
    message, _ = await sent(desk, settings)
    desk.time = START - timedelta(hours=2)
    post.at("/a", OK)
    await retry(desk.journal, settings, message.message, message.incident, desk.now)
    rows = [event for _, event in desk.journal.events()]
    assert messages_in(rows) == messages_in(reversed(rows))
    assert messages_in(rows)[0].result == "delivered"
    strange: dict[str, Any] = {"message": message.message, "target": ["x"], "attempt": "many", "targets": 5, "texts": 7}
    damaged = [replace(one, data=strange, id=f"{one.id}-x") for one in rows]
    assert messages_in([*damaged, *rows]) == messages_in(rows)


def test_a_message_lock_that_somebody_keeps_is_said(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr(sending, "_CLAIM_WITHIN", 0.0)
    settings = site(tmp_path, target("file", "file", path="n.txt"))
    message = made(desk, settings)
    folder = tmp_path / "state"
    folder.mkdir(exist_ok=True)
    with (folder / "messages.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="Another console"):
            asyncio.run(send(desk.journal, settings, message, desk.now))
    assert not (tmp_path / "n.txt").exists()
