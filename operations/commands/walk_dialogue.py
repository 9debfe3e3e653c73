"""Asks a person, line by line, what follows at each section of a walk: for a terminal that cannot show the console."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from operations.commands.printing import width
from operations.commands.walk_running import Running
from operations.headless.doable import Doable, doables_of, first_act
from operations.headless.page import section_text, why_lines
from operations.headless.seeing import Seeing
from operations.headless.unattended import Unattended
from operations.headless.walker import Again
from operations.text import one_line
from runbooks.events import Answered, Moved
from runbooks.facts import Facts
from runbooks.onward import Stop, next_step
from runbooks.suggest import Suggestion, answer, suggest
from runbooks.walk import (
    WalkError,
    WalkState,
    call_help,
    come_back,
    go_back,
    go_on,
    take_timebox,
    take_wait,
    time_left,
    wait_left,
)

_HELP = """\
  Enter   what the prompt says; it never runs anything without asking
  1 2 …   give that answer; any answer can be taken back
  x       back to the question before; from the call for help, to where it came from
  o       why: every answer with what speaks for and against it
  p       the section as the runbook has it
  h       to the section that calls for help
  g       to what the time box or the wait offers
  r1 …    run that act or command: its plan is shown and confirmed first (--run)
  q       leave; what was walked stays where it is recorded"""


class Dialogue:
    """`running` runs what a person chooses, where that was allowed; `beforehand` has the answers given by options."""

    def __init__(
        self,
        environment: str,
        running: Running,
        beforehand: Unattended,
        seeing: Seeing,
        *,
        say: Callable[[str], None],
        now: Callable[[], datetime],
    ) -> None:
        self._environment = environment
        self._beforehand = beforehand
        self._seeing = seeing
        self._now = now
        self._running = running
        self._say = say

    def something_changed(self) -> None:
        """Nothing is remembered here: every question is shown as it is."""

    def decide(self, state: WalkState, facts: Facts, now: datetime) -> Answered | Moved | Stop | Again:
        """Ask until there is an answer."""
        if self._beforehand.knows(state):
            made = self._beforehand.decide(state, facts, now)
            if not isinstance(made, Stop):
                return made
        suggestion = suggest(state, facts, now)
        while True:
            words = self._enter(state, suggestion)
            typed = _ask(f"Enter {words}; {_others(state)}").strip().lower()
            try:
                meant = self._typed(typed, state, suggestion, facts, now)
            except WalkError as error:
                self._say(f"{error}.")
                continue
            if meant is not None:
                return meant

    def _typed(
        self, typed: str, state: WalkState, suggestion: Suggestion, facts: Facts, now: datetime
    ) -> Answered | Moved | Stop | Again | None:
        """What that line means; None when it was only something to read. Raises WalkError where it cannot be done."""
        is_number = typed.isascii() and typed.isdigit()
        if not typed or is_number:
            # A person may have read for minutes: what is answered by has to be of now.
            facts, now = self._seeing.facts(self._now()), self._now()
            if suggest(state, facts, now).index != suggestion.index:
                self._say("What is suggested here has changed meanwhile; look again.")
                return "show"
            suggestion = suggest(state, facts, now)
        if is_number:
            return _given(state, suggestion, int(typed[:6]) - 1, facts, now)
        if not typed:
            return self._entered(state, suggestion, facts, now)
        if typed[0] == "r" and typed[1:].isascii() and typed[1:].isdigit():
            return self._run(state, int(typed[1:6]))
        if typed == "x":
            return come_back(state) if state.return_to else go_back(state)
        if typed == "h":
            return call_help(state)
        if typed == "g":
            box = time_left(state, now)
            return take_timebox(state) if box is not None and box.offers else take_wait(state)
        if typed == "q":
            return _left(state, facts, now)
        texts = {
            "o": lambda: "\n".join(why_lines(state, facts, now, width())),
            "p": lambda: section_text(state, width()),
            "?": lambda: _HELP,
        }
        if typed in texts:
            click.echo(texts[typed]())
        else:
            self._say(f"“{one_line(typed, 40)}” is no key here; ? shows them.")
        return None

    def _enter(self, state: WalkState, suggestion: Suggestion) -> str:
        """What Enter does, in words."""
        pending, section, chosen = self._pending(state), state.section, suggestion.chosen
        if pending is not None:
            return f"shows the plan of “{one_line(pending.text, 60)}”"
        if chosen is not None:
            return f"takes {chosen.index + 1} “{one_line(chosen.branch.answer, 60)}”"
        if section.is_end:
            return "leaves, this is the end"
        if section.branches:
            return "looks again, nothing is suggested"
        onward = state.book.section(section.next)
        if onward is None:
            return "leaves, no way leads on"
        unrun = " and runs nothing" if section.is_act and state.last_exit is None else ""
        return f"goes on to “{one_line(onward.title, 60)}”{unrun}"

    def _entered(
        self, state: WalkState, suggestion: Suggestion, facts: Facts, now: datetime
    ) -> Answered | Moved | Stop | Again:
        """What `_enter` said."""
        pending = self._pending(state)
        if pending is not None:
            return self._running.offer(pending, state)
        if suggestion.index is not None:
            return answer(state, suggestion.index, facts, now)
        if state.section.branches and not state.section.is_end:
            return "look"
        return go_on(state) if state.section.next and not state.section.is_end else _left(state, facts, now)

    def _run(self, state: WalkState, number: int) -> Again:
        found = doables_of(state.section, self._environment)
        if not self._running.allowed:
            raise WalkError("nothing is run from here; begin the walk with --run")
        if not 1 <= number <= len(found):
            raise WalkError(f"there is no r{number} here")
        return self._running.offer(found[number - 1], state)

    def _pending(self, state: WalkState) -> Doable | None:
        """The section's first act, until something of ours has ended here."""
        if not self._running.allowed or state.last_exit is not None or state.entered_at in self._running.passed:
            return None
        return first_act(state.section, self._environment)


def _given(state: WalkState, suggestion: Suggestion, index: int, facts: Facts, now: datetime) -> Answered | None:
    answers = suggestion.answers
    if not 0 <= index < len(answers):
        raise WalkError(f"this section has {len(answers)} answers")
    chosen, given, why = suggestion.chosen, answers[index], ""
    if chosen is not None and chosen.target != given.target and given.leads_to_act:
        click.echo(f"The evidence suggests “{chosen.branch.answer}”, and this leads to an act.", err=True)
        why = _ask("Why is it right all the same? (Enter leaves the question open)").strip()
        if not why:
            return None
    made = answer(state, index, facts, now, why)
    if given.verdict is False and given.opposes:
        click.echo(f"Noted as your own judgement. Measured: {given.opposes[0].text}.", err=True)
    return made


def _others(state: WalkState) -> str:
    """The other keys that do something here."""
    count = len(state.section.branches)
    keys = [f"1-{count} answers" if count > 1 else "1 answers"] if count else []
    keys += ["x back"] if state.trail else []
    return ", ".join((*keys, "o why", "q leaves", "? help"))


def _left(state: WalkState, facts: Facts, now: datetime) -> Stop:
    """A walk that a person leaves ends as it would where it stands."""
    try:
        there = next_step(state, facts, now)
    except WalkError:
        there = Stop("person", "")
    if isinstance(there, Stop) and there.reason in ("end", "act"):
        return there
    left = wait_left(state, now)
    if isinstance(there, Stop) and there.reason == "waits" and left is not None:
        return there
    return Stop("person", "left before an answer was given")


def _ask(question: str) -> str:
    return str(click.prompt(question, default="", show_default=False, prompt_suffix=" > ", err=True))
