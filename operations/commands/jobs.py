"""`vigie jobs`: list, show, follow, cancel, clean, export, and unlock by the lock's own id."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from operations.ages import age_words, seconds_between
from operations.cli import Noted, Session
from operations.commands.following import follow_job
from operations.commands.paper import FORMATS, put, rendered
from operations.commands.session import document, environment_of, say, settings_of, to_json
from operations.desk import utc_now
from operations.engine.record import JobRecord
from operations.errors import VigieError
from operations.text import one_line


@click.group(cls=Noted)
def jobs() -> None:
    """List, show, follow, cancel, clean and export jobs."""


@jobs.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--all", "every", is_flag=True, help="Every job, not only the newest twenty.")
@click.pass_obj
def list_jobs(session: Session, as_json: bool, every: bool) -> int:
    """The jobs, newest first."""
    from operations.jobs.launch import jobs_of

    settings = settings_of(session)
    found = jobs_of(settings)
    found = found if every else found[:20]
    if as_json:
        environment = environment_of(session, settings)
        document("jobs list", settings, environment, exit_code=0, meaning="listed", result=[_body(j) for j in found])
        return 0
    if found:
        click.echo(f"{'job':>4}  {'id':<12}  {'age':>6}  what, how it ended, who")
    for job in found:
        click.echo(_line(job))
    if not found:
        say("no job has run from here")
    return 0


@jobs.command()
@click.argument("id")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def show(session: Session, id: str, as_json: bool) -> int:
    """One job with its steps and what it left behind."""
    from operations.jobs.launch import job_book

    settings = settings_of(session)
    with job_book(settings) as book:
        job = book.get(id)
    if as_json:
        document("jobs show", settings, job.environment, exit_code=0, meaning=job.state.value, result=_body(job))
        return 0
    click.echo(_line(job))
    for number, step in enumerate(job.steps, 1):
        took = f"{step.seconds:.1f} s" if step.seconds is not None else f"expected {step.expected:.0f} s"
        click.echo(f"  {number} {step.state:<8} {step.title}, {took}" + (f"  {step.says}" if step.says else ""))
    for debris in job.debris:
        click.echo(f"  left behind: {debris.words}   (vigie jobs clean {job.number})")
    click.echo(f"  log: {job.log}")
    return 0


@jobs.command()
@click.argument("id")
@click.pass_obj
def follow(session: Session, id: str) -> int:
    """Follow a job until it ends; exits with its code."""
    from operations.jobs.launch import job_book

    settings = settings_of(session)
    with job_book(settings) as book:
        job = book.get(id)
    outcome = follow_job(settings, job)
    say(f"{job.operation}: exit {outcome.code}: {outcome.meaning}. {outcome.says}".rstrip())
    return outcome.code


@jobs.command()
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def cancel(session: Session, id: str, yes: bool) -> int:
    """Ask a job to stop before its point of no return."""
    from operations.engine.control import cancel as ask
    from operations.jobs.launch import job_book, journal_for

    settings = settings_of(session, to_change=True)
    with job_book(settings) as book:
        job = book.get(id)
    journal = journal_for(settings)
    try:
        if not job.live:
            raise VigieError(f"Job {job.number} does not run any more: it is {job.state.value}.")
        if job.past_no_return:
            raise VigieError(f"Job {job.number} is past its point of no return: it goes on to its end.")
        if not yes and not click.confirm(f"Stop job {job.number} {job.title}?", default=False, err=True):
            raise VigieError("Not confirmed; the job goes on.")
        ask(journal, job)
    finally:
        journal.close()
    say(f"asked job {job.number} to stop; follow it: vigie jobs follow {job.number}")
    return 0


@jobs.command()
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def clean(session: Session, id: str, yes: bool) -> int:
    """Clean what a dead worker left behind."""
    from operations.engine.control import clean as sweep
    from operations.jobs import operation_named
    from operations.jobs.launch import desk_for, job_book, journal_for, locks_of

    settings = settings_of(session, to_change=True)
    with job_book(settings) as book:
        job = book.get(id)
    journal = journal_for(settings)
    try:
        if job.live:
            raise VigieError(
                f"Job {job.number} still runs.", next_step=f"Stop it first: vigie jobs cancel {job.number}"
            )
        if not job.needs_cleaning:
            say(f"job {job.number} left nothing behind")
            return 0
        for debris in job.debris:
            say(f"left behind: {debris.words}")
        if not yes and not click.confirm("Clean it?", default=False, err=True):
            raise VigieError("Not confirmed; nothing was cleaned.")
        desk = desk_for(settings, job.environment, watching=False)
        after = sweep(journal, job, operation_named(job.operation), desk, locks=locks_of(settings), say=say)
    finally:
        journal.close()
    if after.debris:
        left = "; ".join(debris.words for debris in after.debris)
        raise VigieError(
            f"Could not be cleaned: {left}", next_step="It stays listed; try again when the cause is gone."
        )
    say(f"cleaned after job {job.number}")
    return 0


@jobs.command()
@click.argument("id")
@click.pass_obj
def export(session: Session, id: str) -> int:
    """One job whole, as JSON: plan, events, log, hashes. Redacted."""
    from operations.engine.control import export as whole
    from operations.engine.redaction import Redactor
    from operations.jobs.launch import job_book, journal_for

    settings = settings_of(session)
    with job_book(settings) as book:
        job = book.get(id)
    journal = journal_for(settings)
    try:
        click.echo(to_json(whole(journal, job, Redactor(settings.secrets()))))
    finally:
        journal.close()
    return 0


@jobs.command()
@click.argument("id")
@click.option("--format", "how", type=FORMATS, default="md", help="Markdown, JSON, or one HTML file.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file for it; else it is printed.")
@click.pass_obj
def report(session: Session, id: str, how: str, out: Path | None) -> int:
    """The report of a deployment or rollback: who, what, how long, what was seen. Redacted."""
    from operations.engine.redaction import Redactor
    from operations.jobs.deployment_report import deployment_data, deployment_report, redacted_job
    from operations.jobs.launch import job_book

    settings = settings_of(session)
    with job_book(settings) as book:
        job = redacted_job(book.get(id), Redactor(settings.secrets()))
    put(to_json(deployment_data(job)) + "\n" if how == "json" else rendered(deployment_report(job), how), out)
    return 0


@jobs.command()
@click.argument("lock_id")
@click.option("--confirm", "typed", default="", metavar="TEXT", help="The phrase, on production.")
@click.option("--yes", is_flag=True, help="Stands for y/n off production.")
@click.option("--reason", default="", help="Why, for the record.")
@click.pass_obj
def unlock(session: Session, lock_id: str, typed: str, yes: bool, reason: str) -> int:
    """Take a lock away by its id, when its holder is known to be gone."""
    from operations.jobs.launch import force_unlock

    settings = settings_of(session, to_change=True)
    how = {"yes": yes, "typed": typed, "typed_again": "", "reason": reason}
    say(force_unlock(settings, lock_id, how))
    return 0


def _line(job: JobRecord) -> str:
    age = age_words(seconds_between(job.created_at, utc_now()))
    ended = f"exit {job.code}: {job.meaning}" if job.code is not None else job.state.value
    ended += f": {job.says}" if job.live and job.says else ""
    left = f", {len(job.debris)} left behind" if job.debris else ""
    return one_line(
        f"{job.number:>4}  {job.id[:12]}  {age:>6}  {job.operation} {job.environment}  {ended}{left}  {job.actor}", 200
    )


def _body(job: JobRecord) -> dict[str, Any]:
    return {
        "id": job.id,
        "number": job.number,
        "operation": job.operation,
        "environment": job.environment,
        "title": job.title,
        "state": job.state.value,
        "actor": job.actor,
        "reason": job.reason,
        "created_at": job.created_at,
        "ended_at": job.ended_at,
        "exit_code": job.code,
        "meaning": job.meaning,
        "says": job.says,
        "steps": [
            {"name": s.name, "title": s.title, "state": s.state, "seconds": s.seconds, "says": s.says}
            for s in job.steps
        ],
        "left_behind": [{"kind": d.kind, "words": d.words} for d in job.debris],
        "log": job.log,
    }
