"""A status page is told once: one incident, its updates, and a look before anything is said again."""

from __future__ import annotations

from pathlib import Path

from operations.incident.acts import set_state
from operations.incident.model import IncidentState
from operations.incident.sending import retry
from tests.operations.incident.conftest import Desk
from tests.operations.incident.mailing import page, sent, site
from tests.operations.incident.post import Post, StatusPage
from tests.operations.incident.test_messages import again
from tests.operations.web import reply


async def test_updates_of_a_page_go_to_the_incident_it_made(desk: Desk, post: Post, tmp_path: Path) -> None:
    pages = StatusPage(post)
    settings = site(tmp_path, page(pages.open()))
    message, _ = await sent(desk, settings)
    assert message.incident is not None
    set_state(desk.journal, message.incident, IncidentState.IDENTIFIED)
    desk.pass_time(minutes=10)
    incident = again(desk, message.incident)
    await sent(desk, settings, incident, "update")
    await sent(desk, settings, incident, "resolved", given={"ended": "03:10 UTC"})
    assert [update["status"] for update in pages.incidents["i1"]["incident_updates"]] == [
        "resolved", "identified", "investigating",
    ]  # fmt: skip
    assert len(pages.incidents) == 1
    assert "authorization: OAuth k3y-of-the-page" in post.web.asked[0].lower().replace("oauth", "OAuth")


async def test_a_page_is_asked_what_it_has_before_it_is_told_again(desk: Desk, post: Post, tmp_path: Path) -> None:
    pages = StatusPage(post, deaf=True)
    settings = site(tmp_path, page(pages.open()))
    message, came = await sent(desk, settings)
    assert came[0].result == "unknown"
    pages.deaf = False
    came = await retry(desk.journal, settings, message.message, message.incident, desk.now)
    assert (came[0].result, came[0].problem) == ("delivered", "the page had it already")
    assert [method for method, _, _ in post.got] == ["POST", "GET"]
    desk.pass_time(minutes=10)
    await sent(desk, settings, message.incident, "update")
    assert len(pages.incidents) == 1
    assert len(pages.incidents["i1"]["incident_updates"]) == 2


async def test_a_page_that_answers_of_another_incident_is_not_believed(desk: Desk, post: Post, tmp_path: Path) -> None:
    pages = StatusPage(post)
    settings = site(tmp_path, page(pages.open()))
    message, _ = await sent(desk, settings)
    pages.lies = True
    desk.pass_time(minutes=10)
    _, came = await sent(desk, settings, message.incident, "update")
    assert (came[0].result, "another incident" in came[0].problem) == ("unknown", True)


async def test_a_page_that_cannot_be_asked_gets_nothing_twice(desk: Desk, post: Post, tmp_path: Path) -> None:
    pages = StatusPage(post, deaf=True)
    settings = site(tmp_path, page(pages.open()))
    message, _ = await sent(desk, settings)
    post.at("/v1/pages/p1/incidents", reply("no", 500))
    came = await retry(desk.journal, settings, message.message, message.incident, desk.now)
    assert (came[0].result, "cannot be asked" in came[0].problem) == ("unknown", True)
    assert [method for method, _, _ in post.got] == ["POST", "GET"]


async def test_an_update_after_a_doubtful_first_notice_makes_no_second_incident(
    desk: Desk, post: Post, tmp_path: Path
) -> None:
    pages = StatusPage(post, deaf=True)
    settings = site(tmp_path, page(pages.open()))
    message, _ = await sent(desk, settings)
    pages.deaf = False
    desk.pass_time(minutes=10)
    _, came = await sent(desk, settings, message.incident, "update")
    assert came[0].result == "delivered"
    assert len(pages.incidents) == 1
