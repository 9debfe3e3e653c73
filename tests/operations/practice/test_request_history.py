from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from operations.practice import scenarios
from operations.practice.alerts import error_alert
from operations.practice.request_history import recent_lines, write_request_log
from operations.practice.session import make_session
from operations.practice.traffic import MIX, served

NOW = datetime(2026, 3, 4, 3, 12, tzinfo=UTC)


def test_the_shares_of_the_mix_are_whole() -> None:
    assert sum(ask.share for ask in MIX) == 100


def test_two_hours_before_a_bad_release_are_clean_and_then_about_38_percent_fail() -> None:
    session = make_session(NOW, 5, "bad-release")
    assert session.onset is not None
    requests = list(served(Random(5), NOW - timedelta(hours=2), NOW, 10.0, session.failure(5432), session.onset))
    before = [r for r in requests if r.at < session.onset]
    since = [r for r in requests if r.at >= session.onset]
    assert len(before) > 60_000
    assert all(r.status == 200 for r in before)
    share = 100 * sum(r.status >= 500 for r in since) / len(since)
    assert 35 < share < 42
    assert {r.error for r in since if r.status == 500} == {"TypeError: zone is undefined"}


def test_the_first_errors_of_a_stopped_database_are_older_than_the_innocent_release() -> None:
    for seed in range(30):
        session = make_session(NOW, seed, "database-down")
        assert session.scenario is not None and session.onset is not None
        release = session.scenario.commits[-1]
        live = NOW - release.age + release.live_after
        assert live - session.onset > timedelta(minutes=1.5)
        failure = session.failure(40123)
        assert failure is not None and "port 40123" in failure.words


def test_a_bad_release_breaks_about_a_minute_after_it_went_live() -> None:
    for seed in range(30):
        session = make_session(NOW, seed, "bad-release")
        assert session.scenario is not None and session.onset is not None
        release = session.scenario.commits[-1]
        lag = session.onset - (NOW - release.age + release.live_after)
        assert timedelta(seconds=50) < lag < timedelta(seconds=70)


@pytest.mark.parametrize("name", scenarios.NAMES)
def test_the_same_seed_deals_the_same_and_the_code_name_hides_the_fault(name: str) -> None:
    assert scenarios.deal(name, 3) == scenarios.deal(name, 3)
    assert scenarios.deal(name, 3) != scenarios.deal(name, 4)
    scenario = scenarios.deal(name, 3)
    assert scenarios.by_code_name(scenario.code_name) == name
    assert not any(word in scenario.code_name.lower() for word in name.split("-"))


def test_a_written_log_reads_back_line_by_line_and_a_torn_one_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    write_request_log(path, NOW, Random(1), 0.5)
    lines = path.read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(recent_lines(path, 10_000_000))
    with path.open("a") as file:
        file.write('{"at": "2026')
    assert len(list(recent_lines(path, 2_000))) < len(lines)


def _requests(bad_minutes: int, share: float) -> list[dict[str, object]]:
    chance = Random(1)
    return [
        {
            "at": (NOW - timedelta(seconds=second)).isoformat(),
            "status": 500 if second < bad_minutes * 60 and chance.random() < share else 200,
        }
        for second in range(3600)
    ]


def test_the_alert_fires_after_five_bad_minutes_and_starts_when_it_first_could() -> None:
    assert error_alert(_requests(4, 0.4), "production", NOW) is None
    fired = error_alert(_requests(11, 0.4), "production", NOW)
    assert fired is not None
    assert fired["startsAt"] == "2026-03-04T03:06:00.000Z"
    assert fired["status"]["state"] == "active"


def test_no_traffic_raises_no_alert() -> None:
    assert error_alert([], "production", NOW) is None
    assert error_alert(_requests(0, 0.0), "production", NOW) is None
