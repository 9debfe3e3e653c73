"""`vigie runbook walk`: a runbook's questions answered by flags, by suggestions, or by a person line by line.

It prints each section with its evidence, and runs nothing unless told to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from operations.cli import Session
from operations.commands.printing import width
from operations.commands.session import print_document, say
from operations.commands.walk_ground import Ground, ground_of
from operations.desk import utc_now
from operations.headless.seeing import Recorded
from operations.headless.walker import Deciding, Ended, Walker
from operations.text import one_line
from runbooks.events import Answered, Moved
from runbooks.facts import Facts
from runbooks.parts import Blank
from runbooks.walk import WalkState

WALK_CODES: Mapping[int, str] = {
    0: "reached an end or an act",
    1: "invalid arguments, or refused",
    2: "settings, a file or a prerequisite is missing",
    3: "nothing is suggested: a person has to answer",
    4: "something has to be waited for",
}
_CODE_OF = {"end": 0, "act": 0, "person": 3, "waits": 4}
_COMMAND = "runbook walk"


@click.command()
@click.argument("name", metavar="NAME|FILE")
@click.option("--env", "environment", metavar="NAME", help="The environment it is about.")
@click.option("--answer", "answers", multiple=True, metavar="[WHERE=]N", help="An answer: N7=2, or 2 in order.")
@click.option("--why", default="", help="Why an answer goes against the evidence, where it leads to an act.")
@click.option("--start", metavar="WHERE", help="Begin at the section with this label or anchor.")
@click.option("--now", "waits_over", is_flag=True, help="Wait for nothing: take each wait as over, once.")
@click.option("--facts", "facts_file", type=click.Path(path_type=Path), help="Facts from this file; look at nothing.")
@click.option("--run-checks", "checks", is_flag=True, help="Run the checks of each section and use what they tell.")
@click.option("--run", "run", is_flag=True, help="Offer each act and command for running, with plan and confirmation.")
@click.option("--incident", metavar="ID", help="Record the walk in this incident, and go on where it stands.")
@click.option("--record", is_flag=True, help="Record the walk in the environment's open incident.")
@click.option("--new-walk", is_flag=True, help="Begin another walk in the incident.")
@click.option("--yes", is_flag=True, help="Ask nothing; with --run it stands for a y/n.")
@click.option("--confirm", "typed", metavar="TEXT", default="", help="With --run: what would be typed at the prompt.")
@click.option("--confirm-again", "typed_again", metavar="TEXT", default="", help="The phrase a second time.")
@click.option("--reason", default="", help="With --run: why, for the record.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.pass_obj
def walk(session: Session, /, name: str, **how: Any) -> int:
    """Walk a runbook: take the suggested answers, stop where a person has to answer. Runs nothing unless told."""
    with ground_of(session, name, how) as ground:
        return _walk(ground)


def _walk(ground: Ground) -> int:
    from operations.commands.walk_dialogue import Dialogue
    from operations.commands.walk_running import Running
    from operations.headless.report import earlier_body
    from operations.headless.unattended import Unattended

    how, keeping = ground.how, ground.keeping
    tell = say if how["as_json"] else click.echo
    confirming = {key: how[key] for key in ("yes", "typed", "typed_again", "reason")}
    running = Running(
        ground.session, ground.settings, ground.environment, keeping, confirming,
        checks=how["checks"], allowed=how["run"], asking=ground.asking, say=tell,
    )  # fmt: skip
    unattended = Unattended(ground.given, tell, why=how["why"], waits_over=how["waits_over"])
    deciding: Deciding = unattended
    if ground.asking:
        deciding = Dialogue(ground.environment, running, unattended, ground.seeing, say=tell, now=utc_now)
    state = keeping.state()
    ground.earlier += earlier_body(state)
    ground.seeing.facts(utc_now())
    if not how["as_json"]:
        _begin(ground, state)
    walker = Walker(
        keeping, ground.seeing, deciding, running,
        show=lambda state, facts, now: _show(ground, state, facts, now),
        took=lambda state, facts, now, made: _took(ground, state, facts, now, made),
        say=say, now=utc_now,
    )  # fmt: skip
    ended = walker.walk()
    for written in unattended.unused:
        say(f"--answer {one_line(written, 60)} was not used: no question asked for it", "WARN")
    code = _CODE_OF[ended.stop.reason]
    _conclude(ground, ended, code)
    return code


def _show(ground: Ground, state: WalkState, facts: Facts, now: datetime) -> None:
    from operations.headless.page import page
    from operations.headless.report import commands_body

    listed = {(one["section"], one["line"]) for one in ground.commands}
    new = commands_body(state.section, ground.environment)
    ground.commands += [one for one in new if (one["section"], one["line"]) not in listed]
    if not ground.how["as_json"]:
        numbered = ground.asking and bool(ground.how["run"])
        rows = page(
            state, facts, now,
            environment=ground.environment, width=width(), numbered=numbered, short=ground.asking, known=_known(ground),
        )  # fmt: skip
        click.echo("\n".join(rows))


def _known(ground: Ground) -> Callable[[Blank], bool]:
    """Which blanks the settings fill in; none without settings."""
    from operations.runbook_values import known

    settings = ground.settings
    if settings is None:
        return lambda blank: False
    return lambda blank: bool(known(blank, settings, ground.environment))


def _took(ground: Ground, state: WalkState, facts: Facts, now: datetime, made: Answered | Moved) -> None:
    from operations.headless.report import step_body

    ground.path.append(step_body(state, facts, now, made))
    if ground.how["as_json"] or ground.asking:
        return
    if isinstance(made, Answered) and made.suggested:
        click.echo(f"= {made.branch + 1} “{one_line(made.answer, 100)}”, as suggested")
    elif isinstance(made, Moved):
        onward = state.book.section(made.target)
        click.echo(f"= on to “{one_line(onward.title if onward else made.target, 100)}”")


def _begin(ground: Ground, state: WalkState) -> None:
    """What is walked, for what, by which facts, and where it is recorded."""
    settings = ground.settings
    where = f"{settings.site.name} {ground.environment}   {settings.path}" if settings else ground.environment
    click.echo(f"{one_line(state.book.title or state.book.name, 80)}: {where}")
    click.echo(ground.seeing.words)
    click.echo(ground.keeping.words)
    if state.book.hash != ground.book.hash:
        click.echo("the file has changed since; this walk goes on with the text it began with")
    for problem in state.book.problems[:3]:
        click.echo(f"! line {problem.line}: {one_line(problem.words, 160)}")
    if len(state.book.problems) > 3:
        click.echo(f"! and {len(state.book.problems) - 3} more; see: vigie runbook lint {ground.book.name}")
    if isinstance(ground.seeing, Recorded):
        strange = ground.seeing.unknown_to(state.book)
        if strange:
            say(f"no runbook knows these facts: {', '.join(strange[:8])}", "WARN")
    if state.path:
        click.echo("so far: " + " > ".join(step.answered.path for step in state.path if step.answered))


def _conclude(ground: Ground, ended: Ended, code: int) -> None:
    from operations.headless.closing import closing_lines
    from operations.headless.report import end_body

    if not ground.how["as_json"]:
        click.echo("\n".join(closing_lines(ended, ground.environment, width=width())))
        return
    settings, keeping = ground.settings, ground.keeping
    print_document(
        _COMMAND,
        settings.site.name if settings else "",
        ground.environment,
        exit_code=code,
        meaning=WALK_CODES[code],
        result={
            "book": ground.book.name,
            "title": ground.book.title,
            "facts": ground.seeing.words,
            "recorded": {"incident": keeping.incident, "walk": keeping.walk} if keeping.incident else None,
            "earlier": ground.earlier,
            "path": ground.path,
            "ended": end_body(ended),
            "commands": ground.commands,
        },
    )
