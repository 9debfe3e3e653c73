"""Copying: the terminal's own clipboard where it takes part (OSC 52), and always a file whose path is shown."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path

LARGEST = 74_994
"""Bytes that are handed to the terminal: what xterm and tmux take in one sequence."""
_SCREEN_PIECE = 240
"""Bytes of one piece within GNU screen, whose strings are short."""


def osc52(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """The sequence that puts `text` on the clipboard, wrapped for tmux or screen; empty where it is too long."""
    raw = text.encode()
    if len(raw) > LARGEST:
        return ""
    sequence = f"\x1b]52;c;{base64.b64encode(raw).decode()}\x07"
    if environ.get("TMUX"):
        return f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
    if environ.get("STY"):
        pieces = [sequence[at : at + _SCREEN_PIECE] for at in range(0, len(sequence), _SCREEN_PIECE)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence


def keep_copy(text: str, state: Path) -> Path:
    """Write the text to a file only its owner can read; its path. Raises OSError."""
    path = state / "copied.txt"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
