"""Calling for help: the brief goes to a contact's webhook or pager, and what came back is recorded.

A timeout is "not known whether it arrived", never a silent success. Called again after that it is the same call: a
pager that has it already wakes nobody twice.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from operations.engine.events import EventBook
from operations.errors import VigieError
from operations.http import Answer, ask
from operations.incident.brief import Brief
from operations.incident.model import Call, Incident
from operations.incident.order import in_order
from operations.incident.paging import Reply, Request, Result, answer_in, question_for, reply_of, request_for
from operations.incident.told import restriction_of
from operations.settings import Contact, Settings
from operations.text import one_line

LIMIT = 10.0
"""Seconds a call may take to be accepted."""
_BY_PHONE = "phone:"
_BODY = 65_536


@dataclass(frozen=True, slots=True)
class CallResult:
    """Whether the call was accepted, the id to ask after it by, and what went wrong if it was not."""

    delivered: bool
    call: str = ""
    problem: str = ""
    result: Result = "failed"


def contact_named(settings: Settings, name: str = "", kind: str = "") -> Contact:
    """The contact of that name, else the first of that kind, else the first one that can be called."""
    for contact in settings.contacts:
        if (name and contact.name == name) or (not name and kind and contact.kind == kind):
            return contact
    callable_ones = [contact for contact in settings.contacts if contact.can_be_called]
    if name or not callable_ones:
        raise VigieError(
            f"There is no contact {one_line(name or kind, 60) or 'with a call address'} in the settings.",
            next_step='Add one: [[contacts]] name = "Ana", call = "https://…"; until then use the phone.',
        )
    return callable_ones[0]


async def call_for_help(journal: EventBook, incident: Incident, contact: Contact, brief: Brief) -> CallResult:
    """Send the brief to `contact` and record who was called and whether it was accepted."""
    key, attempt = key_of_call(incident, contact)
    reply = await _send(contact, brief, key, restricted=restriction_of(incident) is not None)
    call = key if contact.pager else reply.id
    result = CallResult(reply.result == "delivered", call, reply.problem, reply.result)
    journal.append(
        "help.called",
        {
            "call": result.call,
            "contact": contact.name,
            "kind": contact.kind,
            "delivered": result.delivered,
            "result": result.result,
            "problem": result.problem,
            "by": contact.pager or ("webhook" if contact.can_be_called else "nothing"),
            "dedup": key,
            "attempt": attempt,
            "need": brief.need,
            "brief": list(brief.lines()),
        },
        incident=incident.id,
    )
    return result


def phoned(
    journal: EventBook, incident: Incident, contact: Contact, new_id: Callable[[], str] = lambda: secrets.token_hex(4)
) -> None:
    """Record that a person called the contact by phone."""
    data = {"call": _BY_PHONE + new_id(), "contact": contact.name, "kind": contact.kind, "delivered": True}
    journal.append("help.called", {**data, "result": "delivered", "by": "phone"}, incident=incident.id)


def heard(journal: EventBook, incident: Incident, name: str, words: str) -> None:
    """Record what somebody who was called has answered, on whatever way. Raises VigieError without such a call."""
    call = next((call for call in reversed(incident.calls) if call.contact == name), None)
    if call is None:
        called = ", ".join(dict.fromkeys(call.contact for call in incident.calls)) or "nobody"
        raise VigieError(f"{one_line(name, 60) or 'Nobody'} was not called.", next_step=f"Called: {called}.")
    answer = one_line(words, 200) or "answered"
    journal.append("help.answered", {"call": call.id, "contact": name, "answer": answer}, incident=incident.id)


async def ask_after(journal: EventBook, incident: Incident, contact: Contact, call: Call) -> str:
    """Ask the contact's service whether a call was answered; a new answer is recorded and returned, else empty."""
    question = None if call.id.startswith(_BY_PHONE) else question_for(contact, call.id)
    if question is None:
        return ""
    answer = await _ask(contact, question, "GET")
    says = answer_in(contact, answer) if answer.status is not None else ""
    if not says or says == call.answer:
        return ""
    data = {"call": call.id, "contact": contact.name, "answer": says}
    journal.append("help.answered", data, incident=incident.id)
    return says


def key_of_call(incident: Incident, contact: Contact) -> tuple[str, int]:
    """The key of the next call of this contact, and which attempt it is. One that did not arrive is tried again."""
    calls = [
        one.event.data
        for one in in_order(incident)
        if one.event.kind == "help.called" and one.event.data.get("contact") == contact.name
    ]
    last = calls[-1] if calls else {}
    if last.get("dedup") and last.get("delivered") is not True:
        attempt = last.get("attempt")
        return str(last["dedup"]), (attempt if isinstance(attempt, int) else 1) + 1
    name = re.sub(r"[^a-z0-9]+", "-", f"{incident.site} {contact.name}".lower()).strip("-")[:80]
    made = len({str(call.get("dedup")) for call in calls if call.get("dedup")}) + 1
    return f"vigie-{incident.id}-{name}-{made}", 1


async def _send(contact: Contact, brief: Brief, key: str, *, restricted: bool) -> Reply:
    if not contact.can_be_called:
        return Reply("failed", f"no call address; phone {contact.phone or 'not in the settings'}")
    answer = await _ask(contact, request_for(contact, brief, key, restricted=restricted), "POST")
    return reply_of(contact, answer, key, LIMIT)


async def _ask(contact: Contact, request: Request, method: str) -> Answer:
    import httpx

    remote = urlsplit(contact.address).hostname not in ("127.0.0.1", "localhost", "::1")
    async with httpx.AsyncClient(trust_env=remote) as client:
        return await ask(
            client,
            request.url,
            method=method,
            content=request.body or None,
            headers=request.headers,
            limit=LIMIT,
            body_cap=_BODY,
        )
