"""The shapes of calls for help: a webhook of one's own, PagerDuty's Events v2, Opsgenie's alerts. Pure.

What a service answers is read as it says it, and a lie is no success: 2xx without the service's own words is "not known
whether it arrived". The key that makes a repeated call the same call goes with every one of them.

Contracts: PagerDuty developer docs, Events API v2, "Send an alert event"; Opsgenie docs, Alert API, "Create alert".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from operations.engine.redaction import Redactor
from operations.http import Answer
from operations.incident.brief import Brief
from operations.incident.model import Severity
from operations.secret_parts import secrets_of_text
from operations.settings import Contact
from operations.text import one_line

Result = Literal["delivered", "failed", "unknown"]
NAMES = {"pagerduty": "PagerDuty", "opsgenie": "Opsgenie"}
_PAGERDUTY = {Severity.P0: "critical", Severity.P1: "error", Severity.P2: "warning", Severity.P3: "info"}
_OPSGENIE = {Severity.P0: "P1", Severity.P1: "P2", Severity.P2: "P3", Severity.P3: "P4"}
_SUMMARY, _MESSAGE, _DESCRIPTION = 1024, 130, 15_000
"""The longest texts that PagerDuty's summary and Opsgenie's message and description take."""
_GATEWAYS = (502, 504)
UNKNOWN = "not known whether it arrived"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent where. It holds secrets, so it is never shown."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of it; `id` is what a webhook calls it."""

    result: Result
    problem: str = ""
    id: str = ""


def request_for(contact: Contact, brief: Brief, key: str, *, restricted: bool = False) -> Request:
    """The call of `contact`, the same call for the same `key`. A restricted one says only that somebody is needed."""
    document = _bare(contact, brief) if restricted else brief.document(contact.kind)
    if contact.pager == "pagerduty":
        return _json(_base(contact, "/v2/enqueue"), _pagerduty(contact, brief, key, document, restricted), {})
    if contact.pager == "opsgenie":
        headers = {"authorization": f"GenieKey {contact.key.reveal()}"}
        return _json(_base(contact, "/v2/alerts"), _opsgenie(brief, key, document, restricted), headers)
    return _json(contact.address, document, {"idempotency-key": key})


def question_for(contact: Contact, call: str) -> Request | None:
    """What asks whether a call was answered; None where nobody can be asked (Events v2 tells nothing back)."""
    if contact.pager == "pagerduty" or not contact.can_be_called:
        return None
    if contact.pager == "opsgenie":
        url = f"{_base(contact, '/v2/alerts')}/{quote(call, safe='')}?identifierType=alias"
        return Request(url, b"", {"authorization": f"GenieKey {contact.key.reveal()}"})
    return Request(f"{contact.address.rstrip('/')}/{quote(call, safe='')}", b"", {})


def reply_of(contact: Contact, answer: Answer, key: str, limit: float) -> Reply:
    """What the answer to a call means."""
    if answer.status is None:
        return _no_answer(answer, limit)
    says = document_of(answer)
    if answer.status in _GATEWAYS:
        return Reply("unknown", f"a gateway answered {answer.status}: {UNKNOWN}")
    if not 200 <= answer.status < 300:
        why = own_words(contact, says.get("message")) if contact.pager else ""
        return Reply("failed", f"refused with {answer.status}{f': {why}' if why else ''}")
    if not contact.pager:
        return Reply("delivered", id=one_line(str(says.get("id") or ""), 80))
    taken = {
        "pagerduty": says.get("status") == "success" and says.get("dedup_key", key) == key,
        "opsgenie": bool(says.get("requestId")) and isinstance(says.get("requestId"), str),
    }[contact.pager]
    if not taken:
        return Reply("unknown", f"answered {answer.status}, but not as {NAMES[contact.pager]} does: {UNKNOWN}")
    return Reply("delivered")


def answer_in(contact: Contact, answer: Answer) -> str:
    """What the one who was called says, by the service; empty while nothing."""
    says = document_of(answer)
    if contact.pager != "opsgenie":
        return own_words(contact, says.get("says"))
    data = says.get("data")
    if answer.status != 200 or not isinstance(data, dict) or data.get("acknowledged") is not True:
        return ""
    report = data.get("report")
    who = own_words(contact, report.get("acknowledgedBy") if isinstance(report, dict) else "")
    return f"acknowledged{f' by {who}' if who else ''}"


def own_words(contact: Contact, said: object) -> str:
    """What a service says, in one line. It was sent its address and key, and may quote them."""
    hidden = [*secrets_of_text(contact.call.reveal()), *secrets_of_text(contact.key.reveal())]
    return one_line(Redactor(hidden).redact(said), 200) if isinstance(said, str) and said else ""


def document_of(answer: Answer) -> dict[str, Any]:
    """The JSON object in an answer; empty when there is none."""
    import msgspec

    from operations.foreign_json import NOT_JSON

    try:
        found = msgspec.json.decode(answer.body)
    except NOT_JSON:
        return {}
    return found if isinstance(found, dict) else {}


def _pagerduty(contact: Contact, brief: Brief, key: str, document: dict[str, Any], restricted: bool) -> dict[str, Any]:
    return {
        "routing_key": contact.key.reveal(),
        "event_action": "trigger",
        "dedup_key": key,
        "client": "Vigie",
        "payload": {
            "summary": one_line(_headline(brief, restricted), _SUMMARY),
            "source": f"{brief.site} {brief.environment}",
            "severity": _PAGERDUTY[Severity(brief.severity)],
            "component": brief.site,
            "group": brief.environment,
            "class": "incident",
            "custom_details": document,
        },
    }


def _opsgenie(brief: Brief, key: str, document: dict[str, Any], restricted: bool) -> dict[str, Any]:
    return {
        "message": one_line(_headline(brief, restricted), _MESSAGE),
        "alias": key,
        "description": str(document["text"])[:_DESCRIPTION],
        "priority": _OPSGENIE[Severity(brief.severity)],
        "entity": f"{brief.site} {brief.environment}",
        "source": "Vigie",
        "tags": ["vigie", brief.severity],
        "details": {"incident": brief.incident, "kind": str(document["kind"])},
    }


def _headline(brief: Brief, restricted: bool) -> str:
    where = f"{brief.severity} {brief.site} {brief.environment}"
    return f"{where}: restricted, call {brief.who}" if restricted else f"{where}: {brief.need}. {brief.broken}"


def _bare(contact: Contact, brief: Brief) -> dict[str, Any]:
    where = f"{brief.severity} {brief.site} {brief.environment}, incident {brief.incident}"
    return {
        "kind": contact.kind,
        "incident": brief.incident,
        "site": brief.site,
        "environment": brief.environment,
        "severity": brief.severity,
        "who": brief.who,
        "text": f"{where}\nThe incident is restricted: call {brief.who} for what it is about.",
    }


def _base(contact: Contact, path: str) -> str:
    address = contact.address.rstrip("/")
    return address if address.endswith(path) else address + path


def _json(url: str, document: Mapping[str, Any], headers: Mapping[str, str]) -> Request:
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    return Request(url, body, {"content-type": "application/json", **headers})


def _no_answer(answer: Answer, limit: float) -> Reply:
    """Where the request may have reached somebody, that is said; a name or a connection that failed sent nothing."""
    sent = answer.connect is not None and answer.kind != "tls" and "TLS handshake" not in answer.error
    if answer.kind == "timeout" and sent:
        return Reply("unknown", f"no answer in {limit:g} s: {UNKNOWN}")
    if sent and answer.kind == "connect":
        return Reply("unknown", f"{one_line(answer.error, 80)}: {UNKNOWN}")
    return Reply("failed", one_line(answer.error, 80) or "no connection")
