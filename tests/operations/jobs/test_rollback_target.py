"""The target rules: newest healthy, unknown only after that, never one that was rolled back from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from operations.jobs.rollback_target import Choice, Record, Traffic, candidate_for, choose_target
from operations.platforms.base import LivePeriod, Release
from operations.watch.model import Alarm

NOW = datetime(2024, 5, 10, 3, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    """So many hours before now."""
    return NOW - timedelta(hours=hours)


def release(name: str, **more: object) -> Release:
    return Release(id=name, name=name, commit=f"{name}-commit", **more)  # type: ignore[arg-type]


RELEASES = [release(name) for name in ("v4", "v3", "v2", "v1")]
LIVE = RELEASES[0]
PERIODS = [
    LivePeriod("v4", at(0.2), None, "ana", "publish"),
    LivePeriod("v3", at(74), at(0.2), "tom", "publish", "publish"),
    LivePeriod("v2", at(200), at(74), "tom", "publish", "publish"),
    LivePeriod("v1", at(400), at(200), "tom", "publish", "publish"),
]


def busy(start: datetime, end: datetime) -> Traffic:
    return Traffic(True, 44.0)


def record(**more: object) -> Record:
    return Record(**{"watched_since": at(500), "traffic": busy, **more})  # type: ignore[arg-type]


def choose(found: Record, periods: list[LivePeriod] | None = None, releases: list[Release] | None = None) -> Choice:
    return choose_target(releases or RELEASES, PERIODS if periods is None else periods, LIVE, found, NOW)


def alarm(opened: float, closed: float | None = None, **more: object) -> Alarm:
    return Alarm("5xx", "5xx over 5 %", at(opened), None if closed is None else at(closed), **more)  # type: ignore[arg-type]


def name_of(choice: Choice) -> str:
    assert choice.target is not None
    return choice.target.release.name


def test_the_newest_healthy_release_is_the_default() -> None:
    choice = choose(record())
    assert choice.target is not None
    assert choice.target.words == "v3 v3-comm  ran 3d1h, 44 req/s, no alarm"
    assert choice.target.standing == "healthy"
    assert [one.release.name for one in choice.candidates] == ["v3", "v2", "v1"]
    assert "healthy" in choice.why


def test_a_release_with_an_alarm_of_its_own_is_passed_over() -> None:
    assert name_of(choose(record(alarms=(alarm(30, 29),)))) == "v2"


@pytest.mark.parametrize(
    "other",
    [
        alarm(30, 29, about_site=False),
        # Opened under v2 and still open when v3 came: it is v2's.
        alarm(75, 73),
        # Opened under the live one.
        alarm(0.1),
    ],
)
def test_an_alarm_that_is_not_its_own_is_not_held_against_it(other: Alarm) -> None:
    choice = choose(record(alarms=(other,)))
    assert name_of(choice) == "v3"
    assert choice.target is not None
    assert choice.target.standing == "healthy"


def test_less_than_ten_minutes_live_is_not_healthy() -> None:
    periods = [PERIODS[0], LivePeriod("v3", at(0.2 + 0.16), at(0.2), "tom", "publish", "publish"), *PERIODS[2:]]
    choice = choose(record(), periods)
    assert name_of(choice) == "v2"
    assert choice.candidates[0].says == "ran 9m only"


def test_no_traffic_is_not_healthy_and_unknown_traffic_is_unknown() -> None:
    def idle_then_busy(start: datetime, end: datetime) -> Traffic:
        return Traffic(end != PERIODS[1].end, 1.0)

    assert name_of(choose(record(traffic=idle_then_busy))) == "v2"
    choice = choose(record(traffic=lambda start, end: Traffic()))
    assert name_of(choice) == "v3"
    assert "health of no earlier release is known" in choice.why
    assert choice.candidates[0].says == "ran 3d1h, traffic unknown, no alarm"


def test_unknown_comes_only_after_every_healthy_one() -> None:
    def newest_unknown(start: datetime, end: datetime) -> Traffic:
        return Traffic() if end == PERIODS[1].end else Traffic(True)

    choice = choose(record(traffic=newest_unknown))
    assert name_of(choice) == "v2"
    assert choice.target is not None
    assert choice.target.says.endswith("with traffic, no alarm")


def test_without_any_watching_the_previous_one_is_taken_and_called_unknown() -> None:
    choice = choose(Record(traffic=busy))
    assert name_of(choice) == "v3"
    assert choice.target is not None
    assert choice.target.standing == "unknown"
    assert "not watched then" in choice.target.says


def test_watching_that_began_too_late_proves_nothing() -> None:
    choice = choose(record(watched_since=at(0.3)))
    assert choice.candidates[0].standing == "unknown"
    assert choose(record(watched_since=at(0.4))).candidates[0].standing == "healthy"


def test_a_release_rolled_back_from_is_never_a_default_again() -> None:
    periods = [
        LivePeriod("v4", at(0.2), None, "ana", "publish"),
        LivePeriod("v2", at(10), at(0.2), "tom", "rollback", "publish"),
        LivePeriod("v3", at(30), at(10), "tom", "publish", "rollback"),
        LivePeriod("v2", at(60), at(30), "tom", "publish", "publish"),
    ]
    choice = choose(record(), periods)
    assert name_of(choice) == "v2"
    assert {one.release.name: one.standing for one in choice.candidates}["v3"] == "rolled-back"
    only_v3 = choose(Record(), periods, [LIVE, release("v3")])
    assert only_v3.target is None
    assert "was rolled back from" in only_v3.why


def test_jobs_remember_a_rollback_the_platform_forgot() -> None:
    assert name_of(choose(record(rolled_back_from=frozenset({"v3"})))) == "v2"
    assert name_of(choose(record(rolled_back_from=frozenset({"v3-commit"})))) == "v2"


def test_a_target_that_failed_is_struck_out_but_still_listed() -> None:
    choice = choose(record(failed_targets=frozenset({"v3"})))
    assert name_of(choice) == "v2"
    assert choice.candidates[0].failed_before


def test_a_release_that_is_not_behind_the_live_one_is_no_default() -> None:
    assert name_of(choose(record(behind={"v3": False, "v2": True}))) == "v2"
    assert name_of(choose(record(behind={"v3": None, "v2": True}))) == "v3"


def test_nothing_to_roll_back_to() -> None:
    alone = choose(record(), releases=[LIVE])
    assert alone.target is None
    assert alone.why == "there is no other release"
    all_alarmed = choose(record(alarms=(alarm(30), alarm(100), alarm(300))))
    assert all_alarmed.target is None
    assert "no earlier release was healthy" in all_alarmed.why


def test_the_same_commit_under_another_name_is_no_other_release() -> None:
    twin = Release(id="v4b", name="v4b", commit=LIVE.commit)
    assert choose(record(), releases=[LIVE, twin]).target is None


def test_a_release_that_was_never_live_is_unknown_and_comes_last() -> None:
    choice = choose(Record(), releases=[LIVE, release("fresh"), *RELEASES[1:]])
    assert choice.candidates[-1].release.name == "fresh"
    assert choice.candidates[-1].says == "no record of it being live"


def test_a_release_that_was_never_live_is_no_default_beside_ones_that_were() -> None:
    alarmed = record(alarms=(alarm(30), alarm(100), alarm(300)))
    assert choose(alarmed, releases=[LIVE, release("fresh"), *RELEASES[1:]]).target is None


def test_without_any_record_the_one_built_before_is_the_previous_one() -> None:
    assert name_of(choose(Record(), [], RELEASES)) == "v3"


def test_a_pruned_release_stays_a_candidate_and_says_so() -> None:
    choice = choose(record(), releases=[LIVE, release("v3", kept=False)])
    assert choice.target is not None
    assert choice.target.words.endswith("build not kept")


def test_a_named_release_is_described_whatever_its_standing() -> None:
    found = candidate_for(RELEASES[1], PERIODS, record(alarms=(alarm(30),)), NOW)
    assert found.standing == "alarmed"
    assert found.since == at(74)
