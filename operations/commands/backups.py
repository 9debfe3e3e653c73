"""`vigie backups`: list what lies in the bucket, verify one by downloading it again, remove old ones."""

from __future__ import annotations

from typing import Any

import click

from operations.ages import age_words, seconds_between, size_words
from operations.backups import Backup, BackupList
from operations.cli import Noted, Session
from operations.commands.operate import operate, operation_options
from operations.commands.session import document, environment_of, say, settings_of
from operations.desk import utc_now
from operations.errors import VigieError
from operations.settings import Settings
from operations.text import one_line

VERIFY_CODES = {
    0: "verified",
    1: "invalid arguments",
    2: "missing prerequisite",
    4: "download failed, or no such backup",
    5: "verification failed",
}
FAILED = 5


@click.group(cls=Noted)
def backups() -> None:
    """List, verify and prune backups."""


@backups.command("list")
@click.option("--env", "environment", metavar="NAME", help="Whose backups.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--all", "every", is_flag=True, help="Every backup, not only the newest twenty.")
@click.pass_obj
def list_them(session: Session, environment: str | None, as_json: bool, every: bool) -> int:
    """The backups of an environment, newest first, and which of them can be trusted."""
    from operations.backups import NEWEST, list_backups

    settings = settings_of(session)
    chosen = environment_of(session, settings, environment)
    # The newest twenty are judged by those before them.
    found = list_backups(settings, chosen, newest=None if every else NEWEST)
    shown = found.backups if every else found.backups[:20]
    if as_json:
        result = {
            "backups": [_body(backup) for backup in shown],
            "unfinished_uploads": [{"key": stray.key, "started": stray.started} for stray in found.strays],
            "unfinished_uploads_unknown": found.strays_unknown,
        }
        document("backups list", settings, chosen, exit_code=0, meaning="listed", result=result)
        return 0
    for backup in shown:
        click.echo(_line(backup))
    _tell_the_rest(settings, chosen, found)
    return 0


@backups.command()
@click.argument("name", required=False)
@click.option("--latest", is_flag=True, help="The newest one that can be trusted.")
@click.option("--env", "environment", metavar="NAME", help="Whose backup.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def verify(session: Session, name: str | None, latest: bool, environment: str | None, as_json: bool) -> int:
    """Download a backup again and check its hash, its gzip, the dump's end and its rows. Nothing is kept."""
    settings = settings_of(session)
    chosen = environment_of(session, settings, environment)
    return _verify(settings, chosen, name, latest, as_json)


@backups.command()
@operation_options
@click.option("--days", type=float, default=30.0, show_default=True, help="What is older than this may go.")
@click.option("--keep", type=int, default=7, show_default=True, help="So many that can be trusted stay, at least 1.")
@click.option("--apply", is_flag=True, help="Remove it; without this it is only shown.")
@click.pass_obj
def prune(session: Session, /, environment: str | None, days: float, keep: int, apply: bool, **how: Any) -> int:
    """Remove old backups from the bucket. Only shows what would go unless --apply is given."""
    how["plan_only"] = how["plan_only"] or not apply
    return operate(session, "prune", environment, {"days": days, "keep": keep}, how)


def _verify(settings: Settings, environment: str, name: str | None, latest: bool, as_json: bool) -> int:
    from operations.backups import choose_backup, list_backups
    from operations.bucket import place_of, s3_client
    from operations.dump.verify import verify_backup

    if latest == bool(name):
        raise VigieError("Name one backup, or give --latest.", next_step="vigie backups list shows their names.")
    place = place_of(settings, environment)
    s3 = s3_client(place, drill=settings.drill is not None, limit=30.0)
    backup = choose_backup(list_backups(settings, environment, s3, newest=None), name or "")
    say(f"reading {backup.name}, {size_words(backup.size)}")
    found = verify_backup(s3, place.bucket, backup)
    code = 0 if found.ok else FAILED
    if as_json:
        result = {
            "backup": found.name, "ok": found.ok, "size": found.size, "plain": found.plain, "sha256": found.sha256,
            "rows": found.rows, "tables": found.tables, "seconds": round(found.seconds, 2),
            "problems": list(found.problems), "not_compared": list(found.not_compared),
        }  # fmt: skip
        document("backups verify", settings, environment, exit_code=code, meaning=VERIFY_CODES[code], result=result)
        return code
    for words in found.not_compared:
        say(f"not compared: {words}", "WARN")
    for words in found.problems:
        say(f"{found.name}: {words}", "ERROR")
    if found.ok:
        rows = f"{found.rows} rows of {found.tables} tables"
        click.echo(f"{found.name} verified: {size_words(found.size)}, {rows}, in {found.seconds:.1f} s")
    return code


def _body(backup: Backup) -> dict[str, Any]:
    manifest = backup.manifest
    return {
        "name": backup.name,
        "key": backup.key,
        "at": backup.at,
        "finished": backup.finished,
        "size": backup.size,
        "complete": backup.complete,
        "trusted": backup.trusted,
        "why_not": backup.why_not,
        "marked": manifest.marked if manifest else None,
        "rows": sum(manifest.tables.values()) if manifest else None,
        "tables": len(manifest.tables) if manifest else None,
    }


def _line(backup: Backup) -> str:
    age = age_words(seconds_between(backup.finished or backup.at, utc_now()))
    manifest = backup.manifest
    rows = f"{sum(manifest.tables.values())} rows" if manifest else "-"
    state = "trusted" if backup.trusted else f"NOT trusted: {one_line(backup.why_not, 80)}"
    unmarked = "" if manifest is None or manifest.marked else "   database not marked"
    return f"{one_line(backup.name, 80):<44} {age:>7} ago {size_words(backup.size):>9} {rows:>13}  {state}{unmarked}"


def _tell_the_rest(settings: Settings, environment: str, found: BackupList) -> None:
    if not found.backups:
        say(f"there is no backup of {settings.site.name} {environment}")
    for stray in found.strays:
        say(f"unfinished upload of {stray.started:%Y-%m-%d %H:%M}Z: {one_line(stray.key, 200)}", "WARN")
    if found.strays_unknown:
        say(one_line(found.strays_unknown, 200), "WARN")
