"""When the console itself breaks: a redacted file, one line, an exit code. Never locals, never a secret."""

from __future__ import annotations

import os
import traceback
from datetime import datetime
from pathlib import Path

from operations.engine.redaction import Redactor
from operations.text import clean, one_line


def write_crash_report(folder: Path, error: BaseException, redactor: Redactor, now: datetime) -> Path | None:
    """Write the traceback without locals, redacted, mode 0600; None when even that could not be written."""
    text = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format(chain=True))
    path = folder / f"crash-{now:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(redactor.redact(clean(text)))
    except OSError:
        return None
    return path


def crash_words(error: BaseException, path: Path | None, redactor: Redactor) -> str:
    """The one line shown after the screen was given back."""
    what = redactor.redact(one_line(f"{type(error).__name__}: {error}", 200))
    where = f"Report: {path}" if path else "No report could be written."
    return f"vigie: the console broke ({what}). Jobs go on without it. {where}"
