"""`vigie rollback`, `smoke`, `backup`, `mark`: plan, print, confirm, plan again, start, follow, take its exit code.

The console goes the same way through the same functions.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from operations.cli import Session
from operations.commands.session import document, environment_of, say, settings_of
from operations.desk import Desk, utc_now
from operations.engine.model import ConfirmLevel, Operation, Outcome, Plan
from operations.errors import VigieError
from operations.settings import Settings
from operations.text import one_line


def operation_options(command: Any) -> Any:
    """The options every operation has."""
    for option in reversed(
        (
            click.option("--env", "environment", metavar="NAME", help="The environment to act on."),
            click.option(
                "--plan", "plan_only", is_flag=True, help="Print the plan and stop; exit 0, or the guard's code."
            ),
            click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."),
            click.option("--yes", is_flag=True, help="Stands for a y/n where nobody can be asked."),
            click.option("--confirm", "typed", metavar="TEXT", default="", help="What would be typed at the prompt."),
            click.option(
                "--confirm-again", "typed_again", metavar="TEXT", default="", help="The phrase a second time."
            ),
            click.option("--reason", default="", help="Why, for the record."),
            click.option("--detach", is_flag=True, help="Print the job's id and leave it running."),
        )
    ):
        command = option(command)
    return command


@click.command()
@operation_options
@click.option("--to-commit", metavar="HASH", help="Roll back to this commit instead of the default target.")
@click.option("--rebuild", is_flag=True, help="Build the target again instead of promoting its kept build.")
@click.option("--forward", is_flag=True, help="Go forward again to the release the last rollback left.")
@click.option("--skip-tests", is_flag=True, help="Do not run the smoke tests afterwards (not recommended).")
@click.pass_obj
def rollback(
    session: Session,
    /,
    environment: str | None,
    to_commit: str | None,
    rebuild: bool,
    forward: bool,
    skip_tests: bool,
    **how: Any,
) -> int:
    """Roll back to an earlier release."""
    asked = {"to_commit": to_commit, "rebuild": rebuild, "forward": forward, "skip_tests": skip_tests}
    return operate(session, "rollback", environment, given(asked), how)


@click.command()
@operation_options
@click.option("--url", help="Test this address instead of the environment's own.")
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Also write a JUnit report to this file."
)
@click.pass_obj
def smoke(session: Session, /, environment: str | None, url: str | None, junit: Path | None, **how: Any) -> int:
    """Run the smoke tests: exit 0 when all passed, 1 when one failed."""
    asked = {"url": url, "junit": str(junit.absolute()) if junit else None}
    return operate(session, "smoke", environment, given(asked), how)


@click.command()
@operation_options
@click.option(
    "--keep-local",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the same bytes to a file in this folder, too.",
)
@click.option("--app", is_flag=True, help="Archive the live commit beside it (git archive).")
@click.pass_obj
def backup(session: Session, /, environment: str | None, keep_local: Path | None, app: bool, **how: Any) -> int:
    """Back up the database: dump, checksum and manifest in the bucket."""
    asked = {"keep_local": str(keep_local.expanduser().absolute()) if keep_local else None, "app": app}
    return operate(session, "backup", environment, given(asked), how)


@click.command()
@operation_options
@click.pass_obj
def mark(session: Session, /, environment: str | None, **how: Any) -> int:
    """Say in the database's own comment which environment it is; for production also write down where it lies."""
    return operate(session, "mark", environment, {}, how)


def given(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was asked for. An empty text was given too: it is a mistake, and never means the default."""
    return {name: value for name, value in asked.items() if value is not None and value is not False}


def _check(request: Mapping[str, Any]) -> None:
    """Refuse what no plan should be made of: an empty commit, an address that is none or shows a secret to `ps`."""
    from operations.secret_parts import secrets_of_address
    from operations.settings import address_of

    if "to_commit" in request and not request["to_commit"].strip():
        raise VigieError("--to-commit is empty.", next_step="Name a commit, or leave it out for the default target.")
    url = request.get("url")
    if url is None:
        return
    if not (url.startswith(("http://", "https://")) and address_of(url)):
        raise VigieError(f"--url {one_line(url, 60)!r} is not an http(s) address.")
    if any(secrets_of_address(url)):
        raise VigieError(
            "--url holds a password or a key, which everybody on this machine can see.",
            next_step="Put the address into the settings file.",
        )


def operate(
    session: Session, name: str, environment: str | None, request: Mapping[str, Any], how: Mapping[str, Any]
) -> int:
    """Run one operation from its plan to its end; the exit code."""
    from operations.jobs import operation_named
    from runbooks.names import changes_something

    session.command = name
    settings = settings_of(session, to_change=changes_something(name) and not how["plan_only"])
    chosen = environment_of(session, settings, environment)
    return _run(session, settings, chosen, operation_named(name), request, how)


def _run(
    session: Session,
    settings: Settings,
    environment: str,
    operation: Operation,
    request: Mapping[str, Any],
    how: Mapping[str, Any],
) -> int:
    from operations.commands.confirming import confirm_plan
    from operations.commands.printing import plan_document, plan_text
    from operations.engine.orders import masked_plan
    from operations.engine.redaction import Redactor
    from operations.jobs.launch import desk_for

    as_json = bool(how["as_json"])
    _check(request)
    desk = desk_for(settings, environment)
    say(f"{operation.title}: {settings.site.name} {environment} ({desk.config})")
    redactor = Redactor(settings.secrets())
    plan = masked_plan(operation.plan(desk, request), redactor)
    if how["plan_only"]:
        code = plan.refusal.code if plan.refusal else 0
        if as_json:
            meaning = _meaning(operation, code)
            document(operation.name, settings, environment, exit_code=code, meaning=meaning, plan=plan_document(plan))
        else:
            click.echo(plan_text(plan))
        return code
    if plan.confirm.level is not ConfirmLevel.NONE and not as_json:
        click.echo(plan_text(plan), err=True)
    _refuse(plan)
    reason = confirm_plan(plan.confirm, how, interactive=sys.stdin.isatty() and not as_json)
    again = masked_plan(operation.plan(desk, request), redactor)
    if again.fingerprint != plan.fingerprint:
        differences = "; ".join(plan.differences(again))
        raise VigieError(
            f"The plan changed while it was being confirmed: {differences}", next_step="Look at the new plan first."
        )
    return _start(session, settings, desk, operation, again, reason, how)


def _start(
    session: Session,
    settings: Settings,
    desk: Desk,
    operation: Operation,
    plan: Plan,
    reason: str,
    how: Mapping[str, Any],
) -> int:
    from operations.commands.following import follow_job, noting_interrupts
    from operations.jobs.launch import journal_if_any, launch

    as_json = bool(how["as_json"])
    with journal_if_any(settings) as journal, noting_interrupts() as noted:
        started = launch(settings, journal, plan, reason=reason, incident=session.incident)
    job = started.id
    if session.on_start is not None:
        session.on_start(started)
    if how["detach"]:
        if as_json:
            result = {"job": job}
            document(operation.name, settings, desk.environment, exit_code=0, meaning="started", result=result)
        else:
            click.echo(job)
        return 0
    outcome = follow_job(settings, started, quiet=as_json, interrupted=bool(noted))
    if as_json:
        document(
            operation.name,
            settings,
            desk.environment,
            exit_code=outcome.code,
            meaning=outcome.meaning,
            result={"job": job, "says": outcome.says, "at": utc_now(), **dict(outcome.details)},
        )
    else:
        _conclude(operation, outcome)
    return outcome.code


def _refuse(plan: Plan) -> None:
    refusal = plan.refusal
    if refusal is not None:
        raise VigieError(f"Stopped by the guard “{refusal.name}”: {refusal.says}", code=refusal.code)


def _conclude(operation: Operation, outcome: Outcome) -> None:
    level = "INFO" if outcome.ok else "ERROR"
    say(f"{operation.title}: exit {outcome.code}: {outcome.meaning}. {outcome.says}".rstrip(), level)
    for check in outcome.details.get("checks", ()):
        sign = {True: "ok  ", False: "FAIL"}.get(check.get("ok"), "skip")
        seconds = check.get("seconds")
        took = f"  {seconds:.2f} s" if isinstance(seconds, int | float) else ""
        click.echo(f"{sign}  {check.get('name', ''):<24} {check.get('actual', '')}{took}")


def _meaning(operation: Operation, code: int) -> str:
    return operation.codes.get(code, {75: "environment busy", 0: "planned"}.get(code, "refused")) if code else "planned"
