"""The plan of a restore: onto what, from which backup, in which form, and every proof that it is not production."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from operations.ages import age_words, size_words
from operations.backups import Backup, BackupList, choose_backup, list_backups
from operations.coherence import Observed, check_story, story_guard
from operations.desk import Desk
from operations.dump.connection import way_to
from operations.dump.server import LONGEST_NAME, Ground, look_at
from operations.dump.tools import Tool, find_tool
from operations.engine.confirm import confirmation
from operations.engine.model import Guard, Plan, PlanLine, PlannedStep
from operations.errors import VigieError, or_error
from operations.freezes import freeze_guard
from operations.jobs.lock_guard import lock_guard
from operations.jobs.timings import MEASURED, MEASURED_BYTES, expected_seconds
from operations.places import places_for
from operations.proof.identity import Identity
from operations.proof.not_production import Proof, prove_target
from operations.text import one_line

NAME = "restore"
Form = Literal["swap", "in place", "beside"]
PREREQUISITE, NO_BACKUP, ARGUMENTS = 2, 4, 1
PERSONAL = "it contains production's personal data: the target's mail, webhooks and jobs must be off"
_SERVICE_DATABASES = frozenset({"postgres"})
_OFFERED = 15
"""Backups of one environment that are offered to choose from."""
_PACKED = 8
"""How much larger a database is than its packed dump, about."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The request, normalised. `source` is the environment whose backup it is; `beside` a name for `--as`."""

    file: str
    source: str
    beside: str
    in_place: bool
    services_off: bool

    @property
    def request(self) -> dict[str, Any]:
        """As it is journaled."""
        return {
            "file": self.file, "from": self.source, "as": self.beside, "in_place": self.in_place,
            "services_off": self.services_off,
        }  # fmt: skip


def asked_for(desk: Desk, request: Mapping[str, Any]) -> Asked:
    """Read the request. Raises VigieError (code 1) for one that makes no sense."""
    source = str(request.get("from") or desk.environment)
    if source not in desk.settings.environments:
        known = ", ".join(desk.settings.environments)
        raise VigieError(f"--from {one_line(source, 40)}: there is no such environment; there is {known}.")
    beside = str(request.get("as") or "")
    if beside and not (beside.isidentifier() and beside.isascii() and len(beside) <= LONGEST_NAME):
        raise VigieError(
            f"--as {one_line(beside, 70)}: not a plain database name.", next_step="Letters, digits and _, at most 63."
        )
    if beside and request.get("in_place"):
        raise VigieError("--as restores beside and --in-place into the database itself: give one of them.")
    return Asked(
        str(request.get("file") or "").rpartition("/")[2],
        source,
        beside,
        bool(request.get("in_place")),
        bool(request.get("services_off")),
    )


def plan_restore(desk: Desk, request: Mapping[str, Any]) -> Plan:
    """The whole preview, changing nothing. Where a test says production, nothing else is looked at."""
    asked = asked_for(desk, request)
    proof = prove_target(desk.settings, desk.environment)
    if proof.refusal is not None or proof.identity is None or proof.place is None:
        return _refused(desk, asked, proof)
    target = proof.identity
    found = or_error(lambda: list_backups(desk.settings, asked.source, newest=None))
    backup = found if isinstance(found, VigieError) else or_error(lambda: choose_backup(found, asked.file))
    ground = or_error(lambda: look_at(desk.env.database))
    tool = or_error(lambda: find_tool("psql", at_least=target.major, loopback=way_to(desk.env.database).is_loopback))
    form, why = form_of(asked, target, proof, ground)
    guards = (
        *proof.guards,
        lock_guard(desk),
        freeze_guard(desk.settings, desk.environment, desk.now()),
        story_guard(check_story(desk.settings, desk.environment, Observed(mark=target.mark))),
        _backup_guard(backup),
        *_version_guard(backup, target),
        _tool_guard(tool),
        *_ground_guards(form, asked, ground),
        _disk_guard(desk, backup),
        *_personal_guard(desk, asked),
    )
    touched = asked.beside or target.database
    return Plan(
        operation=NAME,
        site=desk.site,
        environment=desk.environment,
        config=desk.config,
        title="Restore",
        request=asked.request,
        lines=tuple(_lines(desk, asked, proof, target, backup, form, why, ground)),
        guards=guards,
        steps=_steps(desk, form, touched, tool, backup),
        confirm=confirmation("restore", production=False, database=touched),
        details={
            "form": form, "database": target.database, "oid": target.oid,
            "backup": "" if isinstance(backup, VigieError) else backup.key,
            "candidates": _candidates(desk, asked.source, found),
        },
        decisive={
            "Target": f"{proof.place.words}, server {target.identifier or 'without a number'}",
            "Backup": "none" if isinstance(backup, VigieError) else f"{backup.key}, {backup.size} bytes",
            "Form": form,
        },
    )  # fmt: skip


def form_of(asked: Asked, target: Identity, proof: Proof, ground: Ground | VigieError) -> tuple[Form, str]:
    """How the restore is done, and why so."""
    if asked.beside:
        return "beside", f"into a new database {asked.beside}; {target.database} is not touched"
    if asked.in_place:
        return "in place", "asked for"
    if target.database in _SERVICE_DATABASES or (proof.place and proof.place.tenants):
        return "in place", "services and poolers of the provider hold on to this database: it cannot be renamed"
    if isinstance(ground, Ground) and not (ground.may_create and ground.owns):
        lacks = "create databases" if not ground.may_create else f"rename {target.database}"
        return "in place", f"this user may not {lacks}"
    if isinstance(ground, Ground) and not ground.maintenance:
        return "in place", "there is no other database to rename it from"
    return "swap", "into a fresh database, then both names change places"


def _refused(desk: Desk, asked: Asked, proof: Proof) -> Plan:
    """The plan of a restore that a proof refused: nothing else was asked, nothing is shown that looks ready."""
    where = proof.place.words if proof.place else "unknown"
    return Plan(
        operation=NAME,
        site=desk.site,
        environment=desk.environment,
        config=desk.config,
        title="Restore",
        request=asked.request,
        lines=(PlanLine("Onto", where, "bad"),),
        guards=proof.guards,
        confirm=confirmation("restore", production=False, database=desk.environment),
        decisive={"Target": where},
    )


def _lines(
    desk: Desk,
    asked: Asked,
    proof: Proof,
    target: Identity,
    backup: Backup | VigieError,
    form: Form,
    why: str,
    ground: Ground | VigieError,
) -> Iterator[PlanLine]:
    assert proof.place is not None
    about = f"PostgreSQL {target.version}, {size_words(target.size)} on disk, marked {target.mark}"
    yield PlanLine("Onto", f"{proof.place.words}   {about}")
    if isinstance(backup, VigieError):
        yield PlanLine("Backup", str(backup), "bad")
    else:
        yield from _backup_lines(desk, backup)
    if asked.source != desk.environment:
        kind = desk.settings.environments[asked.source].kind
        words = PERSONAL if kind == "production" else f"a backup of {asked.source}"
        yield PlanLine("From", f"{asked.source}: {words}", "bad" if kind == "production" else "warn")
    yield PlanLine("How", f"{form}: {why}", "plain" if form != "in place" else "warn")
    if form == "in place":
        yield PlanLine("Then", "what is in it now is gone: there is nothing to swap back to", "bad")
    elif form == "swap":
        aside = f"vigie restore --env {desk.environment} --undo JOB swaps back"
        yield PlanLine("Then", "the present one is kept beside it", aside=aside)
    if isinstance(ground, Ground) and ground.sessions and form != "beside":
        what = "must let go of it" if form == "in place" else "are ended at the swap"
        yield PlanLine("Sessions", f"{ground.sessions} {what}: {ground.programs or 'unnamed'}", "warn")
    if not isinstance(backup, VigieError) and form != "in place":
        yield PlanLine("Room", f"about {size_words(backup.size * _PACKED)} more on the server: two copies lie there")


def _backup_lines(desk: Desk, backup: Backup) -> Iterator[PlanLine]:
    at = backup.finished or backup.at
    state = "trusted" if backup.trusted else f"NOT trusted: {backup.why_not}"
    words = f"{backup.name}   {age_words((desk.now() - at).total_seconds())} old, {size_words(backup.size)}, {state}"
    yield PlanLine("Backup", words, "plain" if backup.trusted else "bad")
    if backup.manifest is None:
        what = "no manifest" + ("" if backup.checksum else " and no checksum")
        yield PlanLine(
            "Checked by",
            f"{what} lies beside it: its gzip and its last line are all that can be checked"
            if not backup.checksum
            else f"{what} lies beside it: checksum, gzip and its last line",
            "warn",
        )


def _candidates(desk: Desk, source: str, found: BackupList | VigieError) -> list[dict[str, str]]:
    """Backups that could be restored instead, the target's own first, then production's."""
    rows: list[dict[str, str]] = []
    others = [name for name, env in desk.settings.environments.items() if env.kind == "production"]
    for name in dict.fromkeys([desk.environment, source, *others]):
        listed = found if name == source else or_error(partial(list_backups, desk.settings, name))
        if isinstance(listed, VigieError):
            continue
        personal = PERSONAL if name in others else ""
        for backup in [one for one in listed.backups if one.size][:_OFFERED]:
            age = age_words((desk.now() - (backup.finished or backup.at)).total_seconds())
            state = "trusted" if backup.trusted else f"NOT trusted: {one_line(backup.why_not, 40)}"
            words = f"{name}  {backup.at:%Y-%m-%d %H:%M}Z  {age} old  {size_words(backup.size)}  {state}"
            rows.append({"name": backup.name, "from": name, "personal": personal, "words": words})
    return rows


def _backup_guard(backup: Backup | VigieError) -> Guard:
    if isinstance(backup, VigieError):
        return Guard("backup there", "refuse", str(backup), NO_BACKUP if backup.code != PREREQUISITE else PREREQUISITE)
    if not backup.trusted:
        return Guard("backup there", "warn", f"it cannot be trusted: {backup.why_not}")
    return Guard("backup there", "pass")


def _version_guard(backup: Backup | VigieError, target: Identity) -> Iterator[Guard]:
    if isinstance(backup, VigieError) or backup.manifest is None:
        return
    major = backup.manifest.server_version.partition(".")[0]
    if major.isdigit() and int(major) > target.major:
        says = f"the dump is of PostgreSQL {major}, the server is {target.major}: an older server cannot read it"
        yield Guard("server new enough", "refuse", says, PREREQUISITE)
    else:
        yield Guard("server new enough", "pass")


def _tool_guard(tool: Tool | VigieError) -> Guard:
    if isinstance(tool, VigieError):
        return Guard("psql fits", "refuse", str(tool), PREREQUISITE)
    return Guard("psql fits", "pass", f"{tool.path} {tool.version}")


def _ground_guards(form: Form, asked: Asked, ground: Ground | VigieError) -> Iterator[Guard]:
    if isinstance(ground, VigieError):
        yield Guard("server allows it", "refuse", str(ground), PREREQUISITE)
    elif form == "beside" and not ground.may_create:
        yield Guard("server allows it", "refuse", "this user may not create databases", PREREQUISITE)
    elif form == "in place" and not ground.owns:
        yield Guard("server allows it", "warn", "this user does not own the database: some of it may not be emptied")
    else:
        yield Guard("server allows it", "pass")


def _disk_guard(desk: Desk, backup: Backup | VigieError) -> Guard:
    """The packed dump lies here while it is checked and loaded."""
    state = places_for(desk.settings).state
    try:
        free = shutil.disk_usage(state).free
    except OSError as error:
        return Guard("room for the download", "refuse", f"{state}: {error.strerror}", PREREQUISITE)
    if not isinstance(backup, VigieError) and free < backup.size * 1.1:
        says = f"{size_words(free)} free in {state}, {size_words(backup.size)} to come"
        return Guard("room for the download", "refuse", says, PREREQUISITE)
    return Guard("room for the download", "pass", f"{size_words(free)} free")


def _personal_guard(desk: Desk, asked: Asked) -> Iterator[Guard]:
    if asked.source != desk.environment and desk.settings.environments[asked.source].kind == "production":
        if asked.services_off:
            yield Guard("mail, webhooks and jobs off", "pass", "said so")
        else:
            yield Guard("mail, webhooks and jobs off", "refuse", f"{PERSONAL}. Say so: --services-off", ARGUMENTS)


def _steps(
    desk: Desk, form: Form, touched: str, tool: Tool | VigieError, backup: Backup | VigieError
) -> tuple[PlannedStep, ...]:
    history = desk.history()
    size = 0 if isinstance(backup, VigieError) else backup.size * _PACKED

    def seconds(step: str, share: float) -> float:
        return expected_seconds(
            history, NAME, step, max(1.0, round(MEASURED["restore"] * share * size / MEASURED_BYTES))
        )

    psql = "psql" if isinstance(tool, VigieError) else tool.path
    load = f"{psql} --no-psqlrc --set=ON_ERROR_STOP=1 --file=-"
    download = PlannedStep("download", "download", seconds("download", 0.2))
    verify = PlannedStep("verify", "check hash, gzip and end", seconds("verify", 0.1))
    first = (PlannedStep("prerequisites", "prove the target again", seconds("prerequisites", 0.0)), download, verify)
    if form == "in place":
        effect = f"empties {touched} and loads it again, in one transaction"
        loading: tuple[PlannedStep, ...] = (
            PlannedStep("load", "empty and load", seconds("load", 0.7), effect, (load,), no_return=True),
        )
    else:
        into = f"database {touched}" if form == "beside" else f"a fresh database beside {touched}"
        loading = (
            PlannedStep("create", "make a fresh database", seconds("create", 0.0), effect=into),
            PlannedStep("load", "load and count", seconds("load", 0.7), effect=f"fills {into}", commands=(load,)),
            PlannedStep("dress", "mark, settings, grants", seconds("dress", 0.0), effect=f"on {into}"),
        )
    if form == "beside":
        return (*first, *loading)
    swap = PlannedStep(
        "swap", "swap the names", seconds("swap", 0.0), effect=f"{touched} is the restored one", no_return=True
    )
    last = (
        PlannedStep("look", "look at it from outside", seconds("look", 0.0)),
        PlannedStep("smoke", "smoke tests", expected_seconds(history, NAME, "smoke", MEASURED["smoke"])),
    )
    return (*first, *loading, *((swap,) if form == "swap" else ()), *last)
