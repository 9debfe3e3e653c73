"""What could be run at a section of a runbook: its acts, bound to operations, and its groups of commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from operations.headless.twins import Twin, twin_of
from operations.text import one_line
from runbooks.model import Code, Section
from runbooks.names import ACTIONS
from runbooks.parts import Blank, Group, Hazard


@dataclass(frozen=True, slots=True)
class Doable:
    """An act (`act` is its name, `twin` its command line) or a group of commands. `line` is where it begins.

    `blanks` are those of a group; an act's stand in its twin. `limit` is the seconds its fence allows. `action` is the
    act that its fence names, also where that is a group of the team's own; `wants_phrase` that it asks for the phrase.
    """

    line: int
    kind: Literal["act", "shell", "sql"]
    title: str
    text: str
    act: str = ""
    twin: Twin | None = None
    blanks: tuple[Blank, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    alternative: bool = False
    limit: float | None = None
    action: str = ""
    wants_phrase: bool = False

    @property
    def written(self) -> tuple[str, ...]:
        """What somebody has to fill in, as it stands there; what must never be typed says so."""
        if self.twin is not None:
            return self.twin.blanks
        return tuple(f"{blank.written} (a secret)" if blank.secret else blank.written for blank in self.blanks)


def doables_of(section: Section, environment: str) -> tuple[Doable, ...]:
    """In the order of the file. Checks are not among them: they are run as checks."""
    found: list[Doable] = []
    for code in section.blocks:
        if code.purpose not in ("code", "action"):
            continue
        twin = twin_of(code, environment) if code.purpose == "action" else None
        if twin is not None:
            found.append(_act(code, twin))
        else:
            found += [_group(code, group) for group in code.groups if group.runs]
    return tuple(found)


def own_act(section: Section, environment: str) -> Doable | None:
    """The section's act where that is a command of the team's own: a person starts it, whatever a walk was told."""
    first = next(iter(section.actions), None)
    within = (first.lines[0], first.lines[1]) if first else (0, 0)
    found = (one for one in doables_of(section, environment) if not one.act and one.action)
    return next((one for one in found if within[0] <= one.line <= within[1]), None)


def first_act(section: Section, environment: str) -> Doable | None:
    """The act that a section is about, whose end its answers ask after; None where a command cannot do it."""
    first = next(iter(section.actions), None)
    return next((one for one in doables_of(section, environment) if first and one.line == first.lines[0]), None)


def _act(code: Code, twin: Twin) -> Doable:
    known = ACTIONS.get(code.name)
    title = f"{code.name}: {known.meaning}" if known else code.name
    return Doable(code.lines[0], "act", title, twin.text, act=code.name, twin=twin, action=code.name)


def _group(code: Code, group: Group) -> Doable:
    return Doable(
        group.lines[0],
        "sql" if group.kind == "sql" else "shell",
        one_line(group.says, 160),
        group.text,
        blanks=group.blanks,
        hazards=group.hazards,
        alternative=group.alternative,
        limit=code.timeout,
        action=code.name if code.purpose == "action" else "",
        wants_phrase=code.wants_phrase,
    )
