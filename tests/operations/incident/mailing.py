"""Messages ready to be sent, for the tests: targets, settings, and a look at what was recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from operations.engine.events import Event
from operations.incident.message_plan import Sending, chosen_targets, prepare
from operations.incident.messages import drafted, is_restricted
from operations.incident.model import Incident
from operations.incident.sending import new_message_id, past_messages, send
from operations.incident.sent_messages import Delivery, Message, messages_of
from operations.settings import MessageSettings, MessageTarget, Secret, Settings, Site
from tests.operations.incident.conftest import Desk
from tests.operations.incident.test_book import opened
from tests.operations.incident.test_messages import again, told
from tests.operations.web import reply

OK = reply("ok", kind="text/plain")


Kind = Literal["slack", "teams", "webhook", "statuspage", "file", "clipboard"]


def target(name: str, kind: Kind = "slack", address: str = "", **more: Any) -> MessageTarget:
    return MessageTarget(name=name, kind=kind, address=Secret(address), **more)


def page(address: str, **more: Any) -> MessageTarget:
    return target("page", "statuspage", address, page="p1", key=Secret("k3y-of-the-page"), **more)


def site(folder: Path, *targets: MessageTarget) -> Settings:
    return Settings(
        site=Site(name="Harbour Tow"), messages=MessageSettings(targets=targets), state_dir=str(folder / "state"),
        path=str(folder / "vigie.toml"),
    )  # fmt: skip


def made(
    desk: Desk, settings: Settings, incident: Incident | None = None, kind: str = "initial", *names: str, **more: Any
) -> Sending:
    """A message of that kind to those targets, or to all."""
    if incident is None:
        incident = told(desk, desk.read().open_for("production") or opened(desk), impact="no quotes", workaround="none")
    given = more.pop("given", {})
    draft = drafted(incident, kind, desk.now(), settings, None, given=given)
    targets = chosen_targets(settings, names or ("all",) if not is_restricted(incident) else names, restricted=False)
    past = past_messages(desk.journal, incident, desk.now())
    id = more.pop("message", None) or new_message_id()
    return prepare(
        settings, draft, targets, past, desk.now(), incident=incident, environment="production", message=id, **more
    )


async def sent(desk: Desk, settings: Settings, *args: Any, **more: Any) -> tuple[Sending, tuple[Delivery, ...]]:
    message = made(desk, settings, *args, **more)
    return message, await send(desk.journal, settings, message, desk.now)


def the_message(desk: Desk, message: Sending) -> Message:
    assert message.incident is not None
    found = messages_of(again(desk, message.incident), desk.now())
    return next(one for one in found if one.id == message.message)


def events(desk: Desk, kind: str) -> list[Event]:
    return [event for _, event in desk.journal.events(kinds=(kind,))]
