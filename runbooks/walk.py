"""A walk through a runbook: what its events add up to. Pure; nothing here moves anyone, asks a clock or writes.

Events are folded in their order. One that was made for a section the walk had already left (two people answering at
once) changes nothing and is kept in `set_aside`, so that every console folds to the same state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from runbooks.events import (
    COMMAND,
    Acted,
    Answered,
    Checked,
    Failed,
    How,
    Moved,
    Noted,
    Payload,
    Skipped,
    Started,
    Ticked,
)
from runbooks.model import Book, Branch, Section


class WalkError(ValueError):
    """That step is not possible here; the words say why."""


@dataclass(frozen=True, slots=True)
class Step:
    """A section that was left: by an answer, or, where `answered` is None, in the way `how` says."""

    section: str
    entered_at: datetime
    left_at: datetime
    target: str
    how: str
    answered: Answered | None = None
    wait_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Something that happened at a section without leaving it, and who did it."""

    at: datetime
    payload: Noted | Acted | Checked | Failed | Skipped | Ticked
    who: str = ""


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """A time box: seconds in all, seconds left (negative when over), and the anchor it then offers."""

    total: float
    left: float
    offers: str


@dataclass(frozen=True, slots=True)
class WalkState:
    """Where a walk stands. `trail` is the way here; going back shortens it, the events keep everything.

    `struck` holds answers (section, target) that were tried and did not help, `waits` one (section, branch) for every
    answer that asked for a wait, `wait_until` the time to let pass before the current section is asked again.
    """

    book: Book
    current: str
    entered_at: datetime
    started_at: datetime
    trail: tuple[Step, ...] = ()
    struck: frozenset[tuple[str, str]] = frozenset()
    waits: tuple[tuple[str, int], ...] = ()
    wait_until: datetime | None = None
    done: tuple[Done, ...] = ()
    set_aside: tuple[tuple[datetime, Answered | Moved], ...] = ()

    @property
    def section(self) -> Section:
        """The section the walk is at."""
        found = self.book.section(self.current)
        if found is None:
            raise WalkError(f"the runbook has no section “{self.current}”")
        return found

    @property
    def path(self) -> tuple[Step, ...]:
        """The answers that led here, in order."""
        return tuple(step for step in self.trail if step.answered)

    @property
    def return_to(self) -> str:
        """The section a call for help returns to; empty when the walk is not there."""
        if self.current != self.book.help:
            return ""
        return next((step.section for step in reversed(self.trail) if step.section != self.book.help), self.book.start)

    @property
    def acts(self) -> tuple[Acted, ...]:
        """Every action that was run on this walk, in order."""
        return tuple(done.payload for done in self.done if isinstance(done.payload, Acted))

    @property
    def acts_here(self) -> tuple[Acted, ...]:
        """The acts of this section, begun since it was entered."""
        done = (one for one in self.done if one.at >= self.entered_at)
        acts = (one.payload for one in done if isinstance(one.payload, Acted))
        return tuple(act for act in acts if act.section == self.current and act.action != COMMAND)

    @property
    def last_exit(self) -> int | None:
        """How the section's first action last ended since the section was entered: its answers ask after that one.

        What else was run here counts only where the section names no action: a freeze says nothing of a rollback.
        """
        first = next((code.name for code in self.section.actions), "")
        here = [
            act.exit_code
            for act in (done.payload for done in self.done if done.at >= self.entered_at)
            if isinstance(act, Acted) and act.section == self.current and _counts(act.action, first)
        ]
        return here[-1] if here else None

    @property
    def results(self) -> Mapping[str, tuple[datetime, Checked]]:
        """The latest result of each check, by its name, with its time."""
        return {done.payload.check: (done.at, done.payload) for done in self.done if isinstance(done.payload, Checked)}

    @property
    def marks(self) -> Mapping[tuple[str, int], Done]:
        """What became of tasks and steps, by section and line: the last of Ticked, Skipped and Failed on each."""
        kinds = (Ticked, Skipped, Failed)
        return {
            (done.payload.section, done.payload.line): done for done in self.done if isinstance(done.payload, kinds)
        }

    @property
    def failed_releases(self) -> tuple[str, ...]:
        """Releases a rollback did not get to; the same one is not offered again."""
        failed = (act.release for act in self.acts if act.action == "rollback" and act.exit_code in (3, 4, 5))
        return tuple(dict.fromkeys(release for release in failed if release))

    def waited(self, section: str, branch: int) -> int:
        """How often that answer has already been followed by a wait."""
        return self.waits.count((section, branch))


def begin(book: Book, at: str = "") -> Started:
    """The event that starts a walk at `at`, or where the book says. Raises WalkError for a book without sections."""
    start = at or book.start
    if book.section(start) is None:
        raise WalkError(f"“{book.name}” has no section “{start}” to start from")
    return Started(book.name, book.hash, start, book.source)


def replay(
    events: Iterable[tuple[datetime, Payload] | tuple[datetime, Payload, str]], book: Book | None = None
) -> WalkState | None:
    """The state that events (with their times, UTC, and who it was) add up to; None before a start.

    The book is read from the snapshot in the start event, unless `book` is that very text.
    """
    state: WalkState | None = None
    for at, payload, *who in events:
        state = apply(state, payload, at, book, who=who[0] if who else "")
    return state


def apply(
    state: WalkState | None, payload: Payload, at: datetime, book: Book | None = None, who: str = ""
) -> WalkState | None:
    """`state` after one more event. Never raises: what does not fit is set aside."""
    if isinstance(payload, Started):
        return _start(payload, at, book) if state is None else state
    if state is None:
        return None
    if isinstance(payload, Answered | Moved):
        if payload.section != state.current or state.book.section(payload.target) is None:
            return replace(state, set_aside=(*state.set_aside, (at, payload)))
        return _after_answer(state, payload, at) if isinstance(payload, Answered) else _after_move(state, payload, at)
    return replace(state, done=(*state.done, Done(at, payload, who)))


def go_back(state: WalkState, to: int | None = None) -> Moved:
    """Back to the section left last, or to step `to` of the trail, counted from 0. Raises WalkError at the start."""
    depth = len(state.trail) - 1 if to is None else to
    if not 0 <= depth < len(state.trail):
        raise WalkError("there is nothing to go back to")
    return Moved("back", state.current, state.trail[depth].section, depth)


def jump(state: WalkState, anchor: str) -> Moved:
    """To any section. Raises WalkError when there is none of that name."""
    return _moved(state, "jump", anchor, f"there is no section “{anchor}”")


def call_help(state: WalkState) -> Moved:
    """To the section that calls for help, from anywhere. Raises WalkError for a book without one."""
    return _moved(state, "escalated", state.book.help, "this runbook has no section that calls for help")


def come_back(state: WalkState) -> Moved:
    """From the call for help to where it came from."""
    return _moved(state, "returned", state.return_to, "this is not the call for help")


def go_on(state: WalkState) -> Moved:
    """Along the section's `Next:` link."""
    return _moved(state, "next", state.section.next, "this section has no single way on")


def read_on(state: WalkState) -> str:
    """The section behind this one, in a book that asks nothing anywhere and is read from front to back; else empty."""
    if any(section.branches or section.next for section in state.book.sections):
        return ""
    anchors = [section.anchor for section in state.book.sections if section.level]
    at = anchors.index(state.current) + 1 if state.current in anchors else 0
    return anchors[at] if at < len(anchors) else ""


def take_timebox(state: WalkState) -> Moved:
    """Take what the section's time box offers."""
    return _moved(state, "timebox", state.section.on_expire, "the time box offers nothing here")


def take_wait(state: WalkState) -> Moved:
    """Take what the section's wait leads to."""
    return _moved(state, "waited", state.section.then, "there is nothing to wait for here")


def time_left(state: WalkState, now: datetime) -> TimeLeft | None:
    """The running time box of the section, if it has one. It only offers; it never moves anyone."""
    box = state.section.timebox
    if box is None:
        return None
    return TimeLeft(box, box - (now - state.entered_at).total_seconds(), state.section.on_expire)


def wait_left(state: WalkState, now: datetime) -> TimeLeft | None:
    """What is left of a wait: the one an answer asked for, else the section's own."""
    section = state.section
    if state.wait_until is not None and now < state.wait_until:
        total = (state.wait_until - state.entered_at).total_seconds()
        return TimeLeft(total, (state.wait_until - now).total_seconds(), state.current)
    if section.wait is None:
        return None
    return TimeLeft(section.wait, section.wait - (now - state.entered_at).total_seconds(), section.then)


def where_it_leads(state: WalkState, branch: Branch, index: int) -> tuple[str, tuple[str, str] | None]:
    """The anchor an answer leads to now, and the answer (section, target) that it strikes out."""
    if branch.going == "caller":
        return state.return_to or branch.target, None
    if branch.going == "before-act":
        before = next((step for step in reversed(state.path) if is_act(state.book, step.target)), None)
        return (before.section, (before.section, before.target)) if before else (branch.target, None)
    if branch.at_most is not None and branch.instead and state.waited(state.current, index) >= branch.at_most:
        return branch.instead, None
    return branch.target, None


def is_act(book: Book, anchor: str) -> bool:
    """True when that section changes something."""
    section = book.section(anchor)
    return section is not None and section.is_act


def _moved(state: WalkState, how: How, target: str, otherwise: str) -> Moved:
    if not target or state.book.section(target) is None:
        raise WalkError(otherwise)
    return Moved(how, state.current, target)


def _start(started: Started, at: datetime, book: Book | None) -> WalkState | None:
    if book is None or book.hash != started.hash:
        book = _snapshot(started.text, started.book, started.hash)
    start = started.start if book.section(started.start) else book.start
    return WalkState(book, start, at, at) if book.section(start) else None


@lru_cache(maxsize=8)
def _snapshot(text: str, name: str, hash: str) -> Book:
    """The book as the walk began with it; folding a walk again must not read it again."""
    from runbooks.reader import read

    return replace(read(text, name), hash=hash)


def _after_answer(state: WalkState, answered: Answered, at: datetime) -> WalkState:
    after = _leave(state, answered.target, at, "answer", answered)
    return replace(
        after,
        struck=state.struck | {answered.strikes} if answered.strikes else state.struck,
        waits=(*state.waits, (answered.section, answered.branch)) if answered.wait else state.waits,
        wait_until=_later(at, answered.wait) if answered.wait else after.wait_until,
    )


def _after_move(state: WalkState, moved: Moved, at: datetime) -> WalkState:
    if moved.how != "back":
        return _leave(state, moved.target, at, moved.how, None)
    stays = moved.depth if moved.depth is not None and 0 <= moved.depth < len(state.trail) else len(state.trail)
    return replace(state, current=moved.target, entered_at=at, trail=state.trail[:stays], wait_until=None)


def _leave(state: WalkState, target: str, at: datetime, how: str, answered: Answered | None) -> WalkState:
    """Coming back from the call for help takes up the section where it was left: its clocks went on."""
    if target == state.return_to:
        left = [index for index, step in enumerate(state.trail) if step.section == target]
        if left:
            step = state.trail[left[-1]]
            trail = state.trail[: left[-1]]
            return replace(state, current=target, entered_at=step.entered_at, trail=trail, wait_until=step.wait_until)
    step = Step(state.current, state.entered_at, at, target, how, answered, state.wait_until)
    return replace(state, current=target, entered_at=at, trail=(*state.trail, step), wait_until=None)


def _counts(action: str, first: str) -> bool:
    return action == first if first else action != COMMAND


def _later(at: datetime, seconds: float) -> datetime | None:
    try:
        return at + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None
