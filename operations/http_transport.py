"""The transport under `operations.http`: one fresh connection a request, with the name lookup done and timed apart.

Imported late, for httpx and httpcore are heavy. Lookups run in threads of their own, so that a dead resolver holds up
neither the loop nor the end of the program.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import httpcore
import httpx

from operations.beside import beside


@dataclass(slots=True)
class ConnectTimes:
    """Filled while one request connects: seconds of lookup and TCP connect, None until that point was passed."""

    lookup: float | None = None
    connect: float | None = None


if find_spec("sniffio") is None:
    # httpcore asks for it at every lock. A module that is known to be missing is refused at once, not searched for
    # on disk again: a fifth of the cost of a request.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

CONNECT_TIMES: ContextVar[ConnectTimes | None] = ContextVar("connect_times", default=None)
_FIRST_ADDRESS_SECONDS = 2.0


class FreshTransport(httpx.AsyncBaseTransport):
    """Sends each request over a connection of its own, so that lookup, connect and TLS are measured every time."""

    def __init__(self, trusted: Callable[[], ssl.SSLContext]) -> None:
        """`trusted` tells whom to trust once a connection needs it: reading certificates takes a while."""
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # trusts nobody; httpcore would make one of its own
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=_TimedBackend(trusted),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; errors come out as httpx's own."""
        assert isinstance(request.stream, httpx.AsyncByteStream)
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = await self._pool.handle_async_request(sent)
        except Exception as error:
            raise _as_httpx(error) from error
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), extensions=dict(answer.extensions)
        )

    async def aclose(self) -> None:
        """Close what is still open."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.aiter_stream():
                yield chunk
        except Exception as error:
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        await self._answer.aclose()


def _as_httpx(error: Exception) -> Exception:
    if isinstance(error, httpcore.TimeoutException):
        return httpx.ReadTimeout(str(error))
    if isinstance(error, httpcore.ConnectError | socket.gaierror):
        return httpx.ConnectError(str(error))
    if isinstance(error, httpcore.NetworkError):
        return httpx.ReadError(str(error))
    if isinstance(error, httpcore.UnsupportedProtocol):
        return httpx.UnsupportedProtocol(str(error))
    if isinstance(error, httpcore.ProtocolError):
        return httpx.RemoteProtocolError(str(error))
    return error


class _TimedBackend(httpcore.AsyncNetworkBackend):
    """Looks the name up itself, then tries its addresses in turn, each time kept for `CONNECT_TIMES`."""

    def __init__(self, trusted: Callable[[], ssl.SSLContext]) -> None:
        self._trusted = trusted

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore names it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        times = CONNECT_TIMES.get() or ConnectTimes()
        started = time.monotonic()
        addresses = await look_up(host, port)
        times.lookup = time.monotonic() - started
        started = time.monotonic()
        for address in addresses[:-1]:
            try:
                stream = await self._connect(address, port, _FIRST_ADDRESS_SECONDS)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
            times.connect = time.monotonic() - started
            return stream
        stream = await self._connect(addresses[-1], port, timeout)
        times.connect = time.monotonic() - started
        return stream

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _connect(self, address: str, port: int, limit: float | None) -> _Stream:
        async with _mapped(limit, httpcore.ConnectTimeout, httpcore.ConnectError):
            return _Stream(*await asyncio.open_connection(address, port), self._trusted)


class _Stream(httpcore.AsyncNetworkStream):
    """An asyncio connection as httpcore wants it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trusted: Callable[[], ssl.SSLContext]
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._trusted = trusted

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        async with _mapped(timeout, httpcore.ReadTimeout, httpcore.ReadError):
            return await self._reader.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        async with _mapped(timeout, httpcore.WriteTimeout, httpcore.WriteError):
            self._writer.write(buffer)
            await self._writer.drain()

    async def aclose(self) -> None:
        # Whatever is still to be sent or said does not matter any more; waiting for the other side would.
        self._writer.transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        async with _mapped(timeout, httpcore.ConnectTimeout, httpcore.ConnectError):
            await self._writer.start_tls(self._trusted(), server_hostname=server_hostname)
        return self

    def get_extra_info(self, info: str) -> Any:
        names = {"ssl_object": "ssl_object", "client_addr": "sockname", "server_addr": "peername", "socket": "socket"}
        return self._writer.get_extra_info(names[info]) if info in names else None


@asynccontextmanager
async def _mapped(limit: float | None, late: type[Exception], failed: type[Exception]) -> AsyncIterator[None]:
    """Errors of a connection under the names httpcore has for them."""
    try:
        async with asyncio.timeout(limit):
            yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error


_running: dict[tuple[asyncio.AbstractEventLoop, str, int], asyncio.Future[list[str]]] = {}


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of `host`, in the resolver's order; askers of one name share one lookup. Raises socket.gaierror."""
    try:
        return [str(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:
        pass
    key = (asyncio.get_running_loop(), host, port)
    if (running := _running.get(key)) is None:
        running = _running[key] = asyncio.ensure_future(beside(_addresses, host, port))
        running.add_done_callback(lambda done: (_running.pop(key, None), done.cancelled() or done.exception()))
    return await asyncio.shield(running)


def _addresses(host: str, port: int) -> list[str]:
    found: list[str] = []
    try:
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            if str(address[0]) not in found:
                found.append(str(address[0]))
    except (OSError, UnicodeError) as error:
        if isinstance(error, socket.gaierror):
            raise
        raise socket.gaierror(socket.EAI_NONAME, str(error)) from error
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address for this name")
    return found
