"""The small things found inside a runbook's elements: commands with their blanks and hazards, windows of time, people,
thresholds. Pure data, made by the reader; times are seconds, line numbers count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lines = tuple[int, int]
BlankStyle = Literal["brackets", "angles", "braces", "variable", "your", "ellipsis"]
GroupKind = Literal["command", "sql", "manual", "message", "output"]


@dataclass(frozen=True, slots=True)
class Blank:
    """Something to fill in before a command runs or a message goes out.

    `written` is how it stands in the text (`[deployment-url]`, `$TOKEN`), `name` what is asked for. A `secret` one is
    never typed: it comes from the settings, by name.
    """

    written: str
    name: str
    style: BlankStyle
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Hazard:
    """A line that destroys something or cannot be taken back, and what it does, in words."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of a fence that belong together; one group runs, never the whole fence.

    `text` is without prompts and as it runs; `says` are the comments above it, without their marks. A `command` or
    `sql` group may run; `manual` is something for a person, `message` a text to send, `output` what a program printed.
    `alternative` marks one way of several ("Or …", "Option B").
    """

    lines: Lines
    text: str
    kind: GroupKind
    says: str = ""
    blanks: tuple[Blank, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    alternative: bool = False

    @property
    def runs(self) -> bool:
        """True when there is a run key for it."""
        return self.kind in ("command", "sql")


@dataclass(frozen=True, slots=True)
class Window:
    """A time span that a heading or a lead names: "(0-15 minutes)" is 0 to 900, "(5 minutes max)" 0 to 300.

    Seconds from the beginning of what the runbook is about; for "48 hours before" both are negative.
    """

    start: float
    end: float

    @property
    def length(self) -> float:
        """Seconds inside the window."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call. `after` is when on an escalation ladder, None where the file gives no time."""

    line: int
    role: str
    ways: tuple[str, ...] = ()
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """A measure with what is expected of it and when it is an alarm, as the file has them.

    `how` is how to look (a command or a place); `fact` names the live value that stands beside it, empty where we
    have none.
    """

    line: int
    metric: str
    expected: str = ""
    alarm: str = ""
    how: str = ""
    fact: str = ""
