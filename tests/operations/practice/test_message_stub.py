"""The practice site's chat and status page, spoken to by the real sender."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from operations.http import client_with
from operations.incident.message_shapes import Parcel
from operations.incident.message_targets import deliver
from operations.incident.model import IncidentState
from operations.practice.layout import Layout, make_folders
from operations.practice.message_stub import STATUS_KEY, STATUS_PAGE, message_routes
from operations.settings import MessageTarget, Secret, Settings
from tests.operations.incident.conftest import START

PARCEL = Parcel(
    "m-1", "initial", {"en": "We are slow", "fr": "C'est lent"}, "Tow", "1121-kfp", IncidentState.INVESTIGATING
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "site")
    make_folders(made)
    return made


@pytest.fixture
async def url(layout: Layout) -> AsyncIterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=message_routes(layout)), log_level="critical"))
    serving = asyncio.create_task(server.serve([listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving
    listener.close()


def page(url: str, key: str = STATUS_KEY) -> MessageTarget:
    address = Secret(f"{url}/statuspage/v1")
    return MessageTarget(
        name="page", kind="statuspage", address=address, page=STATUS_PAGE, key=Secret(key), public=True
    )


async def test_a_notice_reaches_the_chat_and_is_written_down(url: str, layout: Layout) -> None:
    chat = MessageTarget(name="chat", kind="slack", address=Secret(f"{url}/messages/dispatchers"))
    assert (await deliver(Settings(), chat, PARCEL, at=START)).result == "delivered"
    line = json.loads((layout.logs / "messages.jsonl").read_text("utf-8"))
    assert (line["target"], line["text"]) == ("dispatchers", "We are slow\n\nC'est lent")


async def test_the_page_keeps_one_incident_with_its_updates(url: str) -> None:
    first = await deliver(Settings(), page(url), PARCEL, at=START)
    again = await deliver(Settings(), page(url), PARCEL, at=START, remote=first.remote)
    assert (first.result, again.result, first.remote) == ("delivered", "delivered", again.remote)
    seen = await deliver(Settings(), page(url), PARCEL, at=START, doubtful=frozenset({"We are slow\n\nC'est lent"}))
    assert (seen.problem, seen.remote) == ("the page had it already", first.remote)


async def test_the_page_refuses_a_wrong_key_another_page_and_a_status_that_is_none(url: str) -> None:
    refused = await deliver(Settings(), page(url, "wrong"), PARCEL, at=START)
    assert (refused.result, refused.status) == ("failed", 401)
    base = f"{url}/statuspage/v1/pages"
    headers = {"authorization": f"OAuth {STATUS_KEY}"}
    async with client_with("", headers, Settings()) as client:
        answers: list[httpx.Response] = [
            await client.get(f"{base}/other/incidents"),
            await client.post(f"{base}/{STATUS_PAGE}/incidents", json={"incident": {"name": "x", "status": "odd"}}),
            await client.post(f"{base}/{STATUS_PAGE}/incidents", content=b"[" * 100_000),
            await client.patch(f"{base}/{STATUS_PAGE}/incidents/none", json={"incident": {"status": "resolved"}}),
            await client.post(f"{url}/messages/dispatchers", content=b"no json"),
        ]
    assert [one.status_code for one in answers] == [404, 422, 422, 404, 400]
