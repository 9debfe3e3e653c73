"""How a worker is asked to stop: the first TERM or INT asks, the second stops it hard. HUP means nothing to it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from types import FrameType

from operations.engine.record import ProcessGroup


class HardStop(BaseException):
    """A second signal came: unwind at once and clean nothing. `signal` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped hard by signal {number}")
        self.signal = number


class StopRequests:
    """Counts the signals. `asked` is the number of the first one; `child` the group to kill when a second comes."""

    def __init__(self) -> None:
        self.asked: int | None = None
        self.child: ProcessGroup | None = None
        self._hard = False

    def install(self) -> None:
        """Take over the signals of this process; only its main thread may do so."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._heard)

    def ignore(self) -> None:
        """The job has ended and only has to say so: nothing may come between."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.asked is None:
            # No more than a note: this may be in the middle of writing the journal.
            self.asked = number
            return
        if self.child is not None:
            with suppress(OSError):
                os.killpg(self.child.pgid, signal.SIGKILL)
        if self._hard:
            os._exit(128 + number)
        self._hard = True
        raise HardStop(number)
