"""Tasks, closing with its checklist, several incidents beside each other, and going on after the end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from operations.errors import VigieError
from operations.incident.acts import open_incident, reopen, set_severity, set_state, severity_is_assumed
from operations.incident.book import IncidentBook
from operations.incident.closing import close_incident
from operations.incident.model import Incident, IncidentState, Severity
from operations.incident.roles import Role, roles_of, take
from operations.incident.tasks import add_task, finish_task, task_named, tasks_of
from operations.incident.told import restrict
from tests.operations.incident.conftest import START, Desk
from tests.operations.incident.stage import Stage
from tests.operations.incident.test_book import opened


def resolved() -> Stage:
    stage = Stage()
    stage.append("role.taken", {"role": "commander"})
    stage.wait(hours=1).state("resolved")
    return stage


def closed(stage: Stage, **more: object) -> Stage:
    close_incident(stage, stage.incident(), now=stage.now, **more)  # type: ignore[arg-type]
    return stage


def ids(stage: Stage) -> list[str]:
    return [task.id for task in tasks_of(stage.incident())]


def test_closing_begins_the_checklist_with_owners_and_due_times() -> None:
    stage = resolved()
    stage.actor = "tom"
    closed(stage, left=["v2.4.1 is still on main"])
    tasks = tasks_of(stage.incident())
    assert [(task.id, task.owner) for task in tasks] == [("verify", "ana"), ("draft", "ana"), ("review", "ana")]
    assert [task.due for task in tasks] == [stage.now + timedelta(hours=hours) for hours in (24, 24, 48)]
    assert stage.incident().state is IncidentState.CLOSED
    assert stage.incident().entries[-1].text == "incident closed; stays open: v2.4.1 is still on main"


def test_without_a_commander_the_one_who_closes_owns_the_checklist() -> None:
    stage = Stage()
    stage.state("resolved")
    assert {task.owner for task in tasks_of(closed(stage).incident())} == {"ana"}


def test_one_that_is_not_resolved_is_closed_with_a_reason_and_without_a_checklist() -> None:
    stage = Stage()
    with pytest.raises(VigieError, match="not resolved yet"):
        closed(stage)
    closed(stage, why="part of 1121-bbb")
    assert ids(stage) == []
    with pytest.raises(VigieError, match="closed already"):
        closed(stage, why="again")


def test_two_consoles_that_close_at_once_make_one_checklist() -> None:
    stage = resolved()
    before = stage.incident()
    for _ in range(2):
        close_incident(stage, before, now=stage.now)
    assert ids(stage) == ["verify", "draft", "review"]
    assert [entry.text for entry in stage.incident().entries].count("incident closed") == 1


def test_the_same_key_pressed_on_two_consoles_at_once_is_one_line() -> None:
    stage = Stage(assumed=True)
    before = stage.incident()
    for _ in range(2):
        take(stage, before, Role.COMMANDER)
        set_severity(stage, before, Severity.P1)
        set_state(stage, before, IncidentState.RESOLVED)
        restrict(stage, before, True, "a breach")
    after = stage.incident()
    assert len(after.entries) == 1 + 4
    assert (after.severity, after.state) == (Severity.P1, IncidentState.RESOLVED)
    set_state(stage, after, IncidentState.MONITORING)
    set_state(stage, stage.incident(), IncidentState.RESOLVED)
    assert stage.incident().state is IncidentState.RESOLVED, "the same step again later is a step of its own"
    stage.actor = "tom"
    take(stage, stage.incident(), Role.COMMANDER)
    assert roles_of(stage.incident())[Role.COMMANDER].who == "tom"


def test_a_console_that_has_not_read_the_journal_yet_opens_no_second_incident(desk: Desk) -> None:
    late = IncidentBook(desk.journal)
    late.refresh()
    opened(desk)
    with pytest.raises(VigieError, match="already open"):
        open_incident(
            desk.journal, late, site="tow", environment="production", severity=None, title="x", now=desk.now()
        )


def test_closed_again_it_asks_again_for_what_was_done() -> None:
    stage = closed(resolved())
    finish_task(stage, stage.incident(), "verify")
    stage.state("investigating")
    stage.state("resolved")
    closed(stage)
    assert ids(stage) == ["verify", "draft", "review", "verify-2"]


def test_a_task_is_added_changed_done_and_not_done_after_all() -> None:
    stage = Stage()
    id = add_task(stage, stage.incident(), "add an alarm\x1b[0m on the queue", owner="tom", new_id=lambda: "ab12cd")
    add_task(stage, stage.incident(), "alarm on the queue", owner="eva", due=stage.now, task=id)
    assert task_named(stage.incident(), "ab").owner == "eva"
    finish_task(stage, stage.incident(), "ab12")
    (task,) = tasks_of(stage.incident())
    assert (task.text, task.done, task.done_by, task.done_at) == ("alarm on the queue", True, "ana", stage.now)
    finish_task(stage, stage.incident(), id, done=False)
    assert not tasks_of(stage.incident())[0].done


def test_a_task_needs_words_and_is_named_so_that_one_fits() -> None:
    stage = Stage()
    with pytest.raises(VigieError, match="needs words"):
        add_task(stage, stage.incident(), "  ")
    for id in ("aa1", "aa2"):
        add_task(stage, stage.incident(), "x", task=id)
    with pytest.raises(VigieError, match="fits 2 tasks"):
        finish_task(stage, stage.incident(), "aa")
    with pytest.raises(VigieError, match="is no task"):
        finish_task(stage, stage.incident(), "")


def another(desk: Desk) -> Incident:
    id = open_incident(
        desk.journal, desk.read(), site="harbour", environment="production", severity=None, title="mail is late",
        now=desk.now(), another=True,
    )  # fmt: skip
    found = desk.read().get(id)
    assert found is not None
    return found


def test_a_second_incident_stands_beside_the_first_where_a_person_insists(desk: Desk) -> None:
    first = opened(desk)
    desk.pass_time(minutes=1)
    second = another(desk)
    assert {one.id for one in desk.read().all() if one.open} == {first.id, second.id}
    assert desk.read().open_for("production") == second


def test_a_severity_that_nobody_said_is_p0_until_somebody_does(desk: Desk) -> None:
    incident = another(desk)
    assert (incident.severity, severity_is_assumed(incident)) == (Severity.P0, True)
    set_severity(desk.journal, incident, Severity.P0)
    after = desk.read().all()[0]
    assert not severity_is_assumed(after)
    assert after.entries[-1].text == "severity P0 confirmed"
    set_severity(desk.journal, after, Severity.P0)
    assert len(desk.read().all()[0].entries) == len(after.entries)


def test_going_on_needs_a_reason_and_no_other_open_incident(desk: Desk) -> None:
    incident = opened(desk)
    set_state(desk.journal, incident, IncidentState.RESOLVED)
    over = desk.read().all()[0]
    assert over.resolved_at == START
    with pytest.raises(VigieError, match="is resolved"):
        reopen(desk.journal, desk.read(), over, " ")
    reopen(desk.journal, desk.read(), over, "errors are back")
    again = desk.read().all()[0]
    assert (again.open, again.resolved_at) == (True, None)
    assert again.entries[-1].text == "incident goes on: errors are back"
    set_state(desk.journal, again, IncidentState.RESOLVED)
    desk.pass_time(hours=1)
    second = opened(desk)
    over = desk.read().get(incident.id) or over
    with pytest.raises(VigieError, match=second.id):
        reopen(desk.journal, desk.read(), over, "errors are back")
    reopen(desk.journal, desk.read(), over, "errors are back", another=True)
    assert len([one for one in desk.read().all() if one.open]) == 2


def test_closed_it_stays_resolved_when_it_was(desk: Desk) -> None:
    incident = opened(desk)
    set_state(desk.journal, incident, IncidentState.RESOLVED)
    desk.pass_time(hours=2)
    close_incident(desk.journal, desk.read().all()[0], now=desk.now())
    assert desk.read().all()[0].resolved_at == START
