"""Why a message must not leave: blanks, secrets, PUBLIC, restricted incidents, drills, one sent already."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from operations.errors import VigieError
from operations.incident.message_plan import chosen_targets
from operations.incident.sending import retry, send
from operations.settings import MessageSettings
from tests.operations.incident.conftest import Desk
from tests.operations.incident.mailing import OK, events, made, page, sent, site, target
from tests.operations.incident.post import Post, StatusPage
from tests.operations.incident.test_book import opened
from tests.operations.incident.test_messages import again, told
from tests.operations.web import reply


async def test_what_is_left_blank_is_not_sent(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    message = made(desk, settings, opened(desk))
    with pytest.raises(VigieError, match=r"still to be said: impact \(nobody has said it yet\)") as caught:
        await send(desk.journal, settings, message, desk.now)
    assert caught.value.code == 2
    edited = {"en": "We are slow: [impact]", "fr": "C'est lent [voir plus bas]"}
    refusal = made(desk, settings, message.incident, edited=edited).plan.refusal
    assert refusal is not None
    assert "impact" in refusal.says
    whole = {"en": "We are slow [see below]", "fr": "C'est lent"}
    assert made(desk, settings, message.incident, edited=whole).plan.refusal is None
    assert post.got == []


async def test_a_promise_counts_only_where_a_text_still_makes_it(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    assert made(desk, settings).promised is not None
    assert made(desk, settings, edited={"en": "We are slow.", "fr": "C'est lent."}).promised is None


@pytest.mark.parametrize(
    ("impact", "allow", "refused"),
    [
        ("password=hunter2", (), True),
        ("password=hunter2", ("password", "mail", "host"), True),
        ("write to ana@example.com", (), True),
        ("write to ana@example.com", ("mail",), False),
        ("10.1.2.3 is gone", ("mail",), True),
        ("10.1.2.3 is gone", ("host",), False),
    ],
)
async def test_a_secret_never_leaves_and_an_address_only_by_a_persons_word(
    desk: Desk, post: Post, tmp_path: Path, impact: str, allow: tuple[str, ...], refused: bool
) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    message = made(desk, settings, given={"impact": impact}, allow=allow)
    assert (message.plan.refusal is not None) is refused
    if message.plan.refusal is not None:
        assert message.plan.refusal.code == 2
        assert impact.split("=")[-1] not in message.plan.refusal.says
        with pytest.raises(VigieError):
            await send(desk.journal, settings, message, desk.now)
    else:
        await send(desk.journal, settings, message, desk.now)
        assert events(desk, "message.sent")[0].data["allowed"] == list(allow)
    assert len(post.got) == (0 if refused else 1)


async def test_the_public_is_told_only_by_a_word_and_never_by_itself(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(
        tmp_path, target("chat", "slack", post.at("/in", OK), audience="the team"),
        page(StatusPage(post).open(), public=True, audience="everybody"),
    )  # fmt: skip
    assert [one.name for one in chosen_targets(settings, (), restricted=False)] == ["chat"]
    plan = made(desk, settings).plan
    assert (plan.confirm.level, plan.confirm.phrase) == ("phrase", "PUBLIC")
    assert [line.text for line in plan.lines if line.label == "To"] == [
        "the team  (chat, slack)", "PUBLIC: everybody  (page, statuspage)",
    ]  # fmt: skip
    assert made(desk, settings, None, "initial", "chat").plan.confirm.level == "yes"


async def test_a_restricted_incident_reaches_only_who_is_named_and_tells_no_details(
    desk: Desk, post: Post, tmp_path: Path
) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/a", OK)), target("hook", "webhook", post.at("/b", OK)))
    incident = told(desk, opened(desk), impact="slow pages")
    desk.journal.append("incident.restricted", {"restricted": True, "why": "breach"}, incident=incident.id)
    incident = again(desk, incident)
    for names in ((), ("all",)):
        with pytest.raises(VigieError, match="each target has to be named"):
            chosen_targets(settings, names, restricted=True)
    message, came = await sent(desk, settings, incident, "initial", "hook")
    assert [one.target for one in came] == ["hook"]
    assert post.bodies("/b")[0]["incident"] == ""
    assert "urgent work" in message.texts["en"]
    leaking = made(desk, settings, incident, "update", "hook", given={"impact": "a stolen key"})
    assert leaking.plan.refusal is not None


async def test_restricted_after_the_plan_was_shown_nothing_leaves_that_was_not_named_since(
    desk: Desk, post: Post, tmp_path: Path
) -> None:
    settings = site(
        tmp_path, target("chat", "slack", post.at("/a", reply("no", 500))), target("hook", "webhook", post.at("/b", OK))
    )
    first, _ = await sent(desk, settings)
    shown = made(desk, settings, None, "update")
    assert first.incident is not None
    desk.journal.append("incident.restricted", {"restricted": True, "why": "breach"}, incident=first.incident.id)
    before = len(post.got)
    with pytest.raises(VigieError, match="restricted meanwhile"):
        await send(desk.journal, settings, shown, desk.now)
    with pytest.raises(VigieError, match="restricted meanwhile"):
        await retry(desk.journal, settings, first.message, first.incident, desk.now)
    known = again(desk, first.incident)
    with pytest.raises(VigieError, match="each target has to be named"):
        await retry(desk.journal, settings, first.message, known, desk.now)
    assert len(post.got) == before
    await retry(desk.journal, settings, first.message, known, desk.now, names=["chat"])
    assert len(post.got) == before + 1


async def test_a_drill_addresses_nothing_but_its_own_stub(desk: Desk, post: Post, tmp_path: Path) -> None:
    from operations.settings import DrillSettings

    home = tmp_path / "site"
    home.mkdir()
    own = target("own", "slack", post.at("/in", OK))
    outside = target("out", "slack", "https://hooks.example.com/x")
    loop = target("other", "slack", "http://127.0.0.1:9/x")
    away = target("file", "file", path=str(tmp_path / "n.txt"))
    drill = DrillSettings(home=str(home), lease=str(home / "lease"))
    settings = msgspec.structs.replace(site(tmp_path, own, outside, loop, away), drill=drill)
    blind = made(desk, settings, None, "initial", "own").plan.refusal
    assert blind is not None
    (home / "state.json").write_text(json.dumps({"ports": {"people": post.web.port}}))
    for name in ("out", "other", "file"):
        refusal = made(desk, settings, None, "initial", name).plan.refusal
        assert refusal is not None, name
        assert refusal.name == "only the practice site's own"
    _, came = await sent(desk, settings, None, "initial", "own")
    assert came[0].result == "delivered"
    public = msgspec.structs.replace(own, public=True)
    shown = msgspec.structs.replace(settings, messages=MessageSettings(targets=(public,)))
    assert made(desk, shown, None, "update").plan.confirm.phrase == "drill PUBLIC"


async def test_a_second_first_notice_is_refused_for_good_and_an_update_for_two_minutes(
    desk: Desk, post: Post, tmp_path: Path
) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/in", OK)))
    await sent(desk, settings)
    await sent(desk, settings, None, "update")
    desk.pass_time(minutes=1)
    refused = [made(desk, settings, None, kind).plan.refusal for kind in ("initial", "update")]
    assert all(guard is not None and guard.name == "not sent already" for guard in refused)
    desk.pass_time(minutes=2)
    assert made(desk, settings, None, "update").plan.refusal is None
    assert made(desk, settings, None, "initial").plan.refusal is not None
    assert made(desk, settings, None, "initial", again=True).plan.refusal is None
