"""Where Vigie keeps its files on this machine: state, locks, job logs, journal. Private to the user, locks aside."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.settings import Settings

HOST_LOCKS = Path("/run/lock/vigie")
_making = threading.Lock()


@dataclass(frozen=True, slots=True)
class Places:
    """Folders and files. `shared`: users of this host meet in `locks`; where not, a plan must say so."""

    state: Path
    locks: Path
    jobs: Path
    journal: Path
    shared: bool


def places_for(settings: Settings, environment: Mapping[str, str] | None = None) -> Places:
    """The places for these settings, made where they can be (mode 0700; a shared lock folder 01777).

    A state directory that cannot be made is no error here: the journal says it, and a rollback runs without.
    """
    state = state_folder(settings, environment)
    jobs = state / "jobs"
    for folder in (state, jobs):
        private_folder(folder)
    wanted = settings.resolve(settings.lock_dir) if settings.lock_dir else HOST_LOCKS
    shared = _shared_folder(wanted)
    locks = wanted if shared else _own_folder(state)
    return Places(state, locks, jobs, state / "journal.sqlite", shared)


def state_folder(settings: Settings, environment: Mapping[str, str] | None = None) -> Path:
    """Where the state folder is or would be; nothing is made."""
    given = (os.environ if environment is None else environment).get("VIGIE_STATE_DIR", "")
    if given:
        return Path(given).expanduser().absolute()
    if settings.state_dir:
        return settings.resolve(settings.state_dir)
    from platformdirs import user_state_path

    return user_state_path("vigie")


def private_file(path: Path) -> None:
    """Make an empty file (mode 0600) where there is none. Raises OSError.

    One that is there is not opened: when a process closes any descriptor of a file, all its locks on that file are
    gone, SQLite's too. Another process then believes to be the last one and takes the log that is still written to.
    """
    with _making:
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except FileExistsError:
            return


def private_folder(folder: Path) -> bool:
    """Make `folder` (mode 0700) where it is missing. False when it cannot be used or is not this user's own."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    own = found.st_uid == os.getuid() and stat.S_ISDIR(found.st_mode)
    return own and os.access(folder, os.W_OK | os.X_OK)


def temporary_folder() -> Path:
    """This user's folder among the temporary files, not made yet.

    The standard library's answer tries to write first and raises on a full disk, which is when this is needed.
    """
    return Path(os.environ.get("TMPDIR") or "/tmp") / f"vigie-{os.getuid()}"  # noqa: S108 - private_folder guards it


def _shared_folder(folder: Path) -> bool:
    """Make `folder` for every user, sticky so that nobody removes another's lock. False when it cannot be used."""
    try:
        folder.mkdir()
        folder.chmod(0o1777)
    except FileExistsError:
        # Somebody else's link must not lead us elsewhere.
        if folder.is_symlink():
            return False
    except OSError:
        return False
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _own_folder(state: Path) -> Path:
    """The user's own lock folder; the temporary directory serves when the state directory cannot be written."""
    folders = (state / "locks", temporary_folder() / "locks")
    return next((folder for folder in folders if private_folder(folder)), folders[0])
