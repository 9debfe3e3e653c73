"""A session as all categories see it: its events in order, when the right branch was found, and which act mended it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from operations.engine.events import Event
from operations.incident.sent_messages import Message, messages_in
from operations.practice.scenarios.model import Scenario
from operations.settings_incident import CADENCE, FIRST_NOTICE
from runbooks.model import Book

CHANGING = ("rollback", "restore", "deploy", "redeploy", "end-sessions")


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points taken, why and what would have earned them, and the event that shows it ("": it never happened)."""

    event: str
    points: float
    why: str


@dataclass(frozen=True)
class Played:
    """What was played. `began_at` is when the player could first see it, `ended_at` when it was scored (both UTC).

    `cadence` are the minutes between two updates by severity, `first_notice` those until the first one, as the drill's
    own settings have them.
    """

    scenario: Scenario
    told: Sequence[Event]
    book: Book
    began_at: datetime
    ended_at: datetime
    recovered: bool
    speed: float = 1.0
    cadence: Mapping[str, float] = field(default_factory=lambda: dict(CADENCE))
    first_notice: Mapping[str, float] = field(default_factory=lambda: dict(FIRST_NOTICE))

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """In order; a job's later events with the name of its operation, which only its first one carries."""
        ordered = sorted(self.told, key=lambda one: (one.at, one.seq))
        names = {event.job: event.data.get("operation", "") for event in ordered if event.kind == "job.created"}
        return tuple(
            replace(event, data={"operation": names[event.job], **event.data}) if event.job in names else event
            for event in ordered
        )

    @cached_property
    def path(self) -> tuple[str, ...]:
        """The labels of the sections that were walked through."""
        started = any(event.kind == "walk.started" for event in self.events)
        labels = [self.scenario.reference.path[0]] if started else []
        return (*labels, *(self._label(event) or "?" for event in self.events if _goes_on(event)))

    @cached_property
    def found(self) -> Event | None:
        """The answer that entered the right branch."""
        goal = self.scenario.reference.goal
        return next((event for event in self.events if _goes_on(event) and self._label(event) == goal), None)

    @cached_property
    def acted(self) -> Event | None:
        """The act that mends: a call that reached somebody where a helper mends, else an operation that went well."""
        if self.scenario.mends:
            return next((e for e in self.events if e.kind == "help.called" and e.data.get("delivered")), None)
        harmful = {harm.act for harm in self.scenario.harmful}
        return next(
            (
                e
                for e in self.events
                if e.kind == "job.finished"
                and e.data.get("code") == 0
                and e.data.get("operation") in CHANGING
                and e.data.get("operation") not in harmful
                and e.job not in self._the_same_again
            ),
            None,
        )

    @cached_property
    def _the_same_again(self) -> frozenset[str]:
        """Jobs that brought the broken release once more: whatever they ended with, they mended nothing."""
        bad = self.scenario.recovery.release_is_not
        plans = {e.job: e.data.get("plan") for e in self.told if bad and e.kind == "job.created"}
        details = {job: plan.get("details") for job, plan in plans.items() if isinstance(plan, Mapping)}
        return frozenset(job for job, known in details.items() if isinstance(known, Mapping) and _is(bad, known))

    @cached_property
    def mended_at(self) -> datetime | None:
        """When it was mended; where a helper mends at the last answer, for that time is not the player's."""
        acted = self.acted
        if acted is None:
            return None
        late = [e.at for e in self.events if e.kind == "help.answered" and e.at >= acted.at]
        return max(acted.at, *late) if late and self.scenario.mends else acted.at

    @cached_property
    def first_act(self) -> Event | None:
        """The first thing the player did about it, right or wrong: a change that was confirmed, or a call for help."""
        return next(
            (
                e
                for e in self.events
                if (e.kind == "job.created" and e.data.get("operation") in CHANGING) or e.kind == "help.called"
            ),
            None,
        )

    @cached_property
    def opened(self) -> Event | None:
        """The opening of the first incident."""
        return next((e for e in self.events if e.kind == "incident.opened"), None)

    @cached_property
    def resolved(self) -> Event | None:
        """When somebody first said that it is over."""
        return next((e for e in self.events if e.kind == "incident.state" and e.data.get("state") == "resolved"), None)

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """What users were told, oldest first: messages that at least one target has, or may have."""
        return tuple(
            one
            for one in messages_in(self.events, self.ended_at)
            if one.sent and any(delivery.result != "failed" for delivery in one.deliveries)
        )

    @property
    def notices(self) -> tuple[Message, ...]:
        """Those that say how it stands while it lasts."""
        return tuple(one for one in self.messages if one.kind in ("initial", "update", "correction"))

    def _label(self, event: Event) -> str:
        section = self.book.section(str(event.data.get("target", "")))
        return section.label if section is not None else ""


def _is(bad: str, details: Mapping[str, object]) -> bool:
    """True where that release goes live: by its name, or built anew from its commit while it is live."""
    again = details.get("to_commit") and details.get("to_commit") == details.get("from_commit")
    return details.get("to_name") == bad or (details.get("from_name") == bad and bool(again))


def _goes_on(event: Event) -> bool:
    return event.kind in ("walk.answered", "walk.moved")


def is_passed_smoke(event: Event) -> bool:
    """True for the end of smoke tests that passed, alone or inside another job."""
    if event.kind != "job.finished" or event.data.get("code") != 0:
        return False
    details = event.data.get("details") or {}
    return event.data.get("operation") == "smoke" or details.get("smoke_ok") is True
