"""Settings: every error at once with file, key and example; secrets that nothing shows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from operations.errors import SettingsError
from operations.secret_parts import secrets_of_address
from operations.settings import Secret
from operations.settings_reader import find_settings, load_settings, store_answer

GOOD = """
[site]
name = "harbour"
[environments.production]
kind = "production"
url = "https://harbour.example"
database = "${DB_URL}"
"""


def written(folder: Path, text: str, env: str = "") -> Path:
    path = folder / "vigie.toml"
    path.write_text(text, "utf-8")
    if env:
        (folder / ".env.operations").write_text(env, "utf-8")
    return path


def problems_of(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(folder, text), {})
    return caught.value.problems


def test_names_in_settings_come_from_the_environment_before_the_env_file(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, 'DB_URL="postgresql://u:filepw@db.example/app"\n')
    from_file = load_settings(path, {})
    from_process = load_settings(path, {"DB_URL": "postgresql://u:procpw@other.example/app"})
    assert from_file.environments["production"].database_address == "db.example/app"
    assert from_process.environments["production"].database_address == "other.example/app"


def test_all_errors_come_at_once_each_with_file_key_and_example(tmp_path: Path) -> None:
    text = """
nonsense = 1
[site]
nam = "x"
[environments.production]
kind = "prod"
url = 5
database = "${NOPE}"
[environments.production.platform]
driver = "releases"
[[environments.production.checks]]
path = "/x"
[watch.thresholds]
p95_down = "slow"
"""
    problems = problems_of(tmp_path, text)
    for key in (
        "nonsense", "site.nam", "site.name", "environments.production.kind", "environments.production.url",
        "environments.production.database", "environments.production.platform.root",
        "environments.production.checks[0].name", "watch.thresholds.p95_down",
    ):  # fmt: skip
        assert any(f": {key}:" in problem for problem in problems), key
    assert all(str(tmp_path / "vigie.toml") in problem for problem in problems)
    assert any("did you mean name?" in problem for problem in problems)
    assert any("NOPE=value in .env.operations" in problem for problem in problems)


def test_a_wrong_secret_is_never_shown_in_its_error(tmp_path: Path) -> None:
    text = GOOD.replace("${DB_URL}", "mysql://root:hunter2secret@db/app")
    assert not any("hunter2secret" in problem for problem in problems_of(tmp_path, text))


def test_a_file_that_is_no_toml_says_where(tmp_path: Path) -> None:
    assert "not valid TOML" in problems_of(tmp_path, "[site\n")[0]


def test_a_missing_file_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        load_settings(tmp_path / "vigie.toml", {})


def test_secrets_hide_in_every_repr(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD, "DB_URL=postgresql://u:pa55word@db.example/app\nAWS_SECRET_ACCESS_KEY=abcdef123\n")
    settings = load_settings(path, {})
    assert "pa55word" not in repr(settings)
    assert "abcdef123" not in repr(settings)
    assert {"pa55word", "abcdef123"} <= set(settings.secrets())
    assert str(Secret("x")) != "x"


def test_passwords_in_addresses_are_secrets_too() -> None:
    assert set(secrets_of_address("https://user:s%40crt@h/x?api_key=k123&page=2")) == {"s%40crt", "s@crt", "k123"}


def test_the_env_file_alone_is_enough_once_it_is_said_what_it_stands_for(tmp_path: Path) -> None:
    env = tmp_path / ".env.operations"
    env.write_text(
        "DB_URL=postgresql://u:p@db.example/app\nTARGET_DB_URL=postgresql://u:p@staging.example/app\n"
        "APP_URL=https://app.example\nS3_BUCKET=harbour-backups\n",
        "utf-8",
    )
    before = load_settings(env, {})
    assert before.unanswered
    assert list(before.environments) == ["staging"]
    store_answer(env, "production")
    after = load_settings(env, {})
    assert not after.unanswered
    assert after.environments["production"].url == "https://app.example"
    assert after.environments["staging"].database_address == "staging.example/app"
    assert after.site.name == "harbour"


def test_the_env_file_is_read_without_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, GOOD, 'DB_URL="postgresql://u:$(touch ran)@db.example/app"\n')
    assert "$(touch ran)" in load_settings(path, {}).environments["production"].database.reveal()
    assert not (tmp_path / "ran").exists()


def test_settings_are_found_beside_the_project_and_in_folders_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIGIE_CONFIG", raising=False)
    path = written(tmp_path, GOOD)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_settings(None, below) == path
    assert find_settings(str(tmp_path / "other.toml"), below) == tmp_path / "other.toml"


def test_a_drill_has_a_phrase_of_its_own(tmp_path: Path) -> None:
    text = GOOD.replace("${DB_URL}", "postgresql://u:p@h/d")
    real = load_settings(written(tmp_path, text), {})
    drill = load_settings(written(tmp_path, text + '[drill]\nhome = "/tmp/x"\nlease = "/tmp/x/lease"\n'), {})
    assert real.phrase("production") == "harbour production"
    assert drill.phrase("production") == "drill production"


def test_a_choice_says_its_words_and_every_wrong_value_has_an_example(tmp_path: Path) -> None:
    path = tmp_path / "vigie.toml"
    path.write_text(
        """
[site]
name = "x"
[watch]
controls = ["https://one"]
[environments.production]
kind = "prod"
endpoints = "/api/calls"
headers = "no"
platform = { driver = "kubernetes", keep = "five" }
"""
    )
    with pytest.raises(SettingsError) as found:
        load_settings(path, {})
    said = "\n".join(found.value.problems)
    assert "watch.controls: unknown key; there is control_targets, thresholds" in said
    assert "kind: expected one of production, staging, recovery, other, found text." in said
    assert 'endpoints: expected a list, found text. Example: endpoints = ["…"]' in said
    assert "driver: expected one of releases, vercel, command, found text." in said
    assert "keep: expected a number, found text. Example: keep = 5" in said
    assert all("Example: " in problem or "unknown key" in problem for problem in found.value.problems)


def test_a_file_that_is_none_is_called_so_and_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is no ordinary file"):
        load_settings(tmp_path, {})
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    with pytest.raises(SettingsError, match="is no ordinary file"):
        load_settings(pipe, {})
    deep = tmp_path / "deep.toml"
    deep.write_text("x = " + "[" * 100_000)
    with pytest.raises(SettingsError, match=r"deep\.toml: not valid TOML"):
        load_settings(deep, {})
    marked = tmp_path / "marked.toml"
    marked.write_bytes(b"\xef\xbb\xbf[site]\r\nname = 'x'\r\n[environments.production]\r\nkind = 'production'\r\n")
    assert load_settings(marked, {}).site.name == "x"


VERCEL = (
    GOOD.replace('database = "${DB_URL}"', "")
    + """
[environments.production.platform]
driver = "vercel"
"""
)


def test_vercel_wants_its_project_and_its_token(tmp_path: Path) -> None:
    project, token = problems_of(tmp_path, VERCEL)
    assert "environments.production.platform.project: is missing" in project
    assert 'token: is missing. Example: token = "${VERCEL_TOKEN}" (set in .env.operations)' in token


def test_vercels_token_goes_over_an_encrypted_connection_only(tmp_path: Path) -> None:
    whole = VERCEL + 'project = "harbour"\ntoken = "seedSecret77"\n'
    assert load_settings(written(tmp_path, whole), {}).environments["production"].platform.api.startswith("https://")
    (problem,) = problems_of(tmp_path, whole + 'api = "http://api.vercel.example"\n')
    assert "platform.api: not an https address" in problem
    loopback = load_settings(written(tmp_path, whole + 'api = "http://127.0.0.1:8123"\n'), {})
    assert loopback.environments["production"].platform.api == "http://127.0.0.1:8123"
    assert "seedSecret77" in loopback.secrets()
    assert "seedSecret77" not in repr(loopback)


def test_a_vercel_token_that_can_be_none_is_refused_without_being_shown(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, VERCEL + 'project = "harbour"\ntoken = "seed\\nSecret77"\n')
    assert "platform.token: holds characters" in problem
    assert "Secret77" not in problem


INCIDENT = """
[incident]
cadence = { P0 = 20, P9 = 5.0 }
escalate = { lead = -1.0, boss = 15.0 }
cto_in_outage = 99999.0
[[contacts]]
name = "Eva"
pager = "pagerduty"
[[contacts]]
name = "Tom"
pager = "pigeon"
[[contacts]]
name = "Ana"
call = "pager.example/x"
key = "schl\u00fcssel"
"""


def test_what_is_wrong_with_the_clock_and_with_who_is_called_is_said_by_key(tmp_path: Path) -> None:
    good = GOOD.replace('database = "${DB_URL}"', "")
    found = "\n".join(problems_of(tmp_path, good + INCIDENT.replace("pigeon", "")))
    for words in (
        "incident.cadence.P9: unknown; there is P0, P1, P2, P3", "incident.escalate.lead: must lie between 0 and 10080",
        "incident.escalate.boss: unknown; there is on-call", "incident.cto_in_outage: must lie between",
        "contacts[0].key: is missing", "contacts[2].call: not an http(s) address", "contacts[2].key: holds characters",
    ):  # fmt: skip
        assert words in found
    assert "P0: " not in found
    assert "schl" not in found
    (other, *_) = problems_of(tmp_path, good + INCIDENT)
    assert "contacts[1].pager: expected one of pagerduty, opsgenie" in other


def test_the_ladder_of_the_settings_takes_the_place_of_the_usual_one(tmp_path: Path) -> None:
    text = GOOD.replace('database = "${DB_URL}"', "") + "[incident]\nescalate = { lead = 5 }\n"
    incident = load_settings(written(tmp_path, text), {}).incident
    assert (incident.escalate, incident.cadence["P0"], incident.cto_in_outage) == ({"lead": 5.0}, 15.0, 0.0)
