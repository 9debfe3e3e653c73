"""The messages of an incident as they were sent: word for word, to whom, and what each target answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from operations.engine.events import Event
from operations.incident.telling import lines_of, moment_of, text_of


@dataclass(frozen=True, slots=True)
class Delivery:
    """The last thing known of one target: `delivered`, `failed`, or `unknown` whether it arrived."""

    target: str
    result: str
    problem: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """One message. `texts` are its words by language, `promised` the time of the next one it named."""

    id: str
    at: datetime
    who: str
    kind: str
    audience: str
    texts: Mapping[str, str]
    promised: datetime | None
    deliveries: tuple[Delivery, ...] = ()


@dataclass(slots=True)
class _Draft:
    sent: Sent
    deliveries: dict[str, Delivery] = field(default_factory=dict)


def sent_of(events: Sequence[Event]) -> tuple[Sent, ...]:
    """The messages that these events (by their time) say were sent, the first one first."""
    drafts: dict[str, _Draft] = {}
    for event in events:
        id = text_of(event.data, "message", 200)
        if event.kind == "message.sent" and id:
            drafts.setdefault(id, _Draft(_sent(event, id)))
    for event in events:
        draft = drafts.get(text_of(event.data, "message", 200))
        if event.kind == "message.delivered" and draft is not None:
            target = text_of(event.data, "target", 80)
            problem = text_of(event.data, "problem", 200)
            draft.deliveries[target] = Delivery(target, text_of(event.data, "result", 20), problem, event.at)
    return tuple(
        replace(draft.sent, deliveries=tuple(sorted(draft.deliveries.values(), key=lambda one: one.target)))
        for draft in drafts.values()
    )


def _sent(event: Event, id: str) -> Sent:
    told = event.data.get("texts")
    texts = {str(language)[:20]: lines_of(words) for language, words in told.items()} if isinstance(told, dict) else {}
    audience = event.data.get("audience")
    whom = ", ".join(str(one) for one in audience) if isinstance(audience, list) else text_of(event.data, "audience")
    return Sent(
        id, event.at, event.actor, text_of(event.data, "kind", 40), whom, dict(sorted(texts.items())),
        moment_of(event.data.get("promised")),
    )  # fmt: skip
