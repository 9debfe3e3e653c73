"""Vercel's deployments as releases and periods: what is live, kept and pinned, and what is not known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from operations.errors import VigieError
from operations.platforms import platform_for
from operations.platforms.vercel import VercelPlatform
from operations.settings import Environment, PlatformSettings, Secret, Settings
from tests.operations.platforms.vercel_ground import FIRST, HOUR, SECOND, THIRD, Ground


def rolled_back(ground: Ground) -> None:
    assert ground.until_ended(ground.platform.promote(ground.builds[1].uid, who="ana", how="rollback")).state == (
        "succeeded"
    )


def test_the_settings_choose_the_driver() -> None:
    chosen = PlatformSettings(driver="vercel", project="harbour", token=Secret("x"))
    platform = platform_for(Settings(environments={"production": Environment(platform=chosen)}), "production")
    assert isinstance(platform, VercelPlatform)
    assert platform.place == "Vercel project harbour"


def test_releases_tell_commit_who_when_and_which_is_live(ground: Ground) -> None:
    third, second, first = ground.platform.releases()
    assert [third.commit, second.commit, first.commit] == [THIRD, SECOND, FIRST]
    assert (second.who, second.title, second.state) == ("ana", "second work", "ready")
    assert [third.live, second.live, first.live] == [True, False, False]
    assert third.built_at is not None
    assert third.built_at.tzinfo is not None
    assert third.name == ground.builds[2].url.split("-")[1]
    assert third.id == ground.builds[2].uid


def test_the_live_release_is_the_one_production_leads_to(ground: Ground) -> None:
    live = ground.platform.live()
    assert live is not None
    assert (live.id, live.live, live.kept) == (ground.builds[2].uid, True, True)


def test_a_live_release_older_than_the_list_is_asked_for_by_its_id(ground: Ground) -> None:
    ground.world.auto_assign = False
    for _ in range(45):
        ground.world.build("d" * 40)
    live = ground.platform.live()
    assert live is not None
    assert live.id == ground.builds[2].uid


def test_a_project_without_production_has_nothing_live(ground: Ground) -> None:
    ground.world.production = ""
    assert ground.platform.live() is None
    assert list(ground.platform.periods()) == []


def test_what_vercel_does_not_take_for_a_rollback_is_not_kept(ground: Ground) -> None:
    ground.builds[0].candidate = False
    assert [release.kept for release in ground.platform.releases()] == [True, True, False]


def test_a_failed_build_is_an_error_and_not_kept(ground: Ground) -> None:
    ground.builds[1].state = "ERROR"
    second = ground.platform.releases()[1]
    assert (second.state, second.kept) == ("error", False)


def test_a_rollback_pins_the_live_release_and_a_promote_unpins_it(ground: Ground) -> None:
    rolled_back(ground)
    live = ground.another().live()
    assert live is not None
    assert (live.id, live.pinned) == (ground.builds[1].uid, True)
    ground.until_ended(ground.platform.promote(ground.builds[2].uid, who="ana"))
    live = ground.another().live()
    assert live is not None
    assert (live.id, live.pinned) == (ground.builds[2].uid, False)


def test_what_is_on_its_way_live_is_building(ground: Ground) -> None:
    ground.world.lies.stuck = True
    ground.platform.promote(ground.builds[0].uid, who="ana", how="rollback")
    states = {release.id: release.state for release in ground.another().releases()}
    assert states[ground.builds[0].uid] == "building"
    assert states[ground.builds[1].uid] == "ready"


def test_a_name_of_ours_belongs_to_the_oldest_that_carries_it(ground: Ground) -> None:
    ours = ground.world.build(meta={"vigieRelease": "v4", "vigieCommit": "d" * 40, "vigieWho": "ana"})
    again = ground.world.build(meta=ours.meta)
    copy, original = ground.platform.releases()[:2]
    assert (original.id, original.name, original.commit, original.who) == (ours.uid, "v4", "d" * 40, "ana")
    assert (copy.id, copy.name) == (again.uid, again.url.split("-")[1])


def test_periods_are_the_times_domains_were_assigned(ground: Ground) -> None:
    third, second, first = ground.platform.periods()
    assert [third.release, second.release, first.release] == [one.uid for one in reversed(ground.builds)]
    assert (third.end, second.end, first.end) == (None, third.start, second.start)
    assert (second.how, second.who) == ("publish", "ana")
    assert abs(third.start - second.start - timedelta(seconds=25.8 * HOUR)) < timedelta(seconds=5)


def test_a_rollback_ends_a_period_and_begins_the_next(ground: Ground) -> None:
    rolled_back(ground)
    now, left, before, _ = ground.another().periods()
    assert (now.release, now.how, now.end) == (ground.builds[1].uid, "rollback", None)
    assert (left.release, left.end, left.ended_by) == (ground.builds[2].uid, now.start, "rollback")
    assert before.release == ground.builds[1].uid


def test_a_period_whose_end_nobody_tells_is_left_out(ground: Ground) -> None:
    rolled_back(ground)
    ground.until_ended(ground.platform.promote(ground.builds[2].uid, who="ana"))
    # Vercel tells the promote alone: when the third release went away before it is not known any more.
    periods = ground.another().periods()
    assert [(one.release, one.how) for one in periods] == [
        (ground.builds[2].uid, "promote"),
        (ground.builds[1].uid, "publish"),
        (ground.builds[0].uid, "publish"),
    ]


def test_a_record_that_contradicts_what_is_live_is_no_record(ground: Ground) -> None:
    ground.world.production = ground.builds[0].uid
    assert list(ground.platform.periods()) == []


def test_a_release_that_never_served_has_no_period(ground: Ground) -> None:
    ground.world.auto_assign = False
    staged = ground.world.build("d" * 40, ago=2 * HOUR)
    staged.alias_assigned = staged.created
    assert [period.release for period in ground.platform.periods()] == [one.uid for one in reversed(ground.builds)]


def test_lists_are_read_page_by_page(ground: Ground) -> None:
    ground.world.auto_assign = False
    for number in range(230):
        ground.world.build("d" * 40, ago=100 * HOUR + number)
    ground.world.builds.sort(key=lambda one: -one.created)
    assert len(ground.platform.releases(limit=233)) == 233
    assert len([path for _, path in ground.simulator.seen if path.startswith("/v6/")]) == 3


def test_pages_that_repeat_themselves_are_an_error_and_no_loop(ground: Ground) -> None:
    for _ in range(150):
        ground.world.build("d" * 40)
    ground.world.lies.repeating_pages = True
    with pytest.raises(VigieError, match="repeat themselves"):
        ground.platform.releases(limit=120)


def test_the_watchs_three_questions_share_one_reading(ground: Ground) -> None:
    ground.platform.live()
    ground.platform.periods(30)
    ground.platform.releases(30)
    assert len(ground.simulator.seen) == 2
    ground.clock.at += 5
    ground.platform.live()
    assert len(ground.simulator.seen) == 4


def test_unknown_words_are_unknown_and_break_nothing(ground: Ground) -> None:
    ground.world.lies.strange_words = True
    assert {release.state for release in ground.platform.releases()} == {"unknown"}
    assert not any(release.kept for release in ground.platform.releases() if not release.live)


def test_foreign_text_comes_without_escape_codes(ground: Ground) -> None:
    ground.world.build("e" * 40, message="\x1b[2Jgone\x07", creator="\x1b]0;x\x07eve", meta={"vigieRelease": "\x1b[1m"})
    newest = ground.platform.releases()[0]
    assert (newest.title, newest.who) == ("gone", "eve")
    assert "\x1b" not in newest.name


def test_what_comes_back_with_an_old_build_is_said(ground: Ground) -> None:
    back = ground.platform.brings_back(ground.builds[0].uid)
    assert "the environment variables it was built with" in back
    assert "its own cron jobs" in back
    assert ground.platform.has_file(ground.builds[0].uid, "/app.js") is None
