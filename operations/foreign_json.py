"""JSON that somebody else wrote: an answer, a file, a program's output. It may be anything, nested without end too."""

from __future__ import annotations

import msgspec

NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What `msgspec.json.decode` raises for such text when it is no JSON, or not of the shape asked for."""
