"""A rollback on Vercel: asked for once, and done only when Vercel's record of that very request says so."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from operations.errors import VigieError
from operations.platforms.base import Undecided
from operations.practice.vercel.faults import Fault
from tests.operations.platforms.vercel_ground import Ground


def roll_back(ground: Ground, to: int = 1) -> str:
    return ground.platform.promote(ground.builds[to].uid, who="ana", how="rollback")


def test_a_rollback_is_pending_until_its_job_has_succeeded(ground: Ground) -> None:
    id = roll_back(ground)
    assert ground.platform.progress(id).state == "pending"
    assert ground.until_ended(id).state == "succeeded"
    assert ground.world.production == ground.builds[1].uid
    assert ground.world.auto_assign is False
    assert ground.simulator.posts() == [f"/v9/projects/{ground.world.project_id}/rollback/{ground.builds[1].uid}"]


def test_a_promote_uses_the_promote_call(ground: Ground) -> None:
    ground.until_ended(roll_back(ground))
    assert ground.until_ended(ground.platform.promote(ground.builds[2].uid, who="ana")).state == "succeeded"
    assert ground.simulator.posts()[-1].startswith("/v10/")
    assert ground.world.auto_assign is True


def test_a_promote_behind_a_rolling_release_is_queued_and_pending(ground: Ground) -> None:
    ground.world.rolling = True
    ground.world.auto_assign = False
    staged = ground.world.build("d" * 40)
    id = ground.platform.promote(staged.uid, who="ana")
    progress = ground.platform.progress(id)
    assert (progress.state, "rolling release" in progress.says) == ("pending", True)
    ground.world.complete_rolling()
    assert ground.until_ended(id).state == "succeeded"


def test_the_request_before_does_not_count_however_alike(ground: Ground) -> None:
    ground.until_ended(roll_back(ground))
    ground.until_ended(ground.platform.promote(ground.builds[2].uid, who="ana"))
    ground.until_ended(roll_back(ground))
    ground.until_ended(ground.platform.promote(ground.builds[2].uid, who="ana"))
    ground.world.job_before = ground.world.job
    id = roll_back(ground)
    ground.world.lies.stale_reads = 3
    for _ in range(3):
        assert ground.platform.progress(id).state == "pending"
    assert ground.until_ended(id).state == "succeeded"


def test_an_older_record_of_the_very_same_rollback_is_not_taken_for_it(ground: Ground) -> None:
    ground.until_ended(roll_back(ground))
    same = ground.world.job
    ground.until_ended(ground.platform.promote(ground.builds[2].uid, who="ana"))
    id = roll_back(ground)
    ground.world.job_before, ground.world.lies.stale_reads = same, 2
    assert ground.platform.progress(id).state == "pending"
    assert ground.platform.progress(id).state == "pending"
    assert ground.until_ended(id).state == "succeeded"


@pytest.mark.parametrize("skew", [-4000.0, 4000.0])
def test_a_clock_far_from_ours_changes_nothing(ground: Ground, skew: float) -> None:
    ground.world.lies.skew = skew
    assert ground.until_ended(roll_back(ground)).state == "succeeded"


def test_a_stuck_job_stays_pending(ground: Ground) -> None:
    ground.world.lies.stuck = True
    id = roll_back(ground)
    assert {ground.platform.progress(id).state for _ in range(6)} == {"pending"}


def test_a_failed_job_names_the_aliases_that_stayed_behind(ground: Ground) -> None:
    ground.world.lies.failing_aliases = ("www.harbour.example",)
    progress = ground.until_ended(roll_back(ground))
    assert (progress.state, progress.partly) == ("failed", True)
    assert "stayed behind: www.harbour.example" in progress.says
    assert ground.world.aliases["harbour.example"] == ground.builds[1].uid


def test_a_failed_job_whose_aliases_cannot_be_read_is_failed_all_the_same(ground: Ground) -> None:
    ground.world.lies.failing_aliases = ("www.harbour.example",)
    ground.world.faults = [Fault("html", "aliases", times=99)]
    progress = ground.until_ended(roll_back(ground))
    assert progress.state == "failed"
    assert "cannot be read" in progress.says


def test_a_repair_of_a_half_failed_rollback_is_a_rollback_again(ground: Ground) -> None:
    ground.world.lies.failing_aliases = ("www.harbour.example",)
    ground.until_ended(roll_back(ground))
    ground.world.lies.failing_aliases = ()
    ground.world.production = ground.builds[1].uid
    id = ground.another().promote(ground.builds[1].uid, who="ana")
    assert ground.until_ended(id).state == "succeeded"
    assert ground.world.auto_assign is False
    assert set(ground.world.aliases.values()) == {ground.builds[1].uid}


def test_a_skipped_job_is_a_failure(ground: Ground) -> None:
    ground.world.lies.stuck = True
    id = roll_back(ground)
    assert ground.world.job is not None
    ground.world.job.status = "skipped"
    assert ground.platform.progress(id).state == "failed"


def test_a_status_nobody_knows_is_pending_and_named(ground: Ground) -> None:
    id = roll_back(ground)
    ground.world.lies.strange_words = True
    progress = ground.platform.progress(id)
    assert (progress.state, "meditating" in progress.says) == ("pending", True)


def test_somebody_elses_request_in_between_is_a_failure_that_names_it(ground: Ground) -> None:
    id = roll_back(ground)
    ground.until_ended(id)
    ground.until_ended(ground.another().promote(ground.builds[0].uid, who="tom"))
    progress = ground.platform.progress(id)
    assert progress.state == "failed"
    assert f"promote to {ground.builds[0].uid}" in progress.says


def test_a_promote_to_the_same_release_is_not_our_rollback(ground: Ground) -> None:
    ground.until_ended(ground.platform.promote(ground.builds[1].uid, who="tom"))
    assert ground.platform.progress(f"promote {ground.builds[1].uid} after 0").state == "succeeded"
    assert ground.platform.progress(f"rollback {ground.builds[1].uid} after 0").state == "failed"


def test_no_answer_while_it_runs_is_pending_not_an_end(ground: Ground) -> None:
    id = roll_back(ground)
    ground.world.faults = [Fault("500", "project", times=99)]
    progress = ground.platform.progress(id)
    assert (progress.state, "500 internal_server_error" in progress.says) == ("pending", True)


def test_asked_again_by_another_process_it_takes_up_the_one_under_way(ground: Ground) -> None:
    roll_back(ground)
    id = ground.another().promote(ground.builds[1].uid, who="ana", how="rollback")
    assert len(ground.simulator.posts()) == 1
    assert ground.until_ended(id).state == "succeeded"


def test_what_is_live_already_is_not_asked_for_again_nor_unpinned(ground: Ground) -> None:
    ground.until_ended(roll_back(ground))
    id = ground.another().promote(ground.builds[1].uid, who="ana", how="promote")
    assert ground.platform.progress(id).state == "succeeded"
    assert len(ground.simulator.posts()) == 1
    assert ground.world.auto_assign is False


def test_while_somebody_elses_is_under_way_nothing_is_asked(ground: Ground) -> None:
    ground.world.lies.stuck = True
    roll_back(ground, 0)
    with pytest.raises(VigieError, match="at it already: rollback to dpl_") as refused:
        ground.another().promote(ground.builds[1].uid, who="ana", how="rollback")
    assert not isinstance(refused.value, Undecided)
    assert len(ground.simulator.posts()) == 1


@pytest.mark.parametrize("harm", ["500-after", "reset-after"])
def test_a_post_that_took_in_spite_of_its_answer_is_not_repeated(ground: Ground, harm: str) -> None:
    ground.world.faults = [Fault(harm, "rollback")]  # type: ignore[arg-type]
    assert ground.until_ended(roll_back(ground)).state == "succeeded"
    assert len(ground.simulator.posts()) == 1


@pytest.mark.parametrize("harm", ["500", "reset", "429"])
def test_a_post_that_did_not_take_is_repeated_after_a_look(ground: Ground, harm: str) -> None:
    ground.world.faults = [Fault(harm, "rollback")]  # type: ignore[arg-type]
    assert ground.until_ended(roll_back(ground)).state == "succeeded"
    calls = [method for method, path in ground.simulator.seen if "/rollback/" in path or "rollbackInfo" in path]
    assert calls[:4] == ["GET", "POST", "GET", "POST"]


def test_a_post_without_answer_and_without_a_look_is_undecided(ground: Ground) -> None:
    ground.world.faults = [Fault("500-after", "rollback")]
    platform = ground.another()

    def blind(method: str, path: str) -> None:
        ground.world.faults += [Fault("500", "project", times=99)] if method == "POST" else []

    ground.simulator.on_request = blind
    with pytest.raises(Undecided, match="cannot be seen either"):
        platform.promote(ground.builds[1].uid, who="ana", how="rollback")


def test_a_post_that_never_gets_through_is_given_up_as_undecided(ground: Ground) -> None:
    ground.world.faults = [Fault("500", "rollback", times=99)]
    with pytest.raises(Undecided, match="it may still"):
        roll_back(ground)
    assert len(ground.simulator.posts()) == 3
    assert ground.world.production == ground.builds[2].uid


def test_being_told_to_wait_longer_than_we_may_is_said_and_nothing_was_done(ground: Ground) -> None:
    ground.world.faults = [Fault("429", "rollback", times=99, retry_after="3600")]
    with pytest.raises(VigieError, match="429 rate_limited: Rate limit exceeded") as refused:
        roll_back(ground)
    assert not isinstance(refused.value, Undecided)
    assert len(ground.simulator.posts()) == 1


def test_a_conflict_after_an_unclear_answer_is_looked_at(ground: Ground) -> None:
    ground.world.faults = [Fault("500", "rollback")]
    ground.world.lies.stuck = True

    def somebody(method: str, path: str) -> None:
        if method == "POST" and len(ground.simulator.posts()) == 2:
            ground.world.switch("rollback", ground.builds[1].uid)

    ground.simulator.on_request = somebody
    assert roll_back(ground)
    assert ground.world.job is not None
    assert ground.world.job.to == ground.builds[1].uid


def test_a_pruned_target_is_a_missing_prerequisite(ground: Ground) -> None:
    ground.world.builds.remove(ground.builds[1])
    with pytest.raises(VigieError, match="404 not_found") as refused:
        roll_back(ground)
    assert refused.value.code == 2


def test_a_hobby_plan_says_how_far_it_can_go(ground: Ground) -> None:
    ground.world.hobby = True
    with pytest.raises(VigieError, match="402 payment_required") as refused:
        roll_back(ground, 0)
    assert "just before this one" in refused.value.means
    assert "--rebuild" in refused.value.next_step


def test_what_is_no_deployment_id_is_never_sent(ground: Ground) -> None:
    with pytest.raises(VigieError, match="no deployment's id"):
        ground.platform.promote("../../teams", who="ana")
    assert ground.simulator.seen == []


def test_what_is_no_request_of_ours_has_no_progress(ground: Ground) -> None:
    for id in ("", "rollback", "rollback dpl_1 after yesterday", "delete dpl_1 after 5"):
        with pytest.raises(VigieError, match="no request to Vercel"):
            ground.platform.progress(id)


@pytest.mark.parametrize(("team", "query"), [("", "teamId=team_"), ("acme", "slug=acme")])
def test_every_request_names_the_team(ground: Ground, team: str, query: str) -> None:
    ground.world.wants_team = True
    ground.platform = ground.another(team=team or ground.world.account_id)
    assert ground.until_ended(roll_back(ground)).state == "succeeded"
    assert all(query in urlsplit(path).query for _, path in ground.simulator.seen)
