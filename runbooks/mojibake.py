"""Text that was UTF-8 once and was read as something else: shown as it was meant. Files are never changed."""

from __future__ import annotations

import re
from functools import lru_cache

_SUSPICIOUS = re.compile("[ÂÃÄÅâãäåæçèéêëìíîïðÎÏÐÑŒÔüœ√‚¬ƒ≈\uf8ff][^\x00-\x7f]")
_CONTINUATION = "[" + re.escape(bytes(range(0x80, 0xC0)).decode("mac_roman")) + "]"
_MAC_SYMBOL = re.compile(f"‚{_CONTINUATION}{{2}}|\uf8ff{_CONTINUATION}{{3}}")
"""A symbol or an emoji of three or four bytes, read as Mac Roman. Alone in a line it is too short for ftfy to dare."""


@lru_cache(maxsize=2048)
def repaired(text: str) -> str:
    """`text` as it was meant, line by line; text that is well, in any language, comes back as it is."""
    if text.isascii() or not _SUSPICIOUS.search(text):
        return text
    from ftfy import fix_encoding

    return "\n".join(_MAC_SYMBOL.sub(_from_mac, fix_encoding(line)) for line in text.split("\n"))


def garbled_lines(lines: list[str], first: int = 1) -> tuple[int, ...]:
    """Numbers of the lines that `repaired` shows differently; the first of `lines` has number `first`."""
    return tuple(number for number, line in enumerate(lines, first) if repaired(line) != line)


def _from_mac(found: re.Match[str]) -> str:
    try:
        return found[0].encode("mac_roman").decode("utf-8")
    except UnicodeError:
        return found[0]
