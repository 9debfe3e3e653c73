"""Which parts of a setting are secret: a password in an address, a key in a query, a token in a header or a body. Pure.

What a server was sent it may quote back in pieces, so the pieces count as well as the whole.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

_NAMES = ("key", "token", "secret", "pass", "pwd", "signature", "sig", "auth", "credential", "session", "jwt")
_TOKEN = re.compile(r"(?=.*\d)[\w.~+=-]{16,}")
"""A part of a webhook's path that is its key, as chat services make them."""
_LONG = 16
"""Values of a form or cookie that is secret as a whole count from this length, whatever their names are."""


def secrets_of_address(url: str) -> Iterator[str]:
    """The secret parts of an address or path: password, a user that stands alone, query values named like keys."""
    try:
        parts = urlsplit(url)
        password, user = parts.password, parts.username
    except ValueError:
        return
    if password:
        yield password
        yield unquote(password)
    elif user and parts.scheme.startswith("http"):
        yield unquote(user)
    yield from (value for name, value in parse_qsl(parts.query) if sounds_secret(name))


def secrets_of_text(text: str) -> Iterator[str]:
    """What must not be shown of a secret text: the whole, and the telling parts that others may quote alone."""
    if "://" not in text:
        yield from (part for part in (text, *_parts_of(text)) if part)
        return
    yield from secrets_of_address(text)
    if text.startswith("http"):
        yield text
        yield from (part for part in urlsplit(text).path.split("/") if _TOKEN.fullmatch(part))


def secrets_of_named(name: str, value: str) -> tuple[str, ...]:
    """What of a named value (a line of `.env.operations`) must not be shown; nothing of an ordinary one."""
    if "://" in value:
        return tuple(secrets_of_address(value))
    return (value,) if sounds_secret(name) else ()


def sounds_secret(name: str) -> bool:
    """Whether a thing of that name is likely to be secret."""
    return any(word in name.lower() for word in _NAMES)


def _parts_of(text: str) -> Iterator[str]:
    """The secrets inside a header's value (`Bearer …`, `Basic …`, a cookie) or a request's body (JSON, a form)."""
    if text[:1] in ("{", "["):
        try:
            yield from _in_json(json.loads(text))
        except (ValueError, RecursionError):
            return
        return
    scheme, space, credentials = text.partition(" ")
    if space and scheme.isalpha() and " " not in credentials:
        yield credentials
    if scheme.lower() == "basic":
        yield _basic_password(credentials)
    for name, value in parse_qsl(text.replace("; ", "&")):
        if sounds_secret(name) or len(value) >= _LONG:
            yield value


def _basic_password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _in_json(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str) and sounds_secret(name):
                yield item
            yield from _in_json(item)
    elif isinstance(value, list):
        for item in value:
            yield from _in_json(item)
