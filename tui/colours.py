"""The console's colours: for the night, for daylight, with high contrast, or the terminal's own sixteen.

A state is a word and a sign first; whoever sees no colours misses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from textual.theme import Theme

TERMINAL = "ansi-dark"
"""Textual's own theme for the terminal's sixteen colours, whatever they are set to."""

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
}


def theme_named(name: str) -> str:
    """The name Textual knows a theme of ours by; an unknown one is the night's, for a console must open."""
    if name == "terminal":
        return TERMINAL
    return THEMES.get(name, THEMES["night"]).name
