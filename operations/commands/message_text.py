"""A message's languages on a terminal: side by side where there is room, else one under the other.

Cells are counted, not characters: a wide or a right-to-left text must not push its neighbour.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TextIO

from operations.text import clean

SIDE_BY_SIDE = 100
"""Columns from which two languages stand beside each other."""
_GAP = " │ "


def columns(texts: Mapping[str, str], stream: TextIO) -> Iterator[str]:
    """The lines for that stream's terminal; a file or a pipe gets whole lines."""
    yield from laid_out(texts, _width(stream))


def laid_out(texts: Mapping[str, str], width: int | None) -> Iterator[str]:
    """The texts as lines of at most `width` cells, each language under its name. None: lines as long as they are."""
    if width is None or width < SIDE_BY_SIDE or len(texts) != 2:
        for language, text in texts.items():
            yield ""
            yield f"── {language} ──"
            yield from wrapped(text, width)
        return
    room = (width - len(_GAP)) // 2
    sides = [[f"── {language} ──", *wrapped(text, room)] for language, text in texts.items()]
    yield ""
    for number in range(max(map(len, sides))):
        left, right = (side[number] if number < len(side) else "" for side in sides)
        yield f"{left}{' ' * (room - cells(left))}{_GAP}{right}".rstrip()


def wrapped(text: str, width: int | None) -> list[str]:
    """The text's lines, none wider than `width` cells, broken between words where that can be."""
    lines: list[str] = []
    for line in clean(text, limit=len(text)).split("\n"):
        lines += [line] if width is None else _broken(line.replace("\t", " "), width)
    return lines


def cells(text: str) -> int:
    """How many cells of a terminal a text takes."""
    from rich.cells import cell_len

    return cell_len(text)


def _broken(line: str, width: int) -> list[str]:
    lines, current = [], ""
    for word in line.split(" "):
        joined = f"{current} {word}" if current else word
        if cells(joined) <= width:
            current = joined
            continue
        if current:
            lines.append(current)
        while cells(word) > width:
            head = _fitting(word, width)
            lines.append(head)
            word = word[len(head) :]
        current = word
    return [*lines, current]


def _fitting(word: str, width: int) -> str:
    """The longest beginning of a word that fits; at least one character, so that it comes to an end."""
    taken = 0
    for number, character in enumerate(word):
        taken += cells(character)
        if taken > width:
            return word[: max(1, number)]
    return word


def _width(stream: TextIO) -> int | None:
    try:
        return os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError, AttributeError):
        return None
