"""Where everything of one practice site lies: one folder, nothing outside it.

The one exception is named here: as root, PostgreSQL runs under another uid, and when that uid could not walk to the
folder, the databases lie in a folder of ours under the temporary directory instead (`databases_folder`).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from operations.errors import VigieError

SITE_NAME = "harbour-tow"
PAGE_MARKER = "Harbour Tow dispatch"
BUCKET = "harbour-tow-backups"
ENVIRONMENTS: tuple[EnvironmentName, ...] = ("production", "staging")
DATABASE_NAMES = {"production": "harbour_tow", "staging": "harbour_tow_staging"}
BESIDE_PRODUCTION = "harbour_archive"
"""A third database on production's server, for the guards that must tell two databases of one server apart."""
MARKER = ".vigie-practice-site"
NOBODY = 65534

EnvironmentName = Literal["production", "staging"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of the files and folders of the practice site in `home`."""

    home: Path

    @property
    def marker(self) -> Path:
        """Proof that this folder is a practice site; without it nothing here is ever deleted."""
        return self.home / MARKER

    @property
    def config(self) -> Path:
        """The settings file for Vigie."""
        return self.home / "vigie.toml"

    @property
    def lease(self) -> Path:
        """Every console and job holds a shared flock on it."""
        return self.home / "lease"

    @property
    def keep(self) -> Path:
        """While it exists the site outlives its last user."""
        return self.home / "keep"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.home / "supervisor.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever is starting, stopping or removing the site."""
        return self.home / "start.lock"

    @property
    def state(self) -> Path:
        """What the supervisor says about itself."""
        return self.home / "state.json"

    @property
    def truth(self) -> Path:
        """What was injected and when: for the score and the debrief, never for the console."""
        return self.home / "truth.json"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, made at random for this site."""
        return self.home / "secrets.json"

    @property
    def built(self) -> Path:
        """Written last: the parts that are made only once are whole."""
        return self.home / "built.json"

    @property
    def authority(self) -> Path:
        """Certificate of the local authority."""
        return self.home / "authority.pem"

    @property
    def certificate(self) -> Path:
        """Key and certificate of the front door."""
        return self.home / "front-door.pem"

    @property
    def repository(self) -> Path:
        """The product's git checkout."""
        return self.home / "repository"

    @property
    def bucket_root(self) -> Path:
        """Folder that the S3 server serves."""
        return self.home / "buckets"

    @property
    def cache(self) -> Path:
        """What can be made again: dumps and builds."""
        return self.home / "cache"

    @property
    def run(self) -> Path:
        """Small files between our own processes."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """Output of every child."""
        return self.home / "logs"

    @property
    def child_home(self) -> Path:
        """HOME of every child, so that nobody's ~/.pgpass or ~/.aws is read."""
        return self.home / "home"

    @property
    def outside(self) -> Path:
        """What the simulated world beside the site is told to answer."""
        return self.run / "outside.json"

    def site(self, environment: str) -> Path:
        """Folder of one environment: releases, `current`, logs, switches."""
        return self.home / "sites" / environment

    def request_log(self, environment: str) -> Path:
        """One JSON line a request."""
        return self.site(environment) / "requests.jsonl"

    def switches(self, environment: str) -> Path:
        """Flags and maintenance mode."""
        return self.site(environment) / "switches.json"

    def settings_log(self, environment: str) -> Path:
        """Who changed which flag or setting, and when."""
        return self.site(environment) / "settings.jsonl"

    def session(self, identifier: str) -> Path:
        """Own state of one drill: journal, locks, readings, events."""
        return self.home / "sessions" / identifier


def databases_folder(layout: Layout) -> Path:
    """Where clusters lie. Raises VigieError when the fallback's name is taken by somebody else."""
    if os.geteuid() != 0 or searchable_by_all(layout.home):
        return layout.home / "databases"
    key = hashlib.sha256(str(layout.home).encode()).hexdigest()[:16]
    temporary = Path(tempfile.gettempdir()).resolve()
    if not searchable_by_all(temporary):
        raise VigieError(
            f"Neither {layout.home} nor {temporary} can be walked to by every user.",
            means="PostgreSQL does not run as root, and its own user must reach the databases.",
            next_step="Choose a folder that every user may walk to, with --dir.",
        )
    folder = temporary / f"vigie-practice-{key}"
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != 0):
        raise VigieError(
            f"{folder} belongs to somebody else.",
            means="The databases of the practice site would lie there.",
            next_step="Choose a folder that every user may walk to, with --dir.",
        )
    return folder


def searchable_by_all(path: Path) -> bool:
    """True when any user may walk down to `path`: every folder above it, and itself where it exists."""
    here = path.absolute()
    above = (folder for folder in (here, *here.parents) if folder.exists())
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in above)


def make_folders(layout: Layout) -> None:
    """Create the folder and what is always in it. Raises VigieError when it holds something that is not ours."""
    if layout.home.is_dir() and not layout.marker.exists() and any(_strangers(layout.home)):
        raise VigieError(
            f"{layout.home} is not empty and is not a practice site.",
            means="Nothing was touched.",
            next_step="Name another folder with --dir.",
        )
    layout.home.mkdir(parents=True, exist_ok=True)
    # As root the databases' own user must be able to walk through; what is inside is closed file by file.
    layout.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    layout.marker.touch(mode=0o600)
    own = (layout.run, layout.logs, layout.child_home, layout.cache, layout.bucket_root)
    for folder in (*own, layout.home / "sites", layout.home / "sessions"):
        folder.mkdir(mode=0o700, exist_ok=True)
    for environment in ENVIRONMENTS:
        layout.site(environment).mkdir(mode=0o700, parents=True, exist_ok=True)
    layout.lease.touch(mode=0o600)


def _strangers(home: Path) -> list[str]:
    return [entry.name for entry in home.iterdir() if entry.name != "start.lock"]


def built_size(layout: Layout) -> float | None:
    """The size of the build that is there, or None."""
    try:
        return float(json.loads(layout.built.read_text("utf-8"))["size"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
