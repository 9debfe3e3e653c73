"""Incident ids: date and three letters, `1121-kfp`. Two consoles that cannot see each other give different ones."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container
from datetime import datetime

# No vowels (no words), no l or o (no confusion with digits): 19 letters, 6,859 names a day.
LETTERS = "bcdfghjkmnpqrstvwxz"


def new_incident_id(now: datetime, taken: Container[str] = (), choose: Callable[[str], str] = secrets.choice) -> str:
    """An id for an incident that opens at `now` (UTC), different from all in `taken`."""
    while True:
        name = f"{now:%m%d}-{''.join(choose(LETTERS) for _ in range(3))}"
        if name not in taken:
            return name
