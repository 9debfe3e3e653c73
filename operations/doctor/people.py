"""Who can be called, and how long ago somebody practised. Nobody is called to find out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from operations.ages import age_words, seconds_between
from operations.doctor.finding import Finding, ok, skip, warn
from operations.settings import Settings

OVERDUE_DAYS = 90.0
"""A hand that has not practised for a quarter of a year has forgotten the keys."""
_DRILL = "Practise, in ten minutes: vigie drill"


def check_people(settings: Settings, now: datetime, practised_in: Path | None = None) -> Iterator[Finding]:
    """Contacts, and the last drill; `practised_in` is the practice site's folder instead of the usual one."""
    yield _contacts(settings)
    if settings.drill is not None:
        yield skip("last drill", "this is one")
        return
    yield judge_drill(_last_drill(practised_in or _usual_folder()), now)


def _contacts(settings: Settings) -> Finding:
    name = "contacts"
    if not settings.contacts:
        mend = '[[contacts]] with name, role, phone, and call = "${PAGER_WEBHOOK}"'
        return warn(name, "there is nobody to call for help", mend)
    unreachable = [contact.name for contact in settings.contacts if not contact.can_be_called and not contact.phone]
    if unreachable:
        says = f"{', '.join(unreachable)} can be reached in no way"
        return warn(name, says, "Give each a phone, or a webhook: call")
    called = sum(contact.can_be_called for contact in settings.contacts)
    if not called:
        says = f"{len(settings.contacts)}, each by phone alone: the brief has to be read out"
        return warn(name, says, 'Give at least one a webhook: call = "${PAGER_WEBHOOK}"')
    return ok(name, f"{len(settings.contacts)}, {called} by a webhook or pager (not tried: it would wake them)")


def judge_drill(last: datetime | None, now: datetime) -> Finding:
    """From the time of the last scored drill of this user, None when there was none."""
    if last is None:
        return warn("last drill", "none on this machine yet", _DRILL)
    age = seconds_between(last, now)
    says = f"{age_words(age)} ago"
    return warn("last drill", says, _DRILL) if age > OVERDUE_DAYS * 86_400 else ok("last drill", says)


def _usual_folder() -> Path:
    from operations.practice.whereabouts import default_home

    return default_home()


def _last_drill(home: Path) -> datetime | None:
    """The newest score in the journals of the practice site's sessions; a journal that cannot be read tells none."""
    scored = [at for journal in home.glob("sessions/*/state/journal.sqlite") if (at := _scored_at(journal))]
    return max(scored, default=None)


def _scored_at(journal: Path) -> datetime | None:
    try:
        file = sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
    except sqlite3.Error:
        return None
    try:
        row = file.execute("SELECT max(at) FROM events WHERE kind = 'drill.scored'").fetchone()
        return datetime.fromisoformat(row[0]) if row and row[0] else None
    except (sqlite3.Error, ValueError):
        return None
    finally:
        file.close()
