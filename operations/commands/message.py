"""`vigie message`: list, show, draft, send and retry what users are told. A group of its own: not every message has an
incident, and at night nobody should have to type one's id."""

from __future__ import annotations

import asyncio
from typing import Any

import click

from operations.cli import Noted, Session
from operations.commands.message_bench import allowed_kinds, bench_for, draft_of, owner_of, pairs_of, told_by
from operations.commands.message_output import (
    DRAFT_CODES,
    RETRY_CODES,
    SEND_CODES,
    SIGNS,
    concluded,
    draft_body,
    hand_over,
    message_body,
    previewed,
    print_deliveries,
    print_document,
    print_texts,
)
from operations.commands.session import say
from operations.desk import utc_now
from operations.text import one_line

__all__ = ["DRAFT_CODES", "RETRY_CODES", "SEND_CODES", "message"]


@click.group(cls=Noted)
def message() -> None:
    """Draft and send what users are told, and see what each target answered."""


def _about(command: Any) -> Any:
    for option in reversed(
        (
            click.option("--incident", "incident_id", metavar="ID", help="Else the open incident, where there is one."),
            click.option("--env", "environment", metavar="NAME", help="The environment it is about."),
            click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."),
        )
    ):
        command = option(command)
    return command


def _filling(command: Any) -> Any:
    for option in reversed(
        (
            click.argument("kind"),
            click.option(
                "--set", "given", metavar="NAME=WORDS", multiple=True,
                help="Fill a blank; impact.fr=… in one language alone.",
            ),
            click.option("--next", "next_update", metavar="TIME", help="The next update's time: 30m, 2h, 08:00 (UTC)."),
            click.option("--runbook", default="", metavar="NAME", help="Whose template; else the incident's or ours."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def _confirming(command: Any) -> Any:
    for option in reversed(
        (
            click.option("--plan", "plan_only", is_flag=True, help="Show what would be sent to whom, and stop."),
            click.option("--yes", is_flag=True, help="Stands for the y/n where nobody can be asked."),
            click.option("--confirm", "typed", metavar="TEXT", default="", help="What would be typed: PUBLIC."),
        )
    ):
        command = option(command)
    return command


@message.command("list")
@_about
@click.pass_obj
def list_all(session: Session, incident_id: str | None, environment: str | None, as_json: bool) -> int:
    """The messages of an incident, oldest first, with what came of them."""
    with bench_for(session, incident_id, environment, latest=True) as bench:
        found = [one for _, one in bench.messages()]
        if as_json:
            id = bench.incident.id if bench.incident is not None else ""
            result = {"incident": id, "messages": [message_body(one) for one in found]}
            print_document(session, bench, 0, "listed", result=result)
            return 0
        for one in found:
            at = one.sent_at or one.drafted_at
            what = f"{one_line(one.kind, 20):<10} {SIGNS.get(one.result, 'draft'):<9}"
            to = one_line(one.audience, 80) or "not sent"
            click.echo(f"{one_line(one.id, 40)}  {at:%Y-%m-%d %H:%M:%SZ}  {what}  {to}")
        if not found:
            say("no message yet")
    return 0


@message.command()
@click.argument("id", metavar="MESSAGE")
@_about
@click.pass_obj
def show(session: Session, id: str, incident_id: str | None, environment: str | None, as_json: bool) -> int:
    """One message word for word as it was sent, and every target's answer."""
    with bench_for(session, incident_id, environment, latest=True) as bench:
        _, one = bench.named(id)
        if as_json:
            print_document(session, bench, 0, one.result, result=message_body(one))
            return 0
        when = f"sent {one.sent_at:%Y-%m-%d %H:%M:%SZ}" if one.sent_at else "not sent"
        click.echo(f"{one_line(one.id, 40)}  {one_line(one.kind, 40)}, {when} by {one_line(one.by, 40)}")
        click.echo(f"To: {one_line(one.audience, 300) or 'nobody yet'}")
        print_deliveries(one.deliveries)
        print_texts(one.texts)
    return 0


@message.command()
@_filling
@_about
@click.pass_obj
def draft(
    session: Session,
    kind: str,
    given: tuple[str, ...],
    next_update: str | None,
    runbook: str,
    incident_id: str | None,
    environment: str | None,
    as_json: bool,
) -> int:
    """The text as it stands: filled with what is known, the rest in brackets. Records and sends nothing."""
    with bench_for(session, incident_id, environment) as bench:
        owner = owner_of(bench, kind, named=incident_id is not None)
        made, _ = draft_of(bench, owner, kind, given, next_update, runbook)
        code = 2 if made.missing else 0
        if as_json:
            print_document(session, bench, code, DRAFT_CODES[code], result=draft_body(made))
            return code
        print_texts(made.texts)
        for words in made.remarks:
            say(words)
        for name in made.missing:
            why = f": {made.why[name]}" if name in made.why else ""
            say(f"still to be said: {name}{why}", "WARN")
    return code


@message.command()
@_filling
@click.option(
    "--to", "names", metavar="TARGET", multiple=True, help="Whom; else every target that is not public; or all."
)
@click.option("--text", "edited", metavar="LANG=WORDS", multiple=True, help="A whole text of one's own in a language.")
@click.option("--allow", metavar="KIND", multiple=True, help="Send what was found all the same: mail, host, person, …")
@click.option("--again", is_flag=True, help="One more of a kind that was sent already.")
@_about
@_confirming
@click.pass_obj
def send(
    session: Session,
    /,
    kind: str,
    given: tuple[str, ...],
    next_update: str | None,
    runbook: str,
    names: tuple[str, ...],
    edited: tuple[str, ...],
    allow: tuple[str, ...],
    again: bool,
    incident_id: str | None,
    environment: str | None,
    as_json: bool,
    **how: Any,
) -> int:
    """Show it, ask, and send it to all its targets at once."""
    from operations.incident.message_plan import chosen_targets, prepare
    from operations.incident.messages import is_restricted
    from operations.incident.sending import id_for, past_messages
    from operations.incident.sending import send as send_it

    with bench_for(session, incident_id, environment, to_change=not how["plan_only"]) as bench:
        owner = owner_of(bench, kind, named=incident_id is not None)
        targets = chosen_targets(bench.settings, names, restricted=is_restricted(owner))
        made, snapshot = draft_of(bench, owner, kind, given, next_update, runbook)
        past = past_messages(bench.journal, owner, utc_now())
        sending = prepare(
            bench.settings, made, targets, past, utc_now(),
            incident=owner, environment=bench.environment, message=id_for(kind, past), snapshot=snapshot,
            edited=pairs_of(edited, "--text"), allow=allowed_kinds(allow), again=again, told=told_by(given),
        )  # fmt: skip
        stop = previewed(session, bench, sending.plan, how, as_json=as_json)
        if stop is not None:
            return stop
        came = asyncio.run(send_it(bench.journal, bench.settings, sending, utc_now))
        hand_over(sending.targets, sending.texts, as_json=as_json)
        return concluded(session, bench, sending.message, came, SEND_CODES, as_json=as_json)


@message.command()
@click.argument("id", metavar="MESSAGE")
@click.option("--to", "names", metavar="TARGET", multiple=True, help="This target alone; else every one without it.")
@click.option("--looked", is_flag=True, help="I have looked: it did not arrive where that is not known.")
@_about
@_confirming
@click.pass_obj
def retry(
    session: Session,
    /,
    id: str,
    names: tuple[str, ...],
    looked: bool,
    incident_id: str | None,
    environment: str | None,
    as_json: bool,
    **how: Any,
) -> int:
    """Send a message again, word for word, to the targets that did not take it."""
    from operations.incident.message_plan import retry_plan
    from operations.incident.messages import is_restricted
    from operations.incident.sending import past_messages, targets_to_retry, told_it_is_over
    from operations.incident.sending import retry as retry_it

    with bench_for(session, incident_id, environment, to_change=not how["plan_only"], latest=True) as bench:
        owner, one = bench.named(id)
        late = told_it_is_over(past_messages(bench.journal, owner, utc_now()), one)
        targets = targets_to_retry(
            bench.settings, one, names, looked=looked, restricted=is_restricted(owner), over=late
        )
        plan = retry_plan(bench.settings, one, targets, bench.environment, utc_now())
        stop = previewed(session, bench, plan, how, as_json=as_json)
        if stop is not None:
            return stop
        chosen = [target.name for target in targets]
        work = retry_it(
            bench.journal, bench.settings, one.id, owner, utc_now, names=chosen, looked=looked
        )  # fmt: skip
        came = asyncio.run(work)
        hand_over(targets, one.texts, as_json=as_json)
        return concluded(session, bench, one.id, came, RETRY_CODES, as_json=as_json)
