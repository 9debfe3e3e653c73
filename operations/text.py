"""Foreign text made inert: log lines, health bodies, commit messages and API errors lose every control character here.

Nothing in this module interprets markup; whoever shows the result must show it literally.
"""

from __future__ import annotations

import re
import unicodedata

# CSI, OSC, DCS/PM/APC/SOS strings, charset selections and two-character escapes (ECMA-48), 7-bit and 8-bit forms.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b\]|\x9d).*?(?:\x07|\x1b\\|\x9c|$)"
    r"|(?:\x1b[PX^_]|[\x90\x98\x9e\x9f]).*?(?:\x1b\\|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
_ESCAPE_STARTS = re.compile("[\x1b\x90\x98\x9b\x9d-\x9f]")
_BIDI_AND_INVISIBLE = re.compile("[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_BEYOND_PLAIN = re.compile("[^\n\t -~]+")


def clean(raw: str | bytes, *, limit: int = 65_536) -> str:
    """Return `raw` without escape sequences, control characters (newline and tab stay) and bidi overrides.

    Bytes are read as UTF-8 with replacement. At most `limit` characters of input are looked at.
    """
    text = raw[: limit * 4].decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    text = text[:limit]
    # Logs come by the megabyte and are plain text: what is not there is not looked for character by character.
    if _ESCAPE_STARTS.search(text):
        text = _ESCAPES.sub("", text)
    if not text.isascii():
        text = _BIDI_AND_INVISIBLE.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _BEYOND_PLAIN.sub(_shown, text)


def _shown(run: re.Match[str]) -> str:
    """What stays of characters beyond plain ASCII: no controls, surrogates, unassigned or private ones."""
    return "".join(c for c in run[0] if unicodedata.category(c) not in {"Cc", "Cs", "Cn", "Co"})


def one_line(raw: str | bytes, limit: int = 160) -> str:
    """Return the first non-blank line of `raw`, cleaned, white space folded, cut at `limit` characters with `…`."""
    for line in clean(raw, limit=max(4096, limit * 4)).splitlines():
        folded = " ".join(line.split())
        if folded:
            return folded if len(folded) <= limit else folded[: limit - 1] + "…"
    return ""


def sql_literal(text: str) -> str:
    """A text as SQL writes it, for a script; where there is a connection its own quoting is better."""
    # Whether standard strings are on or off: E'' reads the same either way.
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
