"""What is copied: handed to the terminal in the form it takes, and always kept in a file."""

from __future__ import annotations

import base64
import re
from pathlib import Path

from tui.copying import LARGEST, keep_copy, osc52

WORDS = "psql -c 'select 1' # é\n"
ENCODED = base64.b64encode(WORDS.encode()).decode()


def test_a_terminal_gets_the_text_in_one_sequence() -> None:
    assert osc52(WORDS, {}) == f"\x1b]52;c;{ENCODED}\x07"


def test_tmux_gets_it_wrapped_with_every_escape_doubled() -> None:
    assert osc52(WORDS, {"TMUX": "/tmp/tmux-0/default,1,0"}) == f"\x1bPtmux;\x1b\x1b]52;c;{ENCODED}\x07\x1b\\"


def test_screen_gets_it_in_pieces_it_takes_and_nothing_is_lost() -> None:
    sent = osc52(WORDS * 100, {"STY": "1.pts"})
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", sent, re.DOTALL)
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 240
    assert "".join(pieces) == osc52(WORDS * 100, {})
    assert "".join(f"\x1bP{piece}\x1b\\" for piece in pieces) == sent


def test_what_is_too_long_for_a_terminal_goes_to_the_file_alone(tmp_path: Path) -> None:
    assert osc52("x" * LARGEST, {})
    assert osc52("é" * LARGEST, {}) == ""
    path = keep_copy("é" * LARGEST, tmp_path / "state")
    assert path.read_text("utf-8") == "é" * LARGEST
    assert path.stat().st_mode & 0o777 == 0o600
    assert keep_copy(WORDS, tmp_path / "state").read_text("utf-8") == WORDS
