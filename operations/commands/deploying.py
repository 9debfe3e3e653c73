"""`vigie deploy`, `redeploy`, `freeze`, `unfreeze`, `flag`, `maintenance`: what goes live, and what users get of it."""

from __future__ import annotations

from typing import Any

import click

from operations.cli import Session
from operations.commands.operate import given, operate, operation_options
from operations.desk import utc_now
from operations.errors import VigieError


@click.command()
@operation_options
@click.option("--commit", metavar="HASH", help="This commit; else the newest of the branch that deploys.")
@click.option("--skip-build", is_flag=True, help="Publish the checkout as it is.")
@click.option("--skip-migrations", is_flag=True, help="Leave the database as it is.")
@click.option("--skip-tests", is_flag=True, help="Do not run the smoke tests afterwards (not recommended).")
@click.option("--despite-freeze", metavar="WHY", help="Deploy although the environment is frozen, and say why.")
@click.option("--despite-rollback", is_flag=True, help="Bring commits back that were rolled back from.")
@click.option("--despite-pin", is_flag=True, help="Publish although a rollback pinned the platform.")
@click.pass_obj
def deploy(
    session: Session,
    /,
    environment: str | None,
    commit: str | None,
    skip_build: bool,
    skip_migrations: bool,
    skip_tests: bool,
    despite_freeze: str | None,
    despite_rollback: bool,
    despite_pin: bool,
    **how: Any,
) -> int:
    """Build a commit, migrate the database, publish, and see from outside that it is live."""
    asked = {
        "commit": _commit(commit), "skip_build": skip_build, "skip_migrations": skip_migrations,
        "skip_tests": skip_tests, "despite_freeze": despite_freeze, "despite_rollback": despite_rollback,
        "despite_pin": despite_pin,
    }  # fmt: skip
    return operate(session, "deploy", environment, given(asked), how)


@click.command()
@operation_options
@click.option("--commit", metavar="HASH", help="This commit, live before, instead of the live one.")
@click.option("--skip-tests", is_flag=True, help="Do not run the smoke tests afterwards (not recommended).")
@click.option("--despite-rollback", is_flag=True, help="Publish a commit again that was rolled back from.")
@click.option("--despite-pin", is_flag=True, help="Publish although a rollback pinned the platform.")
@click.pass_obj
def redeploy(
    session: Session,
    /,
    environment: str | None,
    commit: str | None,
    skip_tests: bool,
    despite_rollback: bool,
    despite_pin: bool,
    **how: Any,
) -> int:
    """Publish the live commit again with today's settings: the manuals' restart."""
    asked = {
        "commit": _commit(commit), "skip_tests": skip_tests, "despite_rollback": despite_rollback,
        "despite_pin": despite_pin,
    }  # fmt: skip
    return operate(session, "redeploy", environment, given(asked), how)


@click.command()
@operation_options
@click.argument("name", metavar="ENVIRONMENT")
@click.argument("why")
@click.option("--until", metavar="TIME", help="2h, 90m, 08:00 (UTC) or an ISO time; else until it is lifted.")
@click.pass_obj
def freeze(session: Session, /, environment: str | None, name: str, why: str, until: str | None, **how: Any) -> int:
    """Stop deploys of new commits and restores. It does not stop git pushes or the platform's own deploys."""
    from operations.moments import until_of

    if not why.strip():
        raise VigieError("A freeze needs a reason: whoever meets it has to know why.")
    end = until_of(until, utc_now()).isoformat() if until is not None else ""
    how["reason"] = how["reason"] or why
    return operate(session, "freeze", _one(environment, name), {"why": why.strip(), "until": end}, how)


@click.command()
@operation_options
@click.argument("name", metavar="ENVIRONMENT")
@click.pass_obj
def unfreeze(session: Session, /, environment: str | None, name: str, **how: Any) -> int:
    """Lift a freeze."""
    return operate(session, "unfreeze", _one(environment, name), {}, how)


@click.command()
@operation_options
@click.argument("name")
@click.argument("value", type=click.Choice(("on", "off")))
@click.pass_obj
def flag(session: Session, /, environment: str | None, name: str, value: str, **how: Any) -> int:
    """Turn a feature flag with the site's own command, and look from outside whether it is."""
    return operate(session, "flag", environment, {"name": name, "value": value}, how)


@click.command()
@operation_options
@click.argument("value", type=click.Choice(("on", "off")))
@click.pass_obj
def maintenance(session: Session, /, environment: str | None, value: str, **how: Any) -> int:
    """Close the site to its users with its own command, or open it again, and look from outside."""
    return operate(session, "maintenance", environment, {"value": value}, how)


def _one(option: str | None, argument: str) -> str:
    if option is not None and option != argument:
        raise VigieError(f"--env {option} and {argument} are two environments.")
    return argument


def _commit(commit: str | None) -> str | None:
    if commit is not None and not commit.strip():
        raise VigieError("--commit is empty.", next_step="Name a commit, or leave it out for the default.")
    return commit
