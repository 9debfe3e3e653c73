"""The commands that the settings name, one by one: each has to be there before somebody needs it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from operations.doctor.finding import Finding, fail, ok
from operations.errors import VigieError
from operations.jobs.building import NPM_BUILD, NPM_INSTALL
from operations.platforms.command_presets import preset_of
from operations.platforms.restart import check_restart
from operations.settings import Environment, Settings

_NODE = "Install Node.js, which brings npm: nodejs.org, apt install nodejs npm, or your version manager"
_HINTS = {
    "npm": _NODE,
    "npx": _NODE,
    "node": _NODE,
    "pnpm": "Install pnpm: npm install -g pnpm",
    "yarn": "Install yarn: npm install -g yarn",
    "vercel": "Install Vercel's client: npm install -g vercel",
    "docker": "Install Docker with its compose plugin: docs.docker.com/engine/install",
    "kamal": "Install Kamal: gem install kamal",
}
_RUN_BY_NODE = frozenset({"npm", "npx", "pnpm", "yarn"})
_MIGRATED_BY = {"prisma": ("npx",), "supabase": ("npx",)}


def check_commands(settings: Settings) -> Iterator[Finding]:
    """What all environments share: install, migrations, switches; then what each one's platform runs."""
    # They are run in a checkout of the release, so a relative path is looked for in the repository.
    there = settings.resolve(settings.site.repository)
    deploy, switches = settings.deploy, settings.switches
    install = deploy.install or (NPM_INSTALL if (there / "package-lock.json").is_file() else ())
    yield from _command("install command", install, there, "a deploy would fail", "deploy.install")
    migrate = _MIGRATED_BY.get(deploy.migrations, deploy.migrate if deploy.migrations == "command" else ())
    yield from _command("migrations command", migrate, there, "a deploy with migrations would fail", "deploy.migrate")
    preview = deploy.migrate_preview if deploy.migrations == "command" else ()
    yield from _command("preview of migrations", preview, there, "a deploy would fail", "deploy.migrate_preview")
    for name, command in (("flag", switches.flag), ("maintenance", switches.maintenance)):
        yield from _command(f"{name} command", command, settings.folder, f"vigie {name} would fail", f"switches.{name}")
    for name, env in settings.environments.items():
        yield from _of_environment(settings, name, env, there)


def _of_environment(settings: Settings, name: str, env: Environment, there: Path) -> Iterator[Finding]:
    platform, key = env.platform, f"environments.{name}.platform"
    if platform.restart:
        try:
            check_restart(platform.restart, settings.resolve(platform.root))
        except VigieError:
            mend = f"Install it, or correct {key}.restart"
            yield fail(f"restart command of {name}", f"{platform.restart[0]} is not there", mend)
        else:
            yield ok(f"restart command of {name}", platform.restart[0])
    build = platform.build or (NPM_BUILD if (there / "package.json").is_file() and platform.driver else ())
    harm = "a deploy, or a rollback that has to rebuild, would fail"
    yield from _command(f"build command of {name}", build, there, harm, f"{key}.build")
    if platform.driver == "vercel":
        title, publish = f"publish command of {name}", platform.publish_command
        yield from _command(title, publish, there, "a deploy would fail", f"{key}.publish_command")
    if platform.driver == "command":
        preset = preset_of(platform.commands)
        for what, command in (("list", preset.list), ("live", preset.live), ("promote", preset.promote)):
            title = f"{what} command of {name}"
            yield from _command(title, command, settings.folder, "a rollback would fail", f"{key}.commands.{what}")
        title = f"publish command of {name}"
        yield from _command(title, preset.publish, there, "a deploy would fail", f"{key}.commands.publish")


def _command(name: str, command: Sequence[str], there: Path, harm: str, key: str) -> Iterator[Finding]:
    """Nothing where there is no such command: what is not set is not missed here."""
    if not command:
        return
    program = command[0]
    mend = _HINTS.get(program, "Install it")
    if not _runs(program, there):
        yield fail(name, f"{program} is not there: {harm}", f"{mend}; or correct {key}")
    elif program in _RUN_BY_NODE and not _runs("node", there):
        yield fail(name, f"node is not there, which runs {program}: {harm}", _NODE)
    else:
        yield ok(name, program)


def _runs(program: str, there: Path) -> bool:
    return shutil.which(program) is not None or ("/" in program and os.access(there / program, os.X_OK))
