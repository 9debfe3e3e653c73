"""What happens on a walk, as payloads of events: plain data that goes into the journal as JSON and comes back.

A payload holds what was decided, not how, so that replaying it never depends on today's rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, get_args

COMMAND = "command"
"""The action of a command group: its exit code answers no question of the section by itself."""

How = Literal["back", "jump", "escalated", "returned", "timebox", "waited", "next"]
Seen = tuple[str, bool | None, float | None]
"""A line of evidence as it stood: text, verdict, age in seconds."""


@dataclass(frozen=True, slots=True)
class Started:
    """A walk began. `text` is the snapshot it goes on with, whatever happens to the file."""

    kind: ClassVar[str] = "walk.started"
    book: str
    hash: str
    start: str
    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A person gave an answer.

    `branch` counts from 0. `suggested` is true when it was the suggested one, `against` when another was. `verdict`
    is what its condition said then. `strikes` is the answer (section, target) that is struck out from now on. `wait`
    is the seconds to let pass at the target.
    """

    kind: ClassVar[str] = "walk.answered"
    section: str
    branch: int
    answer: str
    target: str
    suggested: bool = False
    against: bool = False
    why: str = ""
    path: str = ""
    verdict: bool | None = None
    evidence: tuple[Seen, ...] = ()
    strikes: tuple[str, str] | None = None
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """The walk went on without an answer. For `back`, `depth` is how many steps of the path stay."""

    kind: ClassVar[str] = "walk.moved"
    how: How
    section: str
    target: str
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """A line somebody wrote at a section; `line` is what it is about, 0 for the section itself."""

    kind: ClassVar[str] = "walk.noted"
    section: str
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Acted:
    """An action of the section was run as a job. `exit_code` is None while it runs; `release` is what it went to.

    `action` is COMMAND for a group of commands that is bound to no action; `line` is where it begins.
    """

    kind: ClassVar[str] = "walk.acted"
    section: str
    action: str
    job: str
    exit_code: int | None = None
    release: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """A check of the section was run. `exit_code` is None when it did not end, and `why` says why not; `out` is what it
    printed, redacted and cut, `seconds` how long it took."""

    kind: ClassVar[str] = "walk.checked"
    section: str
    check: str
    exit_code: int | None
    out: str = ""
    seconds: float = 0.0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A task or a step was tried and did not go well; `why` is the note on it."""

    kind: ClassVar[str] = "walk.failed"
    section: str
    line: int
    text: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A task, check or action was passed over, and why."""

    kind: ClassVar[str] = "walk.skipped"
    section: str
    line: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """A task of the section was ticked, or unticked again; the file stays as it is."""

    kind: ClassVar[str] = "walk.ticked"
    section: str
    line: int
    text: str
    done: bool = True


Payload = Started | Answered | Moved | Noted | Acted | Checked | Failed | Skipped | Ticked
_LARGEST = 2**53
"""Whole numbers beyond it are none that we wrote: a float cannot tell them apart."""
_KINDS: Mapping[str, type[Payload]] = {payload.kind: payload for payload in get_args(Payload)}


def to_data(payload: Payload) -> dict[str, Any]:
    """The payload as JSON types; its `kind` goes beside it."""
    data = asdict(payload)
    if isinstance(payload, Answered):
        data["evidence"] = [list(line) for line in payload.evidence]
        data["strikes"] = list(payload.strikes) if payload.strikes else None
    return data


def from_data(kind: str, data: Mapping[str, Any]) -> Payload | None:
    """The payload back from JSON types; None for a kind or a shape this version does not know."""
    payload = _KINDS.get(kind)
    if payload is None:
        return None
    known = [field for field in fields(payload) if field.name in data]
    try:
        return payload(**{field.name: _READERS[str(field.type)](data[field.name]) for field in known})
    except (TypeError, ValueError):
        return None


def _of(*allowed: type) -> Callable[[Any], Any]:
    """Accepts values of exactly these types, so that a true is never taken for a 1."""

    def read(value: Any) -> Any:
        if type(value) not in allowed:
            raise TypeError(type(value).__name__)
        if type(value) is int and abs(value) > _LARGEST:
            raise ValueError("no number of ours is that large")
        return value

    return read


def _how(value: Any) -> How:
    if value not in get_args(How):
        raise ValueError(value)
    return value  # type: ignore[no-any-return]


def _seen(value: Any) -> tuple[Seen, ...]:
    read = (_of(str), _of(bool, type(None)), _of(float, int, type(None)))
    return tuple((read[0](text), read[1](verdict), read[2](age)) for text, verdict, age in value)


def _strikes(value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    section, target = value
    return (_of(str)(section), _of(str)(target))


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "str": _of(str),
    "int": _of(int),
    "bool": _of(bool),
    "float": _of(float, int),
    "int | None": _of(int, type(None)),
    "bool | None": _of(bool, type(None)),
    "float | None": _of(float, int, type(None)),
    "How": _how,
    "tuple[Seen, ...]": _seen,
    "tuple[str, str] | None": _strikes,
}
