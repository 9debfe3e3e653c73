"""A real small git repository for the tests: commits with given times, tags, migrations."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGAN = datetime(2024, 5, 1, 8, 0, tzinfo=UTC)


class GitSite:
    """A repository whose commits are an hour apart, so that their hashes are the same in every run."""

    def __init__(self, path: Path, branch: str = "main") -> None:
        self.path = path
        self._at = BEGAN
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--template=", f"--initial-branch={branch}")

    def copy(self, path: Path) -> GitSite:
        """The same repository once more, in a new folder."""
        shutil.copytree(self.path, path, symlinks=True)
        made = GitSite.__new__(GitSite)
        made.path, made._at = path, self._at
        return made

    def git(self, *arguments: str) -> str:
        """Run git here with a fixed author and time; its output."""
        stamp = self._at.isoformat()
        author = {"GIT_AUTHOR_NAME": "Ana", "GIT_AUTHOR_EMAIL": "ana@example.test", "GIT_AUTHOR_DATE": stamp}
        committer = {"GIT_COMMITTER_NAME": "Ana", "GIT_COMMITTER_EMAIL": "ana@example.test"}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "HOME": str(self.path),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_COMMITTER_DATE": stamp,
                # A commit looks for something to tidy up, in a process of its own.
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "maintenance.auto",
                "GIT_CONFIG_VALUE_0": "false",
                **author,
                **committer,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, subject: str, files: Mapping[str, str | None], tag: str = "") -> str:
        """Write (or with None delete) files, commit, tag; the full hash."""
        self._at += timedelta(hours=1)
        for name, text in files.items():
            path = self.path / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", f"--message={subject}")
        if tag:
            self.git("tag", "--annotate", f"--message={tag}", tag)
        return self.head()

    def head(self) -> str:
        """The full hash of the newest commit on the branch that is checked out."""
        ref = (self.path / ".git/HEAD").read_text().removeprefix("ref: ").strip()
        return (self.path / ".git" / ref).read_text().strip()
