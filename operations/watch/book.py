"""How a fact is put together from what is known of a probe: its value, source and age, or why it is unknown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from operations.settings import Environment, Settings
from operations.watch.changes import LiveRelease, changes_of, live_release
from operations.watch.history import OFFLINE, History
from operations.watch.model import Change, ProbeState, Reading, Status
from operations.watch.order import Onset, find_onset
from operations.watch.outside import Outside
from operations.watch.overall import PAGE, shows_closed_page
from runbooks.facts import Fact, Value

NOT_CONFIGURED = "not configured"
_GOOD = (Status.OK, Status.WARN)


@dataclass(frozen=True)
class Book:
    """Everything the facts of one moment are derived from; nothing in it changes while they are."""

    history: History
    settings: Settings
    environment: str
    outside: Outside
    now: datetime

    @property
    def env(self) -> Environment:
        """The environment's settings."""
        return self.settings.environments.get(self.environment) or Environment()

    @cached_property
    def states(self) -> tuple[ProbeState, ...]:
        """Every state as it counts now."""
        return self.history.shown(self.now)

    @cached_property
    def _by_name(self) -> dict[str, ProbeState]:
        return {state.probe: state for state in self.states}

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What changed, newest first."""
        return changes_of(self.history, self.outside.changes())

    @cached_property
    def onset(self) -> Onset:
        """When the present errors began."""
        return find_onset(self.history, self.outside.told_onset() if self.outside.told_onset else None)

    @cached_property
    def maintenance(self) -> datetime | None:
        """Since when the site is closed on purpose: our switch says so, and users do get the closed page now."""
        # The page first, which costs nothing: the jobs are read from the journal.
        if not shows_closed_page(self.state(PAGE), self.settings.switches.maintenance_status):
            return None
        return next((one.start for one in self.outside.closings() if one.end is None and one.seen), None)

    @cached_property
    def live(self) -> LiveRelease:
        """The release users get now."""
        return live_release(self.history, self.changes)

    @cached_property
    def skew(self) -> float:
        """The largest difference between our clock and another one that was measured lately, in seconds."""
        recent = [abs(s) for at, s in self.history.skews.values() if (self.now - at).total_seconds() < 900]
        return max(recent, default=0.0)

    def state(self, probe: str) -> ProbeState | None:
        """The state of a probe as it counts now."""
        return self._by_name.get(probe)

    def reading(self, probe: str) -> Reading | None:
        """The newest reading, when it could be made and is not network trouble of our own."""
        state = self.state(probe)
        if state is None or state.last is None or state.last.status is Status.UNKNOWN or state.reason == OFFLINE:
            return None
        return state.last

    def fact(
        self,
        name: str,
        probe: str,
        value: Callable[[Reading], Value | None],
        *,
        says: Callable[[Reading], str] | str = "",
        source: str = "",
        reason: str = "",
    ) -> Fact:
        """A fact straight from a probe's newest reading; `reason` is why a reading may still not tell it."""
        state, reading = self.state(probe), self.reading(probe)
        source = source or (state.title if state else probe)
        if state is None or reading is None:
            return Fact(name, source=source, reason=self.why(probe), inputs=(probe,))
        found = value(reading)
        words = says(reading) if callable(says) else says
        return Fact(
            name, found, source, reading.at, state.stale_after, "" if found is not None else reason or "not told",
            words, (probe,),
        )  # fmt: skip

    def pair(self, name: str, probe: str) -> tuple[Fact, Fact]:
        """`<name>.ok` and `<name>.failed` from the state after hysteresis; both are unknown when it is."""
        state = self.state(probe)
        if state is None or state.status is Status.UNKNOWN or state.last is None:
            source = state.title if state else probe
            unknown = [Fact(f"{name}.{end}", source=source, reason=self.why(probe)) for end in ("ok", "failed")]
            return unknown[0], unknown[1]
        last, words = state.last, state.last.detail + (" (deciding)" if state.deciding else "")
        good = state.status in _GOOD
        ok = Fact(f"{name}.ok", good, state.title, last.at, state.stale_after, says=words, inputs=(probe,))
        bad = Fact(f"{name}.failed", not good, state.title, last.at, state.stale_after, says=words, inputs=(probe,))
        return ok, bad

    def why(self, probe: str) -> str:
        """Why a probe's facts are unknown."""
        state = self.state(probe)
        if state is None:
            return NOT_CONFIGURED
        if state.last is not None and state.last.status is Status.UNKNOWN and state.last.detail:
            return state.last.detail
        return state.reason or "no answer yet"

    def derived(
        self,
        name: str,
        value: Value | None,
        inputs: tuple[str, ...],
        *,
        says: str = "",
        reason: str = "",
        source: str = "",
    ) -> Fact:
        """A fact computed from several probes: as old as the oldest of them, and as short-lived as the first to go."""
        states = [state for probe in inputs if (state := self.state(probe)) is not None and state.last is not None]
        at = min((state.last.at for state in states if state.last), default=None if value is None else self.now)
        stale = max((state.stale_after for state in states), default=60.0)
        missing = NOT_CONFIGURED if not any(self.state(probe) for probe in inputs) and inputs else "not told"
        why = "" if value is not None else reason or missing
        return Fact(name, value, source or ", ".join(inputs), at, stale, why, says, inputs)
