"""Which commands make a build of a commit: the settings', else npm's where the commit says that it is npm's."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from operations.desk import Desk
from operations.engine.model import Guard, PlannedStep
from operations.errors import VigieError
from operations.repository import Repository

NPM_INSTALL = ("npm", "ci")
NPM_BUILD = ("npm", "run", "build")
_PREREQUISITE = 2
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class BuildCommands:
    """Both run in the checkout, one after the other; empty means that there is nothing to do."""

    install: tuple[str, ...] = ()
    build: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """Each as one would type it."""
        return tuple(shlex.join(command) for command in (self.install, self.build) if command)

    @property
    def details(self) -> Mapping[str, list[str]]:
        """For a plan's details, from which the steps take them."""
        return {"install": list(self.install), "build": list(self.build)}


def build_commands(desk: Desk, repository: Repository, commit: str) -> BuildCommands:
    """What builds that commit (a full hash) here. A commit that git cannot show has what the settings say."""
    install, build = desk.settings.deploy.install, desk.env.platform.build
    try:
        if not install and repository.files_at(commit, "package-lock.json"):
            install = NPM_INSTALL
        if not build and repository.files_at(commit, "package.json"):
            build = NPM_BUILD
    except VigieError:
        pass
    return BuildCommands(install, build)


def whole_guards(desk: Desk, repository: Repository, commit: str, building: BuildCommands) -> tuple[Guard, ...]:
    """A checkout of that commit holds all of it, or somebody fetches what git leaves empty. None where it does."""
    name = "checkout whole"
    try:
        found = repository.submodules_at(commit)
    except VigieError as error:
        return (Guard(name, "unknown", error.what),)
    if not found:
        return ()
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    says = f"submodules are empty in a checkout: {', '.join(found[:_SHOWN])}{more}"
    how = 'Have deploy.install fetch them, as ["git", "submodule", "update", "--init", "--recursive"]'
    if desk.settings.deploy.install:
        if building.install:
            return (Guard(name, "warn", f"{says}; it is for deploy.install to fetch them"),)
        how = "deploy.install could fetch them: not with --skip-build"
    return (Guard(name, "refuse", f"{says}. {how}", _PREREQUISITE),)


def building_steps(
    step: Callable[..., PlannedStep], building: BuildCommands, commit: str, name: str
) -> Iterator[PlannedStep]:
    """Check out, install, build, as a plan shows them; `step` makes one with its expected seconds."""
    yield step("checkout", f"check out {commit[:7]}", "a worktree beside", f"git worktree add … {commit}")
    if building.install:
        yield step("install", "install", "", shlex.join(building.install))
    yield step("build", f"build {name}", "", shlex.join(building.build) or "nothing to build")
