"""Front doors and wires: a proxy before each part, which can delay, refuse, hang, reset, cut or throttle on demand.

A link whose part is gone refuses as the part itself would: nobody listens on its port, which stays reserved meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import struct
from dataclasses import dataclass
from typing import Literal

FaultKind = Literal["none", "delay", "refuse", "hang", "reset", "cut", "throttle"]
FAULT_KINDS: tuple[FaultKind, ...] = ("none", "delay", "refuse", "hang", "reset", "cut", "throttle")
CHUNK = 65_536
CONNECT_LIMIT = 3.0
BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 49\r\nconnection: close\r\n\r\n"
    b"<!doctype html><title>502</title>Bad gateway page"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a link. `amount`: seconds for delay, bytes for cut, bytes a second for throttle."""

    kind: FaultKind = "none"
    amount: float = 0.0


class Link:
    """One wire from a port of its own to `upstream`, another loopback port (None: nothing is there).

    With `door` it ends TLS. With `web` a missing upstream is answered with 502, as a web front end does; without, the
    connection is refused.
    """

    def __init__(self, name: str, *, door: ssl.SSLContext | None = None, web: bool = False) -> None:
        self.name = name
        self.fault = Fault()
        self._door = door
        self._web = web
        self._upstream: int | None = None
        self._place = _reserve()
        self.port = int(self._place.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def upstream(self) -> int | None:
        """The port behind this link."""
        return self._upstream

    @property
    def listening(self) -> bool:
        """False while connections are refused."""
        return self._server is not None

    async def set_upstream(self, port: int | None) -> None:
        """Change what is behind; connections that are open stay with what they have."""
        self._upstream = port
        await self._settle()

    async def set_fault(self, fault: Fault) -> None:
        """Begin or end a fault. Refuse and reset also end what is open."""
        self.fault = fault
        if fault.kind == "hang":
            self._flows.clear()
        else:
            self._flows.set()
        if fault.kind in ("refuse", "reset"):
            self._drop_all()
        await self._settle()

    async def close(self) -> None:
        """End everything and give the port back."""
        self._drop_all()
        await self._unlisten()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._place.close()

    async def _settle(self) -> None:
        wanted = self.fault.kind != "refuse" and (self._web or self._upstream is not None)
        if wanted and self._server is None:
            listener = _bind(self.port)
            self._server = await asyncio.start_server(self._accept, sock=listener, ssl=self._door, backlog=128)
        elif not wanted:
            await self._unlisten()

    async def _unlisten(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            await asyncio.sleep(0)

    def _drop_all(self) -> None:
        for writer in tuple(self._open):
            _abort(writer)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._open.add(writer)
        try:
            await self._carry(reader, writer)
        except (OSError, ssl.SSLError, asyncio.IncompleteReadError):
            _abort(writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault.kind == "reset":
            _abort(writer)
            return
        if self.fault.kind == "hang":
            await self._hang()
        try:
            if self._upstream is None:
                raise ConnectionRefusedError
            back_reader, back_writer = await asyncio.wait_for(
                asyncio.open_connection("127.0.0.1", self._upstream), CONNECT_LIMIT
            )
        except (OSError, TimeoutError):
            await self._nobody_there(reader, writer)
            return
        self._open.add(back_writer)
        there = asyncio.create_task(self._pump(reader, back_writer, answer=False))
        back = asyncio.create_task(self._pump(back_reader, writer, answer=True))
        try:
            # The answering side decides: a client may end its half early and still wait for the answer.
            await back
        finally:
            there.cancel()
            await asyncio.gather(there, return_exceptions=True)
            self._open.discard(back_writer)
            back_writer.close()

    async def _hang(self) -> None:
        await self._flows.wait()

    async def _nobody_there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._web:
            _abort(writer)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reader.read(CHUNK), 5.0)
        writer.write(BAD_GATEWAY)
        await writer.drain()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, answer: bool) -> None:
        passed = 0
        try:
            while chunk := await source.read(CHUNK):
                fault = self.fault
                if fault.kind == "hang":
                    await self._hang()
                if fault.kind == "delay" and not answer:
                    await asyncio.sleep(fault.amount)
                if fault.kind == "throttle" and answer:
                    await self._trickle(chunk, target)
                    continue
                if fault.kind == "cut" and answer and passed + len(chunk) > fault.amount:
                    target.write(chunk[: max(0, int(fault.amount) - passed)])
                    await target.drain()
                    return
                passed += len(chunk)
                target.write(chunk)
                await target.drain()
            if target.can_write_eof() and not answer:
                target.write_eof()
        except (OSError, ssl.SSLError):
            _abort(target)

    async def _trickle(self, chunk: bytes, target: asyncio.StreamWriter) -> None:
        step = max(1, int(self.fault.amount / 20) or 1)
        for begin in range(0, len(chunk), step):
            target.write(chunk[begin : begin + step])
            await target.drain()
            if self.fault.kind == "throttle":
                await asyncio.sleep(0.05)


def _abort(writer: asyncio.StreamWriter) -> None:
    """Close with a reset, so that the other side sees it at once."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport = writer.transport
    transport.abort()


def _reserve() -> socket.socket:
    """A socket that owns a port without listening: connections to it are refused, nobody else can take it."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    place.bind(("127.0.0.1", 0))
    return place


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(("127.0.0.1", port))
    listener.setblocking(False)
    return listener
