"""Where events go when the journal cannot be written and the act must run all the same (a rollback).

Append-only JSON lines in the journal's format, one file a job, chained by hash; every event is also said on stderr.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO

from operations.engine.events import Draft, Event, Ids, canonical, event_from_json, event_to_json, utc_text
from operations.engine.journal import placed
from operations.engine.redaction import Redactor
from operations.places import private_folder, temporary_folder


class FallbackJournal:
    """Appends to `path` as long as that goes, and always to stderr. It raises nothing: the act goes first.

    `path` may be that of a file in memory (`fallback_path`).
    """

    def __init__(
        self,
        path: Path,
        *,
        actor: str,
        redactor: Redactor,
        now: Callable[[], datetime],
        stderr: TextIO | None = None,
    ) -> None:
        self.path = path
        self.actor = actor
        self.host = socket.gethostname()
        self.writer = f"{getpass.getuser()}@{self.host}/{path.stem}"
        self.lost: str = ""
        """Why the file cannot be written any more, in words; empty while it can."""
        self._redactor = redactor
        self._now = now
        self._stderr = stderr
        self._ids = Ids(now)
        self._kept: list[Event] = [event for _, event in self._read()]
        self._last = self._kept[-1] if self._kept else None
        self._torn = self._ends_torn()

    def append(
        self, kind: str, data: Mapping[str, Any], *, at: datetime | None = None, incident: str = "", job: str = ""
    ) -> Event:
        """Write one event, redacted, to the file (fsynced) and to stderr."""
        seq, prev = (self._last.seq, self._last.hash) if self._last else (0, "")
        draft = Draft(kind, data, at, incident, job)
        event = placed(draft, self, self._redactor, self._ids, self._now(), seq + 1, prev)
        self._last = event
        self._kept.append(event)
        self._write(event)
        self._say(event)
        return event

    def events(
        self,
        *,
        after: int = 0,
        kinds: tuple[str, ...] | None = None,
        incident: str | None = None,
        job: str | None = None,
        any_job: bool = False,
        limit: int | None = None,
    ) -> list[tuple[int, Event]]:
        """As `Journal.events`; a place is the number of the line."""
        lines = self._read() if not self.lost else list(enumerate(self._kept, 1))
        wanted = [
            (place, event)
            for place, event in lines
            if place > after
            and (kinds is None or event.kind in kinds)
            and incident in (None, event.incident)
            and job in (None, event.job)
            and (event.job or not any_job)
        ]
        return wanted[:limit]

    def _read(self) -> list[tuple[int, Event]]:
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        return list(read_lines(text.splitlines()))

    @property
    def kept(self) -> tuple[Event, ...]:
        """Every event, also those that no file would take."""
        return tuple(self._kept)

    def _ends_torn(self) -> bool:
        """True when the file's last line was cut off: the next one must not become its end."""
        try:
            with self.path.open("rb") as file:
                return file.seek(0, os.SEEK_END) > 0 and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n"
        except OSError:
            return False

    def _write(self, event: Event) -> None:
        body = ("\n" * self._torn + canonical(event_to_json(event)) + "\n").encode()
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._torn = os.write(descriptor, body) < len(body)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if self._torn:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            self.lost = f"{self.path}: {error.strerror}"

    def _say(self, event: Event) -> None:
        stream = self._stderr or sys.stderr
        where = f"no file can be written ({self.lost})" if self.lost else str(self.path)
        data = canonical({name: value for name, value in event.data.items() if name != "plan"})
        try:
            stream.write(f"[WARN] journal unavailable, kept in {where}: {utc_text(event.at)} {event.kind} {data}\n")
            stream.flush()
        except (OSError, ValueError):
            # Nobody is there to read it; the act goes on.
            self._stderr = None


def read_lines(lines: Iterable[str]) -> Iterable[tuple[int, Event]]:
    """The events in JSON lines, each with the number of its line; a line cut off by a crash is left out."""
    for number, line in enumerate(lines, 1):
        try:
            yield number, event_from_json(json.loads(line))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue


def fallback_path(state: Path, name: str) -> Path:
    """A new file for a fallback journal: in the state directory, else the temporary one, else in memory.

    The one in memory is inheritable: a child started with its descriptor (`memory_descriptor`) opens the same path.
    """
    for folder in fallback_folders(state):
        path = folder / f"{name}.jsonl"
        if not private_folder(folder):
            continue
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except OSError:
            continue
        if _takes_bytes(descriptor):
            return path
        path.unlink(missing_ok=True)
    return Path(f"/proc/self/fd/{os.memfd_create(name)}")


def fallback_folders(state: Path) -> tuple[Path, ...]:
    """Where fallback journals may lie, best first; consoles look there for jobs that the journal does not know.

    Outside of the state directory each has a folder of its own: another site's jobs, or a drill's, are none of ours.
    """
    own = f"{temporary_folder().name}-{sha256(os.fsencode(state.absolute())).hexdigest()[:16]}"
    in_memory = Path("/dev/shm") / own  # noqa: S108 - private_folder guards it
    return (state / "fallback", temporary_folder().with_name(own), in_memory)


def memory_descriptor(path: Path) -> int | None:
    """The descriptor behind a path in memory, for `pass_fds`; None for an ordinary file."""
    return int(path.name) if path.parent == Path("/proc/self/fd") else None


def _takes_bytes(descriptor: int) -> bool:
    """True when the disk has room: an empty file can still be made on a full one."""
    try:
        os.write(descriptor, b" " * 65_536)
        os.fsync(descriptor)
        os.ftruncate(descriptor, 0)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
