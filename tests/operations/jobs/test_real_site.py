"""A real alarm shows inside a drill, as long as somebody still records it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from operations.desk import utc_now
from operations.jobs.real_site import real_trouble
from operations.settings_reader import load_settings
from operations.watch.model import Alarm
from operations.watch.store import Store, store_path

SETTINGS = """
state_dir = "{folder}/state"
[site]
name = "harbour"
[environments.production]
kind = "production"
url = "http://127.0.0.1:9"
[environments.staging]
kind = "staging"
url = "http://127.0.0.1:9"
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "vigie.toml"
    path.write_text(SETTINGS.format(folder=tmp_path), "utf-8")
    return path


def recorded(config: Path, environment: str, *, beats: bool = True, closed: bool = False) -> None:
    now = utc_now()
    store = Store(store_path(load_settings(config, {})), writable=True)
    alarm = Alarm("health", "health fails: 503", now - timedelta(minutes=5), now if closed else None, "health")
    store.add_alarms(environment, [alarm])
    if beats:
        store.beat(environment, now)
    store.close()


def test_an_open_alarm_of_the_real_production_is_said(config: Path) -> None:
    recorded(config, "production")
    assert real_trouble(config, utc_now()) == "production DOWN: health fails: 503"


def test_an_alarm_that_is_over_is_not(config: Path) -> None:
    recorded(config, "production", closed=True)
    assert real_trouble(config, utc_now()) == ""


def test_staging_and_a_recorder_that_is_gone_say_nothing(config: Path) -> None:
    recorded(config, "staging")
    recorded(config, "production", beats=False)
    assert real_trouble(config, utc_now()) == ""


def test_no_settings_and_broken_settings_say_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text("[site", "utf-8")
    assert real_trouble(None, utc_now()) == ""
    assert real_trouble(broken, utc_now()) == ""
    assert real_trouble(tmp_path / "none.toml", utc_now()) == ""
