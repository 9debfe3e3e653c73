"""How a drill went, out of 100, computed from the session's events and the injected truth; nothing is counted twice.

Categories that exist: mitigation 40, judgement 20, verification 10; the rest is scaled to 100 until messages and
record exist. Every deduction names its event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from operations.engine.events import Event
from operations.practice.scenarios.model import Scenario
from runbooks.model import Book

FIND, ACT, VERIFY = 14.0, 14.0, 12.0
JUDGEMENT = 20.0
SMOKE, QUIET = 6.0, 4.0
FULL = FIND + ACT + VERIFY + JUDGEMENT + SMOKE + QUIET
MOST = {
    "mitigation": round((FIND + ACT + VERIFY) / FULL * 100, 1),
    "judgement": round(JUDGEMENT / FULL * 100, 1),
    "verification": round((SMOKE + QUIET) / FULL * 100, 1),
}
"""What each category gives at best, of the 100."""
PASS_AT = 60
HARM_CAP = 50
NEEDLESS = 5.0
STALE_EVIDENCE = 30.0
"""Seconds that evidence before an act may be old."""
QUIET_SECONDS = 600.0
"""The quiet watch before "resolved", before the drill's clock is compressed."""
CHANGING = ("rollback", "restore", "deploy", "redeploy", "end-sessions")


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points taken, why, and the event that shows it ("" when it is something that never happened)."""

    event: str
    points: float
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """The whole result. `score` is out of 100; `categories` are points of their own maximum, scaled likewise."""

    scenario: str
    seed: int
    score: int
    passed: bool
    categories: Mapping[str, float]
    deductions: tuple[Deduction, ...]
    path: tuple[str, ...] = ()
    reference: tuple[str, ...] = ()
    defects: tuple[str, ...] = field(default_factory=tuple)

    def document(self) -> dict[str, Any]:
        """The JSON shape of drills.md."""
        return asdict(self)


def score_drill(
    scenario: Scenario,
    seed: int,
    events: Sequence[Event],
    book: Book,
    *,
    began_at: datetime,
    recovered: bool,
    speed: float = 1.0,
) -> Score:
    """Score a session. `began_at` is when the player could first see it; `recovered` what the recovery test found.

    `speed` compresses the quiet watch only: reading, deciding and acting take the time they take.
    """
    ordered = _named(sorted(events, key=lambda one: (one.at, one.seq)))
    path = _path(ordered, book, scenario.reference.path[0])
    taken: list[Deduction] = []
    mitigation = _mitigation(scenario, ordered, book, began_at, recovered, taken)
    judgement, harmed, defects = _judgement(scenario, ordered, taken)
    verification = _verification(
        ordered, _mended_at(scenario, ordered, _right_act(scenario, ordered)), recovered, speed, taken
    )
    total = round((mitigation + judgement + verification) / FULL * 100)
    if harmed:
        total = min(total, HARM_CAP)
    scale = 100 / FULL
    return Score(
        scenario=scenario.name,
        seed=seed,
        score=total,
        passed=recovered and not harmed and total >= PASS_AT,
        categories={
            "mitigation": round(mitigation * scale, 1),
            "judgement": round(judgement * scale, 1),
            "verification": round(verification * scale, 1),
        },
        deductions=tuple(Deduction(d.event, round(d.points * scale, 1), d.why) for d in taken if d.points > 0),
        path=path,
        reference=scenario.reference.path,
        defects=defects,
    )


def _named(events: Sequence[Event]) -> list[Event]:
    """A job's later events with the name of its operation, which only its first one carries."""
    names = {event.job: event.data.get("operation", "") for event in events if event.kind == "job.created"}
    return [
        replace(event, data={"operation": names[event.job], **event.data}) if event.job in names else event
        for event in events
    ]


def _path(events: Sequence[Event], book: Book, start: str) -> tuple[str, ...]:
    labels = [start] if any(event.kind == "walk.started" for event in events) else []
    for event in events:
        if event.kind in ("walk.answered", "walk.moved"):
            section = book.section(str(event.data.get("target", "")))
            labels.append(section.label if section and section.label else "?")
    return tuple(labels)


def _mitigation(
    scenario: Scenario,
    events: Sequence[Event],
    book: Book,
    began_at: datetime,
    recovered: bool,
    taken: list[Deduction],
) -> float:
    reference = scenario.reference
    found = _first_right_branch(events, book, reference.path)
    points = _timed(FIND, found, began_at, reference.find, "the first right branch", taken)
    acted = _right_act(scenario, events)
    points += _timed(ACT, acted, found.at if found else began_at, reference.act, "the right act", taken)
    if not recovered:
        taken.append(Deduction("", VERIFY, "the service is not right at the end"))
        return points
    proof = next((e for e in events if acted and e.at >= acted.at and _is_passed_smoke(e)), None)
    start = _mended_at(scenario, events, acted) or began_at
    return points + _timed(VERIFY, proof, start, reference.verify, "seeing from outside that it works", taken)


def _mended_at(scenario: Scenario, events: Sequence[Event], acted: Event | None) -> datetime | None:
    """When the mending was done: the helper's last answer where a helper mends, for that time is not the player's."""
    if acted is None:
        return None
    answers = [e.at for e in events if e.kind == "help.answered" and e.at >= acted.at] if scenario.mends else []
    return max([acted.at, *answers])


def _timed(
    full: float,
    event: Event | None,
    since: datetime,
    reference: float,
    what: str,
    taken: list[Deduction],
) -> float:
    """Full points within the reference time, none for being faster, falling to nothing at four times it."""
    if event is None:
        taken.append(Deduction("", full, f"{what} never happened"))
        return 0.0
    seconds = max(0.0, (event.at - since).total_seconds())
    late = min(1.0, max(0.0, (seconds - reference) / (3 * reference)))
    if late > 0:
        words = f"{what} took {seconds:.0f} s, the reference is {reference:.0f} s"
        taken.append(Deduction(event.id, full * late, words))
    return full * (1 - late)


def _first_right_branch(events: Sequence[Event], book: Book, path: Sequence[str]) -> Event | None:
    """The answer that entered the act's own branch: the last decision's target before the act in the reference path."""
    goal = next((label for label in path if label.startswith(("R", "B", "W", "M", "C", "P", "D", "Q", "T"))), path[-1])
    for event in events:
        if event.kind in ("walk.answered", "walk.moved"):
            section = book.section(str(event.data.get("target", "")))
            if section is not None and section.label == goal:
                return event
    return None


def _right_act(scenario: Scenario, events: Sequence[Event]) -> Event | None:
    """The act that mends: a help call that mended where the helper has to, else the operation that succeeded."""
    if scenario.mends:
        return next((e for e in events if e.kind == "help.called" and e.data.get("delivered")), None)
    harmful = {harm.act for harm in scenario.harmful}
    return next(
        (
            e
            for e in events
            if e.kind == "job.finished"
            and e.data.get("code") == 0
            and e.data.get("operation") in CHANGING
            and e.data.get("operation") not in harmful
        ),
        None,
    )


def _judgement(
    scenario: Scenario, events: Sequence[Event], taken: list[Deduction]
) -> tuple[float, bool, tuple[str, ...]]:
    """Harmful and needless acts, and acting on old evidence. An act the console suggested is the console's defect."""
    points, harmed = JUDGEMENT, False
    defects: list[str] = []
    reasons = {harm.act: harm.why for harm in scenario.harmful}
    for event in events:
        name = str(event.data.get("operation", ""))
        if event.kind != "job.finished" or name not in CHANGING:
            continue
        code = event.data.get("code")
        if name in reasons and code in (0, 6):
            if _was_suggested(events, event, name):
                defects.append(f"the console suggested {name}, which does harm here: {reasons[name]}")
                continue
            taken.append(Deduction(event.id, points, f"{name} does harm here: {reasons[name]}"))
            points, harmed = 0.0, True
        elif (name in reasons or code != 0) and code != 75:
            lost = min(points, NEEDLESS)
            taken.append(Deduction(event.id, lost, f"{name} ended with {code}: a needless act"))
            points -= lost
    points -= _old_evidence(events, points, taken)
    return max(0.0, points), harmed, tuple(defects)


def _was_suggested(events: Sequence[Event], finished: Event, name: str) -> bool:
    """True when the walk led to this act by answers that the console itself had suggested."""
    acted = next((e for e in events if e.kind == "walk.acted" and e.data.get("job") == finished.job), None)
    if acted is None:
        return False
    into = [e for e in events if e.kind == "walk.answered" and e.at <= acted.at]
    last = into[-1] if into else None
    return (
        last is not None and last.data.get("target") == acted.data.get("section") and bool(last.data.get("suggested"))
    )


def _old_evidence(events: Sequence[Event], points: float, taken: list[Deduction]) -> float:
    for event in events:
        if event.kind != "walk.answered" or not event.data.get("suggested"):
            continue
        ages = [age for _, _, age in event.data.get("evidence") or () if isinstance(age, int | float)]
        acted = any(e.kind == "walk.acted" and e.data.get("section") == event.data.get("target") for e in events)
        if acted and ages and max(ages) > STALE_EVIDENCE:
            lost = min(points, NEEDLESS)
            taken.append(Deduction(event.id, lost, f"the evidence before the act was {max(ages):.0f} s old"))
            return lost
    return 0.0


def _verification(
    events: Sequence[Event], mended: datetime | None, recovered: bool, speed: float, taken: list[Deduction]
) -> float:
    resolved = next((e for e in events if e.kind == "incident.state" and e.data.get("state") == "resolved"), None)
    if resolved is None:
        taken.append(Deduction("", SMOKE + QUIET, "it was never called resolved"))
        return 0.0
    points = SMOKE + QUIET
    proof = [e for e in events if _is_passed_smoke(e) and e.at <= resolved.at]
    if not proof or not recovered:
        taken.append(Deduction(resolved.id, SMOKE, "called resolved without a smoke run that passed"))
        points -= SMOKE
    quiet = (resolved.at - mended).total_seconds() * speed if mended else 0.0
    if quiet < QUIET_SECONDS:
        taken.append(Deduction(resolved.id, QUIET, f"called resolved after {quiet:.0f} s of quiet, not 10 minutes"))
        points -= QUIET
    return points


def _is_passed_smoke(event: Event) -> bool:
    if event.kind != "job.finished" or event.data.get("code") != 0:
        return False
    details = event.data.get("details") or {}
    return event.data.get("operation") == "smoke" or details.get("smoke_ok") is True
