"""The interface every platform driver fills. All calls block and have time limits; the watch runs them in threads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from operations.engine.record import UNHEARD, GroupHooks
from operations.errors import VigieError

ReleaseState = Literal["ready", "building", "error", "unknown"]
Discarded = Literal["removed", "live", "not ours"]
"""What became of a release whose publish did not finish. Live ones stay; a team's own commands clean up themselves."""


@dataclass(frozen=True, slots=True)
class Release:
    """A deployable version. `kept` says that its build is still there and can be promoted; times are UTC."""

    id: str
    name: str
    commit: str
    who: str = ""
    built_at: datetime | None = None
    state: ReleaseState = "ready"
    live: bool = False
    kept: bool = True
    pinned: bool = False
    title: str = ""

    def goes_by(self, named: str) -> bool:
        """Whether that is its id or its name: what we publish has its name before it has the platform's id."""
        return bool(named) and named in (self.id, self.name)


@dataclass(frozen=True, slots=True)
class LivePeriod:
    """One stretch of time in which a release was the live one, as the platform tells it. `end` None: it still is.

    `how` is publish, promote or rollback; a release that was ended by a rollback is *rolled back from*.
    """

    release: str
    start: datetime
    end: datetime | None
    who: str
    how: str
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a publish or promote is. A terminal state or an error; never "don't know, so done".

    `partly`: it failed, but some of what users reach may have moved.
    """

    state: Literal["pending", "succeeded", "failed"]
    says: str = ""
    partly: bool = False


class Undecided(VigieError):
    """The platform was asked to switch, and it is not known what became of it: it may have happened, or still will."""


class Platform(Protocol):
    """A place that keeps releases and makes one of them live.

    `place` tells two of them apart, in words. `pins`: after a rollback nothing that is published goes live by itself
    until somebody promotes. `publishes_with`: the command a publish runs, empty where it runs none.
    """

    name: str
    can_promote: bool
    place: str
    pins: bool
    publishes_with: Sequence[str]

    def releases(self, limit: int = 20) -> Sequence[Release]:
        """Recent releases, newest build first. Raises VigieError when the platform does not answer."""
        ...

    def live(self) -> Release | None:
        """The release that the platform says is live now; None when there is none yet."""
        ...

    def periods(self, limit: int = 50) -> Sequence[LivePeriod]:
        """What was live when, newest first."""
        ...

    def publish(
        self, build: Path, *, name: str, commit: str, who: str, title: str = "", groups: GroupHooks = UNHEARD
    ) -> str:
        """Take a built folder in and make it live; returns an id for `progress`.

        `groups` hears of each command that acts, also of those of `promote`.
        """
        ...

    def promote(self, release: str, *, who: str, how: str = "promote", groups: GroupHooks = UNHEARD) -> str:
        """Make a kept release live again; returns an id for `progress`. Asked again it does not switch again.

        Raises Undecided when it cannot be told whether the platform took it, any other VigieError when it did not.
        """
        ...

    def discard(self, release: str) -> Discarded:
        """Remove what is left of a release whose publish did not finish; untouched when it is the live one."""
        ...

    def progress(self, id: str) -> Progress:
        """How far that publish or promote is."""
        ...

    def has_file(self, release: str, path: str) -> bool | None:
        """Whether the release's build holds that file; None when the platform cannot tell."""
        ...

    def brings_back(self, release: str) -> Sequence[str]:
        """What promoting that release brings back with it (settings, scheduled jobs), in words; empty where nothing."""
        ...
