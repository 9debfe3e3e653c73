"""The commands of the `command` platform, a preset's where the settings leave them out, and how each is read.

Docker Compose: the image's tag is the release, and compose.yaml names it `${TAG}`. Contracts: docs.docker.com,
"docker image ls" and "docker compose ps" (JSON lines; an array before 2.21). Kamal: kamal-deploy.org, "kamal app",
"kamal rollback"; it prints tables, and ends with 0 also where there was nothing to roll back to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from operations.settings import CommandSettings

Rows = list[dict[str, Any]]
_HASH = re.compile(r"[0-9a-f]{7,40}")
_DOCKER_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) ([+-]\d{4})")
_PLACE = re.compile(r"\{(release|name|commit|who|title)\}")


@dataclass(frozen=True, slots=True)
class Preset:
    """The commands in use. `read` turns what `list` or `live` prints into rows."""

    list: tuple[str, ...]
    live: tuple[str, ...]
    publish: tuple[str, ...]
    promote: tuple[str, ...]
    read: Callable[[str, bytes], Rows]
    promotes_after_publish: bool = False
    brings_back: tuple[str, ...] = ()


def preset_of(given: CommandSettings) -> Preset:
    """The settings' own commands, and the preset's where they leave one out."""
    if given.preset == "docker-compose":
        found = _compose(given)
    elif given.preset == "kamal":
        found = Preset(
            list=("kamal", "app", "images", "--quiet"),
            live=("kamal", "app", "version", "--quiet"),
            publish=("kamal", "deploy", "--version", "{name}"),
            promote=("kamal", "rollback", "{release}"),
            read=_read_kamal,
            brings_back=("the environment variables of its container",),
        )
    else:
        return Preset(given.list, given.live, given.publish, given.promote, _read_json)
    own = given.list or given.live
    return Preset(
        list=given.list or found.list,
        live=given.live or found.live,
        publish=given.publish or found.publish,
        promote=given.promote or found.promote,
        read=_read_json if own else found.read,
        promotes_after_publish=found.promotes_after_publish and not given.publish,
        brings_back=found.brings_back,
    )


def filled(command: Sequence[str], values: Mapping[str, str]) -> tuple[str, ...]:
    """The command with its places filled, in one pass: what is filled in is not looked at again."""
    return tuple(_PLACE.sub(lambda found: values.get(found[1], found[0]), word) for word in command)


def _compose(given: CommandSettings) -> Preset:
    return Preset(
        list=("docker", "image", "ls", "--format", "json", given.image),
        live=("docker", "compose", "ps", "--format", "json", given.service),
        publish=("docker", "build", "--tag", f"{given.image}:{{name}}", "."),
        promote=("env", "TAG={release}", "docker", "compose", "up", "--detach", "--no-build", given.service),
        read=lambda what, printed: _read_compose(what, printed, given.image),
        promotes_after_publish=True,
    )


def _read_json(what: str, printed: bytes) -> Rows:
    """A list of objects, one object, or JSON lines; nothing printed is an empty list."""
    text = printed.strip()
    if not text or text == b"null":
        return []
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = [msgspec.json.decode(line) for line in text.splitlines() if line.strip()]
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("it is no JSON object, nor a list of them")
    return rows


def _read_compose(what: str, printed: bytes, image: str) -> Rows:
    """Tags of the image; live is the tag that the service's running container was made of."""
    rows = _read_json(what, printed)
    if what == "list":
        tagged = [row for row in rows if str(row.get("Tag") or "<none>") not in ("<none>", "latest")]
        return [
            {"id": str(row["Tag"]), "commit": _commit_in(str(row["Tag"])), "built_at": _time_of(row.get("CreatedAt"))}
            for row in tagged
        ]
    running = [row for row in rows if str(row.get("State", "running")) == "running"]
    tags = {str(row.get("Image", "")).removeprefix(f"{image}:") for row in running}
    if len(tags) > 1:
        raise ValueError(f"several releases run at once: {', '.join(sorted(tags))}")
    return [{"id": tag, "commit": _commit_in(tag)} for tag in tags if tag]


def _read_kamal(what: str, printed: bytes) -> Rows:
    """Rows of `docker image ls` (second column), or one version a host."""
    lines = [line.split() for line in printed.decode("utf-8", "replace").splitlines() if line.strip()]
    if what == "list":
        tags = dict.fromkeys(words[1] for words in lines if len(words) >= 4 and words[0] != "REPOSITORY")
        return [{"id": tag, "commit": _commit_in(tag)} for tag in tags if tag not in ("latest", "<none>")]
    versions = {words[-1] for words in lines if not words[0].startswith(("App", "INFO"))}
    if len(versions) > 1:
        raise ValueError(f"the hosts run different releases: {', '.join(sorted(versions))}")
    return [{"id": version, "commit": _commit_in(version)} for version in versions]


def _commit_in(tag: str) -> str:
    found = _HASH.search(tag)
    return found[0] if found else ""


def _time_of(written: object) -> str:
    """Docker's `2026-01-31 08:00:00 +0000 UTC` as ISO, empty for anything else."""
    found = _DOCKER_TIME.match(str(written or ""))
    return f"{found[1]}T{found[2]}{found[3]}" if found else ""
