"""The top lines: where you are, how it is, since when; what is broken, one by one; all that is well on one line."""

from __future__ import annotations

from operations.ages import age_words, clock_words, seconds_between
from operations.text import one_line
from operations.watch.model import ProbeState, Snapshot, Status
from tui.lines import Line, Span, Tone, fit, flow, line, spread, width_of
from tui.model import Model
from tui.theme import TONE_OF_STATUS, WORD_OF_OVERALL, WORD_OF_STATUS

SIDE_PROBES = ("backups", "certificate", "providers", "migrations", "smoke")
"""Trouble of these is not the users' trouble now: it stands under "also wrong", not among the reds."""

SILENT_WHEN_WELL = ("release", "rollback", "settings", "migrations", "alerts", "smoke")
"""Probes that feed facts and lists of their own: nothing is drawn to say that nothing is there."""


def header(model: Model, width: int) -> Line:
    """One line: drill bar or site, environment, overall state and since when, incident, operator.

    Where it does not fit, the site's name gives way first, then the long words of the drill bar, then the operator,
    then how many more things are overdue.
    """
    forms = (
        (True, True, True, "whole"),
        (False, True, True, "whole"),
        (False, True, False, "whole"),
        (False, False, False, "whole"),
        (False, False, False, "first"),
        (False, False, False, ""),
    )
    for site, long, operator, clock in forms:
        left = line(*_place(model, site=site, long=long), "  ", *_state(model), *_incident(model, clock=clock))
        right = line((model.operator, "dim"), " ") if operator else ()
        if width_of(left) + width_of(right) < width:
            return spread(left, right, width)
    return fit(left, width)


def _place(model: Model, *, site: bool, long: bool) -> tuple[Span, ...]:
    where = model.environment.upper() if model.kind == "production" else model.environment
    named = f"{model.site} {where}" if site else where
    if model.drill:
        words = " DRILL - nothing here is real " if long else " DRILL "
        return ((words, "drill"), (f" {named}", "strong"))
    tone: Tone = "production" if model.kind == "production" else "other"
    mode = ((" ", "plain"), ("READ-ONLY", "warn")) if model.readonly else ()
    return ((f" {named} ", tone), *mode)


def _state(model: Model) -> tuple[Span, ...]:
    snapshot = model.snapshot
    if snapshot is None:
        return (("? UNKNOWN" if model.unwatched else "? asking", "unknown"),)
    word, tone, status = WORD_OF_OVERALL[snapshot.overall]
    since = snapshot.onset if status is Status.DOWN and snapshot.onset else snapshot.since
    parts: list[Span] = [(f"{model.glyphs.of(status)} {word}", tone)]
    if since is not None and status is not Status.OK:
        seconds = max(0.0, seconds_between(since, model.now))
        parts.append(
            (" " + (clock_words(seconds) if model.incident and model.incident.open else age_words(seconds)), tone)
        )
    return tuple(parts)


def _incident(model: Model, *, clock: str) -> tuple[Span, ...]:
    incident = model.incident
    if incident is None or not incident.open:
        return ()
    from operations.incident.clock import header_words  # 7 ms that the first frame, without an incident, need not wait

    age = clock_words(seconds_between(incident.opened_at, model.now))
    head: tuple[Span, ...] = (
        ("  ", "plain"),
        (incident.id, "strong"),
        (f" {incident.severity} ", "bad"),
        (age, "plain"),
    )
    due = header_words(model.clock, model.now, count=clock == "whole") if model.clock is not None and clock else ""
    tone: Tone = "bad" if "OVERDUE" in due else "warn"
    return (*head, ("  ", "plain"), (due, tone)) if due else head


def health(model: Model, width: int, most: int) -> list[Line]:
    """Reds first and one by one, then what is unknown, then everything well on one line; at most `most` rows."""
    snapshot = model.snapshot
    if snapshot is None:
        words = f"  nobody looks: {model.unwatched}" if model.unwatched else "  asking every probe once ..."
        return [line((words, "bad" if model.unwatched else "dim"))]
    quiet = _greens(model, snapshot, width)
    error = _top_error(snapshot, width)
    room = max(1, most - min(len(quiet), 1) - len(error))
    rows = _reds(model, snapshot, width, room)
    return [*rows, *error, *quiet][:most]


def _reds(model: Model, snapshot: Snapshot, width: int, room: int) -> list[Line]:
    """What is down, then what is warned of. Details give way before names do, names before a count."""
    bad = [s for s in snapshot.states if s.status is Status.DOWN and s.probe not in SIDE_PROBES]
    bad.sort(key=lambda state: not state.critical)
    shown = bad + [s for s in snapshot.states if s.status is Status.WARN and s.probe not in SIDE_PROBES]
    for full in range(len(shown), -1, -1):
        items = [_row(model, state, width if n < full else 0) for n, state in enumerate(shown)]
        rows = flow([line(" ", *item) for item in items], width, " ")
        if len(rows) <= room:
            return rows
    hidden = line((f"  {len(shown)} probes are not well", "warn"))
    return [*rows[: room - 1], hidden] if room > 1 else [hidden]


def _top_error(snapshot: Snapshot, width: int) -> list[Line]:
    if not snapshot.signatures or not any(state.status is Status.DOWN for state in snapshot.states):
        return []
    signature = snapshot.signatures[0]
    new: Span = (f" NEW in {signature.new_in}", "bad") if signature.new_in else ("", "plain")
    words = line(" top error ", (f"x{signature.count}", "strong"), new, "  ", one_line(signature.text, 120))
    return [spread(words, line((signature.path, "dim"), " "), width)]


def _row(model: Model, state: ProbeState, width: int) -> Line:
    """A probe that is not well: with its detail, or, where `width` is 0, with the first word of it."""
    glyph = model.glyphs.of(state.status)
    detail = one_line(state.last.detail if state.last else state.reason, max(20, width - len(state.title) - 12))
    detail = detail if width else detail.partition(" ")[0].rstrip(":,;")
    deciding = " (checking)" if state.deciding else ""
    return line((f"{glyph} {state.title}", TONE_OF_STATUS[state.status]), " ", detail, (deciding, "dim"))


APART = "  "
"""Behind what is no single word: what follows it must not read as its end."""


def _greens(model: Model, snapshot: Snapshot, width: int) -> list[Line]:
    good = [s for s in snapshot.states if s.status is Status.OK and s.probe not in SILENT_WHEN_WELL]
    unknown = [s for s in snapshot.states if s.status is Status.UNKNOWN]
    items: list[Line] = []
    if good:
        first, *others = good
        items.append(line((f"{model.glyphs.ok} ", "good"), _green(first)))
        items += [line(_green(state)) for state in others]
    for state in unknown:
        words = f"{model.glyphs.unknown} {state.title}"
        items.append(line((words, "unknown"), (f" {one_line(state.reason, 40)}", "dim"), APART))
    if good and not unknown:
        items[-1] = (*items[-1], (APART, "plain"))
    items.append(line((_watching(snapshot), "dim")))
    return [line(" ", *row) for row in flow(items, width - 1, " ")]


def _green(state: ProbeState) -> str:
    mark = " (checking)" if state.deciding else ""
    return f"{state.title}{mark}"


def _watching(snapshot: Snapshot) -> str:
    age = age_words(seconds_between(snapshot.watching_since, snapshot.at))
    return f"watching {age}" if snapshot.recorded else f"watching {age}, this console only"


def state_words(model: Model, state: ProbeState) -> str:
    """A probe in words: `✖ DOWN api/health 503 "zone is undefined"`."""
    detail = one_line(state.last.detail if state.last else state.reason, 120)
    return f"{model.glyphs.of(state.status)} {WORD_OF_STATUS[state.status]} {state.title} {detail}".rstrip()
