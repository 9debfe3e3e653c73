"""A post office for the tests: real HTTP servers that take messages, refuse them, hang, lie and break off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.operations.web import Web, reply, web_server

Answering = Callable[[asyncio.StreamWriter, dict[str, Any], str], Awaitable[bytes | None]]


@dataclass
class Post:
    """A running server; `got` is what came, by path."""

    web: Web
    got: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Method, path and body of each request, in order."""

    def at(self, path: str, answer: bytes | Answering) -> str:
        """From now on answer so at that path; its address."""

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = self.web.asked[-1]
            method, whole = head.split(" ")[:2]
            length = next((int(row[15:]) for row in head.split("\r\n") if row.lower().startswith("content-length:")), 0)
            body = json.loads(await reader.readexactly(length)) if length else {}
            self.got.append((method, whole, body))
            made = answer if isinstance(answer, bytes) else await answer(writer, body, method)
            if made is not None:
                writer.write(made)
                await writer.drain()

        self.web.routes[path] = handle
        return f"{self.web.url}{path}"

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What was posted there."""
        return [body for _, at, body in self.got if at == path]


@dataclass
class StatusPage:
    """A status page with statuspage.io's API that keeps what it is told; `deaf` loses the answer, `lies` alters it."""

    post: Post
    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    deaf: bool = False
    """It does what it is asked, and closes without an answer."""
    lies: bool = False
    """It answers of another incident."""

    def open(self) -> str:
        """Serve; the API's base."""
        self.post.at("/v1/pages/p1/incidents", self._all)
        return f"{self.post.web.url}/v1"

    async def _all(self, writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes | None:
        if method == "GET":
            return reply(json.dumps(list(self.incidents.values())))
        id = f"i{len(self.incidents) + 1}"
        self.incidents[id] = {"id": id, "name": body["incident"]["name"], "incident_updates": []}
        self.post.at(f"/v1/pages/p1/incidents/{id}", self._one(id))
        return self._told(id, body, 201)

    def _one(self, id: str) -> Answering:
        async def update(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes | None:
            return self._told(id, body, 200)

        return update

    def _told(self, id: str, body: dict[str, Any], status: int) -> bytes | None:
        incident = self.incidents[id]
        incident["status"] = body["incident"]["status"]
        incident["incident_updates"].insert(0, {"body": body["incident"]["body"], "status": incident["status"]})
        if self.deaf:
            return None
        return reply(json.dumps({**incident, "id": "other" if self.lies else id}), status)


@asynccontextmanager
async def post_office() -> AsyncIterator[Post]:
    """Serve on a free loopback port until the block ends."""
    async with web_server() as web:
        yield Post(web)


async def hang(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes | None:
    """Take it and say nothing until the other side gives up."""
    await asyncio.Event().wait()
    return None


async def drip(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes | None:
    """A good status, and then a body without end, byte by byte."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while True:
        writer.write(b"o")
        await writer.drain()
        await asyncio.sleep(0.02)


async def flood(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes | None:
    """A good status, and then more than anybody wants to read."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while not writer.transport.is_closing():
        writer.write(b"ok " * 20_000)
        await writer.drain()
    return None


async def break_off(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes | None:
    """A good status, half a body, gone."""
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\nok")
    await writer.drain()
    writer.transport.abort()
    return None


async def vanish(writer: asyncio.StreamWriter, body: dict[str, Any], method: str) -> bytes | None:
    """Read it, and cut the connection."""
    writer.transport.abort()
    return None
