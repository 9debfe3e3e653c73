"""The command `vigie`: which commands there are and where they live. Thin on purpose; the console is handed in.

Importing this loads no command, no Textual and no client library: each command is imported when it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import click

from operations.errors import SettingsError, VigieError
from operations.speech import give_up_output, speaking
from operations.text import one_line
from operations.version import __version__

STOPPED, NOBODY_LISTENS, UNEXPECTED = 130, 141, 70
"""Exit codes beside those of the operations: Ctrl-C at a prompt, a reader that went away, a defect of ours."""

COMMANDS: dict[str, tuple[str, str]] = {
    "status": ("operations.commands.look", "One look at an environment: exit 0 ok or warn, 1 down, 3 unknown."),
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
    "incident": ("operations.commands.incident", "Open, list, show and note incidents; call for help."),
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

    @property
    def path(self) -> Path | None:
        """The settings file this session uses."""
        from operations.settings_reader import find_settings

        return find_settings(self.config)


class Commands(click.Group):
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
    """Run the command line and return its exit code. Errors are said once, here, on stderr."""
    session = Session(None, None, False, False, open_console)
    with speaking():
        try:
            result = vigie.main(args=arguments, prog_name="vigie", obj=session, standalone_mode=False)
            if sys.stdout is not None:
                sys.stdout.flush()
        except click.exceptions.Abort:
            _say("[ERROR] stopped")
            return STOPPED
        except click.ClickException as error:
            _say(one_line(f"[ERROR] {error.format_message()}", 400))
            if isinstance(error, click.UsageError) and error.ctx is not None:
                _say(f"        {error.ctx.command_path} --help shows what it takes.")
            return 1
        except VigieError as error:
            show_error(error)
            return error.code
        except (BrokenPipeError, SystemExit):
            # Click leaves by SystemExit when a pipe breaks. What was to be said did not arrive: that is no success,
            # whatever was done.
            give_up_output()
            return NOBODY_LISTENS
        except Exception as error:  # noqa: BLE001 - the edge: words, never a trace with what it may hold
            if isinstance(error, OSError):
                give_up_output()
            _say(f"[ERROR] unexpected {type(error).__name__}: {one_line(str(error), 300)}")
            return UNEXPECTED
    return result if isinstance(result, int) else 0


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
        click.echo(words, err=True)
