from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from operations.practice.authority import door_context, ensure_certificates
from operations.practice.layout import Layout, make_folders
from operations.practice.links import Fault, Link

ANSWER = b"x" * 4000
LIMIT = 20.0


@contextlib.asynccontextmanager
async def part() -> AsyncIterator[int]:
    """A server that answers every line with the same four thousand bytes and closes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.readline()
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@contextlib.asynccontextmanager
async def linked(fault: Fault | None = None, *, web: bool = False) -> AsyncIterator[Link]:
    async with part() as port:
        link = Link("wire", web=web)
        try:
            await link.set_upstream(port)
            if fault:
                await link.set_fault(fault)
            yield link
        finally:
            await link.close()


async def talk(port: int, trust: ssl.SSLContext | None = None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    try:
        writer.write(b"hello\n")
        await writer.drain()
        return await asyncio.wait_for(reader.read(-1), LIMIT)
    finally:
        writer.close()


async def test_a_link_without_a_fault_passes_everything_on() -> None:
    async with linked() as link:
        assert await talk(link.port) == ANSWER


async def test_a_link_to_nothing_refuses_and_keeps_its_port() -> None:
    async with linked() as link:
        port = link.port
        upstream = link.upstream
        await link.set_upstream(None)
        with pytest.raises(ConnectionRefusedError):
            await talk(port)
        await link.set_upstream(upstream)
        assert link.port == port
        assert await talk(port) == ANSWER


async def test_a_refusing_link_ends_what_is_open_and_recovers() -> None:
    async with linked() as link:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writer.write(b"half a line")
        await writer.drain()
        await asyncio.sleep(0)
        await link.set_fault(Fault("refuse"))
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(-1), LIMIT) == b""
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await talk(link.port)
        await link.set_fault(Fault())
        assert await talk(link.port) == ANSWER


async def test_a_resetting_link_resets() -> None:
    async with linked(Fault("reset")) as link:
        with pytest.raises(ConnectionResetError):
            await talk(link.port)


async def test_a_hanging_link_answers_once_it_flows_again() -> None:
    async with linked(Fault("hang")) as link:
        talking = asyncio.create_task(talk(link.port))
        done, _ = await asyncio.wait({talking}, timeout=0.3)
        assert not done
        await link.set_fault(Fault())
        assert await talking == ANSWER


async def test_a_delaying_link_takes_at_least_that_long() -> None:
    async with linked(Fault("delay", 0.3)) as link:
        began = time.monotonic()
        assert await talk(link.port) == ANSWER
        assert time.monotonic() - began >= 0.3


async def test_a_cutting_link_ends_after_that_many_bytes() -> None:
    async with linked(Fault("cut", 1500)) as link:
        assert await talk(link.port) == ANSWER[:1500]


async def test_a_throttling_link_takes_its_time_and_loses_nothing() -> None:
    async with linked(Fault("throttle", 10_000)) as link:
        began = time.monotonic()
        assert await talk(link.port) == ANSWER
        assert time.monotonic() - began >= 0.3


async def test_a_web_door_with_nobody_behind_it_says_bad_gateway() -> None:
    async with linked(web=True) as link:
        await link.set_upstream(None)
        assert (await talk(link.port)).startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


async def test_a_front_door_speaks_tls_by_the_sites_own_authority(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "site")
    make_folders(layout)
    ensure_certificates(layout)
    async with part() as port:
        link = Link("front", door=door_context(layout), web=True)
        await link.set_upstream(port)
        try:
            trusted = ssl.create_default_context(cafile=layout.authority)
            assert await talk(link.port, trusted) == ANSWER
            with pytest.raises(ssl.SSLCertVerificationError):
                await talk(link.port, ssl.create_default_context())
        finally:
            await link.close()
