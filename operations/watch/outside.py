"""What the watch needs from beside itself: the platform and the few things only the rest of Vigie knows.

The caller fills it, so that watching imports no job. Whatever is left out is unknown, "not configured".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from operations.platforms.base import Platform
from operations.watch.model import Change


class SmokeResult(NamedTuple):
    """The last smoke run against this environment's own URL: `failed_kind` is none, auth or other."""

    ok: bool
    at: datetime
    failed_kind: str


class Closing(NamedTuple):
    """A time in which the site was closed on purpose, UTC; `end` is None while it is.

    `seen` tells that the closed page was seen from outside; before that somebody is just about to close the site.
    """

    start: datetime
    end: datetime | None
    seen: bool

    def holds(self, at: datetime) -> bool:
        """Whether that moment lies in it."""
        return self.start <= at and (self.end is None or at <= self.end)


class RollbackJudgement(NamedTuple):
    """Whether there is a good release to go back to, and what the migrations in between do (None: cannot say).

    `verdict` is none, adds, one-way, cannot-tell or failed. `says` are words on the release, `migrations` on those.
    """

    target_ok: bool | None
    other_target: bool | None
    verdict: str | None
    migration_failed: bool | None
    says: str
    migrations: str = ""

    @property
    def words(self) -> str:
        """Both for one line."""
        return f"{self.says}; migrations: {self.migrations}" if self.migrations else self.says


def _no_changes() -> Sequence[Change]:
    return ()


def _none() -> Sequence[Closing]:
    return ()


@dataclass(frozen=True, slots=True)
class Outside:
    """Callables that block are run in threads; `job_running`, `told_onset`, `changes`, `closings` must be quick."""

    platform: Platform | None = None
    last_smoke: Callable[[], tuple[bool, datetime, str] | None] | None = None
    judge_rollback: Callable[[], RollbackJudgement | None] | None = None
    job_running: Callable[[], bool] | None = None
    told_onset: Callable[[], datetime | None] | None = None
    """When a person says the trouble began ("customer says 02:50"), UTC."""
    changes: Callable[[], Sequence[Change]] = _no_changes
    """Changes only we know of, such as restores."""
    closings: Callable[[], Sequence[Closing]] = _none
    """When our own switch had maintenance mode on, newest first; whether users get the closed page is asked apart."""
