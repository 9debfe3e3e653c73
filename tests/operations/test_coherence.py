"""One story: what belongs to another environment refuses, what merely differs or cannot be read warns."""

from __future__ import annotations

import msgspec
import pytest

from operations.coherence import Observed, check_addresses, check_story, same_version, story_guard
from operations.database_mark import read_mark
from operations.errors import VigieError
from operations.settings import BackupSettings, DrillSettings, Environment, PlatformSettings, Secret, Settings, Site
from tests.servers import PostgresServer

COMMIT = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"


def settings(**production: object) -> Settings:
    values: dict[str, object] = {
        "kind": "production",
        "url": "https://dispatch.test",
        "database": Secret("postgresql://app:x@db.test/app"),
        "platform": PlatformSettings(driver="releases", root="/srv/production"),
    }
    staging = Environment(
        kind="staging",
        url="https://staging.dispatch.test",
        database=Secret("postgresql://app:y@db.test:5432/app_staging?sslmode=require"),
        platform=PlatformSettings(driver="releases", root="/srv/staging"),
    )
    named = {"production": Environment(**{**values, **production}), "staging": staging}  # type: ignore[arg-type]
    return Settings(site=Site(name="dispatch"), environments=named)


def parts(found: Settings, observed: Observed | None = None) -> list[tuple[str, bool]]:
    return [(one.part, one.identity) for one in check_story(found, "production", observed or Observed())]


def test_a_whole_story_passes() -> None:
    observed = Observed(reported=COMMIT[:7], live_commit=COMMIT, live_name="v2", mark="production")
    found = check_story(settings(), "production", observed)
    assert found == ()
    assert story_guard(found).verdict == "pass"


@pytest.mark.parametrize(
    ("production", "part"),
    [
        ({"url": "https://staging.dispatch.test"}, "url"),
        ({"url": "https://staging.dispatch.test/"}, "url"),
        ({"url": "https://STAGING.dispatch.test:443"}, "url"),
        ({"database": Secret("postgresql://other:z@db.test/app_staging")}, "database"),
        ({"database_readonly": Secret("postgresql://ro@DB.test:5432/app_staging")}, "database_readonly"),
        ({"platform": PlatformSettings(driver="releases", root="/srv/x/../staging")}, "platform"),
        ({"backups": BackupSettings(prefix="dispatch/staging/")}, "bucket"),
    ],
)
def test_a_part_that_belongs_to_another_environment_refuses(production: dict[str, object], part: str) -> None:
    found = check_story(settings(**production), "production", Observed())
    assert [(one.part, one.identity) for one in found] == [(part, True)]
    guard = story_guard(found)
    assert (guard.verdict, guard.code) == ("refuse", 1)
    assert "staging" in guard.says


def test_a_mark_of_another_environment_refuses_and_a_missing_one_warns() -> None:
    assert parts(settings(), Observed(mark="staging")) == [("mark", True)]
    assert parts(settings(), Observed(mark="")) == [("mark", False)]
    assert parts(settings(), Observed(mark=None)) == []


def test_a_difference_of_versions_and_what_cannot_be_read_only_warn() -> None:
    observed = Observed(reported="0000000", live_commit=COMMIT, live_name="v2", unreadable=("database: refused",))
    found = check_story(settings(), "production", observed)
    assert [(one.part, one.identity) for one in found] == [("version", False), ("unreadable", False)]
    guard = story_guard(found)
    assert guard.verdict == "warn"
    assert "the site reports 0000000, the platform says v2 is live" in guard.says


def test_identity_speaks_before_differences() -> None:
    assert parts(settings(), Observed(mark="staging", reported="x", live_commit=COMMIT))[0] == ("mark", True)


def test_an_environment_that_is_not_there_refuses() -> None:
    (found,) = check_story(settings(), "nowhere", Observed())
    assert found.identity


def test_the_password_of_a_shared_database_is_not_told() -> None:
    (found,) = check_story(
        settings(database=Secret("postgresql://app:hunter2@db.test/app_staging")), "production", Observed()
    )
    assert "hunter2" not in found.says


@pytest.mark.parametrize(
    ("url", "app_url", "words"),
    [
        ("", "", ""),
        ("https://dispatch.test", "", ""),
        ("https://dispatch.test:443/x", "https://dispatch.test", ""),
        ("https://preview-7.test", "", ""),
        ("https://staging.dispatch.test", "", "--url https://staging.dispatch.test belongs to staging"),
        ("", "https://staging.dispatch.test/", "APP_URL https://staging.dispatch.test/ belongs to staging"),
        ("https://preview-7.test", "https://preview-8.test", "are not the same site"),
    ],
)
def test_addresses_that_disagree_are_named(url: str, app_url: str, words: str) -> None:
    found = check_addresses(settings(), "production", url=url, app_url=app_url)
    assert words in found
    assert bool(found) == bool(words)


def test_app_url_of_this_process_has_to_agree_except_in_a_drill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_URL", "https://staging.dispatch.test")
    assert parts(settings()) == [("APP_URL", True)]
    drill = msgspec.structs.replace(settings(), drill=DrillSettings(home="x", lease="y"))
    assert parts(drill) == []
    monkeypatch.setenv("APP_URL", "https://dispatch.test")
    assert parts(settings()) == []


@pytest.mark.parametrize(
    ("reported", "same"),
    [
        (COMMIT, True),
        (COMMIT[:7], True),
        (COMMIT[:7].upper(), True),
        (COMMIT + "-dirty", True),
        ("v2.4.1", True),
        ("2.4.1", True),
        (COMMIT[:6], False),
        ("", False),
        ("v2.4.0", False),
        ("a1b2c3e", False),
    ],
)
def test_a_version_is_known_by_commit_or_name(reported: str, same: bool) -> None:
    assert same_version(reported, COMMIT, "v2.4.1") is same


def test_the_mark_is_read_from_the_databases_comment(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    name = address.rpartition("/")[2]
    assert read_mark(Secret(address)) == ""
    postgres.run(f"comment on database \"{name}\" is 'made by hand\nvigie:environment=staging\nmore'")
    assert read_mark(Secret(address)) == "staging"
    with pytest.raises(VigieError, match="cannot be read"):
        read_mark(Secret(postgres.url(name, password="wrong")))
