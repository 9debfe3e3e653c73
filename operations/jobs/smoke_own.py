"""A site's own smoke checks from the settings: status, header, JSON path, text, duration, certificate days."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import msgspec

from operations.foreign_json import NOT_JSON
from operations.http import HTTP_LIMIT, Answer, ask, trouble
from operations.jobs.smoke_report import SmokeCheck
from operations.settings import Check
from operations.text import one_line

if TYPE_CHECKING:
    import httpx

Judged = Callable[..., SmokeCheck]
_MISSING = object()


async def own_check(
    client: httpx.AsyncClient, base: str, check: Check, trusted: Callable[[], ssl.SSLContext], made: Judged
) -> SmokeCheck:
    """Run one configured check against the site at `base`; `trusted` makes what it trusts, `made` the result."""
    url = urljoin(base, check.path)
    body = check.body.reveal()
    headers = {"content-type": "application/json" if body[:1] in ("{", "[") else "application/x-www-form-urlencoded"}
    answer = await ask(
        client,
        url,
        method=check.method,
        content=body or None,
        headers=headers if body else None,
        limit=max(HTTP_LIMIT, check.within),
    )
    wrong = list(_wrong(check, answer))
    if check.certificate_days and url.startswith("https:"):
        wrong += await _certificate(url, trusted(), check.certificate_days)
    elif check.certificate_days:
        wrong.append("no certificate: the address is not https")
    actual = ", ".join(wrong) if wrong else f"{answer.status} in {answer.total:.2f} s"
    return made(check.name, not wrong, _expected(check), actual, answer, kind=check.kind)


def _expected(check: Check) -> str:
    parts = [str(check.status)]
    if check.header:
        parts.append(f"{check.header}: {check.header_contains}")
    if check.json_path:
        parts.append(f"{check.json_path} = {check.equals}")
    if check.contains:
        parts.append(f'"{check.contains}"')
    parts.append(f"under {check.within:g} s")
    if check.certificate_days:
        parts.append(f"certificate {check.certificate_days} days")
    return one_line(", ".join(parts), 200)


def _wrong(check: Check, answer: Answer) -> Iterator[str]:
    """Every condition that does not hold, with the actual value."""
    if answer.status is None or answer.error:
        yield answer.says
        return
    if answer.status != check.status:
        yield f"{answer.status} instead of {check.status}"
    if check.header:
        value = answer.headers.get(check.header.lower())
        if value is None:
            yield f"no header {check.header}"
        elif check.header_contains not in value:
            yield f"{check.header}: {one_line(value, 60)}"
    if check.json_path:
        found = at_path(answer.body, check.json_path)
        if found is _MISSING:
            yield f"no {check.json_path} in the answer"
        elif as_word(found) != check.equals:
            yield f"{check.json_path} = {one_line(as_word(found), 60)}"
    if check.contains and check.contains not in answer.body.decode("utf-8", "replace"):
        yield f'without "{one_line(check.contains, 60)}"'
    if answer.total > check.within:
        yield f"took {answer.total:.2f} s"


def at_path(body: bytes, path: str) -> Any:
    """The value at a dotted path in a JSON body (numbers index lists; "" is all of it), else a private marker."""
    try:
        value = msgspec.json.decode(body)
    except NOT_JSON:
        return _MISSING
    for part in path.removeprefix("$.").split(".") if path else ():
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return _MISSING
    return value


def as_word(value: Any) -> str:
    """A JSON value the way a person writes it in the settings."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


async def _certificate(url: str, trusted: ssl.SSLContext, wanted_days: int) -> list[str]:
    parts = urlsplit(url)
    started = time.monotonic()
    try:
        async with asyncio.timeout(HTTP_LIMIT):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=trusted)
            certificate = writer.get_extra_info("peercert") or {}
            writer.transport.abort()
    except (OSError, TimeoutError) as error:
        words = trouble(error)
        return [words[1] if words else f"no certificate within {time.monotonic() - started:.0f} s"]
    ends = certificate.get("notAfter")
    if not isinstance(ends, str):
        return ["the certificate does not say when it ends"]
    left = (datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) - datetime.now(UTC)).days
    return [f"certificate ends in {left} days"] if left < wanted_days else []
