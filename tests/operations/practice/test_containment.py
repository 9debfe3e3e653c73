from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from operations.errors import VigieError
from operations.practice import containment
from operations.practice.configuration import PROVIDERS, to_toml, write_configuration
from operations.practice.identity import Identity, read_or_make
from operations.practice.layout import ENVIRONMENTS, Layout, make_folders
from operations.practice.session import make_session
from operations.practice.world import WEB
from operations.settings import Contact, MessageSettings, MessageTarget, NotifySettings, Secret, Settings
from operations.settings_reader import load_settings

LINKS = [f"{kind}-{name}" for kind in ("front", "database") for name in ENVIRONMENTS] + [*PROVIDERS, *WEB, "s3"]
PORTS = {name: 40_000 + number for number, name in enumerate(LINKS)}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "site")
    make_folders(made)
    return made


@pytest.fixture
def identity(layout: Layout) -> Identity:
    return read_or_make(layout)


@pytest.fixture
def settings(layout: Layout, identity: Identity) -> Settings:
    write_configuration(layout, PORTS, identity, make_session(datetime.now(UTC), 1, "bad-release"))
    return load_settings(layout.config, {})


def test_the_file_the_site_writes_reads_without_a_complaint_and_stays_inside(settings: Settings) -> None:
    assert containment.refusals(settings, PORTS.values()) == ()
    assert settings.drill is not None
    assert settings.drill.scenario == "Heron", "the file gives nothing away"
    assert settings.phrase("production") == "drill production"


def test_the_settings_file_is_private_and_its_secrets_are_not_shown(settings: Settings, identity: Identity) -> None:
    assert Path(settings.path).stat().st_mode & 0o777 == 0o600
    assert identity.secret_key not in repr(settings)
    assert identity.secret_key not in repr(identity)


def test_two_sites_never_share_a_secret(tmp_path: Path, identity: Identity) -> None:
    other = Layout(tmp_path / "other")
    make_folders(other)
    assert read_or_make(other).secret_key != identity.secret_key
    assert read_or_make(other) == read_or_make(other)


def test_a_port_that_is_not_the_sites_own_is_refused(settings: Settings) -> None:
    without_storage = [port for name, port in PORTS.items() if name != "s3"]
    found = containment.refusals(settings, without_storage)
    assert any(line.startswith("environments.production.backups.endpoint: is not a port") for line in found)


def test_a_target_that_is_no_loopback_address_is_refused_without_showing_it(settings: Settings) -> None:
    port = PORTS["people"]
    outward = Contact(name="Out", call=Secret(f"http://192.0.2.7:{port}/hook/token-abc"))
    changed = msgspec.structs.replace(settings, contacts=(outward,))
    with pytest.raises(VigieError, match=r"contacts\.Out") as caught:
        containment.demand_containment(changed, PORTS.values())
    assert "token-abc" not in str(caught.value)


def test_messages_of_a_drill_may_go_nowhere_else(settings: Settings) -> None:
    out = MessageTarget(name="Out", kind="slack", address=Secret("https://hooks.example.com/t0ken-abc"))
    away = MessageTarget(name="Away", kind="file", path="/var/lib/notices.txt")
    real = MessageTarget(name="Real", kind="statuspage", page="p", key=Secret("k"))
    changed = msgspec.structs.replace(settings, messages=MessageSettings(targets=(out, away, real)))
    found = containment.refusals(changed, PORTS.values())
    assert {line.partition(":")[0] for line in found} == {
        f"messages.targets.{name}" for name in ("Out", "Away", "Real")
    }
    assert "t0ken" not in " ".join(found)
    hooked = msgspec.structs.replace(settings, notify=NotifySettings(webhook=Secret("https://chat.example.com/x")))
    assert containment.refusals(hooked, PORTS.values())


def test_before_a_message_of_a_drill_leaves_the_running_sites_ports_are_asked(
    settings: Settings, layout: Layout
) -> None:
    targets = settings.messages.targets
    assert {target.name for target in targets} == {"dispatchers", "status page"}
    assert containment.message_refusals(settings, targets)
    layout.state.write_text(json.dumps({"ports": PORTS}))
    assert containment.message_refusals(settings, targets) == ()
    layout.state.write_text(json.dumps({"ports": {"people": 1}}))
    assert len(containment.message_refusals(settings, targets)) == 2


def test_a_pager_service_is_refused_by_its_usual_address_too(settings: Settings) -> None:
    pager = Contact(name="Out", pager="pagerduty", key=Secret("r0uting-key-abc"))
    changed = msgspec.structs.replace(settings, contacts=(pager,))
    with pytest.raises(VigieError, match=r"contacts\.Out") as caught:
        containment.demand_containment(changed, PORTS.values())
    assert "abc" not in str(caught.value)


def test_a_journal_outside_the_folder_is_refused(settings: Settings) -> None:
    changed = msgspec.structs.replace(settings, state_dir="/var/lib/elsewhere")
    assert any(line.startswith("state_dir: lies outside") for line in containment.refusals(changed, PORTS.values()))


def test_a_bucket_without_an_endpoint_would_be_the_real_one_and_is_refused(settings: Settings) -> None:
    production = settings.environments["production"]
    backups = msgspec.structs.replace(production.backups, endpoint="")
    changed = msgspec.structs.replace(
        settings, environments={"production": msgspec.structs.replace(production, backups=backups)}
    )
    assert containment.refusals(changed, PORTS.values())


def test_children_see_none_of_the_callers_keys_and_another_home(layout: Layout) -> None:
    given = {
        "PATH": "/bin",
        "HOME": "/home/ana",
        "AWS_SECRET_ACCESS_KEY": "x",
        "PGPASSWORD": "x",
        "VERCEL_TOKEN": "x",
        "CLOUDFLARE_API_TOKEN": "x",
        "HTTPS_PROXY": "x",
        "https_proxy": "x",
        "SLACK_WEBHOOK_URL": "x",
    }
    seen = containment.child_environment(layout, given)
    assert "x" not in seen.values()
    assert seen["HOME"] == str(layout.child_home)
    assert containment.strangers_in(seen) == ()
    assert len(containment.strangers_in(given)) == 7


def test_toml_keeps_what_it_is_given(tmp_path: Path) -> None:
    import tomllib

    tree = {"a": 'quo"te\\ and é', "b": [1, 2], "t": {"c": True, "u": {"d": 1.5}}, "l": [{"e": "f"}, {"e": "g"}]}
    assert tomllib.loads(to_toml(tree)) == tree
