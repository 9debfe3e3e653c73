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


def _never() -> datetime | None:
    return None


@dataclass(frozen=True, slots=True)
class Outside:
    """Callables that block are run in threads; `job_running`, `told_onset`, `changes`, `maintenance` must be quick."""

    platform: Platform | None = None
    last_smoke: Callable[[], tuple[bool, datetime, str] | None] | None = None
    judge_rollback: Callable[[], RollbackJudgement | None] | None = None
    job_running: Callable[[], bool] | None = None
    told_onset: Callable[[], datetime | None] | None = None
    """When a person says the trouble began ("customer says 02:50"), UTC."""
    changes: Callable[[], Sequence[Change]] = _no_changes
    """Changes only we know of, such as restores."""
    maintenance: Callable[[], datetime | None] = _never
    """Since when our own switch has maintenance mode on (UTC), as far as we know; what users get is asked apart."""
