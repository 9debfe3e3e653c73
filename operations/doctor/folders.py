"""Where Vigie writes on this machine: the state folder and the lock folder. Looks, and makes nothing."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from operations.ages import size_words
from operations.doctor.finding import Finding, fail, ok, warn
from operations.places import HOST_LOCKS, state_folder
from operations.settings import Settings

LITTLE = 500_000_000
TOO_LITTLE = 50_000_000
"""Bytes free: a warning below the first; below the second the journal is about to stop what cannot be recorded."""
_REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "afs", "lustre", "fuse.sshfs", "fuse.s3fs"}
)
_MOVE = "Set VIGIE_STATE_DIR, or state_dir in vigie.toml, to a folder on a local disk that you may write to."


def check_folders(settings: Settings) -> Iterator[Finding]:
    """State folder: writable, private, room, a local disk. Lock folder: one for all users of this host."""
    state = state_folder(settings)
    yield from _state(state)
    yield _locks(settings)


def _state(state: Path) -> Iterator[Finding]:
    problem = _unusable(state)
    if problem:
        yield fail("state folder", problem, _MOVE)
        return
    yield _private(state)
    there = nearest(state)
    yield judge_space(shutil.disk_usage(there).free, state)
    yield judge_kind(_kind_of_file_system(there), state)


def _unusable(folder: Path) -> str:
    """Why this folder cannot be made or written into; empty when it can."""
    there = nearest(folder)
    if not there.is_dir():
        return f"{there} is a file, and a folder is wanted for {folder}"
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written to"
    return ""


def nearest(folder: Path) -> Path:
    """The folder itself, or what there is of the way to it."""
    return next((place for place in (folder, *folder.parents) if place.exists() or place.is_symlink()), Path("/"))


def _private(state: Path) -> Finding:
    name = "state folder"
    if not state.exists():
        return ok(name, f"{state} will be made")
    found = state.stat()
    if found.st_uid != os.getuid():
        return fail(name, f"{state} belongs to another user, and the journal is private to one", _MOVE)
    if stat.S_IMODE(found.st_mode) & 0o077:
        return warn(name, f"{state} can be looked into by others", f"chmod 700 {state}")
    return ok(name, str(state))


def judge_space(free: int, state: Path) -> Finding:
    """Whether `free` bytes are enough for a journal and the logs of jobs."""
    says = f"{size_words(free)} free for {state}"
    if free < TOO_LITTLE:
        return fail(
            "room",
            f"only {says}: what cannot be recorded does not run, a rollback aside",
            "Free some, or move it: " + _MOVE,
        )
    if free < LITTLE:
        return warn("room", f"only {says}", "Free some space, or move the folder: " + _MOVE)
    return ok("room", says)


def judge_kind(kind: str, state: Path) -> Finding:
    """SQLite's write-ahead log needs memory that is shared by one machine alone (sqlite.org/wal.html)."""
    if kind in _REMOTE:
        return fail("disk", f"{state} lies on a network file system ({kind}), where the journal breaks", _MOVE)
    return ok("disk", f"local ({kind})" if kind else "taken for local")


def _kind_of_file_system(folder: Path) -> str:
    """The type of the mount that holds `folder` (proc(5), mountinfo); empty when it cannot be told."""
    try:
        rows = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    place, best, kind = folder.resolve(), Path(), ""
    for row in rows:
        before, _, after = row.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 5 or not after:
            continue
        mount = Path(fields[4].replace("\\040", " "))
        # A later mount on the same place hides the earlier one.
        if place.is_relative_to(mount) and len(mount.parts) >= len(best.parts):
            best, kind = mount, after.split(" ")[0]
    return kind


def _locks(settings: Settings) -> Finding:
    name = "lock folder"
    wanted = settings.resolve(settings.lock_dir) if settings.lock_dir else HOST_LOCKS
    alone = "others on this host do not see your locks"
    mend = f"As root: install -d -m 1777 {wanted}"
    if not settings.lock_dir:
        mend += f"; for every boot: echo 'd {wanted} 1777 root root' > /etc/tmpfiles.d/vigie.conf"
    problem = f"{wanted} is somebody's link" if wanted.is_symlink() else _unusable(wanted)
    if not problem and not wanted.parent.is_dir():
        problem = f"{wanted.parent} is not there"
    if problem:
        return warn(name, f"{problem}: {alone}", mend)
    if wanted.is_dir() and not settings.lock_dir and not wanted.stat().st_mode & stat.S_IWOTH:
        return warn(name, f"{wanted} cannot be written to by others: they do not see your locks", mend)
    return ok(name, f"{wanted}" if wanted.is_dir() else f"{wanted} will be made")
