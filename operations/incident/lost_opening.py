"""An incident whose opening a damaged journal lost: what was saved of it is on no list until it is opened again.

To be asked after a repair, when what was kept elsewhere has come in. Changes nothing but that.
"""

from __future__ import annotations

from operations.engine.journal import Journal
from operations.incident.heads import severity_of, title_in
from operations.incident.model import Severity

TITLE = "its opening was lost with the damaged journal; this is what could be read"
_WITHOUT = (
    "SELECT incident FROM events WHERE incident != '' GROUP BY incident"
    " HAVING sum(kind = 'incident.opened') = 0 ORDER BY min(place)"
)


def open_lost(journal: Journal, *, site: str, environment: str) -> tuple[str, ...]:
    """Open those incidents by their first saved events, and return their ids; where no job of theirs names an
    environment it is `environment`. Raises JournalUnavailable."""
    found = tuple(str(row[0]) for row in journal.query(_WITHOUT))
    for id in found:
        events = [event for _, event in journal.story(id)]
        if not events:
            continue
        said = [severity_of(event.data.get("severity")) for event in events if event.kind == "incident.severity"]
        called = [words for event in events if event.kind == "incident.title" and (words := title_in(event.data))]
        plans = [event.data.get("plan") for event in events if event.kind == "job.created"]
        named = [str(plan["environment"]) for plan in plans if isinstance(plan, dict) and plan.get("environment")]
        data = {
            "site": site,
            "environment": named[0] if named else environment,
            "severity": (said[-1] if said else Severity.P0).value,
            "title": called[-1] if called else TITLE,
            "key": f"opened:lost:{id}",
            **({} if said else {"assumed": True}),
        }
        journal.append("incident.opened", data, at=min(event.at for event in events), incident=id)
    return found


def words_of(lost: tuple[str, ...]) -> str:
    """What was done, for whoever repaired it; empty where nothing was."""
    return f"the opening of {', '.join(lost)} was lost: it begins with its first saved event now" if lost else ""
