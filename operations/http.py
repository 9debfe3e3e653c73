"""One HTTP question and its answer: where the request stopped, how long each part took, and what came back.

`ask` never raises for network trouble: a site that does not answer is a finding, not an error of ours.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urljoin, urlsplit

from operations.settings import Environment, Settings, address_of
from operations.text import one_line

if TYPE_CHECKING:
    import httpx

AnswerKind = Literal["http", "dns", "tls", "connect", "timeout"]
BODY_CAP = 1_000_000
HTTP_LIMIT = 10.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_CACHE = {"cache-control": "no-cache", "pragma": "no-cache", "accept-encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request. `kind` says where it stopped: any HTTP answer is `http`, whatever its status.

    Times are seconds, None where the request did not get that far; header names are lower case. `truncated` says that
    the body went on past the cap, `error` holds one cleaned line when there is no usable answer.
    """

    url: str
    kind: AnswerKind
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    truncated: bool = False
    error: str = ""
    lookup: float | None = None
    connect: float | None = None
    tls: float | None = None
    first_byte: float | None = None
    total: float = 0.0

    @property
    def age(self) -> str:
        """The `Age` header: how long a cache has held this answer; empty when it came from the site itself."""
        return self.headers.get("age", "")

    @property
    def cached_for(self) -> float:
        """Seconds a cache has held this answer by its word; 0 for one of the site itself."""
        return float(self.age) if self.age.isascii() and self.age.isdecimal() else 0.0

    @property
    def content_type(self) -> str:
        """The media type, lower case, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def says(self) -> str:
        """The status or the trouble in a few words: "503", "connection refused"."""
        return self.error or str(self.status)


async def ask(
    client: httpx.AsyncClient,
    url: str,
    *,
    method: str = "GET",
    content: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    limit: float = HTTP_LIMIT,
    body_cap: int = BODY_CAP,
    follow_same_host: bool = False,
) -> Answer:
    """Send one request and tell what came of it, within `limit` seconds and `body_cap` bytes of body.

    Redirects are answers; with `follow_same_host` one of them is followed when it stays on the same scheme, host and
    port, or only changes http to https there.
    """
    sent = {**_NO_CACHE, **(headers or {})}
    answer = await _ask_once(client, url, method, content, sent, limit, body_cap)
    target = urljoin(url, answer.headers.get("location", ""))
    if follow_same_host and answer.status in _REDIRECTS and _stays(url, target):
        left = max(0.1, limit - answer.total)
        again = await _ask_once(client, target, "GET", None, sent, left, body_cap)
        return replace(again, total=again.total + answer.total)
    return answer


def client_for(settings: Settings, environment: str) -> httpx.AsyncClient:
    """A client for that environment: its private authority beside the system's, its extra headers, no cookies kept.

    A drill takes nothing from the process environment. The caller closes it (`aclose`).
    """
    env = settings.environments.get(environment) or Environment()
    authority = str(settings.resolve(env.authority)) if env.authority else ""
    return client_with(authority, {name: value.reveal() for name, value in env.headers.items()}, settings)


def client_with(authority: str, headers: Mapping[str, str], settings: Settings) -> httpx.AsyncClient:
    """A client that trusts the file `authority` beside the system's certificates. Raises OSError, SSLError."""
    import httpx

    from operations.http_transport import FreshTransport

    drill = settings.drill is not None
    trusted = partial(trust, authority, drill=drill)
    if authority:
        trusted()  # A file that cannot be read is said here; the system's are read when they are needed.
    sent = {"user-agent": "vigie", **headers}
    if not drill and _proxies():
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.AsyncClient(verify=trusted(), headers=sent, limits=limits, timeout=HTTP_LIMIT)
    return httpx.AsyncClient(transport=FreshTransport(trusted), headers=sent, timeout=HTTP_LIMIT, trust_env=not drill)


def trust(authority: str = "", *, drill: bool = False) -> ssl.SSLContext:
    """The system's certificates, and those in the file `authority` when one is named; read anew when that changes.

    In a drill those in the file alone: nothing outside the practice site is trusted. Raises OSError, SSLError.
    """
    return _trusting(authority, Path(authority).stat().st_mtime_ns if authority else 0, drill)


@lru_cache(16)
def _trusting(authority: str, written: int, drill: bool) -> ssl.SSLContext:
    if drill:
        return ssl.create_default_context(cafile=authority) if authority else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Reading the system's certificates takes long enough to be felt under a key, and a MB each time.
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not paths.cafile and not paths.capath:
        import certifi

        context.load_verify_locations(certifi.where())
    if authority:
        context.load_verify_locations(authority)
    return context


def trouble(error: BaseException) -> tuple[AnswerKind, str] | None:
    """Name the network trouble behind an exception: its kind and one line of words; None when it is none."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "dns", f"name not found: {one_line(str(cause.strerror or cause), 80)}"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "tls", one_line(f"certificate: {cause.verify_message or cause.reason}", 120)
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return "connect", "connection closed during the TLS handshake"
        if isinstance(cause, ssl.SSLError):
            return "tls", one_line(f"TLS: {cause.reason or cause}", 120)
        if isinstance(cause, ConnectionRefusedError):
            return "connect", "connection refused"
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return "connect", "connection reset"
        if isinstance(cause, OSError) and cause.errno and not isinstance(cause, TimeoutError):
            return "connect", one_line(cause.strerror or str(cause), 80)
    return None


async def _ask_once(
    client: httpx.AsyncClient,
    url: str,
    method: str,
    content: bytes | str | None,
    headers: Mapping[str, str],
    limit: float,
    body_cap: int,
) -> Answer:
    import httpx

    from operations.http_transport import CONNECT_TIMES, ConnectTimes

    times = ConnectTimes()
    clock = _Clock()
    token = CONNECT_TIMES.set(times)
    answer = Answer(url, "connect")
    try:
        async with asyncio.timeout(limit):
            request = client.build_request(
                method, url, content=content, headers=headers, timeout=limit, extensions={"trace": clock.note}
            )
            answer = await _send(client, request, answer, body_cap)
    except TimeoutError:
        answer = _timed_out(answer, times, clock, limit)
    except httpx.TimeoutException:
        answer = _timed_out(answer, times, clock, limit)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        answer = replace(answer, error=one_line(f"not an address: {error}"))
    except (httpx.HTTPError, OSError, ExceptionGroup) as error:
        kind, words = trouble(error) or ("connect", one_line(str(error)) or type(error).__name__)
        answer = replace(answer, kind=kind, error=words)
    finally:
        CONNECT_TIMES.reset(token)
    total = clock.elapsed()
    connect = times.connect if times.connect is not None or times.lookup is not None else clock.connect
    return replace(
        answer, lookup=times.lookup, connect=connect, tls=clock.tls, first_byte=clock.first_byte, total=total
    )


async def _send(client: httpx.AsyncClient, request: httpx.Request, blank: Answer, body_cap: int) -> Answer:
    import httpx

    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        headers = {name.lower(): one_line(value, 2000) for name, value in response.headers.items()}
        body = bytearray()
        error = ""
        try:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > body_cap:
                    break
        except httpx.DecodingError:
            error = "the body's encoding cannot be read"
        except (httpx.RemoteProtocolError, httpx.ReadError) as broken:
            # The status line came, so the request did reach the site; the half body is kept and the break said.
            error = f"the answer broke off after {len(body)} bytes: {(trouble(broken) or ('', 'cut'))[1]}"
        return replace(
            blank,
            kind="http",
            status=response.status_code,
            headers=headers,
            body=bytes(body[:body_cap]),
            truncated=len(body) > body_cap,
            error=error,
        )
    finally:
        await response.aclose()


class _Clock:
    """Collects the moments httpcore reports through its `trace` extension."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._marks: dict[str, float] = {}
        self.connect: float | None = None
        self.tls: float | None = None
        self.first_byte: float | None = None

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore at the start and end of each part."""
        now = time.monotonic()
        part, _, moment = event.rpartition(".")
        if moment == "started":
            self._marks[part] = now
        elif moment == "complete" and part.endswith("connect_tcp"):
            self.connect = now - self._marks.get(part, now)
        elif moment == "complete" and part.endswith("start_tls"):
            self.tls = now - self._marks.get(part, now)
        elif moment == "complete" and part.endswith("receive_response_headers"):
            self.first_byte = now - self._started

    @property
    def in_tls(self) -> bool:
        """True when the TLS handshake began and did not end."""
        return self.tls is None and any(part.endswith("start_tls") for part in self._marks)

    def elapsed(self) -> float:
        """Seconds since the request began."""
        return time.monotonic() - self._started


def _timed_out(answer: Answer, times: Any, clock: _Clock, limit: float) -> Answer:
    """A lookup or connect without end is no connection; everything later is a site that hangs."""
    within = f"within {limit:g} s"
    if times.lookup is None and clock.connect is None and not clock.in_tls:
        return replace(answer, kind="dns", error=f"no answer to the name lookup {within}")
    if times.connect is None and clock.connect is None:
        return replace(answer, kind="connect", error=f"no connection {within}")
    if clock.in_tls:
        return replace(answer, kind="timeout", error=f"no answer to the TLS handshake {within}")
    what = "no answer" if clock.first_byte is None else "the answer did not end"
    return replace(answer, kind="timeout", error=f"{what} {within}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and everything under it, deepest findings included; each once."""
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        if isinstance(cause, BaseExceptionGroup):
            waiting += cause.exceptions
        waiting += [under for under in (cause.__cause__, cause.__context__) if under is not None]


def _stays(url: str, target: str) -> bool:
    here, there = urlsplit(url), urlsplit(target)
    if there.scheme not in ("http", "https") or here.hostname != there.hostname:
        return False
    return (here.scheme, address_of(url).partition("/")[0]) == (there.scheme, address_of(target).partition("/")[0]) or (
        here.scheme == "http" and there.scheme == "https"
    )


def _proxies() -> bool:
    from urllib.request import getproxies

    return any(name in getproxies() for name in ("http", "https", "all"))
