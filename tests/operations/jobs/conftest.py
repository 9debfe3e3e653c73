"""Real servers for the jobs that dump, restore and store."""

from __future__ import annotations

from tests.servers import postgres, s3

__all__ = ["postgres", "s3"]
