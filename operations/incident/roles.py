"""Who does what in an incident: commander, operations, communications, scribe. One person may hold all.

A role is offered to somebody and counts from when that person takes it; taking without an offer is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from operations.engine.events import EventBook
from operations.errors import VigieError
from operations.incident.model import Incident
from operations.incident.order import folded, in_order, turn_key
from operations.text import one_line


class Role(StrEnum):
    """The four roles, in the order they are shown."""

    COMMANDER = "commander"
    OPERATIONS = "operations"
    COMMUNICATIONS = "communications"
    SCRIBE = "scribe"

    @property
    def means(self) -> str:
        """What the role does, for the screen."""
        return {
            Role.COMMANDER: "decides, and keeps the whole in view",
            Role.OPERATIONS: "acts on the site, alone in that",
            Role.COMMUNICATIONS: "tells users and the company",
            Role.SCRIBE: "writes down what happens, and when",
        }[self]


@dataclass(frozen=True, slots=True)
class Holder:
    """One role: who holds it since when, and to whom it is offered; empty names mean nobody."""

    role: Role
    who: str = ""
    since: datetime | None = None
    offered_to: str = ""
    offered_by: str = ""
    offered_at: datetime | None = None
    offer: str = ""
    """Id of the event that offers it."""

    @property
    def words(self) -> str:
        """`ana`, `ana, offered to tom`, `nobody`."""
        offer = f", offered to {self.offered_to}" if self.offered_to else ""
        return f"{self.who or 'nobody'}{offer}"


@folded
def roles_of(incident: Incident) -> Mapping[Role, Holder]:
    """Every role with its holder, in their order."""
    held = {role: Holder(role) for role in Role}
    for one in in_order(incident):
        event = one.event
        if event.kind not in ("role.given", "role.taken"):
            continue
        try:
            role = Role(str(event.data.get("role")))
        except ValueError:
            continue  # a later version's role
        if event.kind == "role.taken":
            held[role] = Holder(role, event.actor, one.at)
        else:
            to = one_line(str(event.data.get("to") or ""), 60)
            offer = (to, event.actor, one.at, event.id) if to else ("", "", None, "")
            held[role] = replace(
                held[role], offered_to=offer[0], offered_by=offer[1], offered_at=offer[2], offer=offer[3]
            )
    return held


def offered_to(incident: Incident, who: str) -> tuple[Role, ...]:
    """The roles that wait for `who` to take them."""
    return tuple(role for role, holder in roles_of(incident).items() if who and holder.offered_to == who)


MOST_WORDS = 4
"""Words of a name: what has more was meant for another field."""


def give(journal: EventBook, incident: Incident, role: Role, to: str) -> None:
    """Offer a role to somebody, who takes it or not; until then it stays where it is. Raises VigieError."""
    name = one_line(to, 60)
    if not name:
        raise VigieError("Nobody is named.", next_step=f"To take an offer back: vigie incident role {incident.id}")
    if len(name.split()) > MOST_WORDS:
        raise VigieError("That is no name: nobody is offered a role by a sentence.")
    holder = roles_of(incident)[role]
    if holder.who == name:
        raise VigieError(f"{name} is {role.value} already.")
    if holder.offered_to != name:
        journal.append("role.given", {"role": role.value, "to": name}, incident=incident.id)


def withdraw(journal: EventBook, incident: Incident, role: Role) -> None:
    """Take an offer back that nobody has taken; without one nothing happens."""
    if roles_of(incident)[role].offered_to:
        journal.append("role.given", {"role": role.value, "to": ""}, incident=incident.id)


def take(journal: EventBook, incident: Incident, role: Role) -> None:
    """Take a role, offered or not: who is at this console holds it from now on."""
    holder = roles_of(incident)[role]
    if holder.who != journal.actor or holder.offered_to:
        before = {"before": holder.who} if holder.who and holder.who != journal.actor else {}
        key = turn_key(incident, "role.taken", role.value, journal.actor)
        journal.append("role.taken", {"role": role.value, **before, "key": key}, incident=incident.id)
