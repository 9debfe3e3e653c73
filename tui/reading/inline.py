"""Markdown inside a line as toned words: bold, code, links, images. Marks go, words stay; nothing is ever dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from operations.text import clean
from runbooks.mojibake import repaired
from tui.lines import Line, Span, Tone
from tui.lines import pieces as cut

_INLINE = re.compile(
    r"(?<!`)(?P<tick>`++)(?P<code>.{1,2000}?)(?<!`)(?P=tick)(?!`)"
    r"|!\[(?P<alt>[^\[\]]*)\]\((?P<image>[^()\s]*)[^()]*\)"
    r"|\[(?P<words>(?:[^\[\]\\]|\\.)*)\]\(\s*<?(?P<target>[^()\s<>]*(?:\([^()\s]*\))?[^()\s<>]*)>?(?:\s+\"[^\"]*\")?\s*\)"
    r"|(?P<strong>\*\*|__)(?=\S)(?P<bold>.{1,1000}?)(?<=\S)(?P=strong)"
    r"|(?P<em>(?<![\w*_])[*_])(?=[^\s*_])(?P<emphasis>[^*_]+?)(?<=\S)(?P=em)(?![\w*_])"
    r"|<(?P<auto>https?://[^<>\s]+)>"
    r"|\\(?P<escaped>[!-/:-@\[-`{-~])",
    re.DOTALL,
)
LONGEST = 20_000
"""Characters of one paragraph that are toned; what is longer is shown plain. Bold words and code have limits of their
own: without one, marks that nothing closes cost the square of the paragraph."""


def spans(text: str, tone: Tone = "plain") -> Iterator[Span]:
    """The toned pieces of a text, in order. Words read in the wrong encoding are shown as they were meant."""
    text = clean(repaired(text), limit=10_000_000)
    if len(text) > LONGEST:
        yield text, tone
        return
    at = 0
    for found in _INLINE.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], tone
        yield from _piece(found, tone)
        at = found.end()
    if at < len(text):
        yield text[at:], tone


def _piece(found: re.Match[str], tone: Tone) -> Iterator[Span]:
    if found["tick"]:
        yield found["code"], "key" if tone == "plain" else tone
    elif found["image"] is not None:
        yield f"image: {found['alt']} ({found['image']})", "dim"
    elif found["target"] is not None:
        yield from spans(found["words"], "title" if tone == "plain" else tone)
        if not found["target"].startswith("#"):
            yield f" ({found['target']})", "dim"
    elif found["strong"]:
        yield from spans(found["bold"], "strong" if tone == "plain" else tone)
    elif found["em"]:
        yield from spans(found["emphasis"], tone)
    else:
        yield found["auto"] or found["escaped"], tone


def targets(text: str) -> tuple[tuple[str, str], ...]:
    """Words and target of each link in a text."""
    found = _INLINE.finditer(text[:LONGEST])
    return tuple((one["words"], one["target"]) for one in found if one["target"])


def wrapped(pieces: Sequence[Span], width: int, first: Line = (), rest: Line | None = None) -> list[Line]:
    """Pieces broken at spaces into lines of at most `width` cells; `first` stands before the first line, `rest` before
    the others (else as many spaces). A word longer than a line is cut into pieces, never lost."""
    head = sum(cell_len(text) for text, _ in first)
    after: Line = rest if rest is not None else ((" " * head, "plain"),)
    room = max(8, width - head)
    rows: list[Line] = []
    current: list[Span] = []
    used = 0
    for word, tone, gap in _words(pieces):
        size = cell_len(word)
        if current and used + gap + size > room:
            rows.append((*(after if rows else first), *current))
            current, used, gap = [], 0, 0
        if size > room:
            *whole, word = cut(word, room)
            for piece in whole:
                rows.append((*(after if rows else first), (piece, tone)))
            gap, size = 0, cell_len(word)
        if gap and current:
            current.append((" ", "plain"))
        current.append((word, tone))
        used += size + (gap if len(current) > 1 else 0)
    if current or not rows:
        rows.append((*(after if rows else first), *current))
    return rows


def _words(pieces: Sequence[Span]) -> Iterator[tuple[str, Tone, int]]:
    """Each word with its tone, and 1 where a space stood before it."""
    gap = 0
    for text, tone in pieces:
        for number, part in enumerate(re.split(r"\s+", text)):
            gap = 1 if number else gap
            if part:
                yield part, tone, gap
                gap = 0
