"""Which checks there are, in the order they are shown: this machine, what is shared, then each environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from operations.doctor.checkout import check_checkout
from operations.doctor.finding import LIMIT, Check, Finding
from operations.doctor.folders import check_folders
from operations.doctor.machine import check_machine
from operations.doctor.settings_file import check_no_settings, check_settings, check_wrong_settings
from operations.doctor.terminal import check_terminal
from operations.settings import Settings

LONGER = LIMIT + 1.5
Look = Callable[[], Iterable[Finding]]


def checks_without_settings(path: Path | None, problems: Sequence[str]) -> tuple[Check, ...]:
    """There are none (`path` None), or they are wrong: this machine is looked at all the same."""
    told: Look = check_no_settings if path is None else partial(check_wrong_settings, path, problems)
    return (*_machine(Settings()), Check("settings", "settings", told))


def checks_for(
    settings: Settings, environments: Sequence[str], *, readonly: bool, offline: bool, now: Callable[[], datetime]
) -> tuple[Check, ...]:
    """Everything there is to look at for these environments; `offline` leaves out what asks over a network."""
    from operations.doctor.people import check_people
    from operations.doctor.programs import check_programs

    here = (
        *_machine(settings),
        Check("settings", "settings", partial(check_settings, settings)),
        Check("git checkout", "repository", partial(check_checkout, settings)),
        Check("programs", "programs", partial(check_programs, settings)),
        Check("people", "people", partial(check_people, settings, now())),
    )
    if offline:
        return here
    from operations.doctor.watching import check_providers, check_targets

    shared = (
        Check("watch", "control targets", partial(check_targets, settings)),
        Check("watch", "providers", partial(check_providers, settings)),
    )
    return (*here, *shared, *(check for name in environments for check in _outside(settings, name, readonly, now)))


def _machine(settings: Settings) -> Iterator[Check]:
    yield Check("machine", "machine", check_machine)
    yield Check("terminal", "terminal", check_terminal)
    yield Check("folders", "folders", partial(check_folders, settings))


def _outside(settings: Settings, name: str, readonly: bool, now: Callable[[], datetime]) -> Iterator[Check]:
    from operations.doctor.backups import check_backups
    from operations.doctor.bucket import check_bucket
    from operations.doctor.database import check_database
    from operations.doctor.platform import check_platform
    from operations.doctor.site import check_site
    from operations.doctor.watching import check_recorder

    looks: tuple[tuple[str, Look], ...] = (
        ("site", partial(check_site, settings, name)),
        ("platform", partial(check_platform, settings, name, now())),
        ("database", partial(check_database, settings, name)),
        ("bucket", partial(check_bucket, settings, name, readonly=readonly, now=now)),
        ("backups", partial(check_backups, settings, name)),
        ("watch", partial(check_recorder, settings, name, now())),
    )
    for group, look in looks:
        # The bucket keeps to the usual limit by itself: it has something to take back.
        yield Check(group, group, look, name, limit=LONGER if group == "bucket" else LIMIT)
