"""A project on Vercel: its token's end and width, and what is said when the token may not ask about itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from operations.doctor.finding import Finding
from operations.doctor.platform import check_platform
from operations.settings import Environment, PlatformSettings, Secret, Settings
from tests.operations.doctor.clinic import by_name
from tests.operations.platforms.vercel_ground import TOKEN, Ground, a_ground

NOW = datetime(2026, 3, 4, 3, 20, tzinfo=UTC)


@pytest.fixture
def ground() -> Iterator[Ground]:
    with a_ground() as made:
        yield made


def found(ground: Ground, token: str = TOKEN) -> dict[str, Finding]:
    platform = PlatformSettings(
        driver="vercel", project="harbour", team=ground.world.account_id, token=Secret(token), api=ground.simulator.url
    )
    env = Environment(kind="production", platform=platform)
    return by_name(check_platform(Settings(environments={"production": env}), "production", NOW))


def for_its_team_alone(ground: Ground, ends: datetime | None = None) -> None:
    ground.world.token_scopes = [{"type": "team", "teamId": ground.world.account_id, "origin": "manual"}]
    ground.world.token_ends = ends.timestamp() * 1000 if ends else None


def test_a_token_for_the_team_alone_is_right_and_nothing_is_asked_of_folders(ground: Ground) -> None:
    for_its_team_alone(ground, NOW + timedelta(days=90))
    answers = found(ground)
    assert (answers["token"].verdict, answers["token"].says) == ("ok", "bastion, until 2026-06-02")
    assert answers["live"].verdict == "ok"
    assert not {"folder", "restart", "promote"} & set(answers)
    for_its_team_alone(ground)
    assert found(ground)["token"].says == "bastion, without an end"


@pytest.mark.parametrize(("days", "says"), [(3, "ends in 3d"), (-1, "has ended")])
def test_a_token_near_its_end_is_a_warning(ground: Ground, days: int, says: str) -> None:
    for_its_team_alone(ground, NOW + timedelta(days=days))
    token = found(ground)["token"]
    assert token.verdict == "warn" and says in token.says and "tokens" in token.mend


def test_a_token_for_the_whole_account_is_wider_than_it_has_to_be(ground: Ground) -> None:
    token = found(ground)["token"]
    assert token.verdict == "warn" and "not for this team alone" in token.says


def test_a_token_that_may_not_ask_about_itself_is_no_failure(ground: Ground) -> None:
    ground.world.token_scopes = None
    answers = found(ground)
    assert answers["token"].verdict == "skip" and "cannot be told" in answers["token"].says
    assert answers["live"].verdict == "ok"


def test_a_wrong_token_fails_and_is_nowhere_in_the_words(ground: Ground) -> None:
    answers = found(ground, token="vcp_quite_another_one")
    assert answers["live"].verdict == "fail"
    assert "quite_another" not in str(answers)
