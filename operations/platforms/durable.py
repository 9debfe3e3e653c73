"""Writing that survives a power cut: each call returns when what it did is on disk, folder entries included."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path


def write_durably(path: Path, text: str) -> None:
    """Replace `path` with `text` as one act: readers see the old content or the new, never a part."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    with beside.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    replace_durably(beside, path)


def append_durably(path: Path, line: str) -> None:
    """Append one line; when the last one was left half written, begin on a line of its own."""
    with path.open("ab+") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else f"\n{line}"
        file.write(line.encode())
        file.flush()
        os.fsync(file.fileno())
    flush_folder(path.parent)


def replace_durably(source: Path, target: Path) -> None:
    """Rename `source` to `target` (same folder) and put the folder on disk."""
    source.replace(target)
    flush_folder(target.parent)


def flush_folder(folder: Path) -> None:
    """Put a folder's entries on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """Put everything under `folder` on disk: one syncfs of its own file system, so that no other can hold it up."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:
            os.sync()
        elif syncfs(descriptor) != 0:
            raise OSError(ctypes.get_errno(), "the build could not be put on disk", str(folder))
    finally:
        os.close(descriptor)


def remove_tree(folder: Path) -> None:
    """Remove a folder and all in it; nothing there is fine."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
