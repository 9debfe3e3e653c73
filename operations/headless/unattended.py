"""Decides for nobody: takes answers that were given beforehand and suggestions, and stops at everything else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from operations.errors import VigieError
from runbooks.events import Answered, Moved
from runbooks.facts import Facts
from runbooks.onward import Given, Stop, next_step
from runbooks.walk import WalkError, WalkState, is_act

STEPS_MOST = 200
"""Steps after which a walk stops by itself, whatever its runbook says."""


class Unattended:
    """`why` stands for the line that an answer against the evidence asks for; with `waits_over` (`--now`) nothing is
    waited for: each section's wait is taken as past once."""

    def __init__(
        self, given: Sequence[Given], say: Callable[[str], None], *, why: str = "", waits_over: bool = False
    ) -> None:
        self._given = list(given)
        self._say = say
        self._why = why
        self._waits_over = waits_over
        self._passed: set[str] = set()
        self._seen: set[str] = set()
        self._steps = 0
        self._last_was_given = False

    @property
    def unused(self) -> tuple[str, ...]:
        """Answers that were given and that no question asked for, as they were written."""
        return tuple(given.written for given in self._given)

    def knows(self, state: WalkState) -> bool:
        """True when an answer was given beforehand for where the walk stands."""
        return self._answer_for(state) is not None

    def something_changed(self) -> None:
        """A check or an act was run: the same question may have another answer now."""
        self._seen.clear()

    def decide(self, state: WalkState, facts: Facts, now: datetime) -> Answered | Moved | Stop:
        """What to do where the walk stands. Raises VigieError for an answer that cannot be given there."""
        self._steps += 1
        if self._steps > STEPS_MOST:
            return Stop("person", f"the walk stops after {STEPS_MOST} steps; a person has to look where it leads")
        given = self._answer_for(state)
        made = self._next(state, facts, now, given, wait_over=False)
        if isinstance(made, Stop) and made.reason == "waits" and self._may_pass(state):
            self._passed.add(state.current)
            self._seen.clear()
            self._say(f"not waited for: {made.words.removeprefix('wait ')}")
            made = self._next(state, facts, now, given, wait_over=True)
        if isinstance(made, Stop):
            return made
        if isinstance(made, Answered) and given is not None:
            self._given.remove(given)
            self._seen.clear()
            self._say(f"answer {given.number} “{made.answer}”, as --answer {given.written} says")
        elif circle := self._circle(state, made):
            return circle
        self._last_was_given = isinstance(made, Answered) and given is not None
        return made

    def _next(
        self, state: WalkState, facts: Facts, now: datetime, given: Given | None, *, wait_over: bool
    ) -> Answered | Moved | Stop:
        number = given.number if given is not None else None
        try:
            return next_step(state, facts, now, number=number, why=self._why, wait_over=wait_over)
        except WalkError as error:
            where = state.section.label or state.section.title
            hint = "Say it with --why." if "say why" in str(error) else ""
            raise VigieError(f"{where}: {error}.", next_step=hint) from None

    def _answer_for(self, state: WalkState) -> Given | None:
        """The first that is meant for this section, else, at a question, the first that is meant for none."""
        if not state.section.branches:
            return None
        mine = (given for given in self._given if given.anchor == state.current)
        return next(mine, None) or next((given for given in self._given if not given.anchor), None)

    def _may_pass(self, state: WalkState) -> bool:
        return self._waits_over and (self._last_was_given or state.current not in self._passed)

    def _circle(self, state: WalkState, made: Answered | Moved) -> Stop | None:
        """Nobody answered and nothing was waited for since that section: asking again tells the same again."""
        if isinstance(made, Moved) and made.how == "waited":
            return None
        self._seen.add(state.current)
        stops_there = is_act(state.book, made.target) or (isinstance(made, Answered) and bool(made.wait))
        if made.target not in self._seen or stops_there:
            return None
        onward = state.book.section(made.target)
        title = onward.title if onward is not None else made.target
        return Stop("person", f"it leads in a circle, back to “{title}”, and nothing has changed since")
