"""The command line of an act: the runbook's own where it is plain and brings nothing along, else the usual one."""

from __future__ import annotations

import pytest

from operations.cli import COMMANDS
from operations.commands.operate import operation_options
from operations.headless.twins import twin_of
from runbooks.model import Code
from runbooks.names import ACTIONS

IN_THE_CONSOLE_ONLY = {"cancel-query", "end-sessions"}


def twin(name: str, text: str, environment: str = "staging") -> str:
    found = twin_of(Code((1, 3), text, "bash", "action", name), environment)
    assert found is not None
    return found.text


def test_every_act_has_a_command_that_there_is_or_is_done_in_the_console() -> None:
    for name in ACTIONS:
        found = twin_of(Code((1, 3), "", "bash", "action", name), "staging")
        assert (found is None) == (name in IN_THE_CONSOLE_ONLY), name
        assert found is None or found.words[0] in COMMANDS


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("rollback", "", "vigie rollback --env staging"),
        ("rollback", "vigie rollback --env production", "vigie rollback --env staging"),
        ("rollback", "$ vigie rollback --rebuild", "vigie rollback --rebuild --env staging"),
        ("rollback", "vigie rollback --env=production", "vigie rollback --env staging"),
        ("undo", "vigie rollback --env production", "vigie rollback --forward --env staging"),
        ("flag", "vigie flag maps off --env production  # heavy", "vigie flag maps off --env staging"),
        ("flag", "", "vigie flag NAME off --env staging"),
        ("freeze", 'vigie freeze production "main is broken"', "vigie freeze staging 'main is broken'"),
        ("maintenance-on", "vigie maintenance on --env production", "vigie maintenance on --env staging"),
        ("maintenance-on", "vigie maintenance off --env production", "vigie maintenance on --env staging"),
        ("cancel-job", "vigie jobs cancel ID", "vigie jobs cancel ID"),
    ],
)
def test_the_walks_environment_stands_for_the_one_that_runbooks_write(name: str, text: str, line: str) -> None:
    assert twin(name, text) == line


def test_an_environment_that_is_not_production_is_meant_as_it_stands() -> None:
    text = "vigie restore --env staging --latest --from production --as compare"
    assert twin("restore", text, "production") == text


@pytest.mark.parametrize(
    "text",
    [
        "vigie rollback --yes",
        'vigie rollback --confirm "site production" --reason x',
        "vigie rollback --confirm=x",
        "vigie --config other.toml rollback",
        "vigie rollback; rm -rf /",
        "vigie rollback $(cat x)",
        "vigie rollback\nvigie rollback",
        "vigie rollback --env production --",
        "vigie deploy",
        "rm -rf /",
        'vigie rollback "',
        "sudo vigie rollback",
    ],
)
def test_a_line_that_is_more_or_brings_a_confirmation_is_not_taken(text: str) -> None:
    assert twin("rollback", text) == "vigie rollback --env staging"


def test_every_option_that_confirms_is_a_persons() -> None:
    import click

    @click.command()
    @operation_options
    def command() -> None: ...

    options = [option for parameter in command.params for option in parameter.opts]
    assert len(options) >= 8
    for option in options:
        taken = option in ("--env",)
        assert (f"{option} x" in twin("rollback", f"vigie rollback {option} x")) == taken, option


def test_what_stands_for_something_is_filled_in_as_one_word() -> None:
    found = twin_of(Code((1, 3), "", "bash", "action", "freeze"), "staging")
    assert found is not None
    assert found.blanks == ("WHY",)
    assert found.filled({"WHY": "it's down"}).words == ("freeze", "staging", "it's down")
