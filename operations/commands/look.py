"""`vigie status` and `vigie facts`: one look, by the recorder when it runs, else a quick one that says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from operations.ages import age_words, seconds_between
from operations.cli import Session
from operations.commands.session import document, environment_of, settings_of
from operations.settings import Settings
from operations.text import one_line
from operations.watch.model import Overall, ProbeState, Snapshot, Status
from runbooks.facts import Fact

EXIT_CODES: dict[int, str] = {0: "ok or warn", 1: "down", 2: "wrong usage or settings", 3: "unknown"}
SIGNS = {Status.OK: "✓", Status.WARN: "▲", Status.DOWN: "✖", Status.UNKNOWN: "?"}
WORDS = {overall: "ok" if overall is Overall.OK else overall.name for overall in Overall}


@click.command()
@click.option("--env", "environment", metavar="NAME", help="The environment to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--line", "as_line", is_flag=True, help="One line, for a shell prompt or tmux.")
@click.pass_obj
def status(session: Session, environment: str | None, as_json: bool, as_line: bool) -> int:
    """One look at an environment: exit 0 ok or warn, 1 down, 2 wrong usage or settings, 3 unknown."""
    settings = settings_of(session)
    chosen = environment_of(session, settings, environment)
    snapshot = look(settings, chosen)
    code = {Overall.DOWN: 1, Overall.UNKNOWN: 3}.get(snapshot.overall, 0)
    if as_json:
        document("status", settings, chosen, exit_code=code, meaning=EXIT_CODES[code], result=_body(snapshot))
    elif as_line:
        click.echo(_one_line(settings, snapshot))
    else:
        click.echo("\n".join(_rows(settings, snapshot)))
    return code


@click.command()
@click.option("--env", "environment", metavar="NAME", help="The environment to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def facts(session: Session, environment: str | None, as_json: bool) -> int:
    """Every fact with its value, source and age; one without a source is unknown, and says so."""
    settings = settings_of(session)
    chosen = environment_of(session, settings, environment)
    snapshot = look(settings, chosen)
    if as_json:
        result = {name: _fact_body(fact, snapshot) for name, fact in sorted(snapshot.facts.items())}
        document("facts", settings, chosen, exit_code=0, meaning="listed", result=result)
        return 0
    for _, fact in sorted(snapshot.facts.items()):
        click.echo(fact_row(fact, snapshot.at))
    return 0


def fact_row(fact: Fact, now: datetime) -> str:
    """One fact on a line: in its source's words and, where that differs, as the bare value a condition compares."""
    known = fact.known(now)
    bare = "" if known is None else value_words(known)
    says = "unknown" if known is None else fact.says or bare
    raw = f"= {bare}" if bare and says != bare else ""
    age = f"{age_words(fact.age(now))} ago" if fact.at else ""
    why = f"({fact.why_unknown(now)})" if known is None else ""
    value = f"{one_line(says, 60):<30} {one_line(raw, 22):<14}"
    return f"{fact.name:<32} {value} {fact.source:<26} {age:<10} {one_line(why, 80)}".rstrip()


def look(settings: Settings, environment: str) -> Snapshot:
    """One snapshot of an environment."""
    from operations.jobs.launch import jobs_of
    from operations.jobs.watching import look_once

    history = tuple(job for job in jobs_of(settings) if job.environment == environment)
    return look_once(settings, environment, lambda: history)


def value_words(value: bool | float | str) -> str:
    """A fact's bare value as a person writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float | int):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return value


def _one_line(settings: Settings, snapshot: Snapshot) -> str:
    down = [state.title for state in snapshot.states if state.status is Status.DOWN]
    sign = {Overall.OK: "✓", Overall.DOWN: "✖", Overall.UNKNOWN: "?"}.get(snapshot.overall, "▲")
    shown = down or snapshot.overall is Overall.MAINTENANCE
    since = f" {age_words(seconds_between(snapshot.since, snapshot.at))}" if snapshot.since and shown else ""
    what = f" {', '.join(down[:3])}" if down else ""
    return one_line(f"{settings.site.name} {snapshot.environment} {sign} {WORDS[snapshot.overall]}{since}{what}", 120)


def _rows(settings: Settings, snapshot: Snapshot) -> list[str]:
    how = "recorded readings" if snapshot.recorded else "one quick look, without the recorder's hysteresis"
    rows = [f"{_one_line(settings, snapshot)}   ({how}; {settings.path})"]
    order = {Status.DOWN: 0, Status.WARN: 1, Status.UNKNOWN: 2, Status.OK: 3}
    for state in sorted(snapshot.states, key=lambda one: (order[one.status], not one.critical)):
        rows.append(f"  {SIGNS[state.status]} {state.status.value:<8} {state.title:<22} {_detail(state)}".rstrip())
    for change in sorted(snapshot.changes, key=lambda one: one.at, reverse=True)[:5]:
        age = age_words(seconds_between(change.at, snapshot.at))
        rows.append(f"  {age:>6} ago  {change.kind} {one_line(change.title, 60)} {change.who}".rstrip())
    rows += [f"  note: {one_line(note, 120)}" for note in snapshot.notes]
    return rows


def _detail(state: ProbeState) -> str:
    if state.status is Status.UNKNOWN:
        return one_line(state.reason, 90)
    return one_line(state.last.detail if state.last else "", 90)


def _body(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "overall": snapshot.overall.value,
        "since": snapshot.since,
        "at": snapshot.at,
        "recorded": snapshot.recorded,
        "watching_since": snapshot.watching_since,
        "onset": snapshot.onset,
        "probes": [
            {
                "probe": state.probe,
                "title": state.title,
                "status": state.status.value,
                "since": state.since,
                "critical": state.critical,
                "detail": _detail(state),
            }
            for state in snapshot.states
        ],
        "alarms": [{"title": a.title, "opened_at": a.opened_at} for a in snapshot.alarms if a.closed_at is None],
        "changes": [{"kind": c.kind, "title": c.title, "who": c.who, "at": c.at} for c in snapshot.changes],
        "notes": list(snapshot.notes),
    }


def _fact_body(fact: Fact, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "value": fact.known(snapshot.at),
        "says": fact.says,
        "source": fact.source,
        "at": fact.at,
        "age": fact.age(snapshot.at),
        "reason": fact.why_unknown(snapshot.at),
        "inputs": list(fact.inputs),
    }
