"""A real PostgreSQL and a real S3 server for dumps."""

from __future__ import annotations

from tests.servers import postgres, s3

__all__ = ["postgres", "s3"]
