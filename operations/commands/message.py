"""`vigie message`: list, show, draft, send and retry what users are told. A group of its own: not every message has an
incident, and at night nobody should have to type one's id."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from operations.cli import Noted, Session
from operations.commands.session import document, environment_of, say, settings_of
from operations.desk import utc_now
from operations.errors import VigieError
from operations.settings import Settings
from operations.text import one_line

if TYPE_CHECKING:
    from operations.engine.journal import Journal
    from operations.engine.model import Plan
    from operations.incident.messages import Draft
    from operations.incident.model import Incident
    from operations.incident.sent_messages import Delivery, Message
    from operations.watch.model import Snapshot

DRAFT_CODES = {0: "ready to be sent", 1: "invalid arguments", 2: "something is left blank"}
SEND_CODES = {
    0: "every target took it",
    1: "invalid arguments, refused, or not confirmed",
    2: "something is left blank, or must not leave",
    3: "a target did not take it: vigie message retry",
    4: "not known whether it arrived at a target: look there before sending again",
}
RETRY_CODES = {code: words for code, words in SEND_CODES.items() if code != 2}
NOT_TAKEN, NOT_KNOWN = 3, 4
_SIGNS = {"delivered": "ok", "failed": "FAILED", "unknown": "NOT KNOWN", "sending": "sending"}
_FIELDS = {"impact": "impact", "workaround": "workaround", "data loss": "data_loss", "service": "service"}


@dataclass(frozen=True, slots=True)
class Bench:
    """What every one of these commands works on."""

    settings: Settings
    environment: str
    journal: Journal
    incident: Incident | None


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
            click.option("--next", "next_update", metavar="TIME", help="Promise the next update: 30m, 2h or 08:00 (UTC)."),
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
    with _bench(session, incident_id, environment, latest=True) as bench:
        found = _past(bench)
        if as_json:
            result = {"incident": _id(bench), "messages": [_body(one) for one in found]}
            _document(session, bench, 0, "listed", result=result)
            return 0
        for one in found:
            at = one.sent_at or one.drafted_at
            to = one_line(one.audience, 80) or "not sent"
            click.echo(f"{one.id}  {at:%Y-%m-%d %H:%M:%SZ}  {one.kind:<10} {_SIGNS.get(one.result, 'draft'):<9}  {to}")
        if not found:
            say(f"no message of {_id(bench) or 'no incident'} yet")
    return 0


@message.command()
@click.argument("id", metavar="MESSAGE")
@_about
@click.pass_obj
def show(session: Session, id: str, incident_id: str | None, environment: str | None, as_json: bool) -> int:
    """One message word for word as it was sent, and every target's answer."""
    with _bench(session, incident_id, environment, latest=True) as bench:
        one = _named(_past(bench), id)
        if as_json:
            _document(session, bench, 0, one.result, result=_body(one))
            return 0
        when = f"sent {one.sent_at:%Y-%m-%d %H:%M:%SZ}" if one.sent_at else "not sent"
        click.echo(f"{one.id}  {one.kind}, {when} by {one_line(one.by, 40)}")
        click.echo(f"To: {one_line(one.audience, 300) or 'nobody yet'}")
        _print_deliveries(one.deliveries)
        _print_texts(one.texts)
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
    with _bench(session, incident_id, environment) as bench:
        made, _ = _drafted(bench, kind, given, next_update, runbook)
        code = 2 if made.missing else 0
        if as_json:
            _document(session, bench, code, DRAFT_CODES[code], result=_draft_body(made))
            return code
        _print_texts(made.texts)
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
    from operations.incident.sending import new_message_id
    from operations.incident.sending import send as send_it

    with _bench(session, incident_id, environment, to_change=not how["plan_only"]) as bench:
        targets = chosen_targets(bench.settings, names, restricted=is_restricted(bench.incident))
        made, snapshot = _drafted(bench, kind, given, next_update, runbook)
        sending = prepare(
            bench.settings, made, targets, _past(bench), utc_now(),
            incident=bench.incident, environment=bench.environment, message=new_message_id(), snapshot=snapshot,
            edited=_pairs(edited, "--text"), allow=_allowed(allow), again=again, told=_told(given),
        )  # fmt: skip
        stop = _previewed(session, bench, sending.plan, how, as_json=as_json)
        if stop is not None:
            return stop
        came = asyncio.run(send_it(bench.journal, bench.settings, sending, utc_now))
        _hand_over(sending.targets, sending.texts, as_json=as_json)
        return _concluded(session, bench, sending.message, came, SEND_CODES, as_json=as_json)


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
    from operations.incident.sending import retry as retry_it
    from operations.incident.sending import targets_to_retry

    with _bench(session, incident_id, environment, to_change=not how["plan_only"], latest=True) as bench:
        one = _named(_past(bench), id)
        targets = targets_to_retry(bench.settings, one, names, looked=looked)
        plan = retry_plan(bench.settings, one, targets, bench.environment, utc_now())
        stop = _previewed(session, bench, plan, how, as_json=as_json)
        if stop is not None:
            return stop
        chosen = [target.name for target in targets]
        work = retry_it(
            bench.journal, bench.settings, one.id, bench.incident, utc_now, names=chosen, looked=looked
        )  # fmt: skip
        came = asyncio.run(work)
        _hand_over(targets, one.texts, as_json=as_json)
        return _concluded(session, bench, one.id, came, RETRY_CODES, as_json=as_json)


@contextmanager
def _bench(
    session: Session, incident_id: str | None, environment: str | None, *, to_change: bool = False, latest: bool = False
) -> Iterator[Bench]:
    from operations.incident.book import IncidentBook
    from operations.jobs.launch import journal_for

    settings = settings_of(session, to_change=to_change)
    chosen = environment_of(session, settings, environment)
    journal = journal_for(settings)
    try:
        book = IncidentBook()
        book.feed([event for _, event in journal.events()])
        found = book.get(incident_id) if incident_id is not None else book.open_for(chosen)
        if found is None and latest and incident_id is None:
            found = book.latest_for(chosen)
        if incident_id is not None and found is None:
            raise VigieError(f"There is no incident {one_line(incident_id, 40)}.", next_step="See: vigie incident list")
        if found is not None and incident_id is not None:
            chosen = found.environment
        yield Bench(settings, chosen, journal, found)
    finally:
        journal.close()


def _past(bench: Bench) -> tuple[Message, ...]:
    from operations.incident.sending import past_messages

    found = past_messages(bench.journal, bench.incident, utc_now())
    # What was sent outside of any incident is shown beside: a window announced last week is still news.
    return found if bench.incident is None or found else past_messages(bench.journal, None, utc_now())


def _drafted(
    bench: Bench, kind: str, given: Sequence[str], next_update: str | None, runbook: str
) -> tuple[Draft, Snapshot | None]:
    from operations.freezes import until_of
    from operations.incident.messages import OF_AN_INCIDENT, drafted

    incident = bench.incident if kind in OF_AN_INCIDENT or runbook else None
    if kind in OF_AN_INCIDENT and incident is None:
        raise VigieError(
            f"A message of the kind {kind} is about an incident, and none is open.",
            next_step='Open one: vigie incident open "…", or name one with --incident.',
        )
    now = utc_now()
    promised = until_of(next_update, now) if next_update is not None else None
    snapshot = _look(bench)
    made = drafted(
        incident, kind, now, bench.settings, snapshot, given=_pairs(given, "--set"), promised=promised, runbook=runbook
    )
    return made, snapshot


def _look(bench: Bench) -> Snapshot | None:
    """One look, for the onset, the end, and which providers admit trouble; a message never fails for lack of it."""
    from operations.commands.look import look

    try:
        return look(bench.settings, bench.environment)
    except VigieError as error:
        say(f"nothing is measured: {error.what}", "WARN")
        return None


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, equals, words = one.partition("=")
        if not equals or not name.strip():
            raise VigieError(f"{option} wants NAME=WORDS, not {one_line(one, 40)!r}.")
        pairs[name.strip()] = words
    return pairs


def _told(given: Sequence[str]) -> dict[str, str]:
    """What of it is said of the incident and counts for the next message, too: by field, with its language."""
    from operations.incident.message_facts import fact_name

    told = {}
    for key, words in _pairs(given, "--set").items():
        name, dot, language = key.rpartition(".")
        name, language = (name, f".{language}") if dot and len(language) <= 5 else (key, "")
        if field := _FIELDS.get(fact_name(name)):
            told[f"{field}{language}"] = one_line(words, 400)
    return told


def _allowed(allow: Sequence[str]) -> frozenset[str]:
    from operations.incident.secret_scan import NEVER_ALLOWED

    refused = [one for one in allow if one in NEVER_ALLOWED]
    if refused:
        raise VigieError(f"Nobody's word sends a {refused[0]}.", next_step="Take it out of the text.")
    return frozenset(allow)


def _previewed(session: Session, bench: Bench, plan: Plan, how: Mapping[str, Any], *, as_json: bool) -> int | None:
    """Show the plan and get its confirmation: None to go on, else the code to end with."""
    from operations.commands.confirming import confirm_plan
    from operations.commands.printing import plan_document, plan_text

    refusal = plan.refusal
    if how["plan_only"]:
        code = refusal.code if refusal else 0
        if as_json:
            meaning = SEND_CODES[code] if code else "planned"
            _document(session, bench, code, meaning, plan=plan_document(plan))
        else:
            click.echo(plan_text(plan))
            _print_texts(plan.details["texts"])
        return code
    if not as_json:
        click.echo(plan_text(plan), err=True)
        _print_texts(plan.details["texts"], err=True)
    if refusal is not None:
        raise VigieError(f"Stopped by the guard “{refusal.name}”: {refusal.says}", code=refusal.code)
    given = {"yes": how["yes"], "typed": how["typed"], "typed_again": "", "reason": ""}
    confirm_plan(plan.confirm, given, interactive=sys.stdin.isatty() and not as_json)
    return None


def _concluded(
    session: Session,
    bench: Bench,
    message: str,
    came: Sequence[Delivery],
    codes: Mapping[int, str],
    *,
    as_json: bool,
) -> int:
    results = {one.result for one in came}
    code = NOT_KNOWN if "unknown" in results else NOT_TAKEN if "failed" in results else 0
    if as_json:
        result = {"message": message, "targets": [_delivery_body(one) for one in came]}
        _document(session, bench, code, codes[code], result=result)
        return code
    _print_deliveries(came)
    say(f"message {message}: exit {code}: {codes[code]}", "INFO" if code == 0 else "ERROR")
    return code


def _hand_over(targets: Sequence[Any], texts: Mapping[str, str], *, as_json: bool) -> None:
    """A clipboard is the console's; a command prints what is to be copied."""
    from operations.incident.message_shapes import Parcel

    for target in targets:
        if target.kind == "clipboard" and not as_json:
            click.echo(Parcel("", "", texts, "").text_for(target))


def _print_deliveries(deliveries: Sequence[Delivery]) -> None:
    for one in deliveries:
        attempt = f"  attempt {one.attempt}" if one.attempt > 1 else ""
        click.echo(
            f"{_SIGNS[one.result]:<10} {one_line(one.target, 60)}{attempt}  {one_line(one.problem, 300)}".rstrip()
        )


def _print_texts(texts: Mapping[str, str], *, err: bool = False) -> None:
    from operations.commands.message_text import columns

    stream = sys.stderr if err else sys.stdout
    for line in columns(texts, stream):
        click.echo(line, err=err)


def _named(found: Sequence[Message], id: str) -> Message:
    one = next((each for each in found if each.id == id), None)
    if one is None:
        raise VigieError(f"There is no message {one_line(id, 40)}.", next_step="See: vigie message list")
    return one


def _id(bench: Bench) -> str:
    return bench.incident.id if bench.incident is not None else ""


def _document(session: Session, bench: Bench, code: int, meaning: str, **body: Any) -> None:
    document(session.command, bench.settings, bench.environment, exit_code=code, meaning=meaning, **body)


def _draft_body(made: Draft) -> dict[str, Any]:
    return {
        "kind": made.kind,
        "runbook": made.book,
        "texts": dict(made.texts),
        "blanks": {one: list(names) for one, names in made.blanks.items()},
        "facts": {fact.name: {"values": dict(fact.values), "source": fact.source} for fact in made.facts},
        "next_update": made.promised,
        "remarks": list(made.remarks),
    }


def _body(one: Message) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind,
        "texts": dict(one.texts),
        "by": one.by,
        "drafted_at": one.drafted_at,
        "sent_at": one.sent_at,
        "audience": one.audience,
        "public": one.public,
        "next_update": one.promised,
        "result": one.result,
        "targets": [_delivery_body(each) for each in one.deliveries],
    }


def _delivery_body(one: Delivery) -> dict[str, Any]:
    return {
        "target": one.target, "result": one.result, "at": one.at, "attempt": one.attempt, "status": one.status,
        "problem": one.problem,
    }  # fmt: skip
