"""What `vigie message` prints: plans and texts for people, bodies for `--json`, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from operations.cli import Session
from operations.commands.message_bench import Bench
from operations.commands.session import document, say
from operations.errors import VigieError
from operations.text import one_line

if TYPE_CHECKING:
    from operations.engine.model import Plan
    from operations.incident.messages import Draft
    from operations.incident.sent_messages import Delivery, Message

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
SIGNS = {"delivered": "ok", "failed": "FAILED", "unknown": "NOT KNOWN", "sending": "sending"}


def previewed(session: Session, bench: Bench, plan: Plan, how: Mapping[str, Any], *, as_json: bool) -> int | None:
    """Show the plan and get its confirmation: None to go on, else the code to end with."""
    from operations.commands.confirming import confirm_plan
    from operations.commands.printing import plan_document, plan_text

    refusal = plan.refusal
    if how["plan_only"]:
        code = refusal.code if refusal else 0
        if as_json:
            meaning = SEND_CODES[code] if code else "planned"
            print_document(session, bench, code, meaning, plan=plan_document(plan))
        else:
            click.echo(plan_text(plan))
            print_texts(plan.details["texts"])
        return code
    if not as_json:
        click.echo(plan_text(plan), err=True)
        print_texts(plan.details["texts"], err=True)
    if refusal is not None:
        raise VigieError(f"Stopped by the guard “{refusal.name}”: {refusal.says}", code=refusal.code)
    given = {"yes": how["yes"], "typed": how["typed"], "typed_again": "", "reason": ""}
    confirm_plan(plan.confirm, given, interactive=sys.stdin.isatty() and not as_json)
    return None


def concluded(
    session: Session,
    bench: Bench,
    message: str,
    came: Sequence[Delivery],
    codes: Mapping[int, str],
    *,
    as_json: bool,
) -> int:
    """Say what came of each target; the exit code."""
    results = {one.result for one in came}
    code = NOT_KNOWN if "unknown" in results else NOT_TAKEN if "failed" in results else 0
    if as_json:
        result = {"message": message, "targets": [_delivery_body(one) for one in came]}
        print_document(session, bench, code, codes[code], result=result)
        return code
    print_deliveries(came)
    say(f"message {message}: exit {code}: {codes[code]}", "INFO" if code == 0 else "ERROR")
    return code


def hand_over(targets: Sequence[Any], texts: Mapping[str, str], *, as_json: bool) -> None:
    """A clipboard is the console's; a command prints what is to be copied."""
    from operations.incident.message_shapes import Parcel

    for target in targets:
        if target.kind == "clipboard" and not as_json:
            click.echo(Parcel("", "", texts, "").text_for(target))


def print_deliveries(deliveries: Sequence[Delivery]) -> None:
    """A line for each target."""
    for one in deliveries:
        attempt = f"  attempt {one.attempt}" if one.attempt > 1 else ""
        click.echo(
            f"{SIGNS[one.result]:<10} {one_line(one.target, 60)}{attempt}  {one_line(one.problem, 300)}".rstrip()
        )


def print_texts(texts: Mapping[str, str], *, err: bool = False) -> None:
    """The texts, side by side where there is room."""
    from operations.commands.message_text import columns

    stream = sys.stderr if err else sys.stdout
    for line in columns(texts, stream):
        click.echo(line, err=err)


def print_document(session: Session, bench: Bench, code: int, meaning: str, **body: Any) -> None:
    """The one JSON document."""
    document(session.command, bench.settings, bench.environment, exit_code=code, meaning=meaning, **body)


def draft_body(made: Draft) -> dict[str, Any]:
    """A draft as JSON types."""
    return {
        "kind": made.kind,
        "runbook": made.book,
        "texts": dict(made.texts),
        "blanks": {one: list(names) for one, names in made.blanks.items()},
        "facts": {fact.name: {"values": dict(fact.values), "source": fact.source} for fact in made.facts},
        "next_update": made.promised,
        "remarks": list(made.remarks),
    }


def message_body(one: Message) -> dict[str, Any]:
    """A message as JSON types."""
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
