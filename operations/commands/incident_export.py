"""`vigie incident export` and `stats`: the report of one incident as a paper, and the figures of many."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from operations.cli import Session
from operations.commands.incident_read import journal_of
from operations.commands.paper import FORMATS, put, rendered, write_new
from operations.commands.session import document, environment_of, say, settings_of, worded
from operations.desk import utc_now
from operations.errors import VigieError
from operations.incident.report import Report
from operations.settings import Settings
from operations.text import one_line

PICTURES = (".svg", ".png")


@click.command()
@click.argument("id")
@click.option("--format", "how", type=FORMATS, default="md", help="Markdown, JSON, or one HTML file.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file for it; else it is printed.")
@click.option(
    "--picture", type=click.Path(path_type=Path, dir_okay=False), help="A new .svg or .png file for the curve."
)
@click.pass_obj
def export(session: Session, id: str, how: str, out: Path | None, picture: Path | None) -> int:
    """The report of an incident, from its events alone; redacted."""
    from operations.incident.report_data import report_json
    from operations.incident.report_document import report_document

    if picture is not None and picture.suffix.lower() not in PICTURES:
        raise VigieError(
            f"{one_line(picture.name, 60)} is no picture's name.", next_step="Name a file that ends with .svg or .png"
        )
    report = _report(settings_of(session), id)
    if picture is not None:
        write_new(picture, _picture(report, picture.suffix.lower()))
    paper = report_document(report)
    put(report_json(report) if how == "json" else rendered(paper, how, out=out, picture=picture), out)
    if report.restricted:
        say("this incident is restricted: do not pass the report on", "WARN")
    if paper.blanks:
        say(f"{len(paper.blanks)} parts are still to be written")
    return 0


def export_file(settings: Settings, id: str, folder: Path) -> Path:
    """Write the report as one HTML file and its curve beside it; the file's path. Raises VigieError."""
    from operations.incident.report_document import report_document

    report = _report(settings, id)
    number = next(n for n in range(1, 1000) if not (folder / f"report-{id}-{n}.html").exists())
    path = folder / f"report-{id}-{number}.html"
    put(rendered(report_document(report), "html", out=path), path)
    return path


def _report(settings: Settings, id: str) -> Report:
    from operations.engine.redaction import Redactor
    from operations.incident.refold import events_of, redacted
    from operations.incident.report import report_from

    with journal_of(settings) as journal:
        events = redacted(events_of(journal, id), Redactor(settings.secrets()))
    report = report_from(events, id)
    if report is None:
        raise VigieError(f"There is no incident {one_line(id, 40)}.", next_step="See: vigie incident list")
    return report


def _picture(report: Report, kind: str) -> bytes:
    from operations.incident.picture_png import curve_png
    from operations.incident.picture_svg import curve_svg
    from operations.incident.report_document import picture_title

    svg = curve_svg(report.curve, picture_title(report))
    if not svg:
        raise VigieError(
            "There is no curve: no figures of traffic were recorded while it was open.",
            next_step="Export the report without --picture.",
        )
    return curve_png(svg) if kind == ".png" else svg.encode()


@click.command()
@click.option(
    "--since",
    default="",
    callback=worded,
    metavar="WHEN",
    help="A date (2026-07-01), or days back (90d); else all of them.",
)
@click.option("--env", "environment", metavar="NAME", help="Only incidents of this environment.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_obj
def stats(session: Session, since: str, environment: str | None, as_json: bool) -> int:
    """How many incidents there were, how long they took, and what caused them."""
    from operations.incident.book import IncidentBook
    from operations.incident.stats import since_of, stats_lines, stats_of
    from operations.incident.times import DEFINITIONS, SPANS

    settings = settings_of(session)
    start = since_of(since, utc_now()) if since else None
    only = environment_of(session, settings, environment) if (environment, session.environment) != (None, None) else ""
    with journal_of(settings) as journal:
        book = IncidentBook(journal)
        book.refresh()
        heads = [head for head in book.heads() if start is None or head.opened_at >= start]
        stories = [book.get(head.id) for head in heads if not only or head.environment == only]
        found = stats_of((one for one in stories if one is not None), start)
    if not as_json:
        click.echo("\n".join(stats_lines(found)))
        return 0
    definitions = {"moments": DEFINITIONS, "times": SPANS}
    document(
        "incident stats",
        settings,
        only or environment_of(session, settings),
        exit_code=0,
        meaning="counted",
        since=start,
        result=asdict(found),
        definitions=definitions,
    )
    return 0
