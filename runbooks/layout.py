"""Text in columns: how wide it is on a terminal, cut and wrapped to fit. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def width_of(text: str) -> int:
    """Columns that `text` takes: two for wide letters and most signs, none for marks that join the letter before."""
    return len(text) if text.isascii() else sum(_columns(character) for character in text)


def cut(text: str, width: int) -> str:
    """`text` in at most `width` columns, with `…` where it went on."""
    if width_of(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _columns(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def padded(text: str, width: int) -> str:
    """`text` with spaces behind it up to `width` columns."""
    return text + " " * (width - width_of(text))


def wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    """`text` in lines of at most `width` columns, words whole where they fit; `first` and `rest` stand before them."""
    follow = " " * width_of(first) if rest is None else rest
    room = max(8, width - width_of(follow))
    lines: list[str] = []
    line: list[str] = []
    used = 0
    for word in _fitting(text.split(), room):
        size = width_of(word)
        if line and used + 1 + size > room:
            lines.append(" ".join(line))
            line, used = [], 0
        used += size + bool(line)
        line.append(word)
    lines.append(" ".join(line))
    return [f"{follow if number else first}{one}".rstrip() for number, one in enumerate(lines)]


def _fitting(words: list[str], room: int) -> Iterator[str]:
    """The words; one that is longer than a line in pieces."""
    for word in words:
        if width_of(word) <= room:
            yield word
            continue
        start = used = 0
        for end, character in enumerate(word):
            size = _columns(character)
            if used + size > room and end > start:
                yield word[start:end]
                start, used = end, 0
            used += size
        yield word[start:]


def _columns(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
