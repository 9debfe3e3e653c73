"""A job's log file: every line redacted and inert. A log that cannot be written stops no job; stderr says so once."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from operations.engine.redaction import Redactor
from operations.engine.steps import Level
from operations.text import clean


class JobLog:
    """Appends lines to `path` (mode 0600). `echo` says them on stderr, too: for a job without a journal."""

    def __init__(self, path: Path, *, redactor: Redactor, now: Callable[[], datetime], echo: bool = False) -> None:
        self.path = path
        self.echo = echo
        self.problem = ""
        """Why the file cannot be written, in words; empty while it can."""
        self._redactor = redactor
        self._now = now

    def say(self, text: str, level: Level = "info") -> None:
        """Write `text`, one log line for each of its lines."""
        stamp = f"{self._now():%Y-%m-%dT%H:%M:%SZ} [{level.upper()}]"
        shown = self._redactor.redact(clean(text))
        body = "".join(f"{stamp} {line.rstrip()}\n" for line in shown.splitlines() if line.strip())
        self._write(body)
        if self.echo:
            _to_stderr(body)

    def progress(self, text: str) -> None:
        """Keep what was said last in a file beside the log, for whoever follows; an empty text removes it."""
        path = progress_path(self.path)
        try:
            if text:
                temporary = path.with_suffix(".progress-new")
                temporary.write_text(self._redactor.redact(clean(text, limit=500)), encoding="utf-8")
                temporary.replace(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            self._failed(error)

    def _write(self, body: str) -> None:
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, body.encode())
            finally:
                os.close(descriptor)
        except OSError as error:
            self._failed(error)

    def _failed(self, error: OSError) -> None:
        if not self.problem:
            self.problem = f"the log {self.path} cannot be written: {error.strerror}"
            _to_stderr(f"[WARN] {self.problem}\n")


def progress_path(log: Path) -> Path:
    """Where a running job's progress lies."""
    return log.with_suffix(".progress")


def _to_stderr(body: str) -> None:
    try:
        sys.stderr.write(body)
        sys.stderr.flush()
    except (OSError, ValueError):
        # Nobody listens: the terminal is gone, and there is nowhere left to say it.
        return
