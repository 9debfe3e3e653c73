"""How the autopilot tells users: draft, plan, send to every target, as console and command do; all are stubs here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from operations.desk import utc_now
from operations.engine.events import EventBook
from operations.incident.clock import clock_of
from operations.incident.message_plan import chosen_targets, prepare
from operations.incident.messages import Kind, drafted
from operations.incident.model import Incident
from operations.incident.sending import new_message_id, past_messages, send
from operations.incident.sent_messages import Delivery
from operations.settings import Settings
from operations.watch.model import Snapshot

TYPED: Mapping[str, Mapping[str, str]] = {
    "initial": {
        "impact": "the list of calls does not load",
        "impact.fr": "la liste des appels ne se charge pas",
    },
    "update": {"workaround": "none"},
    "resolved": {"data loss": "no"},
}
"""What a person would fill in, by kind and blank."""
_SAID_OF_IT = {"impact": "impact", "impact.fr": "impact.fr", "workaround": "workaround", "data loss": "data_loss"}
SOON = timedelta(seconds=20)
"""An update that is due within this is sent now."""


async def tell_users(
    settings: Settings, journal: EventBook, incident: Incident, kind: Kind, snapshot: Snapshot | None
) -> tuple[Delivery, ...]:
    """Draft that message, fill its blanks, and send it to all targets. Raises VigieError when its plan refuses."""
    given = TYPED[kind]
    draft = drafted(incident, kind, utc_now(), settings, snapshot, given=given)
    sending = prepare(
        settings,
        draft,
        chosen_targets(settings, ("all",), restricted=False),
        past_messages(journal, incident, utc_now()),
        utc_now(),
        incident=incident,
        environment=incident.environment,
        message=new_message_id(),
        snapshot=snapshot,
        told={_SAID_OF_IT[name]: words for name, words in given.items()},
    )
    return await send(journal, settings, sending, utc_now)


def update_is_due(incident: Incident, settings: Settings) -> bool:
    """True when users wait for an update now or in a moment, as the incident's clock has it."""
    now = utc_now()
    due = clock_of(incident, settings, now).due
    return any(one.kind in ("update", "promise") and one.due_at <= now + SOON for one in due)


def came_words(kind: str, came: Sequence[Delivery]) -> str:
    """What came of a message, in one line."""
    return f"{kind} notice: {'; '.join(one.words for one in came)}"
