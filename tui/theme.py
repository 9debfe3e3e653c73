"""Glyphs, words and colours of every state. State is always a word and a glyph; colour comes third.

Colours are named here only, as Textual theme variables; nothing else in `tui` knows a colour.
"""

from __future__ import annotations

from dataclasses import dataclass

from operations.watch.model import Overall, Status
from tui.lines import Tone

STYLES: dict[Tone, str] = {
    "plain": "",
    "dim": "$text-muted",
    "strong": "bold",
    "good": "$text-success",
    "warn": "bold $text-warning",
    "bad": "bold $text-error",
    "unknown": "$text-accent",
    "key": "bold $text-primary",
    "title": "bold $text-primary",
    "chosen": "bold reverse",
    "production": "bold $text on $error-muted",
    "drill": "bold $text on $primary-muted",
    "other": "bold $text on $surface",
}

WITHOUT_COLOURS: dict[Tone, str] = {"production": "bold reverse", "drill": "bold reverse"}
"""Where nobody wants colours, the bars that must not be missed are turned round."""

TONE_OF_STATUS: dict[Status, Tone] = {
    Status.OK: "good",
    Status.WARN: "warn",
    Status.DOWN: "bad",
    Status.UNKNOWN: "unknown",
}

WORD_OF_STATUS: dict[Status, str] = {
    Status.OK: "ok",
    Status.WARN: "warn",
    Status.DOWN: "DOWN",
    Status.UNKNOWN: "unknown",
}

WORD_OF_OVERALL: dict[Overall, tuple[str, Tone, Status]] = {
    Overall.OK: ("ok", "good", Status.OK),
    Overall.DEGRADED: ("DEGRADED", "warn", Status.WARN),
    Overall.DOWN: ("DOWN", "bad", Status.DOWN),
    Overall.UNKNOWN: ("UNKNOWN", "unknown", Status.UNKNOWN),
    Overall.MAINTENANCE: ("MAINTENANCE", "warn", Status.WARN),
}


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The signs a terminal can show; `ASCII` for those that can show little."""

    ok: str = "✓"
    warn: str = "▲"
    down: str = "✖"
    unknown: str = "?"
    pointer: str = "▸"
    path: str = "›"
    dash: str = "─"
    dot: str = "·"
    bar_full: str = "█"
    bar_empty: str = "░"
    column: str = "│"
    running: str = "▶"
    steps: str = " ▁▂▃▄▅▆▇█"

    def of(self, status: Status) -> str:
        """The sign of a status."""
        return {
            Status.OK: self.ok,
            Status.WARN: self.warn,
            Status.DOWN: self.down,
            Status.UNKNOWN: self.unknown,
        }[status]


UNICODE = Glyphs()
ASCII = Glyphs(
    ok="+",
    warn="!",
    down="X",
    unknown="?",
    pointer=">",
    path=">",
    dash="-",
    dot="-",
    bar_full="#",
    bar_empty=".",
    column="|",
    running=">",
    steps=" .:-=+*#@",
)

_PLAIN_OF = str.maketrans(
    {"✓": "+", "▲": "!", "✖": "X", "▸": ">", "›": ">", "─": "-", "·": "-", "…": "~", "→": ">", "•": "*", "±": "~"}
    | {"“": '"', "”": '"', "’": "'", "–": "-", "—": "-", "│": "|", "×": "x", "⚠": "!"}
)


def plain(text: str) -> str:
    """`text` in ASCII, for terminals that show nothing else: known signs have a form, the rest becomes `?`."""
    return text.translate(_PLAIN_OF).encode("ascii", "replace").decode()
