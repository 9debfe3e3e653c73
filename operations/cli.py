"""The command `vigie`: which commands there are and where they live. Thin on purpose; the console is handed in.

Importing this loads no command, no Textual and no client library: each command is imported when it is called.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from operations.errors import SettingsError, VigieError
from operations.speech import give_up_output, speaking
from operations.text import one_line
from operations.version import __version__

if TYPE_CHECKING:
    from operations.engine.record import JobRecord

STOPPED, NOBODY_LISTENS, UNEXPECTED = 130, 141, 70
"""Exit codes beside those of the operations: Ctrl-C at a prompt, a reader that went away, a defect of ours."""

_SURROGATE = re.compile("[\ud800-\udfff]")
"""How Python holds a byte of an argument that is no text."""

LONGEST_SAID = 1_000
"""Characters of a line of an error: what somebody typed may be quoted in it."""

REFUSED: dict[str, int] = {"status": 2, "runbook lint": 2, "runbook check": 2}
"""What wrong usage or settings end with, where it is not 1: there 1 says what was found (status: down)."""

COMMANDS: dict[str, tuple[str, str]] = {
    "status": (
        "operations.commands.look",
        "One look at an environment: exit 0 ok or warn, 1 down, 2 wrong usage, 3 unknown.",
    ),
    "facts": ("operations.commands.look", "Every fact with its value, source and age."),
    "watch": ("operations.commands.watch", "Probe for as long as it runs; --record keeps the readings."),
    "jobs": ("operations.commands.jobs", "List, show, follow, cancel, clean and export jobs."),
    "deploy": ("operations.commands.deploying", "Build a commit, migrate, publish, and see that it is live."),
    "redeploy": ("operations.commands.deploying", "Publish the live commit again with today's settings."),
    "rollback": ("operations.commands.operate", "Roll back to an earlier release."),
    "smoke": ("operations.commands.operate", "Run the smoke tests."),
    "backup": ("operations.commands.operate", "Back up the database to the bucket."),
    "backups": ("operations.commands.backups", "List, verify and prune backups."),
    "restore": ("operations.commands.restore", "Restore a backup onto staging; never onto production."),
    "flag": ("operations.commands.deploying", "Turn a feature flag on or off."),
    "maintenance": ("operations.commands.deploying", "Close the site to users, or open it again."),
    "freeze": ("operations.commands.deploying", "Stop deploys of new commits and restores for a while."),
    "unfreeze": ("operations.commands.deploying", "Lift a freeze."),
    "mark": ("operations.commands.operate", "Mark a database as its environment's own."),
    "incident": (
        "operations.commands.incident",
        "Open, show and note incidents; roles, clock, tasks; call for help.",
    ),
    "message": ("operations.commands.message", "Draft and send what users are told; see what each target answered."),
    "runbook": ("operations.commands.runbook", "List, show, lint and draw runbooks; run their checks; walk them."),
    "journal": ("operations.commands.journal", "Verify, export, import and repair the journal."),
    "init": ("operations.commands.init", "Write a commented vigie.toml for this folder."),
    "doctor": ("operations.commands.doctor", "Check every prerequisite and permission, and say how to mend each."),
    "drill": ("operations.commands.drill", "Practise on a small site that breaks for real."),
}


@dataclass(slots=True)
class Session:
    """What the options before the command said. Settings are read when first asked for."""

    config: str | None
    environment: str | None
    readonly: bool
    ascii_only: bool
    open_console: Callable[[Session], int]
    real_config: Path | None = None
    """In a drill: the settings file of the real site, whose alarms show inside the drill."""
    plays_drill: bool = False
    """True where leaving this console ends a drill."""
    command: str = ""
    """The command as far as it is known: `jobs show`."""
    site: str = ""
    chosen: str = ""
    """The environment that was found to be meant."""
    answered: bool = False
    """True once the one JSON document of this command stands on stdout."""
    incident: str = ""
    """The incident that jobs started now belong to."""
    on_start: Callable[[JobRecord], None] | None = None
    """Who wants to know of a job as soon as it was started."""

    @property
    def path(self) -> Path | None:
        """The settings file this session uses."""
        from operations.settings_reader import find_settings

        return find_settings(self.config)


class Noted(click.Group):
    """A group that notes in the session which of its commands is called: errors name it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command called, as click does."""
        name, command, rest = super().resolve_command(ctx, args)
        if isinstance(ctx.obj, Session) and name:
            ctx.obj.command = f"{ctx.obj.command} {name}".strip()
        if not isinstance(command, click.Group):
            _demand_text(rest)
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its whole first sentence: one that is cut off tells half of it."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.get_short_help_str(limit=400)) for name, command in found if command])


def _demand_text(arguments: list[str]) -> None:
    """Raise VigieError for bytes that are no UTF-8: no name, id or text of ours holds any."""
    strange = next((one for one in arguments if not one.isascii() and _SURROGATE.search(one)), None)
    if strange is not None:
        raise VigieError(f"An argument is no text in UTF-8: {one_line(_SURROGATE.sub('?', strange), 60)!r}.")


class Commands(Noted):
    """The group of commands; a command's module is imported when the command is called, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", metavar="FILE", help="The settings file; else vigie.toml here, above, or the user's own.")
@click.option("--env", "environment", metavar="NAME", help="The environment to look at; else production.")
@click.option("--readonly", is_flag=True, help="Change nothing: no key and no command does.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII signs only.")
@click.version_option(__version__, prog_name="vigie", message="%(prog)s %(version)s")
@click.pass_context
def vigie(
    context: click.Context, config: str | None, environment: str | None, readonly: bool, ascii_only: bool
) -> None:
    """The console for the person on call. Without a command it opens the console."""
    session = context.obj
    assert isinstance(session, Session)
    if config == "":
        raise VigieError("--config is empty.", next_step="Name the settings file, or leave --config out.")
    session.config, session.environment = config, environment
    session.readonly, session.ascii_only = readonly, ascii_only
    if context.invoked_subcommand is None:
        context.exit(session.open_console(session))


def run(open_console: Callable[[Session], int], arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code. Errors are said once, here, on stderr.

    Where `--json` was given, they are the one document on stdout as well.
    """
    session = Session(None, None, False, False, open_console)
    given = sys.argv[1:] if arguments is None else arguments
    with speaking():
        try:
            result = vigie.main(args=arguments, prog_name="vigie", obj=session, standalone_mode=False)
            if sys.stdout is not None:
                sys.stdout.flush()
        except (BrokenPipeError, SystemExit):
            # Click leaves by SystemExit when a pipe breaks. What was to be said did not arrive: that is no success,
            # whatever was done.
            give_up_output()
            return NOBODY_LISTENS
        except Exception as failure:  # noqa: BLE001 - the edge: words, never a trace with what it may hold
            error = _in_words(failure, session)
            show_error(error)
            if "--json" in given and not session.answered:
                from operations.commands.failing import failure_document

                with suppress(OSError):  # nobody reads it: the code still tells
                    failure_document(session, error)
            if isinstance(failure, OSError):
                give_up_output()
            return error.code
    return result if isinstance(result, int) else 0


def _in_words(failure: Exception, session: Session) -> VigieError:
    """What went wrong as an error of ours, with the exit code it ends with."""
    refused = REFUSED.get(session.command, 1)
    if isinstance(failure, VigieError):
        failure.code = refused if failure.code == 1 else failure.code
        return failure
    if isinstance(failure, click.exceptions.Abort):
        return VigieError("stopped", code=STOPPED)
    if isinstance(failure, click.ClickException):
        more = ""
        if isinstance(failure, click.UsageError) and failure.ctx is not None:
            more = f"{failure.ctx.command_path} --help shows what it takes."
        return VigieError(one_line(failure.format_message(), 400), next_step=more, code=refused)
    return VigieError(f"unexpected {type(failure).__name__}: {one_line(str(failure), 300)}", code=UNEXPECTED)


def show_error(error: VigieError) -> None:
    """Say what happened, what it means, what to do next; every settings problem on a line of its own."""
    if isinstance(error, SettingsError):
        for problem in error.problems:
            _say(f"[ERROR] {problem}")
        return
    _say(f"[ERROR] {error.what}")
    for words in (error.means, error.next_step):
        if words:
            _say(f"        {words}")


def _say(words: str) -> None:
    with suppress(OSError):  # nobody listens on stderr either: the code still tells
        click.echo(words if len(words) <= LONGEST_SAID else words[: LONGEST_SAID - 1] + "…", err=True)
