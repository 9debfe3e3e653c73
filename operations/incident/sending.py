"""Sends a message to all its targets at once, and what is left of it again. What leaves is recorded before it does.

Two consoles never send the same: a short lock, a look into the journal and the record itself come before the sending.
A console that dies in between leaves an attempt of which nobody knows, and that is what the next one says.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from operations.engine.events import Event, EventBook, utc_text
from operations.errors import Busy, JournalUnavailable, VigieError
from operations.incident.message_answers import Verdict
from operations.incident.message_plan import Sending, not_twice
from operations.incident.message_shapes import Parcel, page_body
from operations.incident.message_targets import deliver
from operations.incident.messages import Draft, drafted, is_restricted
from operations.incident.model import Incident, IncidentState
from operations.incident.opening import locked
from operations.incident.sent_messages import MESSAGE_KINDS, Delivery, Message, messages_in, remote_of
from operations.places import places_for
from operations.settings import MessageTarget, Settings
from operations.text import one_line
from operations.watch.model import Snapshot

Clock = Callable[[], datetime]
_CLAIM_WITHIN = 3.0


def new_message_id() -> str:
    """A name for a message: short enough to be typed, and different on two consoles."""
    return f"m-{secrets.token_hex(4)}"


def past_messages(journal: EventBook, incident: Incident | None, now: datetime) -> tuple[Message, ...]:
    """The messages so far of an incident, or of none, read from the journal just now."""
    rows = journal.events(kinds=MESSAGE_KINDS, incident=incident.id if incident is not None else "")
    return messages_in((event for _, event in rows), now)


def id_for(kind: str, past: Sequence[Message]) -> str:
    """What a message of that kind is to be called: as the draft of it that was kept and not sent, else anew."""
    kept = (one.id for one in past if one.kind == kind and not one.sent)
    return next(kept, "") or new_message_id()


def draft_first_notice(
    journal: EventBook, incident: Incident, settings: Settings, snapshot: Snapshot | None, now: datetime
) -> None:
    """Draft the first notice as an incident opens, and keep it: once, whichever console does it.

    Raises VigieError where no runbook has its words, or the journal takes nothing.
    """
    draft = drafted(incident, "initial", now, settings, snapshot)
    keep_draft(journal, incident, draft, new_message_id(), key=f"draft:initial:{incident.id}")


def keep_draft(journal: EventBook, incident: Incident | None, draft: Draft, message: str, key: str = "") -> None:
    """Record a draft, so that another console finds it; with a `key` it counts once, whoever makes it first."""
    data: dict[str, Any] = {"message": message, "kind": draft.kind, "texts": dict(draft.texts)}
    if key:
        data["key"] = key
    journal.append("message.drafted", data, incident=incident.id if incident is not None else "")


async def send(journal: EventBook, settings: Settings, sending: Sending, now: Clock) -> tuple[Delivery, ...]:
    """Send it to its targets side by side, and record each one's answer as it comes. What came of each is returned.

    Raises VigieError when the plan refuses, when somebody else has just sent it (code 1), when another console is at
    it this moment (75), and JournalUnavailable when it cannot be recorded: then nothing left.
    """
    refusal = sending.plan.refusal
    if refusal is not None:
        raise VigieError(f"Stopped by the guard “{refusal.name}”: {refusal.says}", code=refusal.code)
    async with _claim(settings):
        _demand_as_open(journal, sending.incident)
        sending = _as_it_is(journal, sending)
        past = past_messages(journal, sending.incident, now())
        _demand_new(sending, past, now())
        event = _record(journal, sending)
    remember = {one.name: (remote_of(past, one.name), _doubtful(past, one)) for one in sending.targets}
    parcel = sending.parcel(settings, _head(event))
    return await _all(journal, settings, sending.targets, parcel, remember, 1, now, event.incident)


async def retry(
    journal: EventBook,
    settings: Settings,
    message: str,
    incident: Incident | None,
    now: Clock,
    *,
    names: Sequence[str] = (),
    looked: bool = False,
) -> tuple[Delivery, ...]:
    """Send a message again to targets that did not take it, word for word as it was sent.

    A target of which nobody knows whether it has the message gets it again only when a person has `looked`; a status
    page is asked itself. Raises VigieError (code 1) when there is nothing to be sent again, Busy (75).
    """
    incident_id = incident.id if incident is not None else ""
    async with _claim(settings):
        _demand_as_open(journal, incident)
        past = past_messages(journal, incident, now())
        one = next((each for each in past if each.id == message and each.sent), None)
        if one is None:
            raise VigieError(f"No message {one_line(message, 40)!r} was sent.", next_step="See: vigie message list")
        targets = targets_to_retry(
            settings, one, names, looked=looked, restricted=is_restricted(incident), over=told_it_is_over(past, one)
        )
        attempt = 1 + max(delivery.attempt for delivery in one.deliveries)
        again = [target.name for target in targets]
        journal.append(
            "message.retried", {"message": one.id, "targets": again, "attempt": attempt}, incident=incident_id
        )
    state = incident.state if incident is not None else None
    if state is IncidentState.RESOLVED and one.kind != "resolved":
        state = IncidentState.MONITORING
    service = one_line(settings.messages.service or settings.site.name, 80)
    parcel = Parcel(
        one.id, one.kind, one.texts, service, "" if is_restricted(incident) else incident_id, state, one.promised
    )
    remember = {target.name: (remote_of(past, target.name), _doubtful(past, target)) for target in targets}
    return await _all(journal, settings, targets, parcel, remember, attempt, now, incident_id)


async def _all(
    journal: EventBook,
    settings: Settings,
    targets: Sequence[MessageTarget],
    parcel: Parcel,
    remember: dict[str, tuple[str, frozenset[str]]],
    attempt: int,
    now: Clock,
    incident: str,
) -> tuple[Delivery, ...]:
    async def one(target: MessageTarget) -> Delivery:
        remote, doubtful = remember[target.name]
        verdict = await deliver(settings, target, parcel, at=now(), remote=remote, doubtful=doubtful)
        return _recorded(journal, parcel.message, target, verdict, attempt, now(), incident)

    return tuple(await asyncio.gather(*(one(target) for target in targets)))


def _recorded(
    journal: EventBook, message: str, target: MessageTarget, verdict: Verdict, attempt: int, at: datetime, incident: str
) -> Delivery:
    data: dict[str, Any] = {"message": message, "target": target.name, "result": verdict.result, "attempt": attempt}
    for name, value in (("status", verdict.status), ("problem", verdict.problem), ("remote", verdict.remote)):
        if value:
            data[name] = value
    problem = verdict.problem
    try:
        journal.append("message.delivered", data, incident=incident)
    except JournalUnavailable as error:
        # It has left: what came of it is said all the same, and that it is written nowhere.
        problem = f"{problem}; not recorded: {error.what}".removeprefix("; ")
    return Delivery(target.name, verdict.result, at, attempt, verdict.status, problem, verdict.remote)


def _record(journal: EventBook, sending: Sending) -> Event:
    """The message's own event, before anything leaves; and what a person said for it, for the next one."""
    incident = sending.incident.id if sending.incident is not None else ""
    for key, value in sending.told.items() if incident else ():
        name, _, language = key.partition(".")
        data = {"field": name, "value": value, **({"lang": language} if language else {})}
        journal.append("incident.told", data, incident=incident)
    return journal.append(
        "message.sent",
        {
            "message": sending.message,
            "kind": sending.kind,
            "texts": dict(sending.texts),
            "audience": sending.audience,
            "public": sending.public,
            "targets": [target.name for target in sending.targets],
            "promised": utc_text(sending.promised) if sending.promised else None,
            "allowed": list(sending.allowed),
        },
        incident=incident,
    )


def _demand_new(sending: Sending, past: Sequence[Message], now: datetime) -> None:
    if any(one.id == sending.message and one.sent for one in past):
        raise VigieError(
            "This message has been sent already, by another console.",
            next_step=f"See: vigie message show {sending.message}",
        )
    guard = not_twice(sending.kind, past, now, again=sending.again)
    if guard.verdict == "refuse":
        raise VigieError(f"Not sent: {guard.says}.", next_step="Look at it first: vigie message list", code=guard.code)


def targets_to_retry(
    settings: Settings,
    message: Message,
    names: Sequence[str] = (),
    *,
    looked: bool = False,
    restricted: bool = False,
    over: Collection[str] = (),
) -> tuple[MessageTarget, ...]:
    """The targets that still want that message; those of `names` alone where there are any.

    Raises VigieError (code 1) where one has it, nobody looked, one was told since that it is `over`, or a `restricted`
    incident's targets are not named; Busy (75) while it is being sent.
    """
    known = {target.name: target for target in settings.messages.targets}
    running = [one.target for one in message.deliveries if one.result == "sending"]
    if running:
        raise Busy(f"It is being sent to {', '.join(running)} just now.", next_step="Wait for the answer.")
    left = {one.target: one for one in message.outstanding}
    wanted = list(dict.fromkeys(names)) or list(left)
    for name in wanted:
        if name not in left:
            raise VigieError(
                f"{one_line(name, 60)} does not wait for it.",
                next_step=f"Not taken or not known: {', '.join(left) or 'none'}.",
            )
        if name not in known:
            raise VigieError(f"The settings have no target {one_line(name, 60)!r} any more.")
    if wanted and restricted and not names:
        raise VigieError(
            "The incident is restricted: each target has to be named.",
            next_step=f"--to NAME; without it: {', '.join(left)}.",
        )
    if not wanted:
        raise VigieError("Every target has it: there is nothing to be sent again.")
    if late := [name for name in wanted if name in over]:
        raise VigieError(
            f"{', '.join(late)} was told since that it is over.",
            means="What was said before that would stand there as if it were not.",
            next_step="Where something was wrong a correction says so; others: --to NAME.",
        )
    doubtful = [name for name in wanted if left[name].result == "unknown" and known[name].kind != "statuspage"]
    if doubtful and not looked:
        raise VigieError(
            f"It is not known whether it arrived: {', '.join(doubtful)}.",
            means="Sent again it may stand there twice.",
            next_step="Look there first. If it is not there: --looked",
        )
    if settings.drill is not None:
        from operations.practice.containment import message_refusals

        problems = message_refusals(settings, [known[name] for name in wanted])
        if problems:
            raise VigieError(f"Not sent: {'; '.join(problems)}.")
    return tuple(known[name] for name in wanted)


def _demand_as_open(journal: EventBook, incident: Incident | None) -> None:
    """Raise VigieError where the incident was restricted since somebody chose who is told, and what."""
    if incident is None or is_restricted(incident):
        return
    rows = journal.events(kinds=("incident.restricted",), incident=incident.id)
    if rows and rows[-1][1].data.get("restricted"):
        raise VigieError(
            "The incident was restricted meanwhile: nothing was sent.",
            next_step="Write it again, and name its targets.",
        )


def _as_it_is(journal: EventBook, sending: Sending) -> Sending:
    """The message with the incident's state as others have moved it since it was drafted: a status page shows it.

    Raises VigieError where it is over meanwhile, and the message says that it goes on.
    """
    incident = sending.incident
    rows = journal.events(kinds=("incident.state",), incident=incident.id) if incident is not None else []
    word = str(rows[-1][1].data.get("state")) if rows else ""
    if incident is None or word not in set(IncidentState) or IncidentState(word) is incident.state:
        return sending
    now = replace(incident, state=IncidentState(word))
    if incident.open and not now.open and sending.kind in ("initial", "update"):
        raise VigieError(
            f"The incident is {word} meanwhile: nothing was sent.", next_step="Look at it, then write what is so now."
        )
    return replace(sending, incident=now)


def told_it_is_over(past: Sequence[Message], message: Message) -> frozenset[str]:
    """Targets that got, or may have got, a resolved notice after that message."""
    return frozenset(
        delivery.target
        for one in past
        if one.kind == "resolved" and message.sent_at and one.sent_at and one.sent_at > message.sent_at
        for delivery in one.deliveries
        if delivery.result != "failed"
    )


def _doubtful(past: Sequence[Message], target: MessageTarget) -> frozenset[str]:
    """Texts of which nobody knows whether that status page has them, as it would have them."""
    return frozenset(
        page_body(Parcel(message.id, message.kind, message.texts, ""), target)
        for message in past
        for one in message.deliveries
        if one.target == target.name and one.result == "unknown"
    )


def _head(event: Event) -> str:
    return f"{event.seq} {event.hash[:16]}"


@asynccontextmanager
async def _claim(settings: Settings) -> AsyncIterator[None]:
    """Only one console of this user looks and records at a time. Raises Busy where another one does not get done."""
    path = Path(places_for(settings).state) / "messages.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError:
        # Without a state folder there are no two consoles that share a journal either.
        yield
        return
    try:
        until = time.monotonic() + _CLAIM_WITHIN
        while not locked(descriptor):
            if time.monotonic() > until:
                raise Busy("Another console is about to send a message.", next_step="See: vigie message list")
            await asyncio.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
