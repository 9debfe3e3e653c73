"""A paper as Markdown (CommonMark with GitHub's tables and tasks). Foreign text shows as it is and does nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from operations.documents.model import Blank, Block, Bullets, Document, Paragraph, Picture, Subtitle, Table, Verbatim
from operations.text import clean

_INLINE = re.compile(r"([\\`*_\[\]<>|~&$])")
_AT_START = re.compile(r"^(?:([-+=#])|(\d{1,9})([.)]))")
_TICKS = re.compile("`+")


def markdown(document: Document, picture: str = "") -> str:
    """The paper; `picture` is the file its picture lies in, as seen from the paper: without one it is drawn in text."""
    parts = [f"# {escaped(document.title)}"]
    for section in document.sections:
        parts.append(f"## {escaped(section.title)}")
        parts += [words for block in section.blocks if (words := _block(block, picture))]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """One line of text that Markdown reads as that text and nothing else."""
    flat = " ".join(clean(text).split())
    safe = _INLINE.sub(r"\\\1", flat)
    return _AT_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", safe)


def _block(block: Block, picture: str) -> str:
    match block:
        case Paragraph(text):
            return escaped(text)
        case Subtitle(text):
            return f"### {escaped(text)}"
        case Blank(asks):
            return f"> **To be written:** {escaped(asks)}"
        case Verbatim(text):
            return _fenced(text)
        case Bullets():
            return "\n".join(_items(block))
        case Table(head, rows):
            lines = [
                _row(tuple(map(_cell, head))),
                _row(("---",) * len(head)),
                *(_row(tuple(map(_cell, row))) for row in rows),
            ]
            return "\n".join(lines) if rows else ""
        case Picture(title, _, text):
            shown = f"![{escaped(title)}](<{_address(picture)}>)\n\n" if picture else ""
            return shown + _fenced(text)


def _items(block: Bullets) -> Iterator[str]:
    for number, item in enumerate(block.items):
        box = f"[{'x' if block.done[number] else ' '}] " if block.done else ""
        yield f"- {box}{escaped(item)}"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return escaped(text) or " "


def _fenced(text: str) -> str:
    """Word for word: the fence is longer than any row of backticks in it."""
    body = clean(text)
    longest = max((len(found) for found in _TICKS.findall(body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{body}\n{fence}"


def _address(path: str) -> str:
    return "".join(c if c.isalnum() or c in "-._/" else "".join(f"%{byte:02X}" for byte in c.encode()) for c in path)
