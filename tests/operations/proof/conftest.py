"""Real servers for the proofs."""

from __future__ import annotations

from tests.servers import postgres, s3

__all__ = ["postgres", "s3"]
