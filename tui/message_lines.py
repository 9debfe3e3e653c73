"""Messages in lines: to whom one may go, its plan with every word of it, one in a row, one word for word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from operations.text import one_line
from tui.lines import Line, line, wrap

if TYPE_CHECKING:
    from operations.engine.model import Plan
    from operations.incident.sent_messages import Message
    from operations.settings import MessageTarget

LONGEST, MOST_ROWS = 5_000, 300
"""Characters and rows of one text that are shown: no longer one is ever sent, but a journal may be given one."""


def target_choices(
    known: Sequence[MessageTarget], past: Sequence[Message], *, restricted: bool
) -> tuple[list[tuple[str, list[str]]], int]:
    """To whom a message may go, in words and by names, and where the pointer starts: at those of the last one sent.

    Each keeps its number: a person who sends the second message presses what was pressed for the first.
    """
    names = [one.name for one in known]
    choices = [(f"{one.name}: {one.readers}", [one.name]) for one in known]
    if not restricted and len(known) > 1:
        quiet = [one.name for one in known if not one.public]
        if quiet and len(quiet) < len(known):
            choices.insert(0, (f"all that are not public: {', '.join(quiet)}", quiet))
        choices.append(("every one of them", names))
    last = next((one for one in reversed(past) if one.sent), None)
    before = [name for name in names if last is not None and name in last.targets]
    if not before or (restricted and len(before) > 1):
        return choices, 0
    if before not in [chosen for _, chosen in choices]:
        choices.append((", ".join(before), before))
    at = next(n for n, (_, chosen) in enumerate(choices) if chosen == before)
    choices[at] = (f"as before: {choices[at][0]}", before)
    return choices, at


LANGUAGES = {"en": "English", "fr": "French"}


def hint_for(name: str, language: str) -> str:
    """What goes into a blank, as its empty field says it."""
    from operations.incident.told import FIELDS

    meant = FIELDS.get(name.replace(" ", "_"), name)
    return f"{meant}, in {LANGUAGES.get(language, language)}"


def with_texts(plan: Plan, texts: Mapping[str, str], *, can_edit: bool = False) -> Plan:
    """The plan with every word that leaves among its lines."""
    from operations.engine.model import PlanLine

    words = [
        PlanLine(language if n == 0 else "", part)
        for language, text in texts.items()
        for n, part in enumerate(text.split("\n"))
    ]
    return replace(plan, lines=(*plan.lines, *words), details={**plan.details, "can_edit": can_edit})


def message_words(message: Message) -> str:
    """One message in a row."""
    when = f"{message.sent_at:%H:%M:%SZ}" if message.sent_at is not None else "draft"
    results = ", ".join(f"{one.target} {one.result}" for one in message.deliveries)
    return one_line(f"{when}  {message.kind}  {results}", 100)


def message_lines(message: Message, width: int) -> list[Line]:
    """A message word for word, and every answer."""
    rows: list[Line] = []
    for language, text in message.texts.items():
        rows.append(line((language, "key")))
        whole = [line(piece) for part in text[:LONGEST].split("\n") for piece in wrap(part, width)]
        rows += whole[:MOST_ROWS]
        if len(text) > LONGEST or len(whole) > MOST_ROWS:
            rows.append(line(("… and more than anybody reads", "dim")))
        rows.append(line())
    for one in message.deliveries:
        problem = f": {one.problem}" if one.problem else ""
        tone = "good" if one.result == "delivered" else "bad"
        rows.append(line((f"{one.target} {one.result}", tone), one_line(problem, width)))  # type: ignore[arg-type]
    return rows
