"""Judges a health endpoint's answer: the same words for the watch and for the smoke tests. Pure.

The body is foreign: whatever it holds, only short cleaned lines come out of here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from operations.foreign_json import NOT_JSON
from operations.http import Answer
from operations.text import one_line
from operations.watch.model import Status

HEALTHY = frozenset({"healthy", "ok", "up", "pass", "passing", "operational", "online", "connected", "true"})
LIMPING = frozenset({"degraded", "slow", "warn", "warning", "partial"})
_MOST_SERVICES = 50
_GRAVITY = {Status.OK: 0, Status.WARN: 1, Status.UNKNOWN: 2, Status.DOWN: 3}


@dataclass(frozen=True, slots=True)
class HealthVerdict:
    """What a health answer says. `services` maps each service to its own word; `memory` is percent used, when told.

    `status` is never UNKNOWN: an endpoint that cannot be reached or read is down; what that means is the caller's.
    """

    status: Status
    services: Mapping[str, str] = field(default_factory=dict)
    memory: float | None = None
    says: str = ""

    @property
    def slow(self) -> tuple[str, ...]:
        """The services that work, but not well."""
        return tuple(name for name, word in self.services.items() if word.lower() in LIMPING)


def judge_health(answer: Answer) -> HealthVerdict:
    """OK for a 200 whose body says healthy; WARN when a part is slow or degraded; DOWN else, with the actual value."""
    if answer.status is None or (answer.kind != "http"):
        return HealthVerdict(Status.DOWN, says=answer.error or "no answer")
    if answer.error and answer.status == 200:
        return HealthVerdict(Status.DOWN, says=f"200, but {answer.error}")
    body = _read(answer)
    services = _services(body) if isinstance(body, dict) else {}
    memory = _memory(body.get("memory")) if isinstance(body, dict) else None
    if answer.status != 200:
        return HealthVerdict(Status.DOWN, services, memory, _bad(answer, body, services))
    word = _overall_word(body)
    if word is None:
        return HealthVerdict(Status.DOWN, services, memory, _bad(answer, body, services))
    sick = [f"{name} {state}" for name, state in services.items() if _status_of(state) is Status.DOWN]
    if sick or _status_of(word) is Status.DOWN:
        parts = ([] if _status_of(word) is Status.OK else [f'status "{word}"']) + sick
        return HealthVerdict(Status.DOWN, services, memory, one_line(f"200 but {', '.join(parts)}"))
    limping = [f"{name} {state}" for name, state in services.items() if _status_of(state) is Status.WARN]
    if limping or _status_of(word) is Status.WARN:
        return HealthVerdict(Status.WARN, services, memory, one_line(f"200 {', '.join(limping) or word}"))
    return HealthVerdict(Status.OK, services, memory, f"200 {word}")


def _read(answer: Answer) -> Any:
    """The body as JSON, or its only word as text, or None."""
    try:
        return msgspec.json.decode(answer.body)
    except NOT_JSON:
        word = one_line(answer.body, 40)
        return word if len(answer.body) <= 64 and word.lower() in HEALTHY | LIMPING else None


def _overall_word(body: Any) -> str | None:
    if isinstance(body, str):
        return one_line(body, 40)
    if not isinstance(body, dict):
        return None
    words = [_word(body[key]) for key in ("status", "healthy", "ok") if key in body]
    # Where they contradict each other the worst one counts.
    return max(words, key=lambda word: _GRAVITY[_status_of(word)], default=None)


def _word(value: Any) -> str:
    if isinstance(value, dict):
        value = value.get("status", value.get("healthy", value.get("ok", "")))
    if isinstance(value, list) and value:
        # The form of the health+json draft: several measurements of one part; the worst one counts.
        return max((_word(item) for item in value), key=lambda word: _GRAVITY[_status_of(word)])
    if isinstance(value, bool):
        return "ok" if value else "failed"
    return one_line(str(value), 40) if isinstance(value, str | int | float) else "unreadable"


def _services(body: dict[str, Any]) -> dict[str, str]:
    named = body.get("services", body.get("checks"))
    if isinstance(named, list):
        named = {_name_of(item, n): item for n, item in enumerate(named)}
    if not isinstance(named, dict):
        return {}
    return {one_line(str(name), 40): _word(state) for name, state in list(named.items())[:_MOST_SERVICES]}


def _name_of(item: Any, number: int) -> str:
    told = item.get("name", item.get("service", item.get("id"))) if isinstance(item, dict) else None
    return told if isinstance(told, str) and told else f"part {number + 1}"


def _status_of(word: str) -> Status:
    if word.lower() in HEALTHY:
        return Status.OK
    return Status.WARN if word.lower() in LIMPING else Status.DOWN


def _memory(value: Any) -> float | None:
    if not isinstance(value, dict):
        return None
    for key in ("percent", "percentage", "usedPercent", "used_percent"):
        if isinstance(value.get(key), int | float) and not isinstance(value[key], bool):
            return float(value[key])
    used, total = value.get("used"), value.get("total", value.get("limit"))
    if isinstance(used, int | float) and isinstance(total, int | float) and total > 0:
        return 100.0 * used / total
    return None


def _bad(answer: Answer, body: Any, services: Mapping[str, str]) -> str:
    """The status, and the body's own reason: its error or message, the sick services, else its first line."""
    sick = ", ".join(f"{name} {state}" for name, state in services.items() if _status_of(state) is not Status.OK)
    reason = _told(body) or sick or one_line(answer.body, 100) or answer.error or "empty body"
    return one_line(f'{answer.status} "{reason}"', 140)


def words_of_error(body: bytes) -> str:
    """What an answer says of its own failure, in one line: its error or message, else its beginning. May be empty."""
    try:
        told = _told(msgspec.json.decode(body))
    except NOT_JSON:
        told = ""
    return told or one_line(body, 100)


def _told(body: Any) -> str:
    if not isinstance(body, dict):
        return ""
    found = (body[key] for key in ("error", "message", "detail", "reason") if isinstance(body.get(key), str))
    return one_line(next(found, ""), 100)
