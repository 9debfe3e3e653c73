"""The parts of a report that are the record itself: messages word for word, jobs, evidence, people, calls for help."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from operations.ages import age_words, clock_words, seconds_between
from operations.documents.model import Block, Bullets, Paragraph, Subtitle, Table, Verbatim
from operations.engine.record import JobRecord
from operations.incident.report import Report
from operations.incident.report_evidence import Evidence, Judgement
from operations.incident.report_messages import Delivery, Sent
from operations.incident.timeline import moment_words

_LANGUAGES = {"en": "English", "fr": "French"}


def messages(report: Report) -> Iterator[Block]:
    """Every message as it was sent, with what came back."""
    if not report.messages:
        yield Paragraph("No message was sent.")
    day = _day(report)
    for one in report.messages:
        kind = f"{one.kind} message".strip()
        yield Subtitle(f"{moment_words(one.at, day)} {kind}, sent by {one.who}")
        yield from _message(one, day)


def _message(one: Sent, day: date) -> Iterator[Block]:
    facts = [f"To: {one.audience}"] if one.audience else []
    facts += [f"Next update promised for {moment_words(one.promised, day)}"] if one.promised else []
    facts += [_delivery(delivery) for delivery in one.deliveries]
    if facts:
        yield Bullets(tuple(facts))
    for language, words in one.texts.items():
        yield Paragraph(f"{_LANGUAGES.get(language, language)}:")
        yield Verbatim(words)


def _delivery(delivery: Delivery) -> str:
    words = {"delivered": "delivered", "failed": "not delivered", "unknown": "not known whether it arrived"}
    why = f": {delivery.problem}" if delivery.problem else ""
    return f"{delivery.target}: {words.get(delivery.result, delivery.result)}{why}"


def jobs(report: Report) -> Iterator[Block]:
    """Every job with who confirmed it, how long it took, and how it ended."""
    if not report.jobs:
        yield Paragraph("No job ran in this incident.")
        return
    day = _day(report)
    rows = tuple(
        (moment_words(job.created_at, day), _job(job), job.actor, _took(job), _outcome(job)) for job in report.jobs
    )
    yield Table(("Confirmed", "What", "By", "Took", "Outcome"), rows)


def _job(job: JobRecord) -> str:
    to = job.plan.details.get("to_name")
    what = f"{job.operation} {job.environment}{f' to {to}' if isinstance(to, str) and to else ''}"
    return f"{what}; reason: {job.reason}" if job.reason else what


def _took(job: JobRecord) -> str:
    if job.ended_at is None:
        return "not known"
    seconds = seconds_between(job.created_at, job.ended_at)
    return clock_words(seconds) if seconds >= 1 else "under 1s"


def _outcome(job: JobRecord) -> str:
    if job.code is None:
        return "its end is not on the record"
    left = f"; left behind: {', '.join(piece.words for piece in job.debris)}" if job.debris else ""
    return f"exit code {job.code}, {job.meaning}{f': {job.says}' if job.says else ''}{left}"


def evidence(report: Report) -> Iterator[Block]:
    """Each answer in a runbook with what stood for and against it then, and each check that was run."""
    if not report.judgements:
        yield Paragraph("No runbook was walked.")
    day = _day(report)
    for one in report.judgements:
        yield Subtitle(f"{moment_words(one.at, day)} {one.question}")
        yield Paragraph(_judgement(one))
        if one.evidence:
            yield Bullets(tuple(map(_evidence, one.evidence)))
        if one.out:
            yield Verbatim(one.out)


def _judgement(one: Judgement) -> str:
    book = f", runbook {one.book}" if one.book else ""
    why = f", because {one.why}" if one.why else ""
    return f"{one.answer} ({one.who}, {one.how}{book}){why}"


def _evidence(one: Evidence) -> str:
    age = f", {age_words(one.age)} old" if one.age is not None else ""
    return f"{one.verdict}: {one.text}{age}"


def people(report: Report) -> Iterator[Block]:
    """Who held which role from when on."""
    if report.roles:
        day = _day(report)
        yield Bullets(tuple(f"{moment_words(one.at, day)} {one.role}: {one.who}" for one in report.roles))
    else:
        yield Paragraph(f"Nobody took a role by name; {report.incident.opened_by} opened the incident.")


def calls(report: Report) -> Iterator[Block]:
    """Who was called, and what came back."""
    if not report.calls:
        yield Paragraph("Nobody was called for help.")
        return
    day = _day(report)
    rows = []
    for call in report.calls:
        arrived = "accepted" if call.delivered else "not known to have arrived"
        answer = (
            f"{moment_words(call.answered_at, day)} {call.answer}" if call.answered_at else "no answer on the record"
        )
        rows.append((moment_words(call.at, day), call.contact, arrived, answer))
    yield Table(("When", "Who", "Call", "Answer"), tuple(rows))


def _day(report: Report) -> date:
    return report.incident.opened_at.date()
