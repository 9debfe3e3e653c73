"""What was judged on the way: the answers given in runbooks with the evidence beside them, and the checks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from operations.incident.model import Incident, WalkEvent
from operations.incident.telling import lines_of, number_of, rows_of, text_of
from operations.text import one_line

Verdict = Literal["for", "against", "not known"]
_OUT_LINES = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """A line of evidence as it stood: whether it spoke for the answer, and how old it was in seconds."""

    text: str
    verdict: Verdict
    age: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """An answer to a runbook's question, or a check of it that was run."""

    at: datetime
    who: str
    book: str
    question: str
    answer: str
    how: str
    why: str
    evidence: tuple[Evidence, ...]
    out: str = ""


def judgements_of(incident: Incident) -> tuple[Judgement, ...]:
    """All of them by their time."""
    return tuple(_judgements(incident))


def _judgements(incident: Incident) -> Iterator[Judgement]:
    books = {one.walk: text_of(one.data, "book", 80) for one in incident.walk if one.kind == "walk.started"}
    for one in incident.walk:
        book = books.get(one.walk, "")
        if one.kind == "walk.answered":
            yield _answered(one, book)
        elif one.kind == "walk.checked":
            yield _checked(one, book)


def _answered(one: WalkEvent, book: str) -> Judgement:
    data = one.data
    how = "as suggested" if data.get("suggested") is True else "own answer"
    if data.get("against") is True:
        how = "own answer, another one was suggested"
    elif data.get("verdict") is False:
        how = "own answer, not what was measured"
    return Judgement(
        one.at, one.who, book, text_of(data, "title", 200).removeprefix("⚠ ") or text_of(data, "section", 200),
        text_of(data, "answer", 200), how, text_of(data, "why", 400), tuple(_evidence(data.get("evidence"))),
    )  # fmt: skip


def _evidence(value: object) -> Iterator[Evidence]:
    # Two conditions of one answer may rest on the same fact.
    for row in {repr(row): row for row in rows_of(value)}.values():
        parts = rows_of(row)
        if len(parts) != 3 or not isinstance(parts[0], str):
            continue
        verdict: Verdict = "for" if parts[1] is True else "against" if parts[1] is False else "not known"
        yield Evidence(one_line(parts[0], 400), verdict, number_of(parts[2]))


def _checked(one: WalkEvent, book: str) -> Judgement:
    code = one.data.get("exit_code")
    ended = f"exit code {code}" if isinstance(code, int) else text_of(one.data, "why", 200) or "did not end"
    out = "\n".join(lines_of(one.data.get("out")).split("\n")[:_OUT_LINES])
    name = text_of(one.data, "check", 80)
    return Judgement(one.at, one.who, book, f"check {name}", ended, "check", "", (), out)
