"""The site's git checkout: what a rollback's diffs, migrations and recovery tags come from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from operations.doctor.finding import Finding, Verdict, ok, warn
from operations.errors import VigieError
from operations.git import run_git
from operations.repository import Repository
from operations.settings import Settings
from operations.text import one_line

_LIMIT = 5.0


def check_checkout(settings: Settings) -> Iterator[Finding]:
    """There, whole, with its branch, its remote and its migrations."""
    folder = settings.resolve(settings.site.repository)
    repository = Repository(folder, _LIMIT)
    try:
        repository.check()
    except VigieError as error:
        # A site whose releases Vigie switches is rolled back with its history at hand.
        grave: Verdict = "fail" if any(env.platform.driver for env in settings.environments.values()) else "warn"
        yield Finding("repository", grave, error.what, _mend(folder, error))
        return
    yield ok("repository", str(folder))
    yield _whole(repository)
    yield _branch(repository, settings.site.branch)
    yield _remote(repository)
    yield _migrations(repository, settings)


def _mend(folder: Path, error: VigieError) -> str:
    if "git repository" not in error.what:
        return error.next_step or "Mend git first."
    if "dubious ownership" in error.what:
        return f"git config --global --add safe.directory {folder}"
    return f"Clone the site there (git clone ADDRESS {folder}), or set site.repository to its checkout."


def _whole(repository: Repository) -> Finding:
    if repository.is_shallow():
        says = "a shallow clone: what lies between two releases cannot be told"
        return warn("history", says, f"git -C {repository.path} fetch --unshallow --tags")
    return ok("history", "whole")


def _branch(repository: Repository, branch: str) -> Finding:
    here, there = repository.find(f"refs/heads/{branch}"), repository.find(f"refs/remotes/origin/{branch}")
    if not here and not there:
        known = _lines(repository.path, "for-each-ref", "--format=%(refname:short)", "--count=5", "refs/heads")
        seen = f"; there is {', '.join(known)}" if known else ""
        return warn("branch", f"there is no branch {branch} here{seen}", "Set site.branch, or: git fetch origin")
    return ok("branch", branch if here else f"origin/{branch}")


def _remote(repository: Repository) -> Finding:
    if "origin" not in _lines(repository.path, "remote"):
        says = "there is no remote named origin: new releases' commits never arrive here"
        return warn("remote", says, f"git -C {repository.path} remote add origin ADDRESS")
    return ok("remote", "origin")


def _migrations(repository: Repository, settings: Settings) -> Finding:
    folder = settings.site.migrations
    if not repository.find("HEAD"):
        return warn("migrations", "the checkout has no commit yet", f"git -C {repository.path} pull origin")
    if repository.files_at("HEAD", folder):
        return ok("migrations", folder)
    says = f"no file under {folder} in the commit checked out: a rollback over a migration would not be noticed"
    return warn("migrations", says, 'Set site.migrations, e.g. migrations = "supabase/migrations"')


def _lines(folder: Path, *arguments: str) -> list[str]:
    answer = run_git(folder, *arguments, limit=_LIMIT)
    return [one_line(line, 60) for line in answer.text.splitlines()] if answer.code == 0 else []
