"""What renderers hide and we read: keys in HTML comments, and attributes behind a fence's language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

KEYS = frozenset(
    {
        "label",
        "when",
        "path",
        "due",
        "timebox",
        "on-expire",
        "wait",
        "then",
        "at-most",
        "exit",
        "go",
        "unless",
        "never-suggested",
        "help",
        "end",
    }
)
"""The keys we know; a comment without any of them is somebody else's and only kept."""

_ATTRIBUTES = re.compile(r"\{([^{}]*)\}\s*$")
_ATTRIBUTE = re.compile(r"""([A-Za-z][\w-]*)(?:=("[^"]*"|'[^']*'|[^\s"']+))?""")


def notes_in(text: str) -> dict[str, str]:
    """The known keys of every comment in `text`, `<!-- timebox: 5m; on-expire: #x -->`; a bare word is a key, too."""
    found: dict[str, str] = {}
    if "<!--" not in text:
        return found
    for inside, comment in split_comments(text):
        for part in parts(comment) if inside else ():
            key, _, value = part.partition(":")
            if key.strip() in KEYS:
                found.setdefault(key.strip(), value.strip())
    return found


def tells_only_keys(text: str) -> bool:
    """True where `text` is comments alone, and every part of them is a key of ours."""
    insides = [comment for inside, comment in split_comments(text) if inside]
    told = [part.partition(":")[0].strip() for comment in insides for part in parts(comment) if part.strip()]
    return bool(told) and not without_comments(text) and all(key in KEYS for key in told)


def without_comments(text: str) -> str:
    """`text` with its comments taken out and the space they leave."""
    if "<!--" not in text:
        return text.strip()
    return "".join(piece for inside, piece in split_comments(text) if not inside).strip()


def fence_attributes(info: str) -> tuple[str, Mapping[str, str]]:
    """Language and attributes of a fence: `bash {check=health timeout=10s}`. Foreign forms stay with the language."""
    found = _ATTRIBUTES.search(info)
    language = (info[: found.start()] if found else info).strip()
    attributes = {name: value.strip("\"'") for name, value in _ATTRIBUTE.findall(found[1])} if found else {}
    return language.split(" ", 1)[0] if language else "", attributes


def anchor_in(value: str) -> str:
    """The anchor in an annotation's `#escalate`, without the `#`."""
    return value.removeprefix("#")


def split_comments(text: str) -> Iterator[tuple[bool, str]]:
    """The pieces of `text`, each with True when it stood inside a comment. One that is never closed is text."""
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        yield False, text[at:start]
        yield True, text[start + 4 : end]
        at = end + 3
    yield False, text[at:]


def parts(comment: str) -> Iterator[str]:
    """Split at semicolons that do not stand in a string."""
    start, quote = 0, ""
    for position, character in enumerate(comment):
        if quote:
            quote = "" if character == quote else quote
        elif character == '"':
            quote = character
        elif character == ";":
            yield comment[start:position]
            start = position + 1
    yield comment[start:]
