"""What each kind of event says on the timeline: one line a person can read aloud. Kinds without a line stay off it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from operations.incident.model import Tone
from operations.incident.onset import KEY as ONSET_KEY

Described = tuple[str, Tone]
_Data = Mapping[str, Any]


def describe(kind: str, data: _Data) -> Described | None:
    """The timeline line of an event and its tone, or None for events that are no news to a person.

    For a job's events `data` also holds its `operation` and the `titles` of its steps.
    """
    writer = _LINES.get(kind)
    return writer(data) if writer else None


def _opened(data: _Data) -> Described:
    return f"incident opened, {data.get('severity', 'P0')}: {data.get('title', '')}", "bad"


def _severity(data: _Data) -> Described:
    if data.get("before") == data.get("severity"):
        return f"severity {data.get('severity', '?')} confirmed", "plain"
    return f"severity {data.get('before', '?')} -> {data.get('severity', '?')}", "warn"


def _state(data: _Data) -> Described:
    state = str(data.get("state", ""))
    why = f": {data['why']}" if data.get("why") else ""
    left = "; stays open: " + "; ".join(map(str, data["left"])) if data.get("left") else ""
    if data.get("reopened"):
        return f"incident goes on{why}", "bad"
    said = f"incident {state}" if state in ("resolved", "closed") else f"state: {state}"
    return f"{said}{why}{left}", "good" if state in ("resolved", "closed") else "plain"


def _probe(data: _Data) -> Described:
    status = str(data.get("status", "unknown"))
    tones: dict[str, Tone] = {"ok": "good", "warn": "warn", "down": "bad"}
    if str(data.get("key", "")).startswith(ONSET_KEY):
        return f"errors {data.get('detail') or 'begin'}".replace(" (±0 s)", ""), "bad"
    word = "DOWN" if status == "down" else status
    detail = f": {data['detail']}" if data.get("detail") else ""
    return f"{data.get('title', data.get('probe', ''))} {word}{detail}", tones.get(status, "warn")


def _alarm(data: _Data) -> Described:
    return f"alarm: {data.get('title', '')}", "bad"


def _alarm_closed(data: _Data) -> Described:
    return f"alarm over: {data.get('title', '')}", "good"


def _change(data: _Data) -> Described:
    return f"{data.get('kind', 'change')}: {data.get('title', '')}", "warn"


def _called(data: _Data) -> Described:
    how = "called" if data.get("delivered") else "could not be reached"
    if data.get("by") == "phone":
        how = "called by phone"
    elif data.get("result") == "unknown":
        how = "may have been called"
    why = f" ({data['problem']})" if data.get("problem") else ""
    return f"help: {data.get('contact', '')} {how}{why}", "plain" if data.get("delivered") else "bad"


def _help_answered(data: _Data) -> Described:
    return f"{data.get('contact', 'help')} answers: {data.get('answer', '')}", "good"


def _role_given(data: _Data) -> Described:
    to = data.get("to")
    return (f"{data.get('role', '')} offered to {to}" if to else f"{data.get('role', '')}: offer taken back"), "plain"


def _role_taken(data: _Data) -> Described:
    return f"is {data.get('role', '')} now{f', after {before}' if (before := data.get('before')) else ''}", "plain"


def _told_field(data: _Data) -> Described:
    name = str(data.get("field", "")).replace("_", " ")
    value = " / ".join(str(data.get("value", "")).splitlines())
    language = str(data.get("lang") or "")
    name += f" ({language})" if language not in ("", "en") else ""
    return f"{name}: {value}" if value else f"{name}: taken back", "plain"


def _restricted(data: _Data) -> Described:
    word = "restricted" if data.get("restricted") else "not restricted any more"
    word += " (deploys and rollbacks are told to the channel)" if data.get("notices") is True else ""
    return f"{word}: {data.get('why', '')}", "warn"


def _task(data: _Data) -> Described:
    owner = f" ({data['owner']})" if data.get("owner") else ""
    due = f", due {str(data['due'])[:16].replace('T', ' ')}Z" if data.get("due") else ""
    return f"task: {data.get('text', '')}{owner}{due}", "plain"


def _task_done(data: _Data) -> Described:
    return f"task {'done' if data.get('done', True) else 'not done after all'}: {data.get('text', '')}", "good"


def _snoozed(data: _Data) -> Described:
    until = str(data.get("until", ""))[11:16]
    return f"snoozed until {until}Z: {data.get('words') or data.get('timer', '')}: {data.get('why', '')}", "warn"


def _walk_started(data: _Data) -> Described:
    return f"runbook {data.get('book', '')} begun", "plain"


def _answered(data: _Data) -> Described:
    how = "" if data.get("suggested") else f" (own answer{_measured_otherwise(data)})"
    why = f", because {data['why']}" if data.get("why") else ""
    title = str(data.get("title", "")).removeprefix("⚠ ")
    return f"{title}{'' if title.endswith('?') else ':'} {data.get('answer', '')}{how}{why}", "plain"


def _measured_otherwise(data: _Data) -> str:
    """What was measured against an answer whose condition did not hold."""
    if data.get("verdict") is not False:
        return ""
    against = [str(seen[0]) for seen in data.get("evidence") or () if len(seen) > 1 and seen[1] is False]
    return f"; measured: {against[0]}" if against else "; not what was measured"


def _moved(data: _Data) -> Described:
    return f"{_HOW.get(str(data.get('how')), 'went on')} {data.get('to', '')}", "plain"


def _thing(data: _Data) -> str:
    """What was ticked, skipped or failed: its words, else the section's."""
    return str(data.get("text") or data.get("title") or "")


def _checked(data: _Data) -> Described:
    code = data.get("exit_code")
    if code is None:
        return f"check {data.get('check', '')}: {data.get('why') or 'did not end'}", "warn"
    words = {0: "ok", 2: "a warning"}.get(code, f"failed, exit {code}")
    tone: Tone = {0: "good", 2: "warn"}.get(code, "bad")  # type: ignore[assignment]
    first = str(data.get("out", "")).strip().split("\n")[0][:120]
    return f"check {data.get('check', '')}: {words}{f': {first}' if first else ''}", tone


def _job_created(data: _Data) -> Described:
    reason = f": {data['reason']}" if data.get("reason") else ""
    return f"{data.get('operation', 'job')} {data.get('environment', '')} confirmed{reason}", "warn"


def _step(data: _Data) -> Described:
    says = f": {data['says']}" if data.get("says") else ""
    return f"{data.get('operation', 'job')}: {_title(data)} ({data.get('seconds', 0):.1f} s){says}", "plain"


def _step_failed(data: _Data) -> Described:
    return f"{data.get('operation', 'job')}: {_title(data)} failed: {data.get('says', '')}", "bad"


def _title(data: _Data) -> str:
    name = str(data.get("step", ""))
    return str((data.get("titles") or {}).get(name) or name)


def _job_finished(data: _Data) -> Described:
    code = data.get("code", 1)
    says = f": {data['says']}" if data.get("says") else ""
    return (
        f"{data.get('operation', 'job')} ended, exit {code}: {data.get('meaning', '')}{says}",
        "good" if code == 0 else "bad",
    )


def _drafted(data: _Data) -> Described:
    return f"{data.get('kind', '')} message drafted", "plain"


def _sent(data: _Data) -> Described:
    promised = str(data.get("promised") or "")
    until = f", next update {promised[11:16]}Z" if promised else ""
    return f"{data.get('kind', '')} message sent to {data.get('audience', '')}{until}", "plain"


def _delivered(data: _Data) -> Described | None:
    """What arrived is no news; what did not, or may not have, is."""
    if data.get("result") == "delivered":
        return None
    word = "did not take it" if data.get("result") == "failed" else "NOT KNOWN"
    why = f": {data['problem']}" if data.get("problem") else ""
    return f"message: {data.get('target', '')} {word}{why}", "bad" if data.get("result") == "failed" else "warn"


def _retried(data: _Data) -> Described:
    targets = data.get("targets")
    names = ", ".join(str(name) for name in targets) if isinstance(targets, list | tuple) else ""
    return f"message sent again: {names}", "plain"


_HOW = {
    "back": "back to",
    "jump": "went to",
    "escalated": "called for help:",
    "returned": "back from help to",
    "timebox": "time was up, on to",
    "waited": "waited, then",
    "next": "on to",
}

_LINES: dict[str, Callable[[_Data], Described | None]] = {
    "incident.opened": _opened,
    "incident.severity": _severity,
    "incident.title": lambda data: (f"called from now on: {data.get('title', '')}", "plain"),
    "incident.state": _state,
    "incident.note": lambda data: (f"note: {data.get('text', '')}", "plain"),
    "probe.changed": _probe,
    "alarm.opened": _alarm,
    "alarm.closed": _alarm_closed,
    "change.seen": _change,
    "help.called": _called,
    "help.answered": _help_answered,
    "walk.started": _walk_started,
    "walk.answered": _answered,
    "walk.moved": _moved,
    "walk.noted": lambda data: (f"note: {data.get('text', '')}", "plain"),
    "walk.skipped": lambda data: (f"skipped: {_thing(data)}: {data.get('why', '')}", "warn"),
    "walk.failed": lambda data: (f"failed: {_thing(data)}: {data.get('why', '')}", "bad"),
    "walk.ticked": lambda data: (
        f"{'done' if data.get('done', True) else 'not done after all'}: {_thing(data)}",
        "plain",
    ),
    "walk.checked": _checked,
    "job.created": _job_created,
    "step.finished": _step,
    "step.failed": _step_failed,
    "job.cancel_asked": lambda data: ("cancel asked", "warn"),
    "job.finished": _job_finished,
    "debris.cleaned": lambda data: (f"cleaned: {data.get('words', '')}", "plain"),
    "incident.told": _told_field,
    "incident.restricted": _restricted,
    "role.given": _role_given,
    "role.taken": _role_taken,
    "task.added": _task,
    "task.done": _task_done,
    "timer.armed": lambda data: (f"reminder set: {data.get('words', '')}", "plain"),
    "timer.cancelled": lambda data: (
        f"not needed: {data.get('words') or data.get('timer', '')}: {data.get('why', '')}",
        "plain",
    ),
    "timer.snoozed": _snoozed,
    "timer.said": lambda data: (f"reminder: {data.get('says') or data.get('words', '')}", "warn"),
    "message.drafted": _drafted,
    "message.sent": _sent,
    "message.retried": _retried,
    "message.delivered": _delivered,
}
