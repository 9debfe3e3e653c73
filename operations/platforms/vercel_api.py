"""Talking to Vercel's REST API: one call and its validated answer, within a deadline, without ever naming the token.

Reads are repeated after 429, 5xx and network trouble, with jitter and never before Retry-After. A POST is sent once:
whether it took is for the caller to look at first.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from operations.errors import VigieError
from operations.foreign_json import NOT_JSON
from operations.http import Answer, ask, client_with
from operations.platforms.vercel_replies import Complaint, ErrorBody, Reply
from operations.settings import Secret, Settings, address_of
from operations.text import one_line

Kind = TypeVar("Kind", bound=Reply)
BODY_CAP = 2_000_000
"""Bytes of one answer that are read; a page of 100 deployments takes about 300 KB."""
_BACK_OFF = 0.4
PREREQUISITE, FAILED = 2, 5
_HOBBY = ("upgrade to pro", "hobby")


class NoAnswer(VigieError):
    """Vercel gave no usable answer: network, deadline, 429, 5xx, or a body that is none of its API's.

    `wait` is the seconds it asked to be left alone; `throttled` says that it did nothing because of too many requests.
    """

    def __init__(self, what: str, *, wait: float = 0.0, throttled: bool = False) -> None:
        super().__init__(what, next_step="Look at Vercel's status page.", code=FAILED)
        self.wait = wait
        self.throttled = throttled


class Refused(VigieError):
    """Vercel said no (4xx): nothing was done. `status` is HTTP's, `reason` the API's own code."""

    def __init__(self, what: str, *, status: int, reason: str, means: str = "", next_step: str = "", code: int) -> None:
        super().__init__(what, means=means, next_step=next_step, code=code)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Pace:
    """Limits in seconds: `attempt` for one request, `read` for a read with its repetitions, `act` for a whole act.

    `now` is a clock that only goes forward; `jitter` gives 0 to 1.
    """

    attempt: float = 5.0
    read: float = 7.0
    act: float = 45.0
    now: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random

    def back_off(self, tries: int, asked: float, deadline: float) -> bool:
        """Wait before the next try, never shorter than `asked`; False, at once, when that would pass the deadline."""
        seconds = max(asked, _BACK_OFF * 2.0**tries) * (1 + self.jitter() / 4)
        if self.now() + seconds >= deadline:
            return False
        self.pause(seconds)
        return True


class VercelApi:
    """The calls of one project's account. Its repr and its errors never hold the token."""

    def __init__(self, base: str, token: Secret, team: str, settings: Settings, pace: Pace) -> None:
        self._base = base.rstrip("/")
        self._token = token
        self._team = team
        self._settings = settings
        self.pace = pace

    def read(self, kind: type[Kind], path: str, **query: str | int) -> Kind:
        """GET, repeated within `pace.read`. Raises Refused, NoAnswer."""
        deadline = self.pace.now() + self.pace.read
        tries = 0
        while True:
            try:
                answer = self._once("GET", path, query, deadline - self.pace.now())
                return _decoded(kind, answer, path)
            except NoAnswer as trouble:
                if not self.pace.back_off(tries, trouble.wait, deadline):
                    raise
            tries += 1

    def send(self, method: str, path: str) -> int:
        """One POST or DELETE, never repeated; the status (2xx). Raises Refused (nothing was done) or NoAnswer: look."""
        return self._once(method, path, {}, self.pace.attempt).status or 0

    def _once(self, method: str, path: str, query: Mapping[str, str | int], left: float) -> Answer:
        # The API takes a team by its id or by its slug, each under a name of its own.
        team = {"teamId" if self._team.startswith("team_") else "slug": self._team} if self._team else {}
        sent = {**query, **team}
        url = f"{self._base}{path}" + (f"?{urlencode(sent)}" if sent else "")
        limit = max(0.05, min(self.pace.attempt, left))
        # urllib's and httpx's exceptions may hold headers: they stay inside, only our own words leave.
        answer = asyncio.run(self._ask(method, url, limit))
        return _accepted(replace(answer, url=path), f"Vercel ({address_of(self._base)})")

    async def _ask(self, method: str, url: str, limit: float) -> Answer:
        headers = {"authorization": f"Bearer {self._token.reveal()}", "accept": "application/json"}
        # Vercel wants a body with every POST (its own client sends an empty object, too).
        body = "{}" if method == "POST" else None
        if body:
            headers["content-type"] = "application/json"
        async with client_with("", {}, self._settings) as client:
            return await ask(client, url, method=method, content=body, headers=headers, limit=limit, body_cap=BODY_CAP)


def part(text: str) -> str:
    """A value as one part of a path."""
    return quote(text, safe="")


def _accepted(answer: Answer, who: str) -> Answer:
    """The same answer when it is a 2xx that came whole; raises otherwise."""
    status = answer.status
    if status is None or answer.kind != "http":
        raise NoAnswer(f"{who} does not answer: {answer.error or 'no answer'}.")
    if answer.truncated:
        raise NoAnswer(f"{who} answered {status} with more than {BODY_CAP // 1_000_000} MB: not read.")
    if answer.error:
        raise NoAnswer(f"{who} answered {status}, but {answer.error}.")
    if 200 <= status < 300:
        return answer
    complaint = _complaint(answer)
    said = f"{who} answered {status} {complaint.code}".rstrip() + (
        f": {complaint.message}" if complaint.message else ""
    )
    if status == 429 or status >= 500:
        raise NoAnswer(f"{said.rstrip('.')}.", wait=_asked_to_wait(answer), throttled=status == 429)
    raise _refusal(f"{said.rstrip('.')}.", status, complaint)


def _complaint(answer: Answer) -> Complaint:
    try:
        found = msgspec.json.decode(answer.body, type=ErrorBody).error
    except NOT_JSON:
        return Complaint(message=_instead(answer))
    return Complaint(one_line(found.code, 60), one_line(found.message, 200))


def _instead(answer: Answer) -> str:
    """What came in place of the API's JSON, in a few words."""
    start = answer.body[:512].lstrip().lower()
    if answer.content_type == "text/html" or start.startswith((b"<!doctype", b"<html")):
        return "an HTML page instead of the API's answer"
    return f'"{one_line(answer.body, 60)}"' if start else ""


def _refusal(said: str, status: int, complaint: Complaint) -> Refused:
    means, next_step, code = "", "", FAILED
    if status in (401, 403):
        next_step = "Look at the token and its rights on the project and team (platform.token, platform.team)."
        code = PREREQUISITE
    if status == 404:
        next_step = "Look at platform.project and platform.team, and whether that deployment still exists."
        code = PREREQUISITE
    if status in (402, 403) and any(words in complaint.message.lower() for words in _HOBBY):
        means = "The Hobby plan can only go back to the deployment that was live just before this one."
        next_step, code = "Roll back to that one, or rebuild the older commit with --rebuild.", FAILED
    if status == 409:
        next_step = "Somebody else's change is under way on this project: look before trying again."
    return Refused(said, status=status, reason=complaint.code, means=means, next_step=next_step, code=code)


def _asked_to_wait(answer: Answer) -> float:
    """Seconds of Retry-After (RFC 9110, 10.2.3); a date is counted from the answer's own Date, not from our clock."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked[:9])
    try:
        later = parsedate_to_datetime(asked) - parsedate_to_datetime(answer.headers.get("date", ""))
        return max(0.0, later.total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _decoded(kind: type[Kind], answer: Answer, path: str) -> Kind:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.ValidationError as error:
        found = one_line(str(error), 120)
        raise NoAnswer(f"Vercel's answer to {path} is not what its API says: {found}.") from None
    except NOT_JSON:
        instead = _instead(answer) or "nothing"
        raise NoAnswer(f"Vercel answered {path} with {answer.status} and {instead}.") from None
