"""Releases kept by the team's own commands: they list, publish and promote, and print JSON; here nothing is believed
that `live` does not say afterwards (some commands end with 0 where they did nothing).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from operations.engine.process import Child, Hooks, Streams, run_child
from operations.engine.record import UNHEARD, GroupHooks
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.foreign_json import NOT_JSON
from operations.platforms.base import Discarded, LivePeriod, Progress, Release, ReleaseState
from operations.platforms.command_presets import Preset, filled, preset_of
from operations.platforms.release_record import RELEASE_NAME, to_time
from operations.settings import PlatformSettings, Settings
from operations.text import one_line

FAILED = 5
_MOST_OUTPUT = 1_048_576
_MOST_RELEASES = 500
_STATES: Mapping[str, ReleaseState] = {"ready": "ready", "building": "building", "error": "error"}


class _Told(msgspec.Struct):
    """One release as a command prints it; what is left out is not known."""

    id: str
    name: str = ""
    commit: str = ""
    who: str = ""
    built_at: str = ""
    state: str = "ready"
    kept: bool = True
    title: str = ""
    since: str = ""


class CommandPlatform:
    """The driver. `settings` say where the commands run and what must not be shown."""

    name = "command"
    pins = False

    def __init__(self, chosen: PlatformSettings, settings: Settings) -> None:
        self._chosen = chosen
        self._folder = settings.folder
        self._redactor = Redactor(settings.secrets())
        self._preset: Preset = preset_of(chosen.commands)
        self.can_promote = bool(self._preset.promote)
        self.publishes_with: Sequence[str] = self._preset.publish
        self.place = one_line(" ".join(self._preset.live), 80)

    def releases(self, limit: int = 20) -> Sequence[Release]:
        """What the list command prints, in its order, with the live one marked."""
        live = self._live()
        told = self._read("list", self._preset.list)[:_MOST_RELEASES]
        if live is not None and all(one.id != live.id for one in told):
            told = [live, *told]
        return [_release(one, live) for one in told][:limit]

    def live(self) -> Release | None:
        """What the live command prints, with what the list knows of it; None when it prints nothing."""
        live = self._live()
        if live is None:
            return None
        known = next((one for one in self._read("list", self._preset.list) if one.id == live.id), live)
        return _release(known, live)

    def periods(self, limit: int = 50) -> Sequence[LivePeriod]:
        """The present one alone, where the live command says since when: of the past nothing is known."""
        live = self._live()
        since = to_time(live.since) if live else None
        if live is None or since is None:
            return ()
        return (LivePeriod(live.id, since.astimezone(UTC), None, one_line(live.who, 60), "publish"),)

    def publish(
        self, build: Path, *, name: str, commit: str, who: str, title: str = "", groups: GroupHooks = UNHEARD
    ) -> str:
        """Run the publish command in `build`. Raises VigieError (code 5) when it fails."""
        if not RELEASE_NAME.fullmatch(name):
            raise VigieError(f"{one_line(name, 60)!r} is not a name a release can have.", code=1)
        if not self._preset.publish:
            raise VigieError("platform.commands.publish is not set.", code=2)
        values = {"name": name, "release": name, "commit": commit, "who": who, "title": title}
        self._act(self._preset.publish, values, build, self._chosen.build_limit, groups)
        if self._preset.promotes_after_publish:
            self._act(self._preset.promote, values, self._folder, self._chosen.commands.limit, groups)
        return name

    def promote(self, release: str, *, who: str, how: str = "promote", groups: GroupHooks = UNHEARD) -> str:
        """Run the promote command, also where it is live already: an unfinished one is finished by it."""
        if not RELEASE_NAME.fullmatch(release):
            raise VigieError(f"{one_line(release, 60)!r} is not a name a release can have.", code=1)
        if not self._preset.promote:
            raise VigieError("platform.commands.promote is not set.", next_step="Rebuild it.", code=2)
        known = next((one for one in self._read("list", self._preset.list) if one.id == release), None)
        if known is None or not known.kept:
            raise VigieError(f"The build of {release} is not kept any more.", next_step="Rebuild it.", code=2)
        values = {"name": release, "release": release, "commit": known.commit, "who": who, "title": ""}
        self._act(self._preset.promote, values, self._folder, self._chosen.commands.limit, groups)
        return release

    def discard(self, release: str) -> Discarded:
        """Nothing is removed: what a publish command left half done is that command's own."""
        live = self._live()
        return "live" if live is not None and live.id == release else "not ours"

    def progress(self, id: str) -> Progress:
        """Done when the live command says so; until then it is on its way."""
        live = self._live()
        if live is not None and id in (live.id, live.name):
            return Progress("succeeded", f"{id} is live")
        return Progress("pending", f"live is {one_line(live.id, 60) if live else 'nothing'}, not {id}")

    def has_file(self, release: str, path: str) -> bool | None:
        """None: no command tells it."""
        return None

    def brings_back(self, release: str) -> Sequence[str]:
        """What comes back with an image beside its code nobody here can tell."""
        return self._preset.brings_back

    def _live(self) -> _Told | None:
        found = self._read("live", self._preset.live)
        return found[0] if found else None

    def _read(self, what: str, command: Sequence[str]) -> list[_Told]:
        """Run a command that only prints. Raises VigieError (code 5) when it fails or prints what cannot be read."""
        printed = bytearray()
        self._run(filled(command, {}), self._folder, self._chosen.commands.limit, UNHEARD, printed)
        try:
            return msgspec.convert(self._preset.read(what, bytes(printed)), list[_Told])
        except (*NOT_JSON, ValueError) as error:
            says = one_line(str(error), 120)
            raise VigieError(f"what {command[0]} prints for {what} cannot be read: {says}", code=FAILED) from None

    def _act(
        self, command: Sequence[str], values: Mapping[str, str], folder: Path, limit: float, groups: GroupHooks
    ) -> None:
        self._run(filled(command, values), folder, limit, groups, None)

    def _run(
        self, argv: Sequence[str], folder: Path, limit: float, groups: GroupHooks, printed: bytearray | None
    ) -> None:
        variables = {name: secret.reveal() for name, secret in self._chosen.commands.variables.items()}
        said: list[str] = []
        hooks = Hooks(line=said.append, started=groups.started, ended=groups.ended, stop=lambda: None)
        streams = Streams(output=_capped(printed)) if printed is not None else None
        done = run_child(Child(argv, cwd=folder, env=variables, limit=limit), hooks, self._redactor, streams)
        if done.timed_out:
            raise VigieError(f"{argv[0]} did not end within {limit:g} s.", code=FAILED)
        if done.code:
            last = next((line for line in reversed(said) if line.strip()), "it said nothing")
            raise VigieError(f"{argv[0]} ended with code {done.code}; last line: {one_line(last)}", code=FAILED)


def _capped(printed: bytearray) -> _Collector:
    return _Collector(printed)


class _Collector:
    """Keeps the first megabyte; what prints more than that prints no list of releases."""

    def __init__(self, printed: bytearray) -> None:
        self._printed = printed

    def __call__(self, piece: bytes) -> None:
        if len(self._printed) + len(piece) > _MOST_OUTPUT:
            raise VigieError("a command printed more than 1 MB where releases were asked for.", code=FAILED)
        self._printed += piece


def _release(told: _Told, live: _Told | None) -> Release:
    built = to_time(told.built_at) if told.built_at else None
    return Release(
        id=one_line(told.id, 100),
        name=one_line(told.name or told.id, 100),
        commit=one_line(told.commit, 64),
        who=one_line(told.who, 60),
        built_at=_utc(built),
        state=_STATES.get(told.state, "unknown"),
        live=live is not None and told.id == live.id,
        kept=told.kept,
        title=one_line(told.title, 120),
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None
