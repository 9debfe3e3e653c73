"""What the console shows at one moment: one frozen value, made in one place, injected by tests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from operations.settings import Settings
from tui.lines import Tone
from tui.theme import UNICODE, Glyphs

if TYPE_CHECKING:
    # The first frame is painted before any of these is needed.
    from operations.engine.record import JobRecord
    from operations.incident.clock import Clock
    from operations.incident.model import Incident
    from operations.watch.model import Snapshot
    from runbooks.view import WalkView


@dataclass(frozen=True, slots=True)
class Model:
    """The state of the console. `now` is UTC; everything else is as it was known then."""

    now: datetime
    site: str
    environment: str
    kind: str
    config: str
    operator: str
    drill: bool = False
    readonly: bool = False
    snapshot: Snapshot | None = None
    unwatched: str = ""
    """Why nobody looks any more; empty while somebody does."""
    jobs: tuple[JobRecord, ...] = ()
    elsewhere: tuple[JobRecord, ...] = ()
    """Jobs on the site's other environments: a restore onto staging is started and followed from here, too."""
    incident: Incident | None = None
    walk: WalkView | None = None
    clock: Clock | None = None
    """What is due in the open incident."""
    standing: tuple[str, ...] = ()
    """What stays to be mended: the bad commit still on main, debris of dead jobs."""
    first_run: bool = False
    """Nothing is in the journal yet: this person has not worked with it before."""
    real_alarm: str = ""
    """Inside a drill: what is wrong on the real site, when its recorder says so."""
    message: str = ""
    """What was just said to the person; stands over the keys for a few seconds and covers nothing."""
    message_tone: Tone = "plain"
    keys: tuple[tuple[str, str], ...] = ()
    """(key, word) of what can be pressed now, from the action registry."""
    glyphs: Glyphs = UNICODE

    @property
    def running(self) -> JobRecord | None:
        """The job that runs now, the newest when there are several."""
        return next((job for job in (*self.jobs, *self.elsewhere) if job.live), None)

    @property
    def debris(self) -> tuple[JobRecord, ...]:
        """Jobs whose worker died and left something to clean."""
        return tuple(job for job in self.every_job if not job.live and job.debris)

    @property
    def every_job(self) -> tuple[JobRecord, ...]:
        """The jobs of every environment, newest first."""
        return tuple(sorted((*self.jobs, *self.elsewhere), key=lambda job: job.created_at, reverse=True))


def bare_model(
    settings: Settings,
    environment: str,
    now: datetime,
    *,
    readonly: bool,
    glyphs: Glyphs,
    keys: tuple[tuple[str, str], ...],
) -> Model:
    """What the settings alone tell: the first frame, painted before the journal is read or anything is watched."""
    return Model(
        now=now,
        site=settings.site.name,
        environment=environment,
        kind=settings.environments[environment].kind,
        config=settings.path,
        operator=settings.operator,
        drill=settings.drill is not None,
        readonly=readonly,
        keys=keys,
        glyphs=glyphs,
    )
