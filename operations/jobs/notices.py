"""What a team's channel is told of deploys and rollbacks, by the job itself: it begins, it is done, it failed and why.

A channel that does not answer costs a job five seconds and a line in its log, never more. While an incident is
restricted nothing is told, unless the restriction names the channel.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable

from operations.engine.events import EventBook
from operations.engine.journal import Journal
from operations.engine.model import Operation, Outcome, Plan
from operations.engine.orders import JobOrder
from operations.engine.redaction import Redactor
from operations.engine.steps import Level
from operations.errors import JournalUnavailable
from operations.http import ask, client_with
from operations.incident.book import IncidentBook
from operations.incident.model import Incident
from operations.incident.told import restriction_of
from operations.settings import Settings
from operations.text import one_line

LIMIT = 5.0
"""Seconds one notice may take."""
Say = Callable[[str, Level], None]


def channels_for(
    operation: Operation, settings: Settings, redactor: Redactor, hush: Callable[[], str] = lambda: ""
) -> Channel | None:
    """The channel for that operation's jobs, None where none is told. `hush` says why it must not be."""
    wanted = bool(getattr(operation, "notices", False)) and bool(settings.notify.webhook)
    return Channel(settings, redactor, hush) if wanted else None


def hushed(book: EventBook, order: JobOrder) -> str:
    """Why nobody is told of this job: a restricted incident, its own or an open one of its environment."""
    try:
        if isinstance(book, Journal):
            incidents = IncidentBook(book)
            incidents.refresh()
            near = [one for one in incidents.all_open() if one.environment == order.environment]
            own = incidents.get(order.incident)
            found = next((one for one in (own, *near) if one is not None and _hushes(one)), None)
            return f"incident {found.id} is restricted" if found is not None else ""
    except JournalUnavailable:
        pass
    return f"whether incident {order.incident} is restricted cannot be read" if order.incident else ""


def _hushes(incident: Incident) -> bool:
    held = restriction_of(incident)
    return held is not None and not held.notices


class Channel:
    """The engine's Listener that posts to the webhook."""

    def __init__(self, settings: Settings, redactor: Redactor, hush: Callable[[], str] = lambda: "") -> None:
        self._settings = settings
        self._hush = hush
        self._redactor = redactor
        self._first: threading.Thread | None = None
        self._complaints: list[str] = []

    def began(self, plan: Plan, order: JobOrder, say: Say) -> None:
        """Say that it starts, beside the job: a rollback waits for no channel."""
        if self._hush():
            return
        self._first = threading.Thread(target=self._post, args=(began_words(plan, order),), daemon=True)
        self._first.start()

    def ended(self, plan: Plan, order: JobOrder, outcome: Outcome, say: Say) -> None:
        """Say that it is done, or what failed."""
        if self._first is not None:
            self._first.join(LIMIT)
        if why := self._hush():
            say(f"the channel was not told: {why}", "info")
            return
        self._post(ended_words(plan, order, outcome))
        for complaint in self._complaints:
            say(f"the channel was not told: {self._redactor.redact(complaint)}", "warn")

    def _post(self, words: str) -> None:
        text = self._redactor.redact(one_line(words, 600))
        try:
            complaint = asyncio.run(self._sent(text))
        except OSError as error:
            complaint = error.strerror or str(error)
        if complaint:
            self._complaints.append(complaint)

    async def _sent(self, text: str) -> str:
        body = json.dumps({"text": text})
        headers = {"content-type": "application/json"}
        async with client_with("", {}, self._settings) as client:
            address = self._settings.notify.webhook.reveal()
            answer = await ask(client, address, method="POST", content=body, headers=headers, limit=LIMIT)
        if answer.error:
            return answer.says
        return "" if answer.status is not None and 200 <= answer.status < 300 else f"it answered {answer.status}"


def began_words(plan: Plan, order: JobOrder) -> str:
    """`harbour-tow PRODUCTION: deploy of v2.4.1 starting (was v2.4.0), by ana: quotes are broken`."""
    was = plan.details.get("from_name")
    over = f" (was {was})" if was else ""
    return f"{_head(plan)} starting{over}, by {order.actor or 'somebody'}{_why(order)}"


def ended_words(plan: Plan, order: JobOrder, outcome: Outcome) -> str:
    """`… done: v2.4.1 is live and 8 of 8 tests passed`; a rollback says because of what."""
    if outcome.ok and plan.operation == "rollback":
        back = f"rolled back to {plan.details.get('to_name')}"
        return f"{plan.site} {plan.environment.upper()}: {back}{_why(order, ' because: ')}. {outcome.says}"
    if outcome.ok:
        return f"{_head(plan)} done: {outcome.says}"
    return f"{_head(plan)} FAILED ({outcome.meaning}): {outcome.says}"


def _head(plan: Plan) -> str:
    verb = {"deploy": "deploy of", "redeploy": "publishing again", "rollback": "rollback to"}.get(plan.operation, "")
    return (
        f"{plan.site} {plan.environment.upper()}: {verb or plan.operation} {plan.details.get('to_name', '')}".rstrip()
    )


def _why(order: JobOrder, words: str = ": ") -> str:
    return f"{words}{order.reason}" if order.reason else ""
