"""The desk: what an operation may reach while it plans and runs. Built once a process, from the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from operations.errors import SettingsError
from operations.settings import Environment, Settings

if TYPE_CHECKING:
    from operations.engine.record import JobRecord
    from operations.watch.model import Snapshot


def utc_now() -> datetime:
    """The time, aware, UTC."""
    return datetime.now(UTC)


def _nothing_watched() -> None:
    return None


def _no_history() -> tuple[JobRecord, ...]:
    return ()


def _nothing_elsewhere(environment: str) -> tuple[JobRecord, ...]:
    return ()


def _traffic_unknown(start: datetime, end: datetime) -> float | None:
    return None


@dataclass(frozen=True, slots=True)
class Desk:
    """Settings, environment, clock, and what is live: the watch's snapshot, the jobs so far, the recorded traffic.

    `snapshot` answers None when nothing watches: an operation then says that its evidence is missing.
    `history` lists the jobs of this environment, newest first. `traffic` tells the mean requests per second between two
    times from recorded readings, None where nobody knows. `elsewhere` lists another environment's jobs, newest first.
    """

    settings: Settings
    environment: str
    now: Callable[[], datetime] = utc_now
    snapshot: Callable[[], Snapshot | None] = _nothing_watched
    history: Callable[[], Sequence[JobRecord]] = _no_history
    traffic: Callable[[datetime, datetime], float | None] = _traffic_unknown
    elsewhere: Callable[[str], Sequence[JobRecord]] = _nothing_elsewhere

    @property
    def site(self) -> str:
        """The site's name."""
        return self.settings.site.name

    @property
    def config(self) -> str:
        """The settings file, for headers and plans."""
        return self.settings.path or "no settings file"

    @property
    def env(self) -> Environment:
        """The environment named; raises SettingsError when the settings do not have it."""
        found = self.settings.environments.get(self.environment)
        if found is None:
            known = ", ".join(self.settings.environments) or "none"
            raise SettingsError((f"{self.config}: environments.{self.environment}: is missing; there is {known}",))
        return found

    @property
    def is_production(self) -> bool:
        """True for the environment whose acts need the phrase typed."""
        return self.env.kind == "production"
