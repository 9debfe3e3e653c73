"""The settings of incidents: who can be called and how, when users are told, when who is called."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from msgspec import field

from operations.settings_parts import Secret, Section

Pager = Literal["", "pagerduty", "opsgenie"]
PAGERS: dict[str, str] = {"pagerduty": "https://events.pagerduty.com", "opsgenie": "https://api.opsgenie.com"}
"""Where the pager services answer, unless `call` says otherwise (Opsgenie's Europe: https://api.eu.opsgenie.com)."""
LADDER: dict[str, float] = {"on-call": 0.0, "lead": 15.0, "manager": 30.0, "cto": 60.0}
"""Minutes after the opening at which each is called: the ladder of the manuals."""
CADENCE: dict[str, float] = {"P0": 15.0, "P1": 30.0, "P2": 60.0}
FIRST_NOTICE: dict[str, float] = {"P0": 5.0, "P1": 15.0}


class Contact(Section, frozen=True, kw_only=True):
    """Somebody who can be called for help."""

    name: str
    role: str = ""
    kind: Literal["lead", "manager", "cto", "dba", "security", "vendor", "on-call"] = "lead"
    after_minutes: float = 0.0
    """When to call this contact, counted from the incident's opening; 0: as `[incident] escalate` says for its kind."""
    phone: str = ""
    call: Secret = Secret("")
    """Webhook that is sent the brief as JSON when this contact is called; with a `pager`, its address."""
    pager: Pager = ""
    """`pagerduty` (Events v2) or `opsgenie` (alerts): calls go there instead of a webhook."""
    key: Secret = Secret("")
    """The pager's key: PagerDuty's routing key, Opsgenie's API key."""

    @property
    def can_be_called(self) -> bool:
        """True when a call reaches this contact without a phone."""
        return bool(self.key) if self.pager else bool(self.call)

    @property
    def address(self) -> str:
        """Where calls go, or empty. It may hold a secret."""
        return self.call.reveal() or (PAGERS.get(self.pager, "") if self.can_be_called else "")


class IncidentSettings(Section, frozen=True, kw_only=True):
    """The clock of an incident, in minutes."""

    cadence: dict[str, float] = field(default_factory=lambda: dict(CADENCE))
    """Minutes between two updates, by severity; 0 or nothing: no update is due."""
    first_notice: dict[str, float] = field(default_factory=lambda: dict(FIRST_NOTICE))
    """Minutes until the first notice is due, by severity; nothing: the cadence's."""
    escalate: dict[str, float] = field(default_factory=lambda: dict(LADDER))
    """Minutes after the opening at which each kind of contact is called, while it is P0 or P1."""
    cto_in_outage: float = 0.0
    """Minutes after which the CTO is called while it is P0, when that is sooner; 0: as `escalate` says."""


def problems_of(incident: IncidentSettings, contacts: tuple[Contact, ...], path: object) -> list[str]:
    """What the types cannot say of these tables, each problem with file, key and an example."""
    problems = []
    for key, table, names in (
        ("cadence", incident.cadence, ("P0", "P1", "P2", "P3")),
        ("first_notice", incident.first_notice, ("P0", "P1", "P2", "P3")),
        ("escalate", incident.escalate, ("on-call", "lead", "manager", "cto", "dba", "security", "vendor")),
    ):
        for name, minutes in table.items():
            where = f"{path}: incident.{key}.{name}"
            if name not in names:
                problems.append(f"{where}: unknown; there is {', '.join(names)}")
            elif not 0 <= minutes <= 10_080:
                problems.append(f"{where}: must lie between 0 and 10080 minutes. Example: {name} = 15.0")
    if not 0 <= incident.cto_in_outage <= 10_080:
        where = f"{path}: incident.cto_in_outage"
        problems.append(f"{where}: must lie between 0 and 10080 minutes. Example: cto_in_outage = 30.0")
    for index, contact in enumerate(contacts):
        problems += _contact(contact, f"{path}: contacts[{index}]")
    return problems


def _contact(contact: Contact, where: str) -> list[str]:
    problems = []
    if not 0 <= contact.after_minutes <= 10_080:
        problems.append(f"{where}.after_minutes: must lie between 0 and 10080. Example: after_minutes = 15.0")
    if contact.pager and not contact.key:
        problems.append(f'{where}.key: is missing. Example: key = "${{PAGER_KEY}}"')
    elif contact.key and not (contact.key.reveal().isascii() and contact.key.reveal().isprintable()):
        problems.append(f'{where}.key: holds characters that no key has. Example: key = "${{PAGER_KEY}}"')
    if contact.call and not _is_address(contact.call.reveal()):
        problems.append(f'{where}.call: not an http(s) address. Example: call = "${{PAGER_WEBHOOK}}"')
    return problems


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
