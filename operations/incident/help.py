"""Calling for help: the brief goes to a contact's webhook, and what came back is recorded.

A timeout is "not known whether it arrived", never a silent success.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from operations.engine.events import EventBook
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.incident.brief import Brief
from operations.incident.model import Call, Incident
from operations.secret_parts import secrets_of_text
from operations.settings import Contact, Settings
from operations.text import one_line

LIMIT = 10.0
"""Seconds a call may take to be accepted."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """Whether the call was accepted, the id to ask after it by, and what went wrong if it was not."""

    delivered: bool
    call: str = ""
    problem: str = ""


def contact_named(settings: Settings, name: str = "", kind: str = "") -> Contact:
    """The contact of that name, else the first of that kind, else the first one that can be called."""
    for contact in settings.contacts:
        if (name and contact.name == name) or (not name and kind and contact.kind == kind):
            return contact
    callable_ones = [contact for contact in settings.contacts if contact.call]
    if name or not callable_ones:
        raise VigieError(
            f"There is no contact {name or kind or 'with a call address'} in the settings.",
            next_step='Add one: [[contacts]] name = "Ana", call = "https://…"; until then use the phone.',
        )
    return callable_ones[0]


async def call_for_help(journal: EventBook, incident: Incident, contact: Contact, brief: Brief) -> CallResult:
    """Send the brief to `contact` and record who was called and whether it was accepted."""
    result = await _send(contact, brief)
    journal.append(
        "help.called",
        {
            "call": result.call,
            "contact": contact.name,
            "kind": contact.kind,
            "delivered": result.delivered,
            "problem": result.problem,
            "brief": list(brief.lines()),
        },
        incident=incident.id,
    )
    return result


async def ask_after(journal: EventBook, incident: Incident, contact: Contact, call: Call) -> str:
    """Ask the contact's service whether a call was answered; a new answer is recorded and returned, else empty."""
    import httpx

    try:
        async with httpx.AsyncClient(trust_env=False, timeout=LIMIT) as client:
            answer = (await client.get(f"{contact.call.reveal().rstrip('/')}/{call.id}")).json()
    except (httpx.HTTPError, ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    # The service was sent its own address, and may quote it.
    said = Redactor(secrets_of_text(contact.call.reveal())).redact(str(answer.get("says") or ""))
    says = one_line(said, 200)
    if not says or says == call.answer:
        return ""
    data = {"call": call.id, "contact": contact.name, "answer": says}
    journal.append("help.answered", data, incident=incident.id)
    return says


async def _send(contact: Contact, brief: Brief) -> CallResult:
    if not contact.call:
        return CallResult(False, problem=f"no call address; phone {contact.phone or 'not in the settings'}")
    import httpx

    try:
        async with httpx.AsyncClient(trust_env=_is_remote(contact), timeout=LIMIT) as client:
            answer = await client.post(contact.call.reveal(), json=brief.document(contact.kind))
    except httpx.TimeoutException:
        return CallResult(False, problem="no answer in 10 s: not known whether it arrived")
    except httpx.HTTPError as error:
        return CallResult(False, problem=one_line(type(error).__name__, 60))
    if not answer.is_success:
        return CallResult(False, problem=f"refused with {answer.status_code}")
    return CallResult(True, call=_id_in(answer.content))


def _is_remote(contact: Contact) -> bool:
    return urlsplit(contact.call.reveal()).hostname not in ("127.0.0.1", "localhost", "::1")


def _id_in(body: bytes) -> str:
    import msgspec

    from operations.foreign_json import NOT_JSON

    try:
        return one_line(str(msgspec.json.decode(body[:65536]).get("id", "")), 80)
    except (*NOT_JSON, AttributeError):
        return ""
