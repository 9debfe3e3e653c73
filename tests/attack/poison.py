"""Text that would do harm where it were believed: escape codes, markup, broken letters, far too much of it."""

from __future__ import annotations

import re

ESCAPES = (
    "\x1b[31mred\x1b[0m \x1b]0;new title\x07 \x1b[2J\x1b[H \x1b]52;c;cGFzdGU=\x07 \x1bPq#0\x1b\\ \x1b[6n"
    " \x1b[?1049l \x9b31m \x9d0;title\x9c \x07\x08\x0c\x0e \x1b(0 \x7f\r over"
)
MARKUP = "[/x] [bold red]no[/] [@click=app.quit()]quit[/] [link=file:///etc/passwd]here[/link] [deploy] {{x}} %s"
TURNED = "\u202egnp.exe\u202c \u200b\u2066x\u2069 \ufeff"
WIDE = "🚨👨‍👩‍👧‍👦漢字ｗｉｄｅ e\u0301\u0301\u0301"
BROKEN = "\ud800 \ufffe \udbff"
EVIL = f"evil {ESCAPES} {MARKUP} {TURNED} {WIDE}"
FLOOD = (b"[/x]" * 100_000 + ESCAPES.encode("utf-8") + b"\xff\xfe\xc3\x28" * 1000) * 12
"""Some 5 MB of it."""

_ALLOWED = re.compile(
    rb"\x1b\[[0-9;:]*m"  # colours
    rb"|\x1b\[[0-9;]*[HABCDKJ]"  # moves, clearing
    rb"|\x1b\[\?[0-9;]+(?:\$p|[hl])"  # modes, and asking which there are
    rb"|\x1b\[[<=>?]*[0-9;]*[uqc]"  # keyboard, cursor shape, what the terminal is
    rb"|\x1b\]22;[a-z-]*\x07"  # the shape of the pointer
    rb"|\x1b\[[0-9;]*[ ]q|\x1b\[>[0-9;]*[mu]|\x1b\[[0-9]*t|\x1b[()]B|\x1b[=>78]"
)
_SUSPECT = re.compile(rb"\x1b.{0,24}|[\x00-\x06\x07\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]", re.DOTALL)


def foreign_escapes(raw: bytes) -> list[bytes]:
    """What a console never sends of its own: titles, pastes, reports, bells; colours and moves are its own."""
    return [found[0] for found in _SUSPECT.finditer(_ALLOWED.sub(b"", raw))]
