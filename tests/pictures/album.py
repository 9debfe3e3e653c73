"""The pictures, their order and what is said of each: `docs/pictures.md` is made from this."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PICTURES = Path(__file__).parent.parent.parent / "docs" / "pictures"
PAGE = PICTURES.with_suffix(".md")
INTRODUCTION = """# Pictures

Every screen of the console, on the practice site while a bad release breaks it. `make pictures` plays a drill by keys
and draws them: nothing on them was painted by hand. 80 columns by 24 rows, where nothing else is said.
"""
CAPTIONS: Mapping[str, Mapping[str, str]] = {
    "The main page": {
        "welcome": "The first time: the keys in ten seconds, until something is in the journal.",
        "down": "Production is down: what is broken, since when, what changed just before, and what to press.",
        "walk": "The walk: evidence for and against every answer, the suggested one first.",
        "wide": "The same at 120 columns by 36 rows: the curve of errors, what users run into, the timeline.",
    },
    "Acting": {
        "plan": "`R`: the plan of a rollback, with what speaks for and against it. Cancel has the focus.",
        "jobs": "`J`: the jobs, the steps of one with expected and elapsed time, its log.",
        "switches": "`S`: maintenance mode, the site's flags, a freeze. Each shows its plan first.",
        "backups": "`A`: the backups in the bucket; the chosen one is downloaded again and compared.",
    },
    "The incident": {
        "incident": "`I`: who does what, what is due, what is known, and everything that happened.",
        "message": "`U`: a message to users with every word of it, before it is sent.",
        "messages": "`M`: what users were told, and what each target answered.",
    },
    "Looking": {
        "health": "`V`: every probe and what it says, reds first.",
        "logs": "`L`: what users run into, by kind, over the request log as it grows.",
        "links": "`K`: dashboards, status pages and people, to be copied.",
        "drill": "`G`: the drill, its story and its clock.",
    },
    "Runbooks": {
        "runbooks": "`W`: the shelf, ours and the team's own (120 columns by 36 rows).",
        "runbook": "One runbook: Enter ticks, runs or follows what the cursor is on (120 columns by 36 rows).",
    },
    "Help": {
        "keys": "`?`: every key of this page, made from what is bound.",
        "palette": "`Ctrl+P`: everything that can be done now, narrowed by typing.",
    },
    "Other terminals": {
        "day": "`VIGIE_THEME=day`, for daylight.",
        "contrast": "`VIGIE_THEME=contrast`.",
        "sixteen": "Sixteen colours: the terminal's own, whatever they are set to. This is what `TERM=linux` gets.",
        "plain": "`NO_COLOR=1`: a state is a word and a sign first.",
        "ascii": "ASCII signs only: `LANG=C`, the Linux console.",
    },
}
"""By chapter: the file's name without its ending, and a sentence."""


def write_page() -> None:
    """`docs/pictures.md`. Raises ValueError where a picture has no sentence, or the other way round."""
    named = [name for chapter in CAPTIONS.values() for name in chapter]
    if set(named) != (drawn := {path.stem for path in PICTURES.glob("*.svg")}):
        raise ValueError(f"pictures and sentences differ: {sorted(set(named) ^ drawn)}")
    parts = [INTRODUCTION]
    for title, chapter in CAPTIONS.items():
        parts.append(f"## {title}\n")
        parts += [f"{words}\n\n![{words.replace('`', '')}](pictures/{name}.svg)\n" for name, words in chapter.items()]
    PAGE.write_text("\n".join(parts), "utf-8")
