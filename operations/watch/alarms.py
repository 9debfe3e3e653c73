"""When a state becomes an alarm: the thresholds of the manuals, computed from readings alone.

Quick states are for eyes, alarms are for phones: 3 one-minute failures; 5xx over 5 % for 5 min; p95 over 3 s for
5 min; database unreachable. Backups, provider and certificate alarm too, but are never held against a release.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from operations.watch.model import Alarm, Reading, Status

_GAP = 300.0
_GOOD_ENDS = 2
KEEP_CLOSED = 50


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """`bad` readings of the probes that `covers` names, for `seconds` and at least `least` of them, open an alarm."""

    covers: Callable[[str], bool]
    title: str
    seconds: float
    least: int
    bad: Callable[[Reading], bool]
    offers_incident: bool = True
    about_site: bool = True


def _is_down(reading: Reading) -> bool:
    return reading.status is Status.DOWN


def _is_unreachable(reading: Reading) -> bool:
    return reading.status is Status.DOWN and reading.data.get("answers") is not True


def _named(*names: str) -> Callable[[str], bool]:
    return lambda probe: probe in names


RULES = (
    AlarmRule(_named("health"), "health endpoint fails", 120.0, 3, _is_down),
    AlarmRule(_named("page"), "front page fails", 120.0, 3, _is_down),
    AlarmRule(_named("assets"), "files of the page are missing", 120.0, 3, _is_down),
    AlarmRule(_named("errors"), "5xx over the limit", 300.0, 3, _is_down),
    AlarmRule(_named("latency"), "p95 over the limit", 300.0, 3, _is_down),
    AlarmRule(_named("database"), "database unreachable", 0.0, 3, _is_unreachable, about_site=False),
    AlarmRule(_named("backups"), "backups late or not trusted", 0.0, 2, _is_down, False, False),
    AlarmRule(_named("certificate"), "certificate", 0.0, 3, _is_down, False, False),
    AlarmRule(lambda probe: probe.startswith("provider "), "provider outage", 0.0, 3, _is_down, False, False),
)


@dataclass(slots=True)
class _Row:
    """The row of bad readings of one probe so far."""

    first: datetime
    last: datetime
    count: int = 0
    good: int = 0


class AlarmBook:
    """Feed it readings in order; it keeps the open alarms and the last closed ones. `speed` compresses the times."""

    def __init__(self, speed: float = 1.0) -> None:
        self._speed = speed
        self._rows: dict[str, _Row] = {}
        self._open: dict[str, Alarm] = {}
        self._closed: list[Alarm] = []
        self.muted = False
        """True during maintenance: alarms about the site do not open; those of backups, database, certificate do."""

    @property
    def open(self) -> tuple[Alarm, ...]:
        """The open ones, oldest first."""
        return tuple(sorted(self._open.values(), key=lambda alarm: alarm.opened_at))

    @property
    def all(self) -> tuple[Alarm, ...]:
        """The open ones, then the last closed ones, newest first."""
        return self.open + tuple(reversed(self._closed))

    def restore(self, alarms: tuple[Alarm, ...], begin: datetime) -> None:
        """Take in the alarms that were kept, as they stood at `begin`; the readings from there on tell the rest."""
        for alarm in sorted(alarms, key=lambda alarm: alarm.opened_at):
            if alarm.opened_at >= begin:
                continue
            if alarm.closed_at is not None and alarm.closed_at < begin:
                self._closed = [*self._closed, alarm][-KEEP_CLOSED:]
            else:
                self._open[alarm.key] = replace(alarm, closed_at=None)
                self._rows[alarm.key] = _Row(alarm.opened_at, begin, count=1)

    def add(self, reading: Reading) -> None:
        """One more reading. One that could not be made neither opens nor closes anything."""
        rule = next((rule for rule in RULES if rule.covers(reading.probe)), None)
        if rule is None or reading.status is Status.UNKNOWN:
            return
        if rule.bad(reading):
            self._bad(rule, reading)
        else:
            self._good(reading)

    def _bad(self, rule: AlarmRule, reading: Reading) -> None:
        row = self._rows.get(reading.probe)
        if row is None or (reading.at - row.last).total_seconds() > _GAP:
            row = self._rows[reading.probe] = _Row(reading.at, reading.at)
        row.last, row.count, row.good = reading.at, row.count + 1, 0
        lasted = (reading.at - row.first).total_seconds()
        long_enough = row.count >= rule.least and lasted >= rule.seconds / self._speed
        if long_enough and reading.probe not in self._open and not (self.muted and rule.about_site):
            title = rule.title if " " not in reading.probe else f"{reading.probe.partition(' ')[2]}: {rule.title}"
            self._open[reading.probe] = Alarm(
                reading.probe,
                f"{title}: {reading.detail}" if reading.detail else title,
                reading.at,
                probe=reading.probe,
                offers_incident=rule.offers_incident,
                about_site=rule.about_site,
            )

    def _good(self, reading: Reading) -> None:
        row = self._rows.get(reading.probe)
        if row is None:
            return
        row.good += 1
        if row.good < _GOOD_ENDS:
            return
        del self._rows[reading.probe]
        if (alarm := self._open.pop(reading.probe, None)) is not None:
            self._closed = [*self._closed, replace(alarm, closed_at=reading.at)][-KEEP_CLOSED:]
