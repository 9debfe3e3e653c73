"""The site, its platform and the watch's sources: real ones on loopback, each broken in one way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from operations.desk import utc_now
from operations.doctor.finding import Finding
from operations.doctor.platform import check_platform
from operations.doctor.site import check_site
from operations.doctor.watching import check_providers, check_recorder, check_targets
from operations.platforms.releases import ReleasesPlatform
from operations.settings import WatchSettings
from operations.settings_reader import load_settings
from operations.watch.store import Store, store_path
from tests.attack.site import Reply
from tests.attack.world import World, a_world
from tests.operations.doctor.clinic import by_name
from tests.servers import free_port


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with a_world(tmp_path) as made:
        yield made


def wrong(found: dict[str, Finding]) -> set[str]:
    """Names of what warns or fails."""
    return {name for name, finding in found.items() if finding.verdict in ("warn", "fail")}


def site(world: World, more: str = "", platform: str = "") -> dict[str, Finding]:
    world.configure(more=more, platform=platform)
    return by_name(check_site(world.settings(), "production"))


def test_nothing_is_wrong_with_a_site_that_is_well(world: World) -> None:
    found = by_name(check_site(world.settings(), "production"))
    assert {finding.verdict for finding in found.values()} == {"ok"}
    assert found["version"].says == world.commits["v3"]


def test_an_address_that_does_not_answer_fails_and_nothing_is_claimed_of_the_rest(world: World) -> None:
    port = free_port()
    text = world.configure().read_text().replace(f'url = "{world.site.url}"', f'url = "http://127.0.0.1:{port}"')
    world.config.write_text(text)
    found = by_name(check_site(world.settings(), "production"))
    assert found["address"].verdict == "fail"
    assert "connection refused" in found["address"].says
    assert "health" not in found and "version" not in found


def test_a_health_endpoint_that_is_not_there_fails_and_one_that_says_ill_is_a_warning(world: World) -> None:
    assert "health" in wrong(site(world, 'health = "/nothing"'))
    world.site.routes["/api/health"] = Reply('{"status": "unhealthy"}', 503)
    found = by_name(check_site(world.settings(), "production"))
    assert found["health"].verdict == "fail"
    world.configure()
    found = by_name(check_site(world.settings(), "production"))
    assert (found["health"].verdict, found["health"].mend) == (
        "warn",
        "If that is so, it is an incident: vigie status",
    )


def test_a_site_without_a_version_or_with_a_wrong_field_is_a_warning(world: World) -> None:
    world.site.routes["/api/version"] = Reply('{"build": "x"}')
    assert wrong(by_name(check_site(world.settings(), "production"))) == {"version"}


def test_a_version_that_is_not_the_platforms_is_a_warning(world: World) -> None:
    world.site.pinned_version = world.commits["v1"]
    found = by_name(check_site(world.settings(), "production"))["one story"]
    assert (found.verdict, "the platform says v3 is live" in found.says) == ("warn", True)


def test_one_story_is_told_only_of_parts_that_were_held_against_each_other(world: World) -> None:
    assert by_name(check_site(world.settings(), "production"))["one story"].says == (
        "the site runs what its platform says"
    )
    alone = world.folder / "alone.toml"
    alone.write_text('[site]\nname = "new"\n[environments.production]\nkind = "production"\n')
    fresh = by_name(check_site(load_settings(alone, {}), "production"))["one story"]
    assert (fresh.verdict, fresh.says) == ("skip", "there is nothing to compare yet")
    alone.write_text(alone.read_text() + '[environments.staging]\nkind = "staging"\ndatabase = "postgresql://h/s"\n')
    beside = by_name(check_site(load_settings(alone, {}), "staging"))["one story"]
    assert (beside.verdict, beside.says) == ("ok", "database: no other environment's")


def test_a_part_that_belongs_to_another_environment_fails(world: World) -> None:
    world.configure(rest=f'[environments.staging]\nkind = "staging"\nurl = "{world.site.url}"\n')
    found = by_name(check_site(world.settings(), "staging"))["one story"]
    assert (found.verdict, found.says) == ("fail", f"the address 127.0.0.1:{world.site.port} belongs to production")


def test_a_file_of_certificates_that_is_not_there_is_named(world: World) -> None:
    world.configure(more='authority = "nowhere.pem"')
    found = by_name(check_site(world.settings(), "production"))["address"]
    assert (found.verdict, found.mend) == ("fail", "Correct environments.production.authority")


def test_a_platform_in_order_has_a_live_release_and_a_way_back(world: World) -> None:
    world.configure(platform='restart = ["true"]')
    found = by_name(check_platform(world.settings(), "production", utc_now()))
    assert not wrong(found)
    assert found["a way back"].says == "2 kept builds, the newest v2"


def test_a_platforms_folder_that_is_not_there_fails(world: World) -> None:
    world.config.write_text(world.config.read_text().replace(str(world.platform.root), f"{world.folder}/nowhere"))
    found = by_name(check_platform(world.settings(), "production", utc_now()))
    assert found["folder"].verdict == "fail"
    assert "environments.production.platform.root" in found["folder"].mend


def test_a_platform_with_one_build_has_no_way_back(world: World, tmp_path: Path) -> None:
    only = ReleasesPlatform(tmp_path / "only")
    (tmp_path / "build").mkdir()
    only.publish(tmp_path / "build", name="v1", commit="a" * 40, who="ana")
    world.config.write_text(world.config.read_text().replace(str(world.platform.root), str(only.root)))
    assert by_name(check_platform(world.settings(), "production", utc_now()))["a way back"].verdict == "warn"


def watching(world: World, *targets: str) -> dict[str, Finding]:
    changed = msgspec.structs.replace(world.settings(), watch=WatchSettings(control_targets=targets))
    return by_name(check_targets(changed))


def test_two_control_targets_that_answer_are_enough_and_anything_less_is_said(world: World) -> None:
    here, nowhere = world.site.url, f"http://127.0.0.1:{free_port()}"
    verdicts = {
        targets: watching(world, *targets)["control targets"].verdict
        for targets in ((here, here), (here,), (here, nowhere), (nowhere, nowhere), ())
    }
    assert list(verdicts.values()) == ["ok", "warn", "warn", "fail", "fail"]


def test_a_providers_page_that_does_not_answer_is_a_warning(world: World) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    places = {"Here": world.site.url, "Gone": nowhere}
    world.configure(rest="".join(f'[[providers]]\nname = "{name}"\nstatus = "{url}"\n' for name, url in places.items()))
    found = by_name(check_providers(world.settings()))
    assert (found["provider Here"].verdict, found["provider Gone"].verdict) == ("ok", "warn")


def test_a_recorder_counts_while_its_heart_beats(world: World) -> None:
    settings, now = world.settings(), utc_now()
    assert by_name(check_recorder(settings, "production", now))["recorder"].verdict == "warn"
    store = Store(store_path(settings), writable=True)
    store.beat("production", now)
    store.close()
    assert by_name(check_recorder(settings, "production", now))["recorder"].verdict == "ok"
    late = now + timedelta(minutes=5)
    assert by_name(check_recorder(settings, "production", late))["recorder"].verdict == "warn"


def test_a_log_or_a_metrics_page_that_is_not_there_is_a_warning(world: World) -> None:
    world.configure(more=f'request_log = "{world.folder}/nowhere.jsonl"\nmetrics = "/metrics"')
    assert wrong(dict(by_name(check_recorder(world.settings(), "production", utc_now())))) == {
        "recorder",
        "request log",
        "metrics",
    }
