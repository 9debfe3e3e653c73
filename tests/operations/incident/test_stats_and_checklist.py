"""Figures over many incidents, and what is to be done after one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from operations.errors import VigieError
from operations.incident.checklist import checklist_lines
from operations.incident.model import Incident
from operations.incident.refold import incident_from
from operations.incident.stats import NOT_TOLD, since_of, stats_lines, stats_of
from operations.incident.tasks import tasks_of
from tests.operations.incident.tale import Tale, at

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def one(id: str, when: datetime, severity: str, *, resolved: int = 0, cause: str = "", drill: bool = False) -> Incident:
    """An incident that was opened then, and resolved so many minutes later."""
    tale = Tale(id)
    data: dict[str, object] = {"site": "s", "environment": "production", "severity": severity, "title": "x"}
    data |= {"drill": True} if drill else {}
    tale.say(when, "ana", "incident.opened", dict(data))
    if resolved:
        tale.say(when + timedelta(minutes=resolved), "ana", "incident.state", {"state": "resolved"})
    if cause:
        tale.say(when + timedelta(hours=5), "ana", "incident.told", {"field": "cause", "value": cause})
    found = incident_from(tale.events, id)
    assert found is not None
    return found


MANY = (
    one("a", NOON, "P0", resolved=10, cause="Migration"),
    one("b", NOON - timedelta(days=2), "P1", resolved=30, cause="migration"),
    one("c", NOON - timedelta(days=40), "P0", resolved=50, cause="provider"),
    one("d", NOON - timedelta(days=41), "P3"),
)


def test_incidents_are_counted_by_month_and_severity() -> None:
    found = stats_of(MANY)
    assert found.months == {"2026-10": {"P0": 1, "P3": 1}, "2026-11": {"P0": 1, "P1": 1}}
    assert found.severities == {"P0": 2, "P1": 1, "P3": 1}


def test_median_and_mean_are_of_those_whose_times_are_known() -> None:
    resolve = stats_of(MANY).times["resolve"]
    assert (resolve.known, resolve.median, resolve.mean) == (3, 1800.0, 1800.0)
    assert stats_of(MANY[:2]).times["resolve"].median == 1200.0


def test_drills_do_not_count_among_real_incidents() -> None:
    drill = one("e", NOON - timedelta(days=1), "P0", resolved=90, cause="a fault of ours", drill=True)
    mixed = stats_of((*MANY, drill))
    assert (mixed.count, mixed.drills, mixed.times, mixed.causes) == (4, 1, stats_of(MANY).times, stats_of(MANY).causes)
    assert next(iter(stats_lines(mixed))).endswith("; drills left out: 1")
    assert next(iter(stats_lines(stats_of((drill,))))).startswith("1 drill on ")


def test_a_cause_written_in_other_letters_is_the_same_cause() -> None:
    assert stats_of(MANY).causes == (("migration", 2), (NOT_TOLD, 1), ("provider", 1))


def test_since_leaves_the_older_ones_out() -> None:
    assert stats_of(MANY, since_of("30d", NOON)).count == 2
    assert stats_of(MANY, since_of("2026-10-13", NOON)).count == 3


@pytest.mark.parametrize("text", ["yesterday", "", "0d", "-3d", "2026-13-01", "99999999d"])
def test_a_since_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(VigieError, match="is no date"):
        since_of(text, NOON)


def test_the_figures_are_printed_with_what_they_mean() -> None:
    lines = list(stats_lines(stats_of(MANY)))
    assert lines[0] == "4 incidents from 2026-10-12 to 2026-11-22"
    assert "resolve (MTTR)          30m00s    30m00s   3 of 4" in lines
    assert "MTTR: from began to resolved" in lines
    assert any(line.startswith("mitigated: ") for line in lines)


def test_no_incident_is_said_in_words() -> None:
    assert list(stats_lines(stats_of(()))) == ["no incident in that time"]


def after() -> Incident:
    tale = Tale()
    tale.say("03:00:00", "ana", "incident.opened", {"site": "s", "environment": "e", "severity": "P0", "title": "x"})
    for id, text, owner, due in (
        ("verify", "verify", "ana", "2026-11-22T03:00:00Z"),
        ("review", "talk it through", "", "2026-11-23T03:00:00Z"),
        ("mend", "revert the commits", "tom", "soon"),
        ("report", "report as a draft", "ana", "2026-11-22T03:00:00Z"),
    ):
        tale.say("03:30:00", "ana", "task.added", {"task": id, "text": text, "owner": owner, "due": due})
    tale.say("04:00:00", "tom", "task.done", {"task": "report", "done": True})
    found = incident_from(tale.events, tale.incident)
    assert found is not None
    return found


def test_the_checklist_shows_the_most_urgent_first_and_what_is_overdue_in_words() -> None:
    assert checklist_lines(tasks_of(after()), NOON) == (
        "[ ] verify, ana, OVERDUE by 9h",
        "[ ] talk it through, nobody yet, due in 15h",
        "[ ] revert the commits, tom",
        "[x] report as a draft, ana, done by tom 11-21 04:00Z",
    )


def test_a_task_may_be_changed_and_undone() -> None:
    tale = Tale()
    tale.say("03:00:00", "ana", "incident.opened", {"site": "s", "environment": "e", "severity": "P0", "title": "x"})
    for when, kind, data in (
        ("03:01:00", "task.added", {"task": "t", "text": "old", "owner": "ana", "due": None}),
        ("03:02:00", "task.done", {"task": "t", "done": True}),
        ("03:03:00", "task.added", {"task": "t", "text": "new", "owner": "tom", "due": None}),
        ("03:04:00", "task.done", {"task": "t", "done": False}),
        ("03:05:00", "task.done", {"task": "never added", "done": True}),
    ):
        tale.say(when, "ana", kind, data)
    found = incident_from(tale.events, tale.incident)
    assert found is not None
    (task,) = tasks_of(found)
    assert (task.text, task.owner, task.done_at, task.added_at) == ("new", "tom", None, at("03:01:00"))
