"""With no incident open: the offer to open one; backups and smoke results, and jobs; releases stand in what changed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from operations.ages import age_words, seconds_between
from operations.text import one_line
from operations.watch.model import Status
from runbooks.facts import fact_of
from tui.lines import Line, Tone, line, rule, width_of
from tui.model import Model

if TYPE_CHECKING:
    from operations.engine.record import JobRecord

STATE_WORDS: dict[str, tuple[str, Tone]] = {
    "starting": ("starting", "plain"),
    "running": ("running", "strong"),
    "done": ("done", "good"),
    "failed": ("failed", "bad"),
    "cancelled": ("cancelled", "warn"),
    "lost": ("worker died", "bad"),
}
"""The word and the tone of every `JobState`."""


def recent(model: Model, width: int, most: int) -> list[Line]:
    """A titled block of at most `most` rows, title included."""
    rows: list[Line] = []
    rows += [rule("Backups and smoke tests", width, model.glyphs.dash), *_backups(model), *_smoke(model, width)]
    jobs = _jobs(model)
    if jobs:
        rows += [rule("Jobs", width, model.glyphs.dash), *jobs]
    return rows[:most]


ENDED_LATELY = timedelta(hours=24)
"""So long after its end the console asks for what is still to be done about an incident."""


def offer(model: Model) -> list[Line]:
    """The offer to open an incident when an alarm is open or the site is down; behind one, what is left to do."""
    snapshot = model.snapshot
    if snapshot is None or model.readonly or (model.incident is not None and model.incident.open):
        return []
    alarm = next((a for a in snapshot.alarms if a.offers_incident and a.closed_at is None), None)
    if alarm is None and snapshot.overall.value != "down":
        return _behind_it(model)
    why = alarm.title if alarm else "the site is down for users"
    head = line(" ", (f"{model.glyphs.warn} ", "bad"), "press ", ("I", "key"), " to open an incident: ")
    return [(*head, (one_line(why, 120), "bad"))]


def _behind_it(model: Model) -> list[Line]:
    """Behind an incident: that users wait for its end, that it is not closed, and in a drill how that ends."""
    incident = model.incident
    if incident is None:
        return []
    rows: list[Line] = []
    lately = incident.resolved_at is not None and model.now - incident.resolved_at < ENDED_LATELY
    if lately and incident.state.value == "resolved":
        from operations.incident.clock_facts import facts_of, wait_for_the_end

        if wait_for_the_end(facts_of(incident)):
            rows.append(line(" press ", ("U", "key"), " to tell users that it is over: ", ("they wait for it", "warn")))
        else:
            rows.append(line(" press ", ("I", "key"), f" to close {incident.id}: it is over, its checklist is next"))
    if model.drill:
        rows.append(line(" press ", ("G", "key"), " to end the drill, and to read how it went"))
    return rows


def _backups(model: Model) -> list[Line]:
    """What the bucket was seen to hold, and what a backup made from here has told since."""
    job = next((job for job in model.jobs if job.operation == "backup" and job.ended_at), None)
    fact = fact_of(model.snapshot.facts, "backup.age") if model.snapshot else None
    known = fact is not None and fact.known(model.now) is not None
    if job is None or job.ended_at is None or (known and fact and fact.at and job.ended_at <= fact.at):
        return _bucket(model)
    age = age_words(seconds_between(job.ended_at, model.now))
    if job.code == 0:
        said, how = f"{model.glyphs.ok} stored {age} ago", f", {job.actor}  {one_line(job.says, 100)}"
        # What nobody can look at stays unknown, however well the last backup went.
        return [*([] if known else _bucket(model)), line("  backup  ", (said, "good"), (how, "dim"))]
    word, tone = STATE_WORDS[job.state]
    how = f", {job.actor}  job {job.number}: exit {job.code}: {job.meaning}"
    return [*_bucket(model), line("  backup  ", (f"{model.glyphs.warn} {word} {age} ago", tone), (how, "dim"))]


def _bucket(model: Model) -> list[Line]:
    if model.snapshot is None:
        return []
    trusted = fact_of(model.snapshot.facts, "backup.trusted")
    age = fact_of(model.snapshot.facts, "backup.age")
    known = age.known(model.now)
    if known is None:
        reason = age.why_unknown(model.now)
        return [
            line("  backup  ", (f"{model.glyphs.unknown} unknown", "unknown"), (f"  {one_line(reason, 60)}", "dim"))
        ]
    glyph, tone = (model.glyphs.ok, "good") if trusted.known(model.now) else (model.glyphs.warn, "warn")
    words: Tone = "good" if tone == "good" else "warn"
    says = trusted.says or age.says or f"last trusted one {age_words(float(known))} ago"
    return [line("  backup  ", (f"{glyph} ", words), one_line(says, 90))]


def _smoke(model: Model, width: int) -> list[Line]:
    never = line("  smoke   ", (f"{model.glyphs.unknown} never run from here", "unknown"), "   press ", ("T", "key"))
    if not model.jobs:
        return [never]
    from operations.watch.told_by_jobs import is_own_smoke, last_smoke_job  # 6 ms that the first frame need not wait

    last = last_smoke_job(model.jobs)
    if last is None or last.ended_at is None:
        return [never]
    good = last.code == 0
    glyph = model.glyphs.of(Status.OK if good else Status.DOWN)
    age = age_words(seconds_between(last.ended_at, model.now))
    tone: Tone = "good" if good else "bad"
    says = last.says if is_own_smoke(last) else f"{'passed' if good else 'failed'} in {last.operation} {last.number}"
    when = line((f"  {age} ago, {last.actor}", "dim"))
    # The age is never cut: a smoke run of yesterday tells nothing of now.
    room = max(10, width - 10 - 2 - width_of(when))
    return [line("  smoke   ", (f"{glyph} {one_line(says or last.meaning, min(60, room))}", tone), *when)]


def _jobs(model: Model) -> list[Line]:
    # What runs has its own line at the bottom.
    return [job_line(model, job) for job in model.every_job if job != model.running and (job.live or job.debris)][:3]


def job_line(model: Model, job: JobRecord) -> Line:
    """A job in one line: what, where, step n of m, for how long, by whom."""
    word, tone = STATE_WORDS[job.state]
    signs = {"starting": model.glyphs.running, "running": model.glyphs.running, "done": model.glyphs.ok}
    signs |= {"failed": model.glyphs.down, "cancelled": model.glyphs.dot, "lost": model.glyphs.down}
    current = job.current
    step = ""
    if current is not None:
        number = job.steps.index(current) + 1
        started = current.started_at or job.created_at
        step = f": step {number} of {len(job.steps)} {current.title}, {age_words(seconds_between(started, model.now))}"
    elif job.code is not None:
        step = f": exit {job.code}: {job.meaning}"
    debris = f", {len(job.debris)} to clean (J, then d)" if job.debris and not job.live else ""
    return line(
        (f" {signs[job.state]} ", tone),
        f"job {job.number} ",
        (f"{job.operation} {job.environment}", "strong"),
        " ",
        (word, tone),
        (debris, "warn"),
        one_line(step, 60),
        (f", by {job.actor}", "dim"),
    )
