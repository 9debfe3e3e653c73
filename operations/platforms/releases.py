"""Release folders on this machine: `releases/<name>/`, a `current` link switched by a rename, and a record of switches.

Whatever moment the machine or the process dies at, `current` is the old release or the new one, never neither.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from operations.desk import utc_now
from operations.engine.record import UNHEARD, GroupHooks
from operations.errors import VigieError
from operations.platforms.base import Discarded, LivePeriod, Progress, Release, ReleaseState
from operations.platforms.durable import append_durably, flush_tree, remove_tree, replace_durably, write_durably
from operations.platforms.release_record import (
    RELEASE_NAME,
    Switch,
    parse_switch,
    periods_of,
    read_document,
    read_switches,
    text_of,
    to_text,
    to_time,
)
from operations.platforms.restart import check_restart, restart_site
from operations.platforms.taking_in import take_in

INCOMING = ".incoming-"
REMOVING = ".removing-"
_WEB_ROOTS = ("", "public", "dist", "static", "build", "out")
_LISTED = 500
PUBLISH_FAILED = 5


class ReleasesPlatform:
    """The driver for release folders. `restart` makes the site run what `current` points to; empty means it notices.

    No `groups` hear of a restart: left behind it runs what `current` points to by then, and may be the site itself.
    """

    name = "releases"
    can_promote = True
    pins = False
    publishes_with: Sequence[str] = ()

    def __init__(
        self,
        root: Path,
        *,
        restart: Sequence[str] = (),
        keep: int = 5,
        now: Callable[[], datetime] = utc_now,
        restart_limit: float = 60.0,
    ) -> None:
        self.root = root
        self.place = str(root)
        self._restart = tuple(restart)
        self._keep = max(2, keep)
        self._now = now
        self._restart_limit = restart_limit
        self._unrecorded = ""
        self._folder = root / "releases"
        self._current = root / "current"
        self._record = root / "releases.jsonl"
        self._intent = root / ".switching.json"

    def releases(self, limit: int = 20) -> Sequence[Release]:
        """Kept releases, newest build first, then those the record still knows but whose build was removed."""
        live = self._live_name()
        kept = {path.name: self._release(path, live) for path in self._release_folders()}
        newest_first = sorted(kept.values(), key=lambda r: (r.built_at or datetime.min.replace(tzinfo=UTC), r.name))[
            ::-1
        ]
        gone = {switch.release: switch for switch in self._switches() if switch.release not in kept}
        pruned = [
            Release(id=switch.release, name=switch.release, commit=switch.commit, who=switch.who, kept=False)
            for switch in reversed(gone.values())
        ]
        return [*newest_first, *pruned][:limit]

    def live(self) -> Release | None:
        """The release that `current` points to, also when somebody removed its folder; None without a `current`."""
        name = self._live_name()
        if not name or (self._folder / name).is_dir():
            return self._release(self._folder / name, name) if name else None
        known = next((switch for switch in reversed(self._switches()) if switch.release == name), None)
        commit = known.commit if known else ""
        return Release(id=name, name=name, commit=commit, state="error", live=True, kept=False)

    def periods(self, limit: int = 50) -> Sequence[LivePeriod]:
        """What was live when, newest first, from the record and from `current` itself."""
        return periods_of(self._switches())[:limit]

    def publish(
        self, build: Path, *, name: str, commit: str, who: str, title: str = "", groups: GroupHooks = UNHEARD
    ) -> str:
        """Copy `build` in as release `name`, make it live and restart. Raises VigieError (code 5) when it cannot."""
        _checked(name)
        target = self._folder / name
        if target.exists():
            raise VigieError(f"There is a release {name} already.", next_step="Promote it.", code=PUBLISH_FAILED)
        incoming = self._folder / f"{INCOMING}{name}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            remove_tree(incoming)
            take_in(build, incoming)
            document = {"name": name, "commit": commit, "who": who, "built_at": to_text(self._now()), "title": title}
            write_durably(incoming / "release.json", json.dumps(document, ensure_ascii=False, indent=1) + "\n")
            flush_tree(incoming)
            replace_durably(incoming, target)
        except (OSError, shutil.Error) as error:
            raise VigieError(f"The build could not be taken in as {name}: {error}", code=PUBLISH_FAILED) from None
        live = self._make_live(Switch(self._now(), name, who, "publish", commit))
        # What cannot be removed now is removed after the next publish: the switch itself went well.
        with suppress(OSError):
            self.prune()
        return live

    def promote(self, release: str, *, who: str, how: str = "promote", groups: GroupHooks = UNHEARD) -> str:
        """Make a kept release live and restart, also when it is live already (a switch that was never finished)."""
        _checked(release)
        if not (self._folder / release).is_dir():
            raise VigieError(f"The build of {release} is not kept any more.", next_step="Rebuild it.", code=2)
        return self._make_live(Switch(self._now(), release, who, how, self._commit_of(release)))

    def progress(self, id: str) -> Progress:
        """Done when `current` is that release. What users get is for the outside check to say."""
        live = self._live_name()
        if live == id:
            return Progress("succeeded", f"current is {id}{self._unrecorded}")
        return Progress("failed", f"current is {live or 'nothing'}, not {id}")

    def has_file(self, release: str, path: str) -> bool | None:
        """Whether the release holds the file a page names by `path`; None when its folder is not there."""
        folder = self._folder / release
        if not RELEASE_NAME.fullmatch(release) or not folder.is_dir():
            return None
        wanted = path.split("?")[0].split("#")[0].strip("/")
        root = folder.resolve()
        candidates = ((folder / web_root / wanted).resolve() for web_root in _WEB_ROOTS)
        return any(found.is_relative_to(root) and found.is_file() for found in candidates) if wanted else False

    def brings_back(self, release: str) -> Sequence[str]:
        """Nothing: settings live outside the release folders."""
        return ()

    def half_published(self) -> Sequence[str]:
        """Names of releases whose copy was begun and not finished, or whose removal was."""
        if not self._folder.is_dir():
            return ()
        marked = (path.name for path in self._folder.iterdir() if path.name.startswith((INCOMING, REMOVING)))
        return sorted(name.removeprefix(INCOMING).removeprefix(REMOVING) for name in marked)

    def discard(self, release: str) -> Discarded:
        """Remove a release and what is left of a half copied one; nothing is touched when it is live."""
        _checked(release)
        if self._live_name() == release:
            return "live"
        remove_tree(self._folder / f"{INCOMING}{release}")
        self._remove(release)
        return "removed"

    def restart(self) -> None:
        """Make the site run what `current` points to. Raises VigieError (code 5) when the command fails."""
        if self._restart:
            restart_site(self._restart, self.root, self._restart_limit)

    def prune(self) -> Sequence[str]:
        """Remove the oldest builds past the number to keep; never the live one nor the one live before it."""
        lived = [period.release for period in self.periods(limit=2)]
        kept = [release for release in self.releases(limit=_LISTED) if release.kept]
        spared = {self._live_name(), *lived}
        removed = [release.name for release in kept[self._keep :] if release.name not in spared]
        for name in removed:
            self._remove(name)
        return removed

    def _make_live(self, switch: Switch) -> str:
        """Intent, rename, record, restart: each is whole on disk before the next begins."""
        if self._restart:
            check_restart(self._restart, self.root)
        self._unrecorded = ""
        # A disk too full for the record must not keep anybody from switching back.
        self._record_or_say(self._mend_record)
        self._record_or_say(lambda: write_durably(self._intent, switch.line()))
        try:
            link = self.root / ".current-next"
            link.unlink(missing_ok=True)
            link.symlink_to(Path("releases") / switch.release)
            replace_durably(link, self._current)
        except OSError as error:
            raise VigieError(
                f"current could not be switched to {switch.release}: {error}", code=PUBLISH_FAILED
            ) from None
        self._record_or_say(self._mend_record)
        self.restart()
        return switch.release

    def _record_or_say(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as error:
            self._unrecorded = f"; the record could not be written: {error.strerror}"

    def _mend_record(self) -> None:
        """Write down the switch that `current` shows and the record lacks, if there is one."""
        unwritten = self._unwritten(read_switches(self._record))
        if unwritten is not None:
            append_durably(self._record, unwritten.line())
        self._intent.unlink(missing_ok=True)

    def _switches(self) -> tuple[Switch, ...]:
        written = read_switches(self._record)
        unwritten = self._unwritten(written)
        return written if unwritten is None else (*written, unwritten)

    def _unwritten(self, written: tuple[Switch, ...]) -> Switch | None:
        """What is live though the record's last line says another: a process died between the rename and the line."""
        live = self._live_name()
        if not live or (written and written[-1].release == live):
            return None
        switched_at = datetime.fromtimestamp(os.lstat(self._current).st_mtime, UTC)
        intent = parse_switch(json.dumps(dict(read_document(self._intent) or {})))
        if intent is not None and intent.release == live:
            return intent
        return Switch(switched_at, live, "", "unknown", self._commit_of(live))

    def _live_name(self) -> str:
        """The name `current` points to, empty without one. Raises VigieError when it points anywhere else."""
        try:
            target = self._current.parent / self._current.readlink()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise VigieError(f"{self._current} is not a link that can be read: {error.strerror}", code=2) from None
        name = target.name
        inside = target.parent.resolve() == self._folder.resolve()
        if not inside or not RELEASE_NAME.fullmatch(name):
            raise VigieError(
                f"{self._current} points to {text_of(str(target), 200)}, which is no release.",
                next_step=f"Point it to one of the folders in {self._folder}.",
                code=2,
            )
        return name

    def _release_folders(self) -> Sequence[Path]:
        if not self._folder.is_dir():
            return ()
        found = (p for p in self._folder.iterdir() if RELEASE_NAME.fullmatch(p.name) and p.is_dir())
        return sorted(found, key=lambda path: path.name)[:_LISTED]

    def _release(self, folder: Path, live: str) -> Release:
        document = read_document(folder / "release.json")
        found = document or {}
        state: ReleaseState = "ready" if document is not None else "unknown"
        return Release(
            id=folder.name,
            name=folder.name,
            commit=text_of(found.get("commit"), 64),
            who=text_of(found.get("who"), 60),
            built_at=to_time(found.get("built_at")),
            state=state,
            live=folder.name == live,
            kept=document is not None,
            title=text_of(found.get("title"), 120),
        )

    def _commit_of(self, release: str) -> str:
        return self._release(self._folder / release, "").commit

    def _remove(self, release: str) -> None:
        """Out of sight first, so that a half removed release is never offered."""
        aside = self._folder / f"{REMOVING}{release}"
        remove_tree(aside)
        if (self._folder / release).is_dir():
            (self._folder / release).rename(aside)
            remove_tree(aside)


def _checked(name: str) -> None:
    if not RELEASE_NAME.fullmatch(name):
        raise VigieError(f"{text_of(name, 60)!r} is not a name a release can have.", code=1)
