"""Events of incidents as two writers' journals would hold them, told line by line with a clock of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from operations.engine.events import Event, event_from_json, event_to_json, sealed, utc_text
from operations.engine.model import Plan, PlannedStep
from operations.engine.orders import JobOrder, order_data

NIGHT = datetime(2026, 11, 21, 3, 0, 0, tzinfo=UTC)
ID = "1121-kfp"


def at(clock: str) -> datetime:
    """A moment of that night: `03:07:00`."""
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return NIGHT.replace(hour=hours, minute=minutes, second=seconds)


class Tale:
    """Events in the order they were written. `say` writes one: when it happened, by whom, and its data."""

    def __init__(self, incident: str = ID) -> None:
        self.incident = incident
        self.events: list[Event] = []
        self._heads: dict[str, Event] = {}

    def say(
        self, when: str | datetime, who: str, kind: str, data: dict[str, Any], *, noted: str = "", job: str = ""
    ) -> Event:
        """Write an event; `noted` is when it was written down, where that was later."""
        moment = at(when) if isinstance(when, str) else when
        writer = f"{who}@bastion"
        before = self._heads.get(writer)
        number = len(self.events) + 1
        event = sealed(
            Event(
                id=str(UUID(int=(7 << 76) | (2 << 62) | number)),
                at=moment,
                recorded_at=at(noted) if noted else moment,
                incident=self.incident,
                job=job,
                actor=who,
                host="bastion",
                kind=kind,
                data=data,
                writer=writer,
                seq=before.seq + 1 if before else 1,
                prev=before.hash if before else "",
            )
        )
        self._heads[writer] = event
        self.events.append(event)
        return event

    def job(
        self, name: str, when: str, ended: str, *, who: str = "ana", code: int = 0, id: str = "", **details: Any
    ) -> str:
        """A job that was confirmed, switched, and ended; its id."""
        job = id or f"job-{name}-{when}"
        plan = Plan(
            operation=name, site="pro-remorque", environment="production", config="vigie.toml", title=name.title(),
            request={}, steps=(PlannedStep("switch", f"switch {name}", 10.0),), details=details,
        )  # fmt: skip
        order = JobOrder(job, name, "production", "pro-remorque", "vigie.toml", plan, who, "errors since the release")
        begun = at(when)
        self.say(begun, who, "job.created", order_data(order), job=job)
        self.say(begun + timedelta(seconds=2), who, "job.past_no_return", {}, job=job)
        done = {"step": "switch", "seconds": 9.5, "says": "done"}
        self.say(at(ended) - timedelta(seconds=1), who, "step.finished", done, job=job)
        end = {
            "code": code, "state": "done" if code == 0 else "failed", "meaning": "success" if code == 0 else "failed",
            "says": f"{details.get('to_name', name)} is live", "details": {"seen": "version 9f8e7d6", "smoke_ok": True},
        }  # fmt: skip
        self.say(ended, who, "job.finished", end, job=job)
        return job


def bad_release() -> Tale:
    """A release that breaks the site, found, rolled back and closed; every moment is the truth of the tests."""
    tale = Tale()
    opened = {"site": "pro-remorque", "environment": "production", "severity": "P1", "title": "api/health, 5xx down"}
    tale.say("03:12:00", "ana", "incident.opened", opened)
    release = {"key": "change:1", "kind": "release", "title": "v2.4.1 a1b2c3d tom"}
    tale.say("03:06:00", "ana", "change.seen", release, noted="03:12:02")
    onset = {"key": f"onset:{ID}", "probe": "errors", "title": "errors", "status": "down",
             "detail": "begin (±20 s)", "margin": 20.0}  # fmt: skip
    tale.say("03:07:00", "ana", "probe.changed", onset, noted="03:12:02")
    down = {"key": "probe:1", "probe": "health", "title": "api/health", "status": "down", "detail": "503 zone"}
    tale.say("03:07:10", "ana", "probe.changed", down, noted="03:12:02")
    alarm = {"key": "alarm:1", "title": "health failed three times"}
    tale.say("03:10:00", "ana", "alarm.opened", alarm, noted="03:12:02")
    before = [0.2] * 55 + [38.0] * 5
    tale.say("03:12:00", "ana", "curve.points", points("02:12:00", before, [0.4] * 60, "curve:before"))
    tale.say("03:12:30", "ana", "role.taken", {"role": "commander"})
    tale.say("03:12:40", "ana", "incident.severity", {"before": "P1", "severity": "P0"})
    first = {"message": "m1", "kind": "initial", "audience": "#incidents, PUBLIC page",
             "promised": "2026-11-21T03:28:00Z",
             "texts": {"fr": "Pro Remorque ne répond pas.\nProchaine nouvelle : 03:28 UTC.",
                       "en": "Pro Remorque does not answer.\nNext update: 03:28 UTC."}}  # fmt: skip
    tale.say("03:13:00", "tom", "message.sent", first)
    for target, result in (("room", "delivered"), ("page", "unknown")):
        answer = {"message": "m1", "target": target, "result": result, "attempt": 1}
        tale.say(
            "03:13:02",
            "tom",
            "message.delivered",
            answer | ({"problem": "no answer in 10 s"} if result == "unknown" else {}),
        )
    tale.say(
        "03:13:10",
        "ana",
        "walk.started",
        {"walk": "w1", "book": "site-down", "hash": "x", "start": "n1", "text": "# x"},
    )
    answer = {"walk": "w1", "section": "n6", "branch": 0, "answer": "A release", "target": "r1", "suggested": True,
              "title": "What changed just before?", "to": "Roll back", "verdict": True,
              "evidence": [["errors began 60 s after v2.4.1", True, 4.0], ["a flag was turned", False, 9.0],
                           ["settings", None, None]]}  # fmt: skip
    tale.say("03:16:00", "ana", "walk.answered", answer)
    call = {"call": "c1", "contact": "Marc", "delivered": True, "brief": []}
    tale.say("03:16:10", "ana", "help.called", call)
    tale.say("03:16:50", "ana", "help.answered", {"call": "c1", "contact": "Marc", "answer": "on my way"})
    tale.job("rollback", "03:17:05", "03:17:25", from_name="v2.4.1", to_name="v2.4.0")
    back = {"key": "change:2", "kind": "release", "title": "back to v2.4.0 9f8e7d6 ana"}
    tale.say("03:17:08", "ana", "change.seen", back)
    well = {"key": "probe:2", "probe": "health", "title": "api/health", "status": "ok", "detail": ""}
    tale.say("03:17:12", "tom", "probe.changed", well)
    tale.say("03:17:40", "tom", "alarm.closed", {"key": "alarm:2", "title": "health failed three times"})
    tale.say("03:18:00", "ana", "incident.state", {"state": "monitoring", "why": ""})
    after = [38.0] * 5 + [12.0] + [0.1] * 12
    tale.say("03:30:00", "ana", "curve.points", points("03:12:00", after, [0.9] * 6 + [0.4] * 12, "curve:end"))
    tale.job("smoke", "03:29:00", "03:29:20")
    tale.say("03:30:00", "ana", "incident.state", {"state": "resolved", "why": ""})
    for field, value in (("impact", "calls could not be placed"), ("data_loss", "no"), ("cause", "zones were renamed"),
                         ("went_well", "the rollback took 20 s")):  # fmt: skip
        tale.say("03:35:00", "tom", "incident.told", {"field": field, "value": value})
    tale.say("03:36:00", "tom", "task.added", {"task": "t1", "text": "revert the commits", "owner": "tom",
                                               "due": "2026-11-22T03:36:00Z"})  # fmt: skip
    tale.say("03:50:00", "tom", "task.done", {"task": "t1", "done": True})
    tale.say("03:40:00", "ana", "incident.state", {"state": "closed", "why": ""})
    return tale


def points(start: str, errors: Sequence[float | None], p95: Sequence[float | None], key: str) -> dict[str, Any]:
    """The data of a batch of the curve."""
    return {"key": key, "from": utc_text(at(start)), "step": 60, "errors": list(errors), "p95": list(p95)}


def through_json(events: Iterable[Event]) -> list[Event]:
    """The events as another machine reads them from a file of JSON lines."""
    return [event_from_json(json.loads(json.dumps(event_to_json(event)))) for event in events]


def with_data(event: Event, **data: Any) -> Event:
    """The same event with other data."""
    return replace(event, data={**event.data, **data})
