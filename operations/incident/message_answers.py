"""What a target's answer means: taken, not taken, or not known. A status is believed where nothing contradicts it.

Pure. What may have been read by somebody is never called failed, and a strange answer is never called delivered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from operations.foreign_json import NOT_JSON
from operations.http import Answer
from operations.incident.sent_messages import LOOK_FIRST, Result
from operations.settings import MessageTarget
from operations.text import one_line

_ELSEWHERE = frozenset({301, 302, 307, 308})
_GATEWAY = frozenset({408, 502, 504})
"""Somebody between us and the target got no answer from it."""
_PAGE = re.compile(rb"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_REFUSING = ("error", "errors")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one attempt, in the words for the record."""

    result: Result
    status: int | None = None
    problem: str = ""
    remote: str = ""


def judged(answer: Answer, target: MessageTarget) -> Verdict:
    """What an answer of that kind of target says."""
    if answer.status is None:
        return _without_answer(answer)
    if not 200 <= answer.status < 300:
        return _refused(answer)
    if answer.error:
        return Verdict("unknown", answer.status, f"answered {answer.status}, but {answer.error}; {LOOK_FIRST}")
    if _PAGE.match(answer.body):
        return _strange(answer, "a web page, as a login or a proxy does")
    if target.kind == "statuspage":
        return _page(answer)
    said = one_line(answer.body, 120)
    found = json_of(answer.body)
    if isinstance(found, dict) and (why := _complaint(found)):
        return Verdict("failed", answer.status, f"answered {answer.status} and said: {why}")
    if target.kind == "slack" and said != "ok" and not (isinstance(found, dict) and _agrees(found)):
        return _strange(answer, f"“{said}”" if said else "nothing")
    if target.kind == "teams" and re.search(r"\b(?:fail|error)", said, re.IGNORECASE):
        return Verdict("failed", answer.status, f"answered {answer.status} and said: {said}")
    return Verdict("delivered", answer.status)


def json_of(body: bytes) -> Any:
    """The JSON in a body, None where it is none."""
    import msgspec

    try:
        return msgspec.json.decode(body)
    except NOT_JSON:
        return None


def _without_answer(answer: Answer) -> Verdict:
    """Before a connection stood nothing left; after that nobody knows."""
    encrypted = urlsplit(answer.url).scheme == "https"
    if (answer.tls if encrypted else answer.connect) is None or answer.kind in ("dns", "tls"):
        return Verdict("failed", None, f"it was not reached: {answer.says}")
    return Verdict("unknown", None, f"{answer.says}; {LOOK_FIRST}")


def _refused(answer: Answer) -> Verdict:
    status = answer.status or 0
    said = one_line(answer.body, 120) if not _PAGE.match(answer.body) else ""
    quoted = f": {said}" if said else ""
    if status in _ELSEWHERE:
        there = urlsplit(answer.headers.get("location", "")).hostname or "elsewhere"
        words = f"{status} sends us to {one_line(there, 60)}: not followed; correct the address in the settings"
        return Verdict("failed", status, words)
    if status in _GATEWAY or 300 <= status < 400:
        return Verdict("unknown", status, f"answered {status}{quoted}; {LOOK_FIRST}")
    if status == 429:
        wait = one_line(answer.headers.get("retry-after", ""), 40)
        return Verdict("failed", status, f"answered 429, too many{f': again after {wait} s' if wait else ''}{quoted}")
    return Verdict("failed", status, f"answered {status}{quoted}")


def _strange(answer: Answer, what: str) -> Verdict:
    return Verdict("unknown", answer.status, f"answered {answer.status} with {what}; {LOOK_FIRST}")


def _page(answer: Answer) -> Verdict:
    found = json_of(answer.body)
    if not isinstance(found, dict) or not isinstance(found.get("id"), str) or not found["id"]:
        return _strange(answer, "something that is no incident of a status page")
    remote = one_line(found["id"], 80)
    if not re.fullmatch(r"[\w-]+", remote):
        return _strange(answer, "an id that is none")
    return Verdict("delivered", answer.status, "", remote)


def _complaint(found: Mapping[str, Any]) -> str:
    """What a body that came with a good status complains of: `{"ok": false, "error": "…"}`."""
    if found.get("ok") is False or found.get("success") is False:
        return one_line(str(found.get("error") or found.get("message") or "it was not taken"), 120)
    return next((one_line(str(found[name]), 120) for name in _REFUSING if found.get(name)), "")


def _agrees(found: Mapping[str, Any]) -> bool:
    return found.get("ok") is True or found.get("success") is True
