"""An incident as lines: what it is, who does what, what is due, what was said of it, the curve, what is left to do."""

from __future__ import annotations

from operations.ages import age_words, seconds_between
from operations.incident.checklist import checklist_lines
from operations.incident.clock import Clock, due_words
from operations.incident.curve import curve_of
from operations.incident.model import Incident
from operations.incident.picture_text import curve_lines
from operations.incident.roles import roles_of
from operations.incident.tasks import tasks_of
from operations.incident.timeline import Line as Entry
from operations.incident.timeline import chosen, parse_wanted, timeline_of
from operations.incident.told import restriction_of, said_of
from operations.text import one_line
from tui.lines import Line, Tone, flow, line, rule, short_name, width_of, wrap
from tui.model import Model

WHOLE_MOST = 600
"""Characters of one entry that are shown at most."""
DUE_MOST = 3
ENTRIES_MOST = 1_000
"""Entries of a timeline that a page holds: more of them cost a second of work a second."""


def head_lines(model: Model, width: int) -> list[Line]:
    """The incident without its timeline."""
    incident = model.incident
    if incident is None:
        return [line((" No incident has been opened here.", "dim"), "  Back with Esc, then press ", ("I", "key"), ".")]
    dash = model.glyphs.dash
    restriction = restriction_of(incident)
    age = age_words(seconds_between(incident.opened_at, model.now))
    who = short_name(incident.opened_by, width)
    rows = [
        rule(f"Incident {incident.id}", width, dash, "RESTRICTED" if restriction else ""),
        line(" ", (f"{incident.severity}", "bad"), f" {incident.severity.means}; ", (incident.state.value, "strong")),
        line(f" {one_line(incident.title, width - 2)}"),
        line((f" opened {incident.opened_at:%Y-%m-%d %H:%M:%SZ} by {who}, {age} ago", "dim")),
    ]
    rows += _roles(incident, width)
    rows += _clock(model.clock, model, width) if model.clock is not None else []
    rows += _told(incident, width)
    rows += _calls(model, incident)
    return rows


def _roles(incident: Incident, width: int) -> list[Line]:
    """Who does what, in a row; what nobody does stands out while it is open."""
    items: list[Line] = []
    for role, holder in roles_of(incident).items():
        tone: Tone = "plain" if holder.who or not incident.open else "warn"
        items.append(line((f"{role.value} ", "dim"), (holder.words, tone)))
    return [line(" ", *row) for row in flow(items, width - 1, "   ")]


def _clock(clock: Clock, model: Model, width: int) -> list[Line]:
    rows: list[Line] = []
    if clock.window:
        rows.append(line((f" {one_line(clock.window, width - 2)}", "dim")))
    ordered = sorted(clock.due, key=lambda one: (not one.overdue, one.due_at))
    for due in ordered[:DUE_MOST]:
        tone: Tone = "bad" if due.overdue else "plain"
        snoozed = "  put off" if due.snoozed else ""
        words = one_line(due.words, width - 30)
        rows.append(line((f" {due_words(due, model.now):<15}", tone), words, (snoozed, "dim")))
    if len(ordered) > DUE_MOST:
        rows.append(line((f" and {len(ordered) - DUE_MOST} later", "dim")))
    return rows


def _told(incident: Incident, width: int) -> list[Line]:
    rows: list[Line] = []
    for told in (one for by_language in said_of(incident).values() for one in by_language.values()):
        name = told.field.replace("_", " ") + (f" ({told.language})" if told.language else "")
        first, *more = wrap(one_line(told.text, 400), max(20, width - 18))
        rows.append(line((f" {name:<15} ", "dim"), first))
        rows += [line(" " * 17, piece) for piece in more[:2]]
    return rows


def _calls(model: Model, incident: Incident) -> list[Line]:
    rows: list[Line] = []
    for call in incident.calls:
        answer = call.answer or ("no answer yet" if call.delivered else "could not be reached")
        called = age_words(seconds_between(call.at, model.now))
        when = f"; answered {age_words(seconds_between(call.answered_at, model.now))} ago" if call.answered_at else ""
        who = short_name(call.contact, 80)
        rows.append(line((f" help: {who} called {called} ago{when}: ", "dim"), one_line(answer, 200)))
    return rows


def story_lines(model: Model, width: int, words: str = "") -> list[Line]:
    """What scrolls: tasks, the curve with its marks, and the timeline, newest last: all of it, or what has `words`."""
    return [*task_lines(model, width), *told_lines(model, width, words)]


def task_lines(model: Model, width: int) -> list[Line]:
    """What is to be done afterwards, with its times as they are now."""
    tasks = tasks_of(model.incident) if model.incident is not None else ()
    if not tasks:
        return []
    rows = [line(" ", one_line(words, width - 2)) for words in checklist_lines(tasks, model.now)]
    return [rule("To do afterwards", width, model.glyphs.dash), *rows]


def told_lines(model: Model, width: int, words: str = "") -> list[Line]:
    """The curve and the timeline: the same for as long as the incident is. Of a very long one the newest entries."""
    incident = model.incident
    if incident is None:
        return []
    dash = model.glyphs.dash
    rows: list[Line] = []
    curve = curve_lines(curve_of(incident), max(20, width - 2), model.glyphs.steps)
    if curve:
        rows.append(rule("Errors and p95", width, dash))
        rows += [line(" ", words) for words in curve]
    only = f", only “{one_line(words, 40)}”" if words else ""
    rows.append(rule(f"Timeline{only}", width, dash))
    entries = chosen(timeline_of(incident), parse_wanted(words))
    if len(entries) > ENTRIES_MOST:
        count = len(entries) - ENTRIES_MOST
        earlier = f"{count} earlier ones: / finds in them; all: vigie incident show {incident.id}"
        rows += [line(" ", (row, "dim")) for row in wrap(earlier, width - 1)]
    for entry in entries[-ENTRIES_MOST:]:
        rows += entry_lines(entry, width)
    return rows if entries else [*rows, line((" Nothing of it was asked for.", "dim"))]


def entry_lines(entry: Entry, width: int) -> list[Line]:
    """One line of the timeline with its pin, both its times where it was written down late, and what it said before."""
    first = entry.entry
    tone: Tone = {"good": "good", "warn": "warn", "bad": "bad"}.get(first.tone, "plain")  # type: ignore[assignment]
    pin = ("*", "key") if entry.pinned else (" ", "plain")
    head = line(pin, (f"{first.at:%H:%M:%SZ} ", "dim"), f"{short_name(first.who, width)} ")  # type: ignore[arg-type]
    indent = width_of(head)
    late = f" (noted {first.recorded_at:%H:%MZ})" if first.late else ""
    pieces = wrap(one_line(entry.text, WHOLE_MOST) + late, max(10, width - indent))
    rows = [line(*head, (pieces[0], tone))]
    rows += [line(" " * indent, (piece, tone)) for piece in pieces[1:]]
    for before in entry.before:
        rows.append(line(" " * indent, (f"before: {one_line(before, max(10, width - indent - 8))}", "dim")))
    return rows
