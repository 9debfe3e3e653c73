"""A build becomes the folder of a release: whole, without git's own files, under the mode a new folder has here."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from operations.errors import VigieError
from operations.text import one_line

_SHOWN = 3


def take_in(build: Path, folder: Path) -> None:
    """Copy `build` to `folder`, which is made. Raises OSError, shutil.Error; VigieError (5) for links that cannot last.

    A checkout is private while it is built; what is published has to be read by the web server, often another user.
    So the root gets what the umask leaves, as everything under it got when it was made.
    """
    leading_back = list(_links_back(build))
    if leading_back:
        more = f" and {len(leading_back) - _SHOWN} more" if len(leading_back) > _SHOWN else ""
        raise VigieError(
            f"The build has links into its own checkout, which is removed: {'; '.join(leading_back[:_SHOWN])}{more}.",
            next_step="Have the build make them relative (ln -sr).",
            code=5,
        )
    folder.mkdir()
    mode = stat.S_IMODE(folder.stat().st_mode)
    shutil.copytree(build, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"), dirs_exist_ok=True)
    folder.chmod(mode)


def _links_back(build: Path) -> Iterator[str]:
    """Each symlink that leads into `build` by an absolute path, as `name -> target`: a copy's leads nowhere later."""
    roots = {build.absolute(), build.resolve()}
    for folder, names, files in os.walk(build):
        if ".git" in names:
            names.remove(".git")
        for path in (Path(folder, name) for name in (*names, *files)):
            if not path.is_symlink():
                continue
            target = Path(os.path.normpath(path.readlink()))
            if any(target.is_relative_to(root) for root in roots):
                yield one_line(f"{path.relative_to(build)} -> {target}", 200)
