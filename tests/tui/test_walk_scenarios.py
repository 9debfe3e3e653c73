"""Site down by keys at 80x24: in every recorded scenario each Enter takes the right answer, up to the act and no
further; what is unknown suggests nothing; and a console that was killed is followed by one at the same question."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from operations.desk import utc_now
from operations.watch.model import Snapshot
from runbooks.facts import Fact
from tests.runbooks.support import Scenario, scenarios
from tests.tui.conftest import Injected, MakeApp
from tests.tui.scenes import down_snapshot
from tests.tui.test_console import fresh, screen_text, shows, until


def snapshot_of(scenario: Scenario) -> Snapshot:
    now = utc_now()
    facts = {
        name: Fact(name, fact.value, source="tests", at=now, stale_after=600.0) for name, fact in scenario.facts.items()
    }
    return replace(fresh(down_snapshot()), facts=facts)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda one: one.name)
async def test_enter_takes_the_right_answer_at_each_question(scenario: Scenario, make_app: MakeApp) -> None:
    app = make_app(Injected(snapshot_of(scenario)))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "production".upper())
        await pilot.press("I", "1")
        await shows(pilot, "Can this bastion see?")
        came: list[str] = []
        for _ in range(len(scenario.suggested) + 1):
            state = app.live.walking.state
            assert state is not None
            came.append(state.section.label)
            if state.section.is_act or state.section.is_end or tuple(came) == scenario.suggested:
                break
            before = state.current
            assert state.section.label in screen_text(app)
            await pilot.press("enter")
            await until(pilot, lambda at=before: at != current(app), f"on from {before}")  # type: ignore[misc]
        assert tuple(came) == scenario.suggested
        assert app.live.jobs.jobs() == ()


async def test_where_nothing_is_known_nothing_is_suggested(make_app: MakeApp) -> None:
    app = make_app(Injected(replace(fresh(down_snapshot()), facts={})))
    async with app.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "PRODUCTION")
        await pilot.press("I", "1")
        await shows(pilot, "Can this bastion see?")
        await pilot.press("enter")
        await shows(pilot, "Nothing is suggested here")
        state = app.live.walking.state
        assert state is not None
        assert state.path == ()


async def test_a_console_that_was_killed_is_followed_by_one_at_the_same_question_with_its_clock(
    make_app: MakeApp,
) -> None:
    first = make_app(Injected(fresh(down_snapshot())))
    async with first.run_test(size=(80, 24)) as pilot:
        await shows(pilot, "✖ DOWN")
        await pilot.press("I", "1")
        await shows(pilot, "Can this bastion see?")
        await pilot.press("enter")
        await shows(pilot, "What do users get?")
        before = first.live.walking.state
        assert before is not None
        # Nothing of what follows is told to the first console: it might as well have been killed here.
        second = make_app(Injected(fresh(down_snapshot())))
        async with second.run_test(size=(80, 24)) as other:
            await shows(other, "What do users get?")
            after = second.live.walking.state
            assert after is not None
            assert (after.current, after.entered_at, after.started_at) == (
                before.current,
                before.entered_at,
                before.started_at,
            )
            assert abs(after.entered_at - utc_now()) < timedelta(minutes=1)


def current(app: object) -> str:
    state = app.live.walking.state  # type: ignore[attr-defined]
    return str(state.current)
