"""`[messages]`: every mistake with file, key and an example; what is secret stays so."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.settings_reader import load_settings
from tests.operations.test_settings import GOOD, problems_of, written

PLAIN = GOOD.replace('database = "${DB_URL}"\n', "")


def target(**keys: str) -> str:
    return PLAIN + "[[messages.targets]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (PLAIN + '[messages]\nzone = "Mars/Olympus"\n', "messages.zone"),
        (PLAIN + '[messages]\nzone = "../../etc/passwd"\n', "messages.zone"),
        (PLAIN + "[messages]\nlanguages = []\n", "messages.languages"),
        (PLAIN + '[messages]\nlanguages = ["english"]\n', "messages.languages"),
        (target(name='"all"', kind='"clipboard"'), "messages.targets[0].name"),
        (target(name='"x"', kind='"pigeon"'), "messages.targets[0].kind"),
        (target(name='"x"', kind='"slack"'), "messages.targets[0].address"),
        (target(name='"x"', kind='"slack"', address='"ftp://x/y"'), "messages.targets[0].address"),
        (target(name='"x"', kind='"file"'), "messages.targets[0].path"),
        (target(name='"x"', kind='"statuspage"', key='"k"'), "messages.targets[0].page"),
        (target(name='"x"', kind='"statuspage"', page='"a/b"', key='"k"'), "messages.targets[0].page"),
        (target(name='"x"', kind='"statuspage"', page='"p"'), "messages.targets[0].key"),
        (target(name='"x"', kind='"clipboard"', limit="0"), "messages.targets[0].limit"),
        (target(name='"x"', kind='"clipboard"', limit="600"), "messages.targets[0].limit"),
        (target(name='"x"', kind='"clipboard"', languages='["de"]'), "messages.targets[0].languages"),
    ],
)
def test_a_mistake_names_its_key(tmp_path: Path, text: str, key: str) -> None:
    problems = problems_of(tmp_path, text)
    assert any(f": {key}: " in line for line in problems), problems


def test_a_pages_key_never_travels_unencrypted(tmp_path: Path) -> None:
    page = {"name": '"x"', "kind": '"statuspage"', "page": '"p"', "key": '"k3y"'}
    problems = problems_of(tmp_path, target(**page, address='"http://status.example/v1"'))
    assert any("unencrypted" in line for line in problems)
    settings = load_settings(written(tmp_path, target(**page)), {})
    assert settings.messages.targets[0].url == "https://api.statuspage.io/v1"


def test_two_targets_of_one_name_are_one_too_many(tmp_path: Path) -> None:
    text = target(name='"x"', kind='"clipboard"') + '[[messages.targets]]\nname = "x"\nkind = "clipboard"\n'
    assert any("another target of that name" in line for line in problems_of(tmp_path, text))


def test_addresses_and_keys_of_targets_are_secrets(tmp_path: Path) -> None:
    text = target(name='"x"', kind='"slack"', address='"https://hooks.slack.com/services/T0/B0/x1y2z3x1y2z3x1y2"')
    settings = load_settings(written(tmp_path, text), {})
    assert "x1y2z3x1y2z3x1y2" not in repr(settings)
    assert "x1y2z3x1y2z3x1y2" in settings.secrets()
