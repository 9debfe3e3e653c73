"""A freeze: nobody deploys new commits to an environment, or restores onto it, until it is lifted or its time is over.

It lies beside the locks, where all users of this host meet. It does not stop git pushes or the platform's own deploys.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from operations.engine.model import Guard
from operations.errors import VigieError
from operations.foreign_json import NOT_JSON
from operations.places import places_for
from operations.settings import Settings
from operations.text import one_line

GUARD = "no freeze"
STOPS_NOT = "it does not stop git pushes, nor the platform's own deploys"
_LIMIT = 8192
LONGEST_REASON = 500
"""Characters of a reason; whoever meets the freeze reads it in a line or two."""
_SAFELY = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Freeze:
    """Who froze what and why; times are UTC. `until` None: until somebody lifts it."""

    environment: str
    why: str
    who: str
    since: datetime
    until: datetime | None = None

    @property
    def words(self) -> str:
        """One line: "frozen by ana since 03:12Z until 08:00Z: the database team works"."""
        end = f" until {self.until:%Y-%m-%d %H:%MZ}" if self.until else ""
        return one_line(f"frozen by {self.who or 'somebody'} since {self.since:%Y-%m-%d %H:%MZ}{end}: {self.why}", 200)


def freeze_of(settings: Settings, environment: str, now: datetime) -> Freeze | None:
    """The freeze that holds now, None without one. One that cannot be read holds: somebody meant something by it."""
    path = _path(settings, environment)
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Freeze(environment, f"its file {path} cannot be read: {error.strerror}", "", now)
    with os.fdopen(descriptor, "rb") as file:
        raw = file.read(_LIMIT)
    if not raw.strip():
        return None
    try:
        found = msgspec.json.decode(raw, type=Freeze)
    except NOT_JSON:
        return Freeze(environment, f"its file {path} is damaged", "", now)
    aware = found.since.tzinfo is not None and (found.until is None or found.until.tzinfo is not None)
    if not aware:
        return Freeze(environment, f"its file {path} is damaged", "", now)
    return None if found.until is not None and found.until <= now else found


def set_freeze(settings: Settings, freeze: Freeze) -> None:
    """Freeze from now on, in place of an earlier freeze. Raises VigieError when it cannot be written."""
    _write(_path(settings, freeze.environment), msgspec.json.encode(freeze))


def lift_freeze(settings: Settings, environment: str) -> None:
    """Lift it; nothing there is fine. Raises VigieError when it cannot be written."""
    path = _path(settings, environment)
    if os.path.lexists(path):
        _write(path, b"")


def freeze_guard(settings: Settings, environment: str, now: datetime, despite: str | None = None) -> Guard:
    """Refuses (code 1) while a freeze holds; for a deploy (`despite`) somebody may say why it should not count."""
    found = freeze_of(settings, environment, now)
    if found is None:
        return Guard(GUARD, "pass")
    if despite is None:
        return Guard(GUARD, "refuse", f"{found.words}. Lift it: vigie unfreeze {environment}")
    if despite.strip():
        return Guard(GUARD, "warn", f"{found.words}; overridden: {one_line(despite, 120)}")
    return Guard(
        GUARD, "refuse", f'{found.words}. Lift it (vigie unfreeze {environment}), or say why: --despite-freeze "…"'
    )


def _path(settings: Settings, environment: str) -> Path:
    name = sha256(f"{settings.site.name}\0{environment}".encode()).hexdigest()[:16]
    return places_for(settings).locks / f"freeze-{name}.json"


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all for a reader; every user of the host may lift what another one set."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with suppress(FileNotFoundError):
            beside.unlink()
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _SAFELY, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o666)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        try:
            beside.replace(path)
        except PermissionError:
            # In a sticky folder nobody replaces another user's file; writing into it is allowed.
            beside.unlink()
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_TRUNC | _SAFELY), "wb") as file:
                file.write(content)
    except OSError as error:
        raise VigieError(f"The freeze {path} cannot be written: {error.strerror}.", code=2) from None
