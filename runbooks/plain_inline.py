"""Running text of a runbook on a terminal: links with their targets, comments as notes, lines that fit. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runbooks.annotations import KEYS, parts, split_comments
from runbooks.layout import wrapped

NOTE = "· "
"""What stands before an annotation on a line of its own."""

_LINK = re.compile(r"\\.|(!?)\[((?:[^\[\]\\]|\\.)*+)\]\(([^()]*+(?:\([^()]*+\)[^()]*+)*+)\)")
_CODE = re.compile(r"(?<!`)(`++[^`]++`++)")
_BOLD = re.compile(r"\*\*(?=\S)([^*]++)\*\*|__(?=\S)([^_]++)__")


def inline(text: str) -> str:
    """`text` with links written out as "words (target)" and without the marks of bold; code stays as it is."""
    if "`" not in text:
        return _BOLD.sub(_unmarked, _LINK.sub(_written_out, text))
    pieces = _CODE.split(text)
    return "".join(
        piece if odd % 2 else _BOLD.sub(_unmarked, _LINK.sub(_written_out, piece)) for odd, piece in enumerate(pieces)
    )


def flow(lines: Iterable[str], width: int, first: str = "", rest: str | None = None) -> Iterator[str]:
    """Lines of running text, filled to `width`; comments become notes where they stand, short ones in the line."""
    follow = " " * len(first) if rest is None else rest
    lead = first
    for is_comment, part in _parts_of("\n".join(lines)):
        yield from wrapped(_note(part) if is_comment else inline(part), width, lead, follow)
        lead = follow


def note_lines(text: str, width: int, indent: str = "") -> Iterator[str]:
    """A comment on lines of its own: our keys without its marks, somebody else's as it is."""
    for is_comment, piece in split_comments(text):
        if piece.strip():
            words = _note(piece) if is_comment else inline(piece.strip())
            yield from wrapped(words, width, indent, f"{indent}  ")


def cells(line: str) -> list[str]:
    """The cells of one line of a table."""
    bare = line.strip().removeprefix("|")
    if bare.endswith("|") and not bare.endswith("\\|"):
        bare = bare[:-1]
    return [inline(cell.strip().replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", bare)]


def _parts_of(whole: str) -> Iterator[tuple[bool, str]]:
    """Comments (True) and text in their order; a hard break ends a part."""
    text: list[str] = []
    for is_comment, piece in split_comments(whole):
        if is_comment and _is_short(piece):
            text.append(f"({piece.strip()})")
        elif is_comment:
            if text:
                yield False, " ".join(text)
            yield True, piece
            text = []
        for line in () if is_comment else piece.split("\n"):
            hard = line.endswith(("\\", "  "))
            bare = line.removesuffix("\\").strip()
            text += [bare] if bare else []
            if hard and text:
                yield False, " ".join(text)
                text = []
    if text:
        yield False, " ".join(text)


def _is_short(comment: str) -> bool:
    """`due: 5m` stands in the line of its task."""
    return [part.partition(":")[0].strip() for part in parts(comment)] == ["due"]


def _note(inside: str) -> str:
    """What stands in a comment: ours without its marks, somebody else's with them."""
    words = " ".join(inside.split())
    ours = any(part.partition(":")[0].strip() in KEYS for part in parts(words))
    return f"{NOTE}{words}" if ours else f"<!-- {words} -->"


def _written_out(found: re.Match[str]) -> str:
    if found[2] is None:
        return found[0]  # escaped: it begins no link
    words, target = found[2].strip(), found[3].strip()
    said = f"[picture: {words}]" if found[1] else words
    return f"<{target}>" if words == target else f"{said} ({target})"


def _unmarked(found: re.Match[str]) -> str:
    return found[1] or found[2] or ""
