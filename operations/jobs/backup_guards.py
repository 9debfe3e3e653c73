"""The guards of a backup: each a named yes or no, with the exit code its refusal gives."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from operations.ages import age_words, size_words
from operations.backups import BackupList
from operations.coherence import Observed, check_story, story_guard
from operations.desk import Desk
from operations.dump.tools import Tool
from operations.engine.model import Guard
from operations.errors import VigieError
from operations.jobs.backup_source import Source

PREREQUISITE = 2
CLOCK_LIMIT = timedelta(minutes=15)
"""S3 refuses requests whose clock is further off."""


def source_guard(source: Source | VigieError) -> Guard:
    """The database answers."""
    if isinstance(source, VigieError):
        return Guard("database answers", "refuse", source.what, source.code)
    if source.in_the_way:
        return Guard("database answers", "warn", f"the dump may have to wait: {source.in_the_way}")
    return Guard("database answers", "pass")


def tool_guard(tool: Tool | VigieError) -> Guard:
    """There is a pg_dump that can read this server."""
    if isinstance(tool, VigieError):
        return Guard("pg_dump fits", "refuse", str(tool), PREREQUISITE)
    return Guard("pg_dump fits", "pass", f"{tool.path} {tool.version}")


def bucket_guard(found: BackupList | VigieError) -> Guard:
    """The bucket answers and can be listed."""
    if isinstance(found, VigieError):
        return Guard("bucket answers", "refuse", str(found), PREREQUISITE)
    if found.strays:
        oldest = found.strays[0]
        says = f"{len(found.strays)} unfinished uploads, the oldest of {oldest.started:%Y-%m-%d %H:%M}Z"
        return Guard("bucket answers", "warn", says)
    return Guard("bucket answers", "pass")


def clock_guard(desk: Desk, found: BackupList | VigieError) -> Guard:
    """This machine's clock is the bucket's: S3 refuses requests that are 15 minutes off."""
    if isinstance(found, VigieError) or found.server_time is None:
        return Guard("clock right", "unknown", "the bucket did not tell its time")
    off = abs(desk.now() - found.server_time)
    says = f"{age_words(off.total_seconds())} off the bucket's"
    if off > CLOCK_LIMIT:
        return Guard("clock right", "refuse", f"this machine's clock is {says}", PREREQUISITE)
    return Guard("clock right", "warn" if off > timedelta(minutes=1) else "pass", says)


def mark_guard(desk: Desk, source: Source | VigieError) -> Guard:
    """One story: address, prefix and mark belong to this environment. Without a mark it only warns."""
    mark = None if isinstance(source, VigieError) else source.mark
    return story_guard(check_story(desk.settings, desk.environment, Observed(mark=mark)))


def disk_guard(folder: str, found: BackupList | VigieError) -> Guard:
    """There is room for the local copy: the usual size and half as much again."""
    place = Path(folder).expanduser().absolute()
    there = next((parent for parent in (place, *place.parents) if parent.is_dir()), Path("/"))
    try:
        free = shutil.disk_usage(there).free
    except OSError as error:
        return Guard("room for the copy", "refuse", f"{place}: {error.strerror}", PREREQUISITE)
    usual = None if isinstance(found, VigieError) else found.usual_size
    if usual is None:
        return Guard("room for the copy", "unknown", f"{size_words(free)} free, no earlier backup to go by")
    if free < usual * 1.5:
        return Guard("room for the copy", "refuse", f"{size_words(free)} free, usual {size_words(usual)}", PREREQUISITE)
    return Guard("room for the copy", "pass", f"{size_words(free)} free")
