"""What a folder tells of its site: names, branch, migrations, build, and which names `.env.operations` gives.

Only looked at; values of `.env.operations` are read to see whether they are usable, and never come out of here.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from operations.errors import VigieError
from operations.git import run_git
from operations.settings import address_of
from operations.settings_checks import ENV_FILE
from operations.settings_reader import read_env_file, stored_answer
from operations.text import one_line

MIGRATIONS = ("supabase/migrations", "prisma/migrations", "db/migrate", "db/migrations", "drizzle", "migrations")
"""Where the usual tools keep them; the first that is there is taken."""
_BUILDERS = (("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lockb", "bun"), ("bun.lock", "bun"))
_LIMIT = 5.0


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. `environment` is what somebody said `.env.operations` stands for, empty when nobody did.

    `names` are those of `.env.operations` whose values can be used as what they are for.
    """

    site: str
    repository: str = "."
    branch: str = "main"
    migrations: str = ""
    build: tuple[str, ...] = ()
    environment: str = ""
    names: frozenset[str] = frozenset()


def look_around(folder: Path, environ: Mapping[str, str] | None = None) -> Found:
    """Look at `folder` and the git checkout it lies in. Raises SettingsError for an unreadable `.env.operations`."""
    environ = os.environ if environ is None else environ
    top = _git(folder, "rev-parse", "--show-toplevel")
    root = Path(top) if top else folder
    env_file = folder / ENV_FILE
    known = read_env_file(env_file)
    return Found(
        site=_bucket_name(known) or _site_name(root if top else folder, top != ""),
        repository=os.path.relpath(root, folder) if top else ".",
        branch=_branch(root) if top else "main",
        migrations=_migrations(folder, root),
        build=_build(root),
        environment=stored_answer(env_file) if known else "",
        names=frozenset(name for name, value in {**known, **_given(known, environ)}.items() if _is_usable(name, value)),
    )


def _given(known: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The process environment comes first where both have a name: that value has to be usable, too."""
    return {name: environ[name] for name in known if name in environ}


def _is_http(value: str) -> bool:
    return value.startswith(("http://", "https://")) and bool(address_of(value))


def _is_database(value: str) -> bool:
    return value.startswith(("postgres://", "postgresql://")) and bool(address_of(value))


_USABLE: Mapping[str, Callable[[str], bool]] = {
    "APP_URL": _is_http,
    "DB_URL": _is_database,
    "TARGET_DB_URL": _is_database,
    "SUPABASE_URL": _is_http,
    "SUPABASE_ANON_KEY": bool,
    "S3_BUCKET": bool,
    "AWS_REGION": bool,
    "AWS_ENDPOINT_URL_S3": _is_http,
    "AWS_ACCESS_KEY_ID": bool,
    "AWS_SECRET_ACCESS_KEY": bool,
}


def _is_usable(name: str, value: str) -> bool:
    return name in _USABLE and _USABLE[name](value)


def _bucket_name(known: Mapping[str, str]) -> str:
    """What Vigie called the site while there was only `.env.operations`: its backups lie under that name."""
    return _plain(known.get("S3_BUCKET", "").removesuffix("-backups"))


def _site_name(folder: Path, in_git: bool) -> str:
    """From the remote's last part, which holds no password; else the folder's name."""
    remote = _git(folder, "remote", "get-url", "origin") if in_git else ""
    last = re.split(r"[/:]", remote.rstrip("/"))[-1].removesuffix(".git")
    return next((name for name in (_plain(last), _plain(folder.resolve().name)) if name), "my-site")


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", one_line(name, 60)).strip("-.") if name else ""


def _branch(folder: Path) -> str:
    """Origin's default branch, else the one checked out."""
    default = _git(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/")
    found = default or _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    return found if re.fullmatch(r"[\w./+-]{1,100}", found) else "main"


def _migrations(folder: Path, root: Path) -> str:
    """The first usual folder of migrations that is there, as seen from the repository."""
    places = (base / name for base in (folder, root) for name in MIGRATIONS)
    found = next((os.path.relpath(place, root) for place in places if place.is_dir()), "")
    # It goes into the file as it is: a folder with such a name has to be written by hand.
    return found if found.isprintable() and "$" not in found else ""


def _build(folder: Path) -> tuple[str, ...]:
    """The build script of package.json, run by the tool whose lock file is there."""
    try:
        package = json.loads((folder / "package.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    scripts = package.get("scripts") if isinstance(package, dict) else None
    if not isinstance(scripts, dict) or "build" not in scripts:
        return ()
    tool = next((tool for lock, tool in _BUILDERS if (folder / lock).is_file()), "npm")
    return (tool, "run", "build")


def _git(folder: Path, *arguments: str) -> str:
    """What git says, empty where there is no git or no checkout."""
    try:
        answer = run_git(folder, *arguments, limit=_LIMIT)
    except VigieError:
        return ""
    return answer.text.strip() if answer.code == 0 else ""
