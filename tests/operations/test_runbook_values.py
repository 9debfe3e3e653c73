"""What blanks and variables stand for: the environment's own first, and never another environment's."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.runbook_values import Values, known
from operations.settings import MASK
from runbooks.blanks import blanks_in
from tests.operations.station import Station

PRODUCTION = "postgresql://ops:prodpass99@db.example:6000/app"
NAMES = """APP_URL=https://dispatch.example
DB_URL=postgresql://ops:prodpass99@db.example:6000/app
SMTP_HOST=mail.example
GITHUB_TOKEN=filetoken99
"""


@pytest.fixture
def station(tmp_path: Path) -> Station:
    more = '[environments.production.backups]\nbucket = "copies"\naccess_key = "AK99"\nsecret_key = "keykey99"'
    return Station(tmp_path, {"production": PRODUCTION}, more, names=NAMES)


def found(station: Station, environment: str, name: str, **environ: str) -> str | None:
    value = Values(station.settings(), environment, environ).find(name)
    return None if value is None else value.value.reveal()


def test_the_environments_own_names_are_its_own(station: Station) -> None:
    assert found(station, "production", "APP_URL") == "https://dispatch.example"
    assert found(station, "staging", "APP_URL") == "https://staging.dispatch.example:8443"
    assert found(station, "production", "DATABASE_URL") == PRODUCTION
    assert found(station, "production", "PGHOST") == "db.example"
    assert found(station, "production", "PGPASSWORD") == "prodpass99"
    assert found(station, "production", "S3_BUCKET") == "copies"
    assert found(station, "production", "HEALTH_URL") == "https://dispatch.example/api/health"


@pytest.mark.parametrize("name", ["DB_URL", "DATABASE_URL", "PGHOST", "PGPASSWORD", "S3_BUCKET", "SUPABASE_URL"])
def test_what_an_environment_lacks_is_never_taken_from_another(name: str, station: Station) -> None:
    assert found(station, "staging", name, **{name: "from the shell"}) is None


def test_other_names_come_from_the_file_before_the_process(station: Station) -> None:
    assert found(station, "staging", "SMTP_HOST", SMTP_HOST="other") == "mail.example"
    assert found(station, "staging", "REGION", REGION="eu") == "eu"
    assert found(station, "staging", "NOBODY_KNOWS") is None


def test_the_keys_of_a_bucket_are_not_mixed_with_the_shells(station: Station) -> None:
    shell = {"AWS_ACCESS_KEY_ID": "mine", "AWS_SECRET_ACCESS_KEY": "mine", "AWS_SESSION_TOKEN": "mine"}
    ours = [found(station, "production", name, **shell) for name in shell]
    assert ours == ["AK99", "keykey99", None]
    assert found(station, "staging", "AWS_SESSION_TOKEN", **shell) == "mine"


def test_a_drill_takes_nothing_from_the_process(station: Station) -> None:
    station.tail = f'[drill]\nhome = "{station.folder}"\nlease = "lease"'
    assert found(station, "staging", "REGION", REGION="eu") is None
    assert found(station, "staging", "SMTP_HOST") == "mail.example"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("curl https://your-domain.com/", "staging.dispatch.example:8443"),
        ("ping [host]", "staging.dispatch.example:8443"),
        ("deploy {{ environment }}", "staging"),
        ("echo $APP_URL", "https://staging.dispatch.example:8443"),
        ("echo $GITHUB_TOKEN", MASK),
        ("curl [deployment-url]", None),
        ("psql <prod-db>", None),
        ("echo [backup-id]", None),
        ("echo [db-host]", None),
        ("echo <api-key>", None),
        ("echo $NOBODY_KNOWS", None),
    ],
)
def test_a_blank_is_filled_with_what_is_certain_and_a_secret_is_masked(
    text: str, filled: str | None, station: Station
) -> None:
    [blank] = blanks_in(text, "command")
    assert known(blank, station.settings(), "staging", {}) == filled


def test_a_value_never_shows_itself(station: Station) -> None:
    value = Values(station.settings(), "staging", {}).find("GITHUB_TOKEN")
    assert value is not None
    assert "filetoken99" not in f"{value!r} {value} {value.shown}"
    assert "filetoken99" in value.secrets()
