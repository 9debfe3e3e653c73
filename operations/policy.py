"""What the settings forbid every runbook. It outranks whatever a file says and whatever a person confirms."""

from __future__ import annotations

import re

from operations.settings import Settings
from operations.text import one_line


def forbidden(settings: Settings, environment: str, *texts: str) -> str:
    """Why these settings forbid a runbook's command there, empty where they do not.

    `texts` are the command as it is written and as it would run: a pattern found in either forbids it, also where the
    words stand further apart or on the next line.
    """
    env = settings.environments.get(environment)
    own = env.commands if env is not None else ""
    if (own or settings.policy.commands) == "never":
        where = f"environments.{environment}.commands" if own else "policy.commands"
        return f"{where} is “never”: no command of a runbook runs here"
    for pattern in settings.policy.refuse:
        wanted = re.compile(pattern, re.IGNORECASE)
        if any(wanted.search(form) for text in texts for form in (text, _folded(text))):
            return f"policy.refuse names {one_line(pattern, 80)}"
    return ""


def _folded(text: str) -> str:
    return " ".join(text.replace("\\\n", " ").split())
