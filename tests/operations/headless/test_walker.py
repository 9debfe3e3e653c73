"""The loop of a walk: what others do meanwhile counts, and what there is to run is shown before it runs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from operations.headless.keeping import InMemory
from operations.headless.seeing import NothingToSee
from operations.headless.unattended import STEPS_MOST, Unattended
from operations.headless.walker import Again, Ended, Walker
from runbooks.events import Answered, Moved, Noted
from runbooks.facts import Facts
from runbooks.onward import Stop
from runbooks.reader import read
from runbooks.suggest import answer
from runbooks.walk import WalkState, call_help
from tests.runbooks.support import NOW

BOOK = read(
    "# A\n- **On** → [B](#b)\n- **Stay** → [A](#a)\n"
    "# B\n- **On** → [A](#a)\n- **Stay** → [B](#b)\n# Help\n<!-- help -->\n",
    "test",
)


class Clock:
    """A second goes by with each look at it."""

    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


class Script:
    """Decides as the test says, one thing a time."""

    def __init__(self, *steps: Callable[[WalkState, Facts, datetime], Answered | Moved | Stop | Again]) -> None:
        self._steps = list(steps)
        self.changes = 0

    def decide(self, state: WalkState, facts: Facts, now: datetime) -> Answered | Moved | Stop | Again:
        return self._steps.pop(0)(state, facts, now)

    def something_changed(self) -> None:
        self.changes += 1


def walk(keeping: InMemory, script: Script, log: list[str], at: Callable[[WalkState], bool | Stop]) -> Ended:
    class Doing:
        def at(self, state: WalkState) -> bool | Stop:
            log.append(f"do {state.current}")
            return at(state)

    return Walker(
        keeping,
        NothingToSee(),
        script,
        Doing(),
        show=lambda state, facts, now: log.append(f"show {state.current}"),
        took=lambda state, facts, now, made: log.append(f"took {made.target}"),
        say=log.append,
        now=Clock(),
    ).walk()


def stop(state: WalkState, facts: Facts, now: datetime) -> Stop:
    return Stop("person", f"at {state.current}")


def test_an_answer_to_a_question_that_somebody_else_answered_meanwhile_is_not_kept() -> None:
    keeping, log = InMemory(BOOK, "", Clock()), list[str]()

    def too_late(state: WalkState, facts: Facts, now: datetime) -> Answered:
        keeping.keep(call_help(state))
        return answer(state, 0, facts, now)

    ended = walk(keeping, Script(too_late, stop), log, lambda state: False)
    assert ended.stop.words == "at help"
    assert log == ["show a", "do a", "the walk has moved on meanwhile; look again", "show help", "do help"]


def test_a_section_is_shown_before_anything_of_it_runs_and_again_with_what_it_told() -> None:
    log, script = list[str](), Script(stop)
    walk(InMemory(BOOK, "", Clock()), script, log, lambda state: True)
    assert (log, script.changes) == (["show a", "do a", "show a"], 1)


def test_what_went_wrong_while_running_stops_the_walk_without_another_question() -> None:
    log = list[str]()
    ended = walk(InMemory(BOOK, "", Clock()), Script(), log, lambda state: Stop("person", "it failed"))
    assert ended.stop.words == "it failed"


def test_coming_round_to_the_same_section_is_entering_it_again() -> None:
    log = list[str]()
    again = lambda state, facts, now: answer(state, 1, facts, now)  # noqa: E731
    walk(InMemory(BOOK, "", Clock()), Script(again, stop), log, lambda state: False)
    assert log == ["show a", "do a", "took a", "show a", "do a"]


def test_asking_again_shows_again_and_runs_nothing_again() -> None:
    log = list[str]()
    walk(InMemory(BOOK, "", Clock()), Script(lambda *_: "look", lambda *_: "show", stop), log, lambda state: False)
    assert log == ["show a", "do a", "show a", "show a"]


def test_a_note_by_somebody_else_does_not_stand_in_the_way_of_an_answer() -> None:
    keeping, log = InMemory(BOOK, "", Clock()), list[str]()

    def noted(state: WalkState, facts: Facts, now: datetime) -> Answered:
        keeping.keep(Noted(state.current, "phones ring"))
        return answer(state, 0, facts, now)

    assert walk(keeping, Script(noted, stop), log, lambda state: False).stop.words == "at b"


def test_an_unattended_walk_ends_by_the_number_of_its_steps() -> None:
    deciding = Unattended((), lambda words: None)
    state = InMemory(BOOK, "", Clock()).state()
    stops = [deciding.decide(state, {}, NOW) for _ in range(STEPS_MOST + 1)]
    last = stops[-1]
    assert isinstance(last, Stop)
    assert f"{STEPS_MOST} steps" in last.words
