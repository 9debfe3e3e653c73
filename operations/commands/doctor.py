"""`vigie doctor`: every prerequisite and permission, and how to mend each. Asks nobody and sets nothing."""

from __future__ import annotations

from typing import Any

import click

from operations.cli import Session
from operations.commands.session import document, environment_of, is_readonly
from operations.desk import utc_now
from operations.doctor.checks import checks_for, checks_without_settings
from operations.doctor.examination import examine
from operations.doctor.finding import CODES, Check, Finding, Report, Verdict
from operations.engine.redaction import Redactor
from operations.errors import SettingsError
from operations.settings import Settings
from operations.speech import learn

SIGNS: dict[Verdict, str] = {"ok": "✓", "warn": "▲", "fail": "✖", "skip": "·"}
ASCII_SIGNS: dict[Verdict, str] = {"ok": "+", "warn": "!", "fail": "X", "skip": "-"}
EVERY = "all"
"""What stands for the environment in the document where none was named."""


@click.command()
@click.option("--env", "environment", metavar="NAME", help="Look at this environment only; else at all of them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--offline", is_flag=True, help="Look at this machine and the settings; ask nothing over a network.")
@click.pass_obj
def doctor(session: Session, environment: str | None, as_json: bool, offline: bool) -> int:
    """Check every prerequisite and permission, and say how to mend each. Exit 0, or 2 when one is missing.

    It asks nobody anything. The one thing it writes is a small object of its own in the bucket, which it reads and
    removes again to try the rights there; with --readonly it does not.
    """
    settings, chosen, checks = _checks(session, environment, offline)
    report = examine(checks, Redactor(settings.secrets()))
    code = report.exit_code
    if as_json:
        document("doctor", settings, chosen, exit_code=code, meaning=CODES[code], result=_body(report))
    else:
        click.echo("\n".join(_rows(report, settings, chosen, ASCII_SIGNS if session.ascii_only else SIGNS)))
    return code


def _checks(session: Session, named: str | None, offline: bool) -> tuple[Settings, str, tuple[Check, ...]]:
    """The settings as far as they can be read, without asking what they stand for; and what there is to look at."""
    from operations.settings_reader import load_settings

    asked = session.environment if named is None else named
    path = session.path
    if path is None:
        return Settings(), asked or EVERY, checks_without_settings(None, ())
    try:
        settings = load_settings(path)
    except SettingsError as error:
        return Settings(path=str(path)), asked or EVERY, checks_without_settings(path, error.problems)
    session.site = settings.site.name
    learn(Redactor(settings.secrets()))
    names = list(settings.environments)
    if asked is not None:
        names = [environment_of(session, settings, named)]
    checks = checks_for(settings, names, readonly=is_readonly(session, settings), offline=offline, now=utc_now)
    return settings, asked or EVERY, checks


def _rows(report: Report, settings: Settings, environment: str, signs: dict[Verdict, str]) -> list[str]:
    where = "all environments" if environment == EVERY else environment
    site = f"{settings.site.name} {where}" if settings.environments else "this machine"
    rows = [f"{site}   ({settings.path or 'no settings file'})"]
    title = ""
    for part in report.parts:
        if part.check.title != title:
            title = part.check.title
            rows += ["", title]
        for finding in part.findings:
            rows += _lines(finding, signs)
    return [*rows, "", _count(report)]


def _lines(finding: Finding, signs: dict[Verdict, str]) -> list[str]:
    rows = [f"  {signs[finding.verdict]} {finding.name:<29} {finding.says}"]
    if finding.mend and finding.verdict != "ok":
        rows.append(f"      → {finding.mend}")
    return rows


def _count(report: Report) -> str:
    ok, warn, fail, skip = (report.count(verdict) for verdict in ("ok", "warn", "fail", "skip"))
    warnings = f"{warn} warning{'' if warn == 1 else 's'}"
    failures = f"{fail} failure{'' if fail == 1 else 's'}"
    return f"{ok} ok, {warnings}, {failures}, {skip} not looked at: {CODES[report.exit_code]}"


def _body(report: Report) -> dict[str, Any]:
    return {
        "counts": {verdict: report.count(verdict) for verdict in ("ok", "warn", "fail", "skip")},
        "findings": [
            {
                "group": part.check.group,
                "environment": part.check.environment,
                "name": finding.name,
                "verdict": finding.verdict,
                "says": finding.says,
                "mend": finding.mend,
            }
            for part in report.parts
            for finding in part.findings
        ],
    }
