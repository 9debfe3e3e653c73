"""The report of an incident in words: its sections, and blanks where only a person can say it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from operations.documents.model import Blank, Block, Bullets, Document, Paragraph, Picture, Section, Subtitle, Table
from operations.engine.record import JobRecord
from operations.incident.closing import CHECKLIST
from operations.incident.drill_mark import NOT_REAL
from operations.incident.model import Severity
from operations.incident.picture_svg import curve_svg
from operations.incident.picture_text import curve_lines
from operations.incident.report import Report, span_words
from operations.incident.report_record import calls, evidence, jobs, messages, people
from operations.incident.telling import text_of
from operations.incident.timeline import Line, moment_words
from operations.incident.times import DEFINITIONS, SPANS

_TEXT_WIDTH = 100
_AFTER_EVERY_ONE = frozenset(name for name, _, _ in CHECKLIST)
"""Tasks that say nothing of this incident: they follow each one."""


def report_document(report: Report) -> Document:
    """The whole report."""
    incident = report.incident
    parts = (
        ("Summary", _summary(report)),
        ("Impact", _impact(report)),
        ("Times", _times(report)),
        ("Timeline", _timeline(report)),
        ("Detection", _detection(report)),
        ("Contributing factors", _factors(report)),
        ("What went well", _told(report, "went_well", "what went well, and should be kept")),
        ("What did not go well", _told(report, "went_badly", "what did not go well: tools, access, knowledge, time")),
        ("Where we were lucky", _told(report, "lucky", "what could have made it worse, and did not happen")),
        ("Action items", _tasks(report)),
        ("Messages sent", messages(report)),
        ("Jobs and their outcomes", jobs(report)),
        ("Evidence", evidence(report)),
        ("People", people(report)),
        ("Calls for help", calls(report)),
    )
    title = f"{'Drill, incident' if report.drill else 'Incident'} {incident.id}: {incident.title}"
    return Document(title, tuple(Section(name, blocks) for name, found in parts if (blocks := tuple(found))))


def _summary(report: Report) -> Iterator[Block]:
    incident = report.incident
    if report.drill:
        yield Paragraph(NOT_REAL)
    if report.restricted:
        yield Paragraph("RESTRICTED: this incident is shown only to those who work on it. Do not pass this report on.")
    if "summary" in report.told:
        yield Paragraph(report.told["summary"])
    yield Paragraph(" ".join(_sentences(report)))
    severity = f"{report.highest}: {Severity(report.highest).means}"
    if report.highest != incident.severity.value:
        severity += f"; {incident.severity.value} at the end"
    rows = [
        ("Where", f"{incident.site} {incident.environment}"),
        ("Severity", severity),
        ("State", incident.state.value),
        ("Opened", f"{incident.opened_at:%Y-%m-%d %H:%M:%SZ} by {incident.opened_by}"),
        ("Led by", ", ".join(dict.fromkeys(role.who for role in report.roles if role.role == "commander"))),
        ("All times", "UTC"),
    ]
    yield Table(("What", "Value"), tuple(row for row in rows if row[1]))


def _sentences(report: Report) -> Iterator[str]:
    """What happened, from the record alone."""
    incident, times = report.incident, report.times
    began, day = times.at("began") or incident.opened_at, incident.opened_at.date()
    where = f"{incident.site} {incident.environment}".strip()
    if times.onset is not None:
        exactly = f", or up to {times.onset.margin:.0f} s before that" if times.onset.margin >= 1 else ""
        yield f"On {began:%Y-%m-%d} at {began:%H:%M:%SZ}{exactly}, errors began on {where}."
    else:
        yield f"On {began:%Y-%m-%d} at {began:%H:%M:%SZ} something was wrong with {where}."
    mitigated, took = times.at("mitigated"), span_words(times.seconds("mitigate"))
    if mitigated is not None and times.helped is not None:
        yield f"It was mitigated at {moment_words(mitigated, day)}, {took} later, by {_act(times.helped)}."
    elif mitigated is not None:
        yield f"It was mitigated at {moment_words(mitigated, day)}, {took} later."
    resolved = times.at("resolved")
    if resolved is not None:
        took = span_words(times.seconds("resolve"))
        yield f"It was resolved at {moment_words(resolved, day)}, {took} after it began."
    else:
        yield "It is not resolved yet."


def _act(job: JobRecord) -> str:
    """What helped, as a stakeholder would say it."""
    to = text_of(job.plan.details, "to_name", 60)
    value = text_of(job.plan.request, "value", 20)
    words = {
        "rollback": f"a rollback to {to}",
        "deploy": f"a deploy of {to}",
        "redeploy": f"publishing {to} again",
        "flag": f"turning a flag {value}".rstrip(),
        "maintenance": f"turning maintenance mode {value}".rstrip(),
        "restore": "a restore",
        "restore-undo": "taking a restore back",
        "command": "a runbook's command",
    }
    return words.get(job.operation, job.operation)


def _impact(report: Report) -> Iterator[Block]:
    told = report.told
    known = (("Service", "service"), ("What users noticed", "impact"), ("Workaround", "workaround"))
    items = [f"{label}: {told[name]}" for label, name in known if name in told]
    items += [f"Data lost: {told['data_loss']}"] if "data_loss" in told else []
    if items:
        yield Bullets(tuple(items))
    if "impact" not in told:
        yield Blank("what users could not do, and how many of them")
    if "data_loss" not in told:
        yield Blank("whether data was lost: yes, no, or not yet known")
    day = report.incident.opened_at.date()
    worst, slowest = report.curve.worst, report.curve.slowest
    measured = []
    if worst is not None and worst.errors is not None:
        measured.append(f"in the worst minute ({_minute(worst.at, day)}) {worst.errors:.3g}% of all requests failed")
    if slowest is not None and slowest.p95 is not None:
        one_in_twenty = f"one answer in twenty took {_answer_time(slowest.p95)} or longer (p95)"
        measured.append(f"in the slowest minute ({_minute(slowest.at, day)}) {one_in_twenty}")
    if measured:
        yield Paragraph(f"Measured: {'; '.join(measured)}.")
    if report.curve.points:
        title = picture_title(report)
        yield Picture(title, curve_svg(report.curve, title), "\n".join(curve_lines(report.curve, _TEXT_WIDTH)))
    else:
        yield Paragraph("No figures of traffic were recorded while it was open, so there is no curve.")


def picture_title(report: Report) -> str:
    """What stands over the picture."""
    return f"Failed requests and answer times, {'drill, ' if report.drill else ''}incident {report.incident.id}"


def _minute(at: datetime, day: date) -> str:
    return f"{moment_words(at, day)[:-4]}Z"


def _answer_time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _times(report: Report) -> Iterator[Block]:
    times, day = report.times, report.incident.opened_at.date()
    rows = []
    for name in DEFINITIONS:
        moment = times.moments[name]
        at = moment_words(moment.at, day) if moment.at else "not known"
        if name == "began" and times.onset is not None and times.onset.margin >= 1:
            at = f"{moment_words(times.onset.earliest, day)} to {moment_words(times.onset.latest, day)}"
        rows.append((name, at, moment.how))
    yield Table(("Moment", "When", "How it is known"), tuple(rows))
    yield Subtitle("How long it took")
    yield Table(
        ("Time to", "Took", "From", "To"),
        tuple((name, span_words(times.seconds(name)), start, end) for name, (start, end) in SPANS.items()),
    )
    yield Subtitle("What these words mean")
    yield Bullets(tuple(f"{name}: {words}" for name, words in DEFINITIONS.items()))


def _timeline(report: Report) -> Iterator[Block]:
    day = report.incident.opened_at.date()
    if any(line.entry.late for line in report.timeline):
        yield Paragraph("“Noted” says when a line was written down, where that was later.")
    pinned = [line for line in report.timeline if line.pinned]
    if pinned:
        yield Subtitle("Pinned")
        yield Bullets(tuple(f"{moment_words(line.entry.at, day)} {line.text}" for line in pinned))
        yield Subtitle("Everything")
    yield Table(
        ("When", "Who", "What"),
        tuple((_when(line, day), line.entry.who, _what(line, day)) for line in report.timeline),
    )


def _when(line: Line, day: date) -> str:
    late = f" (noted {moment_words(line.entry.recorded_at, day)})" if line.entry.late else ""
    return f"{moment_words(line.entry.at, day)}{late}"


def _what(line: Line, day: date) -> str:
    if not line.corrections:
        return line.text
    last = line.corrections[-1]
    before = "; ".join(line.before)
    return f"{line.text} (corrected {moment_words(last.at, day)} by {last.who}; it said before: {before})"


def _detection(report: Report) -> Iterator[Block]:
    if "detection" in report.told:
        yield Paragraph(report.told["detection"])
    day = report.incident.opened_at.date()
    moment = report.times.moments["detected"]
    if moment.at is not None:
        took = span_words(report.times.seconds("detect"))
        yield Paragraph(f"Detected at {moment_words(moment.at, day)}, {took} after it began: {moment.how}.")
    later = [one for one in report.alarms if one.at != moment.at]
    if later:
        yield Paragraph("Further alarms:" if len(later) < len(report.alarms) else "Alarms:")
        yield Bullets(tuple(f"{moment_words(one.at, day)} {one.text}" for one in later))
    elif not report.alarms and "detection" not in report.told:
        yield Blank("how it came to be known, and which alarm should have told it")


def _factors(report: Report) -> Iterator[Block]:
    if "cause" in report.told:
        yield Paragraph(report.told["cause"])
    else:
        yield Blank("the cause, and what made it possible or worse; causes, not people")
    began, day = report.times.at("began"), report.incident.opened_at.date()
    before = [one for one in report.changes if began is not None and one.at <= began]
    if before:
        yield Paragraph("What had changed before it began, as the watch saw it:")
        yield Bullets(tuple(f"{moment_words(one.at, day)} {one.text}" for one in before))
    else:
        yield Paragraph("The watch saw no change in the hour before.")


def _told(report: Report, field: str, asks: str) -> Iterator[Block]:
    yield Paragraph(report.told[field]) if field in report.told else Blank(asks)


def _tasks(report: Report) -> Iterator[Block]:
    if report.left_open:
        yield Paragraph("Still open when it was closed:")
        yield Bullets(report.left_open)
    if all(task.id.partition("-")[0] in _AFTER_EVERY_ONE for task in report.tasks):
        yield Blank("what is done so that it does not come again, each with an owner and a date")
    rows = []
    for task in report.tasks:
        due = f"{task.due:%Y-%m-%d %H:%MZ}" if task.due else "no date"
        done = f"done {task.done_at:%Y-%m-%d %H:%MZ} by {task.done_by}" if task.done_at else "open"
        rows.append((task.text, task.owner or "nobody yet", due, done))
    yield Table(("What", "Owner", "Due", "State"), tuple(rows))
