"""The settings of messages: where they go, who reads them there, in which languages. Each mistake with an example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from operations.settings_parts import Secret, Section
from operations.text import one_line

TargetKind = Literal["slack", "teams", "webhook", "statuspage", "file", "clipboard"]
STATUSPAGE = "https://api.statuspage.io/v1"
"""Base of the statuspage API (developer.statuspage.io)."""
ALL = "all"
"""Names every target where one is asked for, so no target may have that name."""
_LONGEST_LIMIT = 60.0
_LANGUAGE = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")
_OVER_HTTP = ("slack", "teams", "webhook", "statuspage")


class MessageTarget(Section, frozen=True, kw_only=True):
    """One place a message goes to, and who reads it there, in words."""

    name: str
    kind: TargetKind
    address: Secret = Secret("")
    """The webhook of a `slack`, `teams` or `webhook` target; base of a `statuspage` API that is not statuspage.io's."""
    page: str = ""
    """`statuspage`: the page's id."""
    key: Secret = Secret("")
    """`statuspage`: the API key."""
    path: str = ""
    """`file`: where messages are appended; relative to the settings file."""
    audience: str = ""
    """Who reads it, in words, as "the dispatchers' channel"; empty means the name."""
    public: bool = False
    """Anybody may read it: sending wants a word typed, and it is never chosen by itself."""
    languages: tuple[str, ...] = ()
    """Languages it gets; empty means all of `messages.languages`."""
    limit: float = 10.0
    """Seconds it may take to answer."""

    @property
    def over_http(self) -> bool:
        """True when it is an address that is asked over a network."""
        return self.kind in _OVER_HTTP

    @property
    def url(self) -> str:
        """Where it is; empty for a file and the clipboard."""
        if not self.over_http:
            return ""
        return self.address.reveal() or (STATUSPAGE if self.kind == "statuspage" else "")

    @property
    def readers(self) -> str:
        """Who reads it, in words; PUBLIC in capitals where anybody may."""
        words = one_line(self.audience, 120) or self.name
        return f"PUBLIC: {words}" if self.public else words


class MessageSettings(Section, frozen=True, kw_only=True):
    """What messages say of the site, and where they go."""

    service: str = ""
    """The service in the words of its users; empty means the site's name."""
    zone: str = ""
    """Time zone of the site, as "Europe/Paris": times stand in UTC and in it. Empty means UTC alone."""
    languages: tuple[str, ...] = ("en", "fr")
    may_name: tuple[str, ...] = ()
    """Mail addresses and host names that messages may hold, as `support@example.com`."""
    targets: tuple[MessageTarget, ...] = ()


def message_problems(messages: MessageSettings, path: Path) -> Iterator[str]:
    """Every mistake in the `[messages]` table, with file, key and example."""
    where = f"{path}: messages"
    if messages.zone and not _is_zone(messages.zone):
        yield f'{where}.zone: no time zone of that name is known here. Example: zone = "Europe/Paris"'
    yield from _languages(messages.languages, f"{where}.languages")
    if not messages.languages:
        yield f'{where}.languages: is empty. Example: languages = ["en", "fr"]'
    seen: set[str] = set()
    for index, target in enumerate(messages.targets):
        here = f"{where}.targets[{index}]"
        if target.name in seen:
            yield f"{here}.name: there is another target of that name"
        if target.name in ("", ALL):
            yield f'{here}.name: must be a word of its own. Example: name = "status page"'
        seen.add(target.name)
        yield from _target(target, messages.languages, here)


def _target(target: MessageTarget, languages: tuple[str, ...], where: str) -> Iterator[str]:
    if not 0 < target.limit <= _LONGEST_LIMIT:
        yield f"{where}.limit: must be more than 0 and at most {_LONGEST_LIMIT:g} seconds. Example: limit = 10.0"
    yield from _languages(target.languages, f"{where}.languages")
    for language in target.languages:
        if language not in languages:
            yield f"{where}.languages: {language} is not one of messages.languages"
    if target.kind == "file" and not target.path:
        yield f'{where}.path: is missing. Example: path = "notices.txt"'
    if target.kind == "statuspage":
        yield from _statuspage(target, where)
    elif target.over_http and not _is_address(target.url):
        yield f'{where}.address: not an http(s) address. Example: address = "${{CHAT_WEBHOOK}}"'


def _statuspage(target: MessageTarget, where: str) -> Iterator[str]:
    if not re.fullmatch(r"[\w-]+", target.page):
        yield f'{where}.page: is no page id. Example: page = "kctbh9vrtdwd"'
    key = target.key.reveal()
    if not key or not (key.isascii() and key.isprintable()):
        yield f'{where}.key: is missing, or no key. Example: key = "${{STATUSPAGE_KEY}}"'
    if not _is_address(target.url):
        yield f'{where}.address: not an http(s) address. Example: address = "{STATUSPAGE}"'
    elif target.url.startswith("http://") and urlsplit(target.url).hostname not in ("127.0.0.1", "::1", "localhost"):
        yield f'{where}.address: the key would travel unencrypted. Example: address = "{STATUSPAGE}"'


def _languages(languages: tuple[str, ...], where: str) -> Iterator[str]:
    for language in languages:
        if not _LANGUAGE.fullmatch(language):
            yield f'{where}: “{language}” is no language. Example: languages = ["en", "fr"]'


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _is_zone(name: str) -> bool:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
