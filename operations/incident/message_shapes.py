"""A message in the shape each kind of target takes. Pure: text in, JSON types out; nothing in a text becomes markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from operations.engine.events import utc_text
from operations.incident.model import IncidentState
from operations.settings import MessageTarget

PLANNED = frozenset({"maintenance", "maintenance-over", "post-deployment", "release-notice"})
"""Kinds about planned work, and about no incident: a status page's incidents have no place for them."""
_STATUS = {
    IncidentState.INVESTIGATING: "investigating",
    IncidentState.IDENTIFIED: "identified",
    IncidentState.MONITORING: "monitoring",
    IncidentState.RESOLVED: "resolved",
    IncidentState.CLOSED: "resolved",
}
_TITLES = {"en": "Trouble with {}", "fr": "Perturbation : {}"}
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent, whatever shape it gets: the texts word for word and what goes with them."""

    message: str
    kind: str
    texts: Mapping[str, str]
    service: str
    incident: str = ""
    state: IncidentState | None = None
    promised: datetime | None = None
    head: str = ""
    """Place and hash of the journal's event, kept outside the journal's reach; not for the public."""

    def text_for(self, target: MessageTarget) -> str:
        """The target's languages, one under the other."""
        wanted = target.languages or tuple(self.texts)
        return "\n\n".join(self.texts[one] for one in wanted if one in self.texts)


def slack(parcel: Parcel, target: MessageTarget) -> dict[str, Any]:
    """An incoming webhook's body (docs.slack.dev, "Sending messages using incoming webhooks"); others take it, too.

    Three characters have to be escaped there; with `mrkdwn` off nothing else means anything.
    """
    text = parcel.text_for(target)
    for character, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, escaped)
    return {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


def teams(parcel: Parcel, target: MessageTarget) -> dict[str, Any]:
    """An Adaptive Card for a workflow's webhook. Text runs know no Markdown, unlike text blocks (adaptivecards.io)."""
    lines = parcel.text_for(target).split("\n")
    body = [
        {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line or " "}], "spacing": "None"}
        for line in lines
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "msteams": {"width": "Full"},
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def webhook(parcel: Parcel, target: MessageTarget) -> dict[str, Any]:
    """Our own shape: the texts apart and as one, for a script of the team's."""
    wanted = target.languages or tuple(parcel.texts)
    body: dict[str, Any] = {
        "schema": 1,
        "message": parcel.message,
        "kind": parcel.kind,
        "service": parcel.service,
        "texts": {one: parcel.texts[one] for one in wanted if one in parcel.texts},
        "text": parcel.text_for(target),
        "next_update": utc_text(parcel.promised) if parcel.promised else None,
    }
    if not target.public:
        body |= {"incident": parcel.incident, "journal": parcel.head}
    return body


def statuspage(parcel: Parcel, target: MessageTarget) -> dict[str, Any]:
    """Body of "create an incident" and "update an incident" (developer.statuspage.io); a name only where it is new."""
    language = next(iter(target.languages or parcel.texts), "en")
    title = _TITLES.get(language, _TITLES["en"]).format(parcel.service)
    return {"incident": {"name": title, "status": status_of(parcel), "body": page_body(parcel, target)}}


def page_body(parcel: Parcel, target: MessageTarget) -> str:
    """The text as a status page takes it: pages show HTML, so what would open a tag is escaped."""
    return _TAG.sub("&lt;", parcel.text_for(target))


def status_of(parcel: Parcel) -> str:
    """The status a page shows: resolved by the resolved notice alone."""
    if parcel.kind == "resolved":
        return "resolved"
    status = _STATUS.get(parcel.state or IncidentState.INVESTIGATING, "investigating")
    return "monitoring" if status == "resolved" else status


def file_text(parcel: Parcel, target: MessageTarget, at: datetime) -> str:
    """What is appended to a file: a head line, the text, an empty line."""
    head = " ".join(part for part in (f"{at:%Y-%m-%d %H:%M:%SZ}", parcel.kind, parcel.incident, parcel.message) if part)
    kept = "" if target.public or not parcel.head else f"\n(journal {parcel.head})"
    return f"--- {head}\n{parcel.text_for(target)}{kept}\n\n"
