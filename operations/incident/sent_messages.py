"""Messages as their events tell them: drafted, sent, and what each target answered. Pure; nothing is kept twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from operations.engine.events import Event
from operations.incident.model import Incident

Result = Literal["delivered", "failed", "unknown", "sending"]
MESSAGE_KINDS = ("message.drafted", "message.sent", "message.retried", "message.delivered")
LOOK_FIRST = "not known whether it arrived: look before sending again"
ANSWERS_WITHIN = timedelta(seconds=90)
"""After this an attempt without an answer is one whose console is gone: targets may take a minute at most."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The last attempt at one target. `remote` is what the target calls the incident, for its later updates."""

    target: str
    result: Result
    at: datetime
    attempt: int = 1
    status: int | None = None
    problem: str = ""
    remote: str = ""

    @property
    def words(self) -> str:
        """One line a person can read aloud."""
        why = f": {self.problem}" if self.problem else ""
        again = f" (attempt {self.attempt})" if self.attempt > 1 else ""
        return f"{self.target} {self.result if self.result != 'unknown' else 'NOT KNOWN'}{again}{why}"


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its texts word for word, to whom it went, and what came of it."""

    id: str
    kind: str
    texts: Mapping[str, str]
    by: str
    drafted_at: datetime | None = None
    sent_at: datetime | None = None
    audience: str = ""
    public: bool = False
    targets: tuple[str, ...] = ()
    promised: datetime | None = None
    deliveries: tuple[Delivery, ...] = ()
    event: str = ""
    """Id of the event that recorded the sending."""

    @property
    def sent(self) -> bool:
        """True once it was recorded that it leaves; only what its targets say tells whether it arrived."""
        return self.sent_at is not None

    @property
    def outstanding(self) -> tuple[Delivery, ...]:
        """Targets that did not take it, or of which nobody knows."""
        return tuple(one for one in self.deliveries if one.result in ("failed", "unknown"))

    @property
    def result(self) -> Result | Literal["draft"]:
        """The worst of its targets: unknown before failed before sending."""
        if not self.sent:
            return "draft"
        found = {one.result for one in self.deliveries}
        worst: tuple[Result, ...] = ("unknown", "failed", "sending")
        return next((one for one in worst if one in found), "delivered")


@dataclass(slots=True)
class _Making:
    message: Message
    attempts: dict[str, Delivery] = field(default_factory=dict)


def messages_of(incident: Incident | None, now: datetime | None = None) -> tuple[Message, ...]:
    """The incident's messages, oldest first."""
    return messages_in(incident.events, now) if incident is not None else ()


def messages_in(events: Iterable[Event], now: datetime | None = None) -> tuple[Message, ...]:
    """The messages that these events tell of. An attempt without an answer is unknown, just now it is being sent."""
    making: dict[str, _Making] = {}
    keys: set[str] = set()
    told = [event for event in events if event.kind in MESSAGE_KINDS]
    # Not by their times: a clock may have been set back between a message and its answers.
    for event in sorted(told, key=lambda one: (MESSAGE_KINDS.index(one.kind), one.recorded_at, one.id)):
        # What two consoles drafted under one key is one draft.
        if (key := str(event.data.get("key") or "")) in keys:
            continue
        keys |= {key} if key else set()
        # A damaged event, or a later version's, is left out; the others still tell the story.
        with suppress(KeyError, ValueError, TypeError, AttributeError):
            _take(making, event)
    found = [_finished(one, now) for one in making.values()]
    return tuple(sorted(found, key=lambda one: one.sent_at or one.drafted_at or _NEVER))


def remote_of(messages: Iterable[Message], target: str) -> str:
    """What `target` calls the incident, from any message it took."""
    found = [one.remote for message in messages for one in message.deliveries if one.target == target and one.remote]
    return found[-1] if found else ""


def _take(making: dict[str, _Making], event: Event) -> None:
    data = event.data
    id = str(data["message"])
    if event.kind in ("message.drafted", "message.sent"):
        texts = {str(language): str(text) for language, text in dict(data["texts"]).items()}
        made = making.setdefault(id, _Making(Message(id, str(data["kind"]), texts, event.actor)))
        if event.kind == "message.drafted":
            if not made.message.sent:
                made.message = replace(made.message, texts=texts, drafted_at=event.at, by=event.actor)
            return
        _sent(made, event, texts)
    elif event.kind == "message.retried":
        for target in data["targets"]:
            _begun(making[id], str(target), event.at, int(data["attempt"]))
    else:
        target = str(data["target"])
        attempt = int(data.get("attempt", 1))
        before = making[id].attempts.get(target)
        remote = str(data.get("remote", "")) or (before.remote if before else "")
        if before is not None and attempt < before.attempt:
            making[id].attempts[target] = replace(before, remote=before.remote or remote)
        else:
            status = data.get("status")
            making[id].attempts[target] = Delivery(
                target, _result(data.get("result")), event.at, attempt, status if isinstance(status, int) else None,
                str(data.get("problem", "")), remote,
            )  # fmt: skip


def _sent(made: _Making, event: Event, texts: Mapping[str, str]) -> None:
    if made.message.sent:
        return
    data = event.data
    targets = tuple(str(name) for name in data.get("targets") or ())
    promised = data.get("promised")
    made.message = replace(
        made.message, texts=texts, by=event.actor, sent_at=event.at, audience=str(data.get("audience", "")),
        public=data.get("public") is True, targets=targets, event=event.id,
        promised=datetime.fromisoformat(promised) if promised else None,
    )  # fmt: skip
    for name in targets:
        _begun(made, name, event.at, 1)


def _begun(made: _Making, target: str, at: datetime, attempt: int) -> None:
    before = made.attempts.get(target)
    if before is None or attempt > before.attempt:
        made.attempts[target] = Delivery(target, "sending", at, attempt, remote=before.remote if before else "")


def _result(value: object) -> Result:
    return value if value in ("delivered", "failed") else "unknown"


def _finished(made: _Making, now: datetime | None) -> Message:
    deliveries = []
    for one in made.attempts.values():
        # A clock that was set back must not make an old attempt look like one that still runs.
        if one.result == "sending" and (now is None or not -_SKEW <= now - one.at < ANSWERS_WITHIN):
            one = replace(one, result="unknown", problem=f"Vigie ended before the answer; {LOOK_FIRST}")
        deliveries.append(one)
    return replace(made.message, deliveries=tuple(deliveries))


_SKEW = timedelta(seconds=5)
_NEVER = datetime.min.replace(tzinfo=UTC)
