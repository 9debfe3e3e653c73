"""Each kind of target gets the text in its own shape; nothing in it becomes markup, and a file is a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from operations.incident.sending import send
from tests.attack.poison import EVIL
from tests.operations.incident.conftest import Desk
from tests.operations.incident.mailing import OK, events, made, page, sent, site, target, the_message
from tests.operations.incident.post import Post, StatusPage
from tests.operations.incident.test_book import opened
from tests.operations.web import reply


async def test_nothing_of_a_text_becomes_markup_anywhere(desk: Desk, post: Post, tmp_path: Path) -> None:
    nasty = "<script>x</script> & [a](javascript:x) *b* <https://evil.example|x>"
    pages = StatusPage(post)
    settings = site(
        tmp_path, target("chat", "slack", post.at("/c", OK)), target("teams", "teams", post.at("/t", reply("1"))),
        page(pages.open()),
    )  # fmt: skip
    await sent(desk, settings, given={"impact": nasty})
    assert "<" not in post.bodies("/c")[0]["text"]
    assert "&lt;script&gt;x&lt;/script&gt; &amp; " in post.bodies("/c")[0]["text"]
    blocks = post.bodies("/t")[0]["attachments"][0]["content"]["body"]
    assert {block["type"] for block in blocks} == {"RichTextBlock"}
    assert "&lt;script>" in pages.incidents["i1"]["incident_updates"][0]["body"]


async def test_hostile_words_reach_the_file_as_lines_of_their_own(desk: Desk, tmp_path: Path) -> None:
    settings = site(tmp_path, target("file", "file", path="n.txt"))
    message = made(desk, settings, given={"impact": EVIL}, allow=("mention", "host", "mail", "code", "person"))
    assert message.plan.refusal is None, message.plan.refusal
    await send(desk.journal, settings, message, desk.now)
    text = (tmp_path / "n.txt").read_text("utf-8")
    assert "\x1b" not in text
    assert events(desk, "message.sent")[0].data["texts"] == dict(message.texts)
    assert the_message(desk, message).texts["en"] in text


async def test_a_file_grows_by_whole_messages_and_is_private(desk: Desk, tmp_path: Path) -> None:
    settings = site(tmp_path, target("file", "file", path="n.txt"))
    message, _ = await sent(desk, settings)
    assert stat.S_IMODE((tmp_path / "n.txt").stat().st_mode) == 0o600
    desk.pass_time(minutes=5)
    await sent(desk, settings, message.incident, "update")
    assert (tmp_path / "n.txt").read_text("utf-8").count("--- 2026-11-21") == 2


@pytest.mark.parametrize("what", ["folder", "pipe", "device", "missing"])
async def test_what_is_no_ordinary_file_takes_nothing_and_is_never_waited_for(
    desk: Desk, tmp_path: Path, what: str
) -> None:
    path = tmp_path / "there"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "device":
        path.symlink_to("/dev/full")
    else:
        path = tmp_path / "no" / "such" / "folder"
    _, came = await sent(desk, site(tmp_path, target("file", "file", path=str(path))))
    assert (came[0].result, "the file cannot be written" in came[0].problem) == ("failed", True)


async def test_the_page_has_no_place_for_planned_work(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, page(StatusPage(post).open()))
    given = {"window": "Sunday", "impact": "none", "workaround": "none"}
    refusal = made(desk, settings, opened(desk), "maintenance", given=given).plan.refusal
    assert refusal is not None
    assert "no place for it" in refusal.says


async def test_every_target_gets_it_in_its_own_shape_and_the_event_has_it_word_for_word(
    desk: Desk, post: Post, tmp_path: Path
) -> None:
    pages = StatusPage(post)
    settings = site(
        tmp_path,
        target("chat", "slack", post.at("/chat", OK)),
        target("teams", "teams", post.at("/teams", reply("", 202))),
        target("hook", "webhook", post.at("/hook", reply("{}")), languages=("fr",)),
        target("file", "file", path="notices.txt"),
        target("copy", "clipboard"),
        page(pages.open(), public=True, languages=("en",)),
    )
    message, came = await sent(desk, settings)
    assert [one.result for one in came] == ["delivered"] * 6
    both = f"{message.texts['en']}\n\n{message.texts['fr']}"
    assert post.bodies("/chat") == [{"text": both, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}]
    card = post.bodies("/teams")[0]["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    runs = [block["inlines"][0]["text"] for block in card["content"]["body"]]
    assert [line.strip() for line in runs] == both.split("\n")
    hook = post.bodies("/hook")[0]
    assert hook["texts"] == {"fr": message.texts["fr"]}
    assert hook["next_update"] == "2026-11-21T03:15:00.000000Z"
    event = events(desk, "message.sent")[0]
    assert hook["journal"] == f"{event.seq} {event.hash[:16]}"
    assert event.data["texts"] == dict(message.texts)
    assert event.data["promised"] == "2026-11-21T03:15:00.000000Z"
    assert "PUBLIC: page" in event.data["audience"]
    assert pages.incidents["i1"]["incident_updates"][0]["body"] == message.texts["en"]
    assert (tmp_path / "notices.txt").read_text("utf-8").count(message.texts["fr"]) == 1
    found = the_message(desk, message)
    assert (found.texts, found.result, found.by) == (message.texts, "delivered", "ana")
