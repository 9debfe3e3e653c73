"""Two consoles at once: what one of them chose looking at an older state does not undo what the other has done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from operations.errors import VigieError
from operations.incident.acts import open_incident, reopen, set_state
from operations.incident.book import IncidentBook
from operations.incident.closing import close_incident
from operations.incident.model import IncidentState
from operations.incident.opening import alone
from operations.incident.sending import retry, send
from tests.operations.incident.conftest import Desk
from tests.operations.incident.mailing import OK, made, page, sent, site, target
from tests.operations.incident.post import Post, StatusPage
from tests.operations.incident.test_book import opened
from tests.operations.incident.test_messages import again, told
from tests.operations.web import reply


def test_who_opens_while_another_console_is_opening_waits_and_hears_of_it(desk: Desk) -> None:
    other = Desk(desk.journal.path.parent)
    book = IncidentBook(other.journal)
    book.refresh()
    with ThreadPoolExecutor(1) as pool:
        with alone(desk.journal.path):
            second = pool.submit(opened_with, other, book)
            data = {"site": "harbour", "environment": "production", "severity": "P0", "title": "first"}
            desk.journal.append("incident.opened", data, incident="1121-bbb")
        with pytest.raises(VigieError, match="1121-bbb is already open"):
            second.result(5)
    other.journal.close()


def opened_with(desk: Desk, book: IncidentBook) -> None:
    open_incident(
        desk.journal, book, site="harbour", environment="production", severity=None, title="second", now=desk.now()
    )


def test_an_incident_that_is_over_does_not_go_on_by_an_older_choice(desk: Desk) -> None:
    seen = opened(desk)
    set_state(desk.journal, seen, IncidentState.RESOLVED)
    with pytest.raises(VigieError, match="ana said resolved"):
        set_state(desk.journal, seen, IncidentState.MONITORING)
    set_state(desk.journal, seen, IncidentState.RESOLVED)
    assert [entry.text for entry in again(desk, seen).entries[1:]] == ["incident resolved"]
    close_incident(desk.journal, again(desk, seen), now=desk.now())
    with pytest.raises(VigieError, match="ana said closed"):
        set_state(desk.journal, seen, IncidentState.RESOLVED, why="it is")


def test_the_same_choice_twice_at_once_is_no_news_to_the_next_one(desk: Desk) -> None:
    seen = opened(desk)
    data = {"state": "identified", "why": "", "key": "incident.state:1:identified:ana"}
    for _ in range(2):
        desk.journal.append("incident.state", data, incident=seen.id)
    set_state(desk.journal, again(desk, seen), IncidentState.MONITORING)
    assert again(desk, seen).state is IncidentState.MONITORING


def test_what_was_closed_elsewhere_is_not_closed_a_second_time(desk: Desk) -> None:
    set_state(desk.journal, opened(desk), IncidentState.RESOLVED)
    seen = desk.read().all()[0]
    close_incident(desk.journal, seen, now=desk.now())
    close_incident(desk.journal, seen, now=desk.now())
    assert sum(event.kind == "task.added" for event in again(desk, seen).events) == 3
    reopen(desk.journal, desk.read(), again(desk, seen), "it is back")
    with pytest.raises(VigieError, match="investigating"):
        close_incident(desk.journal, seen, now=desk.now())


async def test_an_update_written_before_it_was_over_is_not_sent_after(desk: Desk, post: Post, tmp_path: Path) -> None:
    settings = site(tmp_path, target("chat", "slack", post.at("/chat", OK)))
    update = made(desk, settings, told(desk, opened(desk), impact="no quotes", workaround="none"), "update")
    assert update.incident is not None
    set_state(desk.journal, update.incident, IncidentState.RESOLVED)
    with pytest.raises(VigieError, match="is resolved meanwhile: nothing was sent"):
        await send(desk.journal, settings, update, desk.now)
    assert post.got == []


async def test_a_page_that_says_it_is_over_is_not_told_again_that_it_broke(
    desk: Desk, post: Post, tmp_path: Path
) -> None:
    pages = StatusPage(post)
    settings = site(tmp_path, page(pages.open()))
    first, _ = await sent(desk, settings)
    assert first.incident is not None
    desk.pass_time(minutes=5)
    post.at("/v1/pages/p1/incidents/i1", reply("no", 500))
    update, came = await sent(desk, settings, first.incident, "update")
    assert came[0].result == "failed"
    post.at("/v1/pages/p1/incidents/i1", pages._one("i1"))
    desk.pass_time(minutes=5)
    await sent(desk, settings, first.incident, "resolved", given={"ended": "03:10 UTC"})
    with pytest.raises(VigieError, match="page was told since that it is over"):
        await retry(desk.journal, settings, update.message, first.incident, desk.now)
