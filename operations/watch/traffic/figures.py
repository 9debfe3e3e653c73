"""The figures of a stretch of traffic, whichever source they come from, and the run of errors that lasts till now.

Pure. Shares in percent, times in seconds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

_NOISE = 0.0005
"""The least share of errors that counts as usual, so that one error in an hour of calm is not a surprise."""
_STEEPEST = 0.2
_GIVE_UP = 60.0
_GOOD_BEFORE = 5
_GOOD_AMONG = 200
_RUN_LOOKED_AT = 2_000
_LOOKED_BACK = 20_000
_CHANCE = 0.05
"""So likely, at most, are all requests good from the last good one on although the errors had begun by then."""
_NUMBER = re.compile(
    r"(?P<status>\b(?:answered|status|code|HTTP) [45]\d\d\b)"
    r"|\b0x[0-9a-f]+\b|\b[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4}\b|\d+(?:\.\d+)?",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']{1,200}'|\"[^\"]{1,200}\"|`[^`]{1,200}`")


@dataclass(frozen=True, slots=True)
class PathFigures:
    """One path's share in a stretch of traffic."""

    requests: int
    errors: int
    p95: float | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """What `window` seconds of traffic say. `errors` are 5xx, `client_errors` 4xx."""

    source: str
    window: float
    requests: int
    errors: int
    client_errors: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    paths: Mapping[str, PathFigures] = field(default_factory=dict)

    @property
    def rate(self) -> float | None:
        """Share of 5xx in percent; without traffic there is none, and that is not zero."""
        return 100.0 * self.errors / self.requests if self.requests else None

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.requests / self.window if self.window > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """The run of errors that lasts till now: when its first error was, and the last good request before it.

    `last_good` None means that nothing good was seen before: watching began later than the errors.
    """

    first_bad: datetime
    last_good: datetime | None


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value at `share` (0 to 1) of ascending values, nearest rank; None when there are none."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def usual_rate(minutes: Sequence[tuple[int, int]], threshold: float) -> float:
    """The usual share of errors (0 to 1) from (requests, errors) a minute, leaving the bad minutes out."""
    calm = [(requests, errors) for requests, errors in minutes if requests and 100.0 * errors / requests <= threshold]
    requests = sum(count for count, _ in calm)
    return max(_NOISE, sum(errors for _, errors in calm) / requests) if requests else _NOISE


def find_run(
    failed: Sequence[int], usual: float, present: float, paths: Sequence[int] | None = None
) -> tuple[int, int | None] | None:
    """Where among requests, oldest first, the present run of errors began; `failed` is 1 for each that failed, else 0.

    The change point that explains them best: walking back from now, every error speaks for the run and every
    good request against it, by the log-likelihood of the run's share against the usual one. A stray error long
    before is outweighed by the good requests after it. Gives the index of the first error and of the last good
    request before it (None when too little was seen before), or None when there is no run. With `paths`, a number
    for each request's, a request counts as good only on a path that fails in the run: the others prove nothing.
    """
    usual = min(max(usual, _NOISE), 0.2)
    during = max(min(present, _STEEPEST), 4 * usual)
    for_error, for_good = math.log(during / usual), math.log((1 - during) / (1 - usual))
    weight = best = 0.0
    start: int | None = None
    for index in range(len(failed) - 1, -1, -1):
        weight += for_error if failed[index] else for_good
        if weight > best and failed[index]:
            best, start = weight, index
        if weight < best - _GIVE_UP:
            break
    if start is None:
        return None
    good_before = [index for index in range(max(0, start - _GOOD_AMONG), start) if not failed[index]]
    if len(good_before) < _GOOD_BEFORE:
        return start, None
    telling = _last_telling(failed, paths, start) if paths is not None else None
    return start, good_before[-1] if telling is None else telling


def _last_telling(failed: Sequence[int], paths: Sequence[int], start: int) -> int | None:
    """The last good request that tells that the errors had not begun: on a path that fails in the run.

    Where such a path fails only now and then one good request tells little; it takes as many as chance would
    rarely give. None where none of these paths was asked for before.
    """
    asked: dict[int, list[int]] = {}
    for index in range(start, min(len(failed), start + _RUN_LOOKED_AT)):
        asked.setdefault(paths[index], []).append(failed[index])
    shares = {path: sum(found) / (len(found) + 2) for path, found in asked.items()}
    failing = {path for path, share in shares.items() if 2 * share >= max(shares.values())}
    answers = [one for path in failing for one in asked[path]]
    share = sum(answers) / len(answers)
    enough = 1 if share >= 1.0 else math.ceil(math.log(_CHANCE) / math.log(1.0 - share))
    found, last = 0, None
    for index in range(start - 1, max(-1, start - 1 - _LOOKED_BACK), -1):
        if paths[index] in failing and not failed[index]:
            found, last = found + 1, index
            if found >= enough:
                break
    return last


@lru_cache(4096)
def fold_path(path: str) -> str:
    """A path without query, its numbers and ids folded: `/api/calls/4711` becomes `/api/calls/:n`."""
    parts = path.partition("?")[0].split("/")
    return "/".join(":n" if re.fullmatch(r"\d+|[0-9a-fA-F-]{16,}", part) else part for part in parts)[:120]


@lru_cache(4096)
def fold_error(text: str) -> str:
    """An error's words with numbers and quoted names folded, so that requests that failed alike count as one.

    The status of an answer stays: there are few of them, and each is an error of its own.
    """
    return _NUMBER.sub(lambda found: found["status"] or "N", _QUOTED.sub("'…'", text))[:160]
