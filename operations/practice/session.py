"""One session of the practice site: which scenario was dealt with which seed, and the moment it counts from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from operations.practice import scenarios
from operations.practice.scenarios.model import Scenario
from operations.practice.traffic import Failure


@dataclass(frozen=True, slots=True)
class Session:
    """`now` is the moment all ages are counted from (UTC); `speed` divides the waits of people and timed faults."""

    id: str
    now: datetime
    seed: int
    speed: float = 1.0
    scenario: Scenario | None = None

    @property
    def onset(self) -> datetime | None:
        """When the first error was; None in a session without a fault."""
        return self.now - self.scenario.onset_age if self.scenario else None

    @property
    def name(self) -> str:
        """The scenario's real name, empty without one."""
        return self.scenario.name if self.scenario else ""

    def chance(self, what: str) -> Random:
        """Randomness for one purpose, the same whenever this seed is played again."""
        return Random(f"{self.seed}/{what}")  # noqa: S311 - replayable, not secret

    def failure(self, database_port: int) -> Failure | None:
        """How requests fail, with the site's own port in the words."""
        if self.scenario is None:
            return None
        given = self.scenario.failure
        words = given.words.replace("{database_port}", str(database_port))
        return Failure(given.paths, given.status, words, given.health_words)

    def wait(self, after: timedelta) -> float:
        """Seconds of real time until something that is due `after` the session began."""
        return after.total_seconds() / max(self.speed, 0.1)


def make_session(now: datetime, seed: int, scenario: str = "", speed: float = 1.0) -> Session:
    """A session beginning at `now`. Raises VigieError for an unknown scenario."""
    dealt = scenarios.deal(scenario, seed) if scenario else None
    return Session(f"{now:%Y%m%dT%H%M%S}-{seed}", now, seed, speed, dealt)
