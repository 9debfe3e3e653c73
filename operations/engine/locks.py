"""One lock file per site, environment and name on this host: flock decides, the details in the file say who and why.

The descriptor is not inherited by children. A dead owner whose child's process group still runs still holds.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType

import msgspec

from operations.engine.alive import group_lives, is_alive, own_identity
from operations.engine.events import plain
from operations.engine.model import Guard
from operations.engine.record import ProcessGroup, WorkerIdentity
from operations.errors import Busy, VigieError
from operations.text import one_line

_DETAILS_LIMIT = 65_536
_SAFELY = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""Others may write into a shared folder: no link of theirs is followed, and no pipe is waited for."""
_SETTLES = 3.0
"""Seconds in which a lock that nobody alive holds gets free: threads of a killed worker still end, or details come."""
_OPEN = os.O_RDWR | _SAFELY


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: `id` is what a force-unlock names, `since` UTC, `groups` its children that run."""

    id: str
    who: str
    worker: WorkerIdentity
    job: str
    operation: str
    site: str
    environment: str
    name: str
    since: datetime
    groups: tuple[ProcessGroup, ...] = ()

    @property
    def holds(self) -> bool:
        """True while the process that took it runs, or a process group it started."""
        return is_alive(self.worker) or any(map(group_lives, self.groups))

    @property
    def words(self) -> str:
        """One line for a person: who, what, where, since when."""
        what = f"{self.operation or 'a job'} of {self.environment}"
        job = f", job {self.job}" if self.job else ""
        # Another user wrote these details: they are foreign text.
        text = one_line(f"{self.who} on {self.worker.host} runs {what} since {self.since:%Y-%m-%d %H:%M:%SZ}{job}")
        if is_alive(self.worker):
            return f"{text} (pid {self.worker.pid}, lock {self.id})"
        running = ", ".join(str(group.pgid) for group in self.groups if group_lives(group))
        return f"{text}; its worker is gone but its process group {running} still runs (lock {self.id})"


class Lock:
    """A held lock; release it, or use it as a context. An inherited one belongs to somebody else and stays held."""

    def __init__(self, path: Path, descriptor: int | None, holder: Holder) -> None:
        self.path = path
        self.holder = holder
        self._descriptor = descriptor

    @property
    def inherited(self) -> bool:
        """True when an outer job holds it."""
        return self._descriptor is None

    def __enter__(self) -> Lock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def add_group(self, group: ProcessGroup) -> None:
        """Note a child's group: while it runs it holds the lock, even when this process dies."""
        self._set_groups((*self.holder.groups, group))

    def remove_group(self, group: ProcessGroup) -> None:
        """That child has ended."""
        self._set_groups(tuple(one for one in self.holder.groups if one != group))

    def release(self) -> None:
        """Give it back; twice does no harm."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)

    def _set_groups(self, groups: tuple[ProcessGroup, ...]) -> None:
        self.holder = replace(self.holder, groups=groups)
        if self._descriptor is not None:
            _write(self._descriptor, self.holder)


class Locks:
    """The locks of one folder. `who` is the person these locks are taken for."""

    def __init__(self, folder: Path, *, who: str, now: Callable[[], datetime]) -> None:
        self.folder = folder
        self._who = who
        self._now = now

    def acquire(
        self, site: str, environment: str, name: str, *, job: str = "", operation: str = "", inherited: str = ""
    ) -> Lock:
        """Take the lock or raise Busy (75), which says who holds it. A dead holder's lock is taken over.

        `inherited` is the id of the lock an outer job holds: when it is this very lock, it counts for this job too.
        """
        path = self._path(site, environment, name)
        outer = self.holder(site, environment, name) if inherited else None
        if outer is not None and outer.id == inherited:
            return Lock(path, None, outer)
        descriptor = self._locked(path, f"the {name} lock of {environment}")
        previous = _read(descriptor)
        if previous is not None and any(map(group_lives, previous.groups)):
            os.close(descriptor)
            raise _busy(previous, f"the {name} lock of {environment}")
        identity = own_identity()
        holder = Holder(secrets.token_hex(4), self._who, identity, job, operation, site, environment, name, self._now())
        _write(descriptor, holder)
        return Lock(path, descriptor, holder)

    def holder(self, site: str, environment: str, name: str) -> Holder | None:
        """Who holds it now, without touching it; None when it is free."""
        holder = _read_path(self._path(site, environment, name))
        return holder if holder is not None and holder.holds else None

    def held(self) -> tuple[Holder, ...]:
        """Everybody who holds a lock in this folder, oldest first."""
        found = [_read_path(path) for path in self.folder.glob("*.lock")]
        return tuple(sorted((one for one in found if one is not None and one.holds), key=lambda one: one.since))

    def guard(self, site: str, environment: str, name: str, *, shared: bool) -> Guard:
        """The lock as a plan's guard; held by this very process is free. Code 75 when it refuses."""
        holder = self.holder(site, environment, name)
        label = f"no other {name}"
        if holder is not None and holder.worker != own_identity():
            follow = f"; follow it: vigie jobs follow {one_line(holder.job, 40)}" if holder.job else ""
            return Guard(label, "refuse", f"{holder.words}{follow}", 75)
        if not shared:
            return Guard(label, "warn", f"locks are yours alone here ({self.folder}): other users are not seen")
        return Guard(label, "pass")

    def force_unlock(self, lock_id: str) -> Holder:
        """Break the lock with this id: the next job gets it, whatever its holder does. Raises VigieError."""
        for path in sorted(self.folder.glob("*.lock")):
            holder = _read_path(path)
            if holder is not None and holder.id == lock_id:
                self._break(path, holder)
                return holder
        raise VigieError(f"There is no lock {lock_id} here.", next_step="vigie jobs shows who holds which.")

    def _break(self, path: Path, holder: Holder) -> None:
        # A live holder keeps its flock on the old file; whoever comes next makes and locks a new one.
        try:
            path.unlink()
        except OSError as error:
            next_step = f"Ask {holder.who}, the file's owner, or root."
            raise VigieError(f"{path} cannot be removed: {error.strerror}.", next_step=next_step) from error

    def _path(self, site: str, environment: str, name: str) -> Path:
        words = [re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-")[:40] for part in (site, environment, name)]
        exact = sha256("\0".join((site, environment, name)).encode()).hexdigest()[:8]
        return self.folder / f"{'.'.join([*words, exact])}.lock"

    def _locked(self, path: Path, what: str) -> int:
        deadline = time.monotonic() + _SETTLES
        while True:
            descriptor = self._open(path)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                holder = _read(descriptor)
                os.close(descriptor)
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise VigieError(f"{path} cannot be locked: {error.strerror}.") from error
                if holder is not None and holder.holds:
                    raise _busy(holder, what) from None
                if time.monotonic() > deadline:
                    raise _busy(None, what) from None
                time.sleep(0.02)
                continue
            if _same_file(descriptor, path):
                return descriptor
            os.close(descriptor)

    def _open(self, path: Path) -> int:
        try:
            # Without O_CREAT first: in a sticky folder the kernel refuses it on another user's file.
            with suppress(FileNotFoundError):
                return os.open(path, _OPEN)
            try:
                descriptor = os.open(path, _OPEN | os.O_CREAT | os.O_EXCL, 0o666)
            except FileExistsError:
                return os.open(path, _OPEN)
            shared = bool(self.folder.stat().st_mode & stat.S_ISVTX)
            os.fchmod(descriptor, 0o666 if shared else 0o600)
        except OSError as error:
            next_step = "Set lock_dir in the settings to a folder that can be written."
            raise VigieError(f"The lock {path} cannot be opened: {error.strerror}.", next_step=next_step) from error
        return descriptor


def _busy(holder: Holder | None, what: str) -> Busy:
    if holder is None:
        return Busy(f"Somebody else holds {what}.", next_step="Look again in a moment.")
    follow = f"Follow it: vigie jobs follow {holder.job}." if holder.job else ""
    return Busy(f"Busy: {holder.words} and holds {what}.", holder_job=holder.job, next_step=follow)


def _read_path(path: Path) -> Holder | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | _SAFELY)
    except OSError:
        return None
    try:
        return _read(descriptor)
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> Holder | None:
    try:
        return msgspec.convert(json.loads(os.pread(descriptor, _DETAILS_LIMIT, 0)), Holder)
    except (OSError, ValueError, RecursionError, msgspec.ValidationError):
        return None


def _write(descriptor: int, holder: Holder) -> None:
    body = json.dumps(plain(holder)).encode()
    # On a full disk the details are missing, but flock holds all the same: details must not stop a rollback.
    with suppress(OSError):
        os.pwrite(descriptor, body, 0)
        os.ftruncate(descriptor, len(body))


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
