"""No settings, wrong ones, and settings that everybody on the machine can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.operations.doctor.clinic import Diagnosis, diagnose, told

HEAD = '[site]\nname = "dispatch"\n[environments.production]\nkind = "production"\n'
PASSWORD = "hunter2-but-longer"
ADDRESS = f"postgresql://u:{PASSWORD}@127.0.0.1:9/x"


def offline(folder: Path, text: str, env: str = "", mode: int = 0o600) -> Diagnosis:
    file = folder / "vigie.toml"
    file.write_text(text)
    file.chmod(mode)
    if env:
        (folder / ".env.operations").write_text(env)
        (folder / ".env.operations").chmod(mode)
    return diagnose(folder, "--offline")


def test_without_settings_the_machine_is_looked_at_and_init_is_named(tmp_path: Path) -> None:
    found = diagnose(tmp_path)
    assert found.code == 2
    assert found.of("fail") == {"settings"}
    assert "vigie init" in found.named("settings")["mend"]
    assert {"Python", "git", "state folder", "lock folder"} <= {one["name"] for one in found.findings}
    assert found.document["site"] == ""


def test_every_mistake_in_the_settings_is_a_finding_with_its_example(tmp_path: Path) -> None:
    found = offline(tmp_path, HEAD + 'url = 5\n[watch]\nnonsense = 1\n[restore]\nnever = "x"\n')
    wrong = [one for one in found.findings if one["verdict"] == "fail"]
    assert found.code == 2
    assert len(wrong) == 3
    assert [one["mend"] for one in wrong if "production.url" in one["says"]] == [
        'Write it so: url = "https://example.com"'
    ]
    assert {"git", "state folder"} <= {one["name"] for one in found.findings}


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o666])
def test_a_settings_file_with_a_password_that_everybody_can_read_fails(tmp_path: Path, mode: int) -> None:
    found = offline(tmp_path, HEAD + f'database = "{ADDRESS}"\n', mode=mode)
    mine = found.named("mode of vigie.toml")
    assert mine["verdict"] == "fail"
    assert mine["mend"] == f"chmod 600 {tmp_path / 'vigie.toml'}"
    assert PASSWORD not in found.said


def test_one_that_only_names_its_secrets_may_be_read_and_the_file_that_holds_them_not(tmp_path: Path) -> None:
    found = offline(tmp_path, HEAD + 'database = "${DB_URL}"\n', f"DB_URL={ADDRESS}\n", mode=0o644)
    assert found.named("mode of vigie.toml")["verdict"] == "ok"
    assert found.named("mode of .env.operations")["verdict"] == "fail"


def test_one_that_everybody_may_change_fails_whatever_is_in_it(tmp_path: Path) -> None:
    found = offline(tmp_path, HEAD, mode=0o622).named("mode of vigie.toml")
    assert found["verdict"] == "fail"
    assert "may change what Vigie runs" in found["says"]


def test_an_env_file_alone_is_enough_and_nobody_is_asked_what_it_stands_for(tmp_path: Path) -> None:
    (tmp_path / ".env.operations").write_text(f"DB_URL={ADDRESS}\nAPP_URL=http://127.0.0.1:9\n")
    found = diagnose(tmp_path, "--offline")
    assert found.named("environment")["verdict"] == "warn"
    assert "vigie init" in found.named("environment")["mend"]
    assert not (tmp_path / ".env.operations.environment").exists()


def test_settings_without_a_production_are_a_warning(tmp_path: Path) -> None:
    text = '[site]\nname = "dispatch"\n[environments.staging]\nkind = "staging"\n'
    assert offline(tmp_path, text).named("environment")["verdict"] == "warn"


def test_a_settings_file_that_is_named_and_not_there_fails_and_names_init(tmp_path: Path) -> None:
    found = diagnose(tmp_path, "--config", "nowhere.toml", "doctor").named("settings")
    assert (found["verdict"], found["mend"]) == ("fail", f"Write it: vigie init --dir {tmp_path}")


def test_an_environment_that_is_not_there_is_an_error_and_no_finding(tmp_path: Path) -> None:
    (tmp_path / "vigie.toml").write_text(HEAD)
    code, said = told(tmp_path, "doctor", "--env", "nowhere")
    assert (code, "there is no environment nowhere" in said) == (1, True)


def test_a_folder_of_runbooks_that_is_missing_or_empty_is_told(tmp_path: Path) -> None:
    text = f'runbooks = "own"\n{HEAD}'
    missing = offline(tmp_path, text).named("runbooks")
    assert (missing["verdict"], "own is not there" in missing["says"]) == ("warn", True)
    assert 'runbooks = "FOLDER"' in missing["mend"]
    (tmp_path / "own").mkdir()
    assert offline(tmp_path, text).named("runbooks")["verdict"] == "warn"
    (tmp_path / "own" / "queue.md").write_text("# Queue\n")
    assert offline(tmp_path, text).named("runbooks")["says"].endswith("own: 1 of your own")
