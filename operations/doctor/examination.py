"""Runs the checks side by side, each with a time limit. What hangs or breaks is a finding, never a trace or a wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from operations.doctor.finding import Check, Examined, Finding, Report, fail
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.text import one_line

LONGEST = 400
"""Characters of a line that are shown."""


@dataclass(slots=True)
class _Running:
    """One check in a thread that nobody waits for beyond its limit; what it found so far is kept."""

    check: Check
    found: list[Finding] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        name, look = self.check.name, self.check.look
        try:
            for finding in look():
                self.found.append(finding)
        except VigieError as error:
            self.found.append(fail(name, error.what, error.next_step or error.means or "See the message."))
        except Exception as error:  # noqa: BLE001 - a look may break in any way; that is told, and the others go on
            words = one_line(str(error), 200)
            says = f"could not be looked at: {type(error).__name__}{f': {words}' if words else ''}"
            self.found.append(fail(name, says, "Mend what it names; else this is a defect of Vigie's: report it."))
        finally:
            self.done.set()


def examine(checks: Sequence[Check], redactor: Redactor) -> Report:
    """Look at everything at once; every line comes out clean and without secrets. Returns within the longest limit."""
    running = [_Running(check) for check in checks]
    began = time.monotonic()
    for one in running:
        threading.Thread(target=one.look, name=f"doctor {one.check.name}", daemon=True).start()
    parts = []
    for one in running:
        in_time = one.done.wait(max(0.0, began + one.check.limit - time.monotonic()))
        found = list(one.found)
        if not in_time:
            found.append(_late(one.check))
        parts.append(Examined(one.check, tuple(_clean(finding, redactor) for finding in found)))
    return Report(tuple(parts))


def _late(check: Check) -> Finding:
    mend = "Something between here and there hangs (a firewall that drops, a server that is stuck): try it by hand."
    return fail(check.name, f"no answer within {check.limit:g} s, so the rest of it is not known", mend)


def _clean(finding: Finding, redactor: Redactor) -> Finding:
    """Foreign text is in there: codes go first, for one in the middle of a secret would hide it."""

    def shown(text: str) -> str:
        return one_line(redactor.redact(one_line(text, 2000)), LONGEST)

    return replace(finding, name=shown(finding.name), says=shown(finding.says), mend=shown(finding.mend))
