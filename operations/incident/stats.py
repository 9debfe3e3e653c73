"""Figures over many incidents: how many of each severity in each month, how long they took, what caused them. Pure."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean, median

from operations.ages import clock_words
from operations.engine.events import Event
from operations.errors import VigieError
from operations.incident.drill_mark import is_drill
from operations.incident.model import Incident
from operations.incident.order import as_it_happened
from operations.incident.telling import text_of
from operations.incident.times import DEFINITIONS, SPANS, times_of
from operations.text import one_line

NAMES: Mapping[str, str] = {"acknowledge": "MTTA", "mitigate": "MTTM", "resolve": "MTTR"}
NOT_TOLD = "nobody told the cause"
_WIDTH = 79
_DAYS = re.compile(r"([1-9][0-9]{0,4})d")


@dataclass(frozen=True, slots=True)
class Figure:
    """One time over `known` incidents, in seconds; None without any."""

    known: int
    median: float | None
    mean: float | None


@dataclass(frozen=True, slots=True)
class Stats:
    """`months` and `severities` count incidents by when they were opened (UTC); `causes` most frequent first.

    `drills` are those that are left out; where there is nothing but drills they are counted, and `of_drills` says so.
    """

    count: int
    first: datetime | None
    last: datetime | None
    severities: Mapping[str, int]
    months: Mapping[str, Mapping[str, int]]
    times: Mapping[str, Figure]
    causes: tuple[tuple[str, int], ...]
    drills: int = 0
    of_drills: bool = False


def stats_of(incidents: Iterable[Incident], since: datetime | None = None) -> Stats:
    """The figures of those opened at `since` or later. Drills never count among real ones."""
    asked = sorted((one for one in incidents if since is None or one.opened_at >= since), key=lambda one: one.opened_at)
    real = [one for one in asked if not is_drill(one.events)]
    taken = real or asked
    months: dict[str, Counter[str]] = {}
    for one in taken:
        months.setdefault(f"{one.opened_at:%Y-%m}", Counter())[one.severity.value] += 1
    return Stats(
        count=len(taken),
        first=taken[0].opened_at if taken else None,
        last=taken[-1].opened_at if taken else None,
        severities=_sorted(Counter(one.severity.value for one in taken)),
        months={month: _sorted(counts) for month, counts in months.items()},
        times=_times(taken),
        causes=_causes(taken),
        drills=len(asked) - len(taken),
        of_drills=bool(asked) and not real,
    )


def since_of(text: str, now: datetime) -> datetime:
    """The moment that `--since` names: a date (`2026-07-01`, UTC) or days back (`90d`). Raises VigieError."""
    days = _DAYS.fullmatch(text)
    try:
        return now - timedelta(days=int(days[1])) if days else datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise VigieError(
            f"{one_line(text, 40) or 'Nothing'} is no date.", next_step="As in: --since 2026-07-01, or --since 90d"
        ) from None


def stats_lines(stats: Stats) -> Iterator[str]:
    """The figures as plain text, with what each of them means."""
    if stats.first is None or stats.last is None:
        yield "no incident in that time"
        return
    first, last = f"{stats.first:%Y-%m-%d}", f"{stats.last:%Y-%m-%d}"
    when = f"on {first}" if first == last else f"from {first} to {last}"
    left_out = f"; drills left out: {stats.drills}" if stats.drills else ""
    yield f"{stats.count} {'drill' if stats.of_drills else 'incident'}{'s' if stats.count > 1 else ''} {when}{left_out}"
    yield ""
    severities = list(stats.severities)
    yield f"{'month':<8} {'all':>5} " + " ".join(f"{severity:>5}" for severity in severities)
    for month, counts in stats.months.items():
        row = " ".join(f"{counts.get(severity, 0) or '':>5}" for severity in severities)
        yield f"{month:<8} {sum(counts.values()):>5} {row}".rstrip()
    yield ""
    yield f"{'time to':<20} {'median':>9} {'mean':>9}   of"
    for span, figure in stats.times.items():
        name = f"{span} ({NAMES[span]})" if span in NAMES else span
        yield f"{name:<20} {_took(figure.median):>9} {_took(figure.mean):>9}   {figure.known} of {stats.count}"
    yield ""
    yield from (f"{count:>5}  {cause}" for cause, count in stats.causes)
    yield ""
    for span, (start, end) in SPANS.items():
        yield f"{NAMES.get(span, span)}: from {start} to {end}"
    for name, words in DEFINITIONS.items():
        yield from textwrap.wrap(f"{name}: {words}", _WIDTH, subsequent_indent="  ")


def _times(incidents: Sequence[Incident]) -> dict[str, Figure]:
    found: dict[str, list[float]] = {span: [] for span in SPANS}
    for one in incidents:
        times = times_of(one)
        for span, seconds in ((span, times.seconds(span)) for span in SPANS):
            if seconds is not None:
                found[span].append(seconds)
    return {
        span: Figure(len(row), median(row) if row else None, round(fmean(row), 3) if row else None)
        for span, row in found.items()
    }


def _causes(incidents: Sequence[Incident]) -> tuple[tuple[str, int], ...]:
    """Causes as people told them; the same words in other letters are the same cause."""
    words: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for one in incidents:
        newest_first = reversed(as_it_happened(one.events))
        cause = next((text_of(event.data, "value", 160) for event in newest_first if _tells_cause(event)), "")
        key = (cause or NOT_TOLD).casefold()
        words.setdefault(key, cause or NOT_TOLD)
        counts[key] += 1
    return tuple((words[key], count) for key, count in sorted(counts.items(), key=lambda row: (-row[1], row[0])))


def _tells_cause(event: Event) -> bool:
    return event.kind == "incident.told" and event.data.get("field") == "cause"


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _took(seconds: float | None) -> str:
    return "-" if seconds is None else clock_words(seconds)
