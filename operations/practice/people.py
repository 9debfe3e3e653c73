"""Whoever is called for help: answers after a while by fixed rules, and asks for what the brief leaves out.

Pure: a call, the time and the rules in; what is said out. The mending itself is the supervisor's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from operations.text import one_line

CallState = Literal["ringing", "asks", "working", "done", "cannot"]
ANSWERS_AFTER = timedelta(minutes=2)
MENDS_AFTER = timedelta(minutes=2)
QUESTIONS = {
    "broken": "What is broken for users?",
    "since": "Since when?",
    "tried": "What has been tried?",
    "need": "What do you need from me?",
}
_NOTHING = {"", "?", "-", "unknown", "not known", "none given"}


@dataclass(frozen=True, slots=True)
class Call:
    """One call for help. `mended_at` is when the one who was called was done, `mend_says` what was done."""

    id: str
    kind: str
    brief: Mapping[str, Any]
    asked_at: datetime
    mended_at: datetime | None = None
    mend_says: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """Where a call stands and what is said."""

    state: CallState
    says: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """Which kinds can mend something here, and how much faster than life the clock runs."""

    mending_kinds: tuple[str, ...]
    speed: float = 1.0

    @property
    def answers_after(self) -> timedelta:
        """How long it rings."""
        return ANSWERS_AFTER / max(self.speed, 0.1)

    @property
    def mends_after(self) -> timedelta:
        """How long the work takes, from the answer on."""
        return MENDS_AFTER / max(self.speed, 0.1)


def missing_in(brief: Mapping[str, Any]) -> tuple[str, ...]:
    """What a brief does not say, as its field names. An empty list of what was tried says "nothing yet"."""
    return tuple(name for name in QUESTIONS if not _said(name, brief.get(name)))


def answer(call: Call, rules: Rules, now: datetime) -> Answer:
    """Where the call stands at `now`."""
    waited = now - call.asked_at
    if waited < rules.answers_after:
        return Answer("ringing", "")
    missing = missing_in(call.brief)
    if missing:
        return Answer("asks", "I am here. " + " ".join(QUESTIONS[name] for name in missing), missing)
    if call.kind not in rules.mending_kinds:
        return Answer("cannot", "I am here and read it. I see nothing on my side to mend; I stay on the line.")
    if call.mended_at is not None:
        return Answer("done", call.mend_says)
    return Answer("working", f"I am here and read it: {one_line(str(call.brief['broken']), 80)}. I am on it.")


def mend_is_due(call: Call, rules: Rules, now: datetime) -> bool:
    """True when the one who was called has worked long enough to be done."""
    state = answer(call, rules, now).state
    return state == "working" and now - call.asked_at >= rules.answers_after + rules.mends_after


def _said(name: str, value: Any) -> bool:
    if name == "tried" and isinstance(value, list | tuple):
        return True
    if isinstance(value, list | tuple):
        return any(_said(name, item) for item in value)
    return isinstance(value, str) and value.strip().lower() not in _NOTHING
