"""What `vigie mark` wrote down of production: with it a restore elsewhere can be proven right while production is down.

One private JSON file in the state directory; where each database lies and its server's number, no secret.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec

from operations.errors import VigieError
from operations.foreign_json import NOT_JSON
from operations.places import places_for
from operations.proof.identity import Identity
from operations.proof.place import Place
from operations.settings import Settings

FILE = "databases.json"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One production database as it was when it was marked. Times UTC."""

    site: str
    environment: str
    database: str
    identifier: str
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    tenants: tuple[str, ...] = ()
    marked_at: datetime
    who: str = ""

    @property
    def place(self) -> Place:
        """Where it lay."""
        return Place(
            self.database,
            frozenset(self.hosts),
            frozenset(self.addresses),
            frozenset(self.ports),
            frozenset(self.tenants),
        )


def known_databases(settings: Settings) -> tuple[Known, ...]:
    """Every record of this site. Raises VigieError when the file is there and cannot be read: it may say "no"."""
    return tuple(record for record in _read(_path(settings)) if record.site == settings.site.name)


def remember(
    settings: Settings, environment: str, identity: Identity, place: Place, *, at: datetime, who: str
) -> Known:
    """Write one environment's record down, in place of its earlier one. Raises VigieError when it cannot be written."""
    known = Known(
        site=settings.site.name,
        environment=environment,
        database=identity.database,
        identifier=identity.identifier,
        hosts=tuple(sorted(place.hosts)),
        addresses=tuple(sorted(place.addresses)),
        ports=tuple(sorted(place.ports)),
        tenants=tuple(sorted(place.tenants)),
        marked_at=at,
        who=who,
    )
    path = _path(settings)
    others = [one for one in _read(path) if (one.site, one.environment) != (known.site, known.environment)]
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode([*others, known])))
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        raise VigieError(f"{path} cannot be written: {error.strerror}") from None
    return known


def _read(path: Path) -> list[Known]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Known])
    except FileNotFoundError:
        return []
    except OSError as error:
        raise VigieError(f"{path} cannot be read: {error.strerror}") from None
    except NOT_JSON:
        raise VigieError(
            f"{path} is damaged.", next_step="Remove it and run vigie mark for production again."
        ) from None


def _path(settings: Settings) -> Path:
    return places_for(settings).state / FILE
