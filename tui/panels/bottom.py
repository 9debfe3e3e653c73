"""The last lines of a page: the newest thing on the timeline, what runs, and the keys that can be pressed now."""

from __future__ import annotations

from functools import lru_cache

from operations.text import one_line
from tui.lines import Line, Tone, fit, flow, line, rule, short_name, width_of, wrap
from tui.model import Model
from tui.panels.recent import job_line

WHOLE_MOST = 600
"""Characters of one entry that are shown at most."""


def timeline_rule(model: Model, width: int) -> Line:
    """A rule that carries the newest entry of the incident's timeline."""
    incident = model.incident
    if incident is None or not incident.entries:
        return rule("", width, model.glyphs.dash)
    last = incident.entries[-1]
    words = one_line(f"{last.at:%H:%MZ} {last.who} {last.text}", max(10, width - 8))
    return rule(words, width, model.glyphs.dash)


def timeline(model: Model, width: int, most: int, *, whole: bool = False) -> list[Line]:
    """The newest entries, oldest of them first. Each on one row that may be cut, or `whole`, on as many as it takes."""
    incident = model.incident
    if incident is None:
        return []
    rows: list[Line] = []
    for entry in incident.entries[-most:] if most > 0 else ():
        tone: Tone = {"good": "good", "warn": "warn", "bad": "bad"}.get(entry.tone, "plain")  # type: ignore[assignment]
        late = f" (noted {entry.recorded_at:%H:%MZ})" if entry.late else ""
        head = line((f" {entry.at:%H:%M:%SZ} ", "dim"), f"{short_name(entry.who, width)} ")
        indent = width_of(head)
        room = max(10, width - indent - len(late))
        pieces = wrap(one_line(entry.text, WHOLE_MOST), room) if whole else [one_line(entry.text, room)]
        rows.append((*head, (pieces[0], tone), (late, "dim")))
        rows += [line(" " * indent, (piece, tone)) for piece in pieces[1:]]
    return rows


def running(model: Model) -> list[Line]:
    """The job that runs now, in one line, or nothing."""
    job = model.running
    return [job_line(model, job)] if job else []


def foot(model: Model, width: int) -> list[Line]:
    """What was just said, then the keys."""
    said = message_rows(model.message, width - 1) if model.message else []
    return [*(fit(line(" ", (row, model.message_tone)), width) for row in said), *keys(model.keys, width)]


def message_rows(message: str, width: int) -> list[str]:
    """A message on two rows at most. A longer one loses its middle: it begins with what is, and ends with the cure."""
    words = one_line(message, WHOLE_MOST)
    rows = wrap(words, width)
    if len(rows) <= 2:
        return rows
    end = ""
    for word in reversed(words.split()):
        longer = f"{word} {end}".strip()
        if width_of(line(longer)) > width - 2:
            break
        end = longer
    return [rows[0], f"… {end}"]


@lru_cache(maxsize=16)
def keys(pairs: tuple[tuple[str, str], ...], width: int, most: int = 2) -> tuple[Line, ...]:
    """What can be pressed now. When it does not fit, the last place says that `?` shows the rest."""
    items = [line((key, "key"), f" {word}") for key, word in pairs]
    rows = [line(" ", *row) for row in flow(items, width - 1, "  ")]
    if len(rows) <= most:
        return tuple(rows)
    kept = list(items)
    more = line(("?", "key"), " more keys")
    while kept:
        kept.pop()
        rows = [line(" ", *row) for row in flow([*kept, more], width - 1, "  ")]
        if len(rows) <= most:
            break
    return tuple(rows)
