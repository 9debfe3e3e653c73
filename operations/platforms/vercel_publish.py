"""Publishing a checkout to Vercel with the team's command, and finding the deployment that came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from operations.engine.process import Child, Hooks, Streams, run_child
from operations.engine.record import GroupHooks
from operations.engine.redaction import Redactor
from operations.engine.steps import Completed
from operations.errors import VigieError
from operations.platforms.base import Undecided
from operations.platforms.release_record import RELEASE_NAME
from operations.platforms.vercel_api import FAILED, Refused
from operations.platforms.vercel_reading import VercelReading
from operations.platforms.vercel_replies import Deployment, Project, word
from operations.settings import PlatformSettings
from operations.text import one_line

_ADDRESS = re.compile(rb"https://([a-z0-9][a-z0-9.-]{0,250})(?=[/\s]|$)")
_OUTPUT_KEPT = 65_536


def publish_build(
    chosen: PlatformSettings,
    project: Project,
    reading: VercelReading,
    build: Path,
    values: Mapping[str, str],
    groups: GroupHooks,
) -> Deployment:
    """Run the command in `build` and return the deployment it made, whatever it ended with.

    It is found by the name it carries, else by the address the command printed last. Raises VigieError (code 5) when
    there is none, Undecided when nobody can look, PrerequisiteMissing when there is no such program.
    """
    if not RELEASE_NAME.fullmatch(values["name"]):
        raise VigieError(f"{word(values['name'])!r} is not a name a release can have.", code=1)
    printed = bytearray()
    done = _run(chosen, project, build, values, groups, printed)
    how = f"did not end within {chosen.build_limit:g} s" if done.timed_out else f"ended with code {done.code}"
    try:
        named = reading.named(project, values["name"])
        found = named[0] if named else _by_address(reading, project, bytes(printed))
    except VigieError as blind:
        says = f"{chosen.publish_command[0]} {how}, and what came of it cannot be seen: {blind.what}"
        raise Undecided(says, next_step="Look at the project on Vercel.", code=FAILED) from None
    if found is not None:
        return found
    last = one_line(next((line for line in reversed(done.tail) if line.strip()), "it said nothing"))
    raise VigieError(
        f"{chosen.publish_command[0]} {how}, and Vercel has no production deployment of it; last line: {last}",
        code=FAILED,
    )


def _run(
    chosen: PlatformSettings,
    project: Project,
    build: Path,
    values: Mapping[str, str],
    groups: GroupHooks,
    printed: bytearray,
) -> Completed:
    token = chosen.token.reveal()
    environment = {"VERCEL_TOKEN": token, "VERCEL_TELEMETRY_DISABLED": "1", "CI": "1", "NO_COLOR": "1"}
    if project.account_id:
        # Vercel's client links by these instead of by a file in the checkout, which may name another project.
        environment |= {"VERCEL_ORG_ID": project.account_id, "VERCEL_PROJECT_ID": project.id}

    def keep(piece: bytes) -> None:
        printed.extend(piece)
        del printed[:-_OUTPUT_KEPT]

    child = Child(
        [_filled(argument, values) for argument in chosen.publish_command],
        cwd=build,
        env=environment,
        limit=chosen.build_limit,
    )
    hooks = Hooks(line=_unheard, started=groups.started, ended=groups.ended, stop=_go_on)
    return run_child(child, hooks, Redactor([token]), Streams(output=keep))


def _filled(argument: str, values: Mapping[str, str]) -> str:
    """`{name}`, `{commit}`, `{who}`, `{title}` and `{api}` filled in; no shell reads the result."""
    return re.sub(r"\{(\w+)\}", lambda found: one_line(values.get(found[1], found[0]), 200), argument)


def _by_address(reading: VercelReading, project: Project, printed: bytes) -> Deployment | None:
    """The deployment of the last address printed, when it is one of this project."""
    hosts = _ADDRESS.findall(printed)
    if not hosts:
        return None
    try:
        found = reading.deployment(hosts[-1].decode())
    except Refused:
        return None
    return found if found.project_id == project.id and found.target == "production" else None


def _unheard(_line: str) -> None:
    return None


def _go_on() -> None:
    return None
