"""A build becomes the folder of a release: copied without git's own files, under the mode a new folder has here."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path


def take_in(build: Path, folder: Path) -> None:
    """Copy `build` to `folder`, which is made. Raises OSError or shutil.Error.

    A checkout is private while it is built; what is published has to be read by the web server, often another user.
    So the root gets what the umask leaves, as everything under it got when it was made.
    """
    folder.mkdir()
    mode = stat.S_IMODE(folder.stat().st_mode)
    shutil.copytree(build, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"), dirs_exist_ok=True)
    folder.chmod(mode)
