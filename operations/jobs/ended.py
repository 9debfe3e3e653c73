"""How a job ended as a walk's `exit:` answers mean it: a command's own exit code, not ours for "the command failed"."""

from __future__ import annotations

from operations.engine.record import JobRecord

NEVER_RUN = 126
"""What a shell gives for a command that it found and could not run (POSIX, "Exit Status for Commands")."""
_STOPPED = (130, 143)


def told_exit(job: JobRecord) -> int | None:
    """None while it runs, and where its worker died. A command that something kept from running is NEVER_RUN: our own
    reasons must not be taken for its answer."""
    if job.live or job.code is None or job.operation != "command":
        return None if job.live else job.code
    own = (job.details or {}).get("exit")
    if isinstance(own, int) and not isinstance(own, bool):
        return own
    return job.code if job.code in _STOPPED else NEVER_RUN
