"""Walks a runbook section by section: shows it, lets checks and acts be run, asks what follows, keeps that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from operations.errors import VigieError
from operations.headless.keeping import Keeping
from operations.headless.seeing import Seeing
from runbooks.events import Answered, Moved
from runbooks.facts import Facts
from runbooks.onward import Stop
from runbooks.walk import WalkState

Shown = Callable[[WalkState, Facts, datetime], None]
Again = Literal["show", "look"]
"""Show the same question again, or look at the site anew before that."""


class Deciding(Protocol):
    """Who says what follows: nobody (`unattended`), or a person at a terminal."""

    def decide(self, state: WalkState, facts: Facts, now: datetime) -> Answered | Moved | Stop | Again:
        """The next event, a stop, or what to do before asking again."""
        ...

    def something_changed(self) -> None:
        """A check or an act was run."""
        ...


class Doing(Protocol):
    """Runs what a section has, as far as it was asked to."""

    def at(self, state: WalkState) -> bool | Stop:
        """Called once at each section that is entered; true when something was run, a stop where that went wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Ended:
    """Where a walk stopped and why."""

    stop: Stop
    state: WalkState
    facts: Facts
    at: datetime


class Walker:
    """One walk from where it stands to where it stops."""

    def __init__(
        self,
        keeping: Keeping,
        seeing: Seeing,
        deciding: Deciding,
        doing: Doing,
        *,
        show: Shown,
        took: Callable[[WalkState, Facts, datetime, Answered | Moved], None],
        say: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._keeping = keeping
        self._seeing = seeing
        self._deciding = deciding
        self._doing = doing
        self._show = show
        self._took = took
        self._say = say
        self._now = now

    def walk(self) -> Ended:
        """Go on until something stops it."""
        entered: tuple[object, ...] = ()
        anew = shown = False
        while True:
            state, facts, now = self._look(anew=anew)
            anew = False
            if not shown or _place(state) != entered:
                self._show(state, facts, now)
                shown = True
            if _place(state) != entered:
                # What there is to run is shown before any of it runs.
                entered = _place(state)
                done = self._doing.at(state)
                if isinstance(done, Stop):
                    return Ended(done, *self._look(anew=True))
                if done:
                    self._deciding.something_changed()
                    anew, shown = True, False
                    continue
            made = self._deciding.decide(state, facts, now)
            if isinstance(made, Stop):
                return Ended(made, state, facts, now)
            if isinstance(made, str):
                anew, shown = made == "look", False
                continue
            if _place(self._keeping.state()) != _place(state):
                self._say("the walk has moved on meanwhile; look again")
                continue
            self._took(state, facts, now, made)
            self._keeping.keep(made)
            anew = isinstance(made, Moved) and made.how == "waited"
            if _place(self._keeping.state()) == _place(state):
                raise VigieError("The walk did not go on: what was to be kept does not fit where it stands.")

    def _look(self, *, anew: bool) -> tuple[WalkState, Facts, datetime]:
        state = self._keeping.state()
        facts = self._seeing.facts(self._now(), anew=anew)
        return state, facts, self._now()


def _place(state: WalkState) -> tuple[object, ...]:
    """What tells whether somebody moved the walk: going on, going back and coming round again differ in it."""
    return (state.current, state.entered_at, len(state.trail), len(state.waits))
