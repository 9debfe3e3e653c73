"""The console's colours: for the night, for daylight, with high contrast, or the terminal's own sixteen.

A state is a word and a sign first; whoever sees no colours misses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

_TEXTUALS = BUILTIN_THEMES["ansi-dark"]
"""For the terminal's own sixteen colours; its blue is hard to read on black, and what is not known would be green."""
THEMES: Mapping[str, Theme] = {
    "night": Theme(
        name="vigie",
        primary="#7aa2f7",
        secondary="#9aa5ce",
        accent="#bb9af7",
        success="#73c991",
        warning="#e5c07b",
        error="#f7768e",
        background="#111318",
        surface="#23262e",
        panel="#1a1d24",
        dark=True,
    ),
    "day": Theme(
        name="vigie-day",
        primary="#1d4ed8",
        secondary="#475569",
        accent="#7e22ce",
        success="#166534",
        warning="#92400e",
        error="#b91c1c",
        foreground="#111318",
        background="#fafafa",
        surface="#e5e7eb",
        panel="#f1f5f9",
        dark=False,
    ),
    "contrast": Theme(
        name="vigie-contrast",
        primary="#7cc7ff",
        secondary="#ffffff",
        accent="#ff9dff",
        success="#5cff8f",
        warning="#ffe04d",
        error="#ff8080",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#000000",
        dark=True,
        variables={"text-muted": "#e6e6e6"},
    ),
    "terminal": replace(
        _TEXTUALS,
        name="vigie-terminal",
        primary="ansi_bright_blue",
        accent="ansi_magenta",
        variables={**_TEXTUALS.variables, "primary-muted": "ansi_blue", "error-muted": "ansi_red"},
    ),
}
"""By the names in the settings. `terminal` is made of the terminal's own sixteen, whatever they are set to."""


def theme_named(name: str, *, few_colours: bool = False) -> str:
    """The name Textual knows a theme of ours by; an unknown one is the night's, for a console must open.

    Where there are `few_colours` it is the terminal's own: of others reds and greens would become one grey.
    """
    return THEMES["terminal" if few_colours else name if name in THEMES else "night"].name
