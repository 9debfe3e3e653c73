"""Facts taken from the broken site itself lead along the paths of the truth table, and to no act that would do harm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from operations.desk import utc_now
from operations.jobs.launch import jobs_of
from operations.jobs.watching import look_once
from operations.settings import Settings
from operations.watch.model import Snapshot
from runbooks import shelf
from runbooks.events import Acted
from runbooks.facts import Fact
from runbooks.suggest import answer, suggest, suggest_at
from runbooks.walk import WalkState, apply, begin, go_on, replay
from tests.e2e.conftest import until

BOOK = shelf.open_book("site-down")


def facts_lead_along(settings: Settings, path: list[str], never: set[str]) -> None:
    """The facts of the live site give exactly that path through our site-down, and to none of the acts `never`."""
    walked: list[str] = []
    facts: dict[str, Fact] = {}

    def leads_there() -> bool:
        snapshot = look(settings)
        facts.update(snapshot.facts)
        walked[:] = labels(snapshot.facts, snapshot.at)
        return walked == path

    until(leads_there, 60, lambda: f"walked {walked}")
    last = BOOK.by_label(path[-1])
    assert last is not None and BOOK.help in {branch.target for branch in last.branches}
    for section in BOOK.sections:
        if section.branches:
            chosen = suggest_at(BOOK, section, facts, utc_now()).chosen
            target = BOOK.section(chosen.target) if chosen else None
            assert target is None or target.label not in never, section.label


def look(settings: Settings) -> Snapshot:
    history = tuple(job for job in jobs_of(settings) if job.environment == "production")
    return look_once(settings, "production", lambda: history)


def labels(facts: Mapping[str, Fact], at: datetime) -> list[str]:
    """Where suggestions alone lead; an act counts as done well, and a section with one way on is left by it."""
    state = replay([(at, begin(BOOK))], BOOK)
    assert state is not None
    found = [state.section.label]
    while len(found) < 20:
        followed = onward(state, facts, at)
        if followed is None:
            return found
        if followed.section.label != found[-1]:
            found.append(followed.section.label)
        state = followed
        if state.section.label in ("V1", "E1"):
            return found
    return found


def onward(state: WalkState, facts: Mapping[str, Fact], at: datetime) -> WalkState | None:
    """The walk after what the suggestions of this section make of it; None where they make nothing of it."""
    if any(code.name == "rollback" for code in state.section.actions) and state.last_exit is None:
        return apply(state, Acted(state.current, "rollback", "1", 0, "v2.4.0"), at)
    index = suggest(state, facts, at).index
    if index is not None:
        return apply(state, answer(state, index, facts, at), at)
    return apply(state, go_on(state), at) if state.section.next and not state.section.branches else None
