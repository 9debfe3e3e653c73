"""The jobs page: what runs and what ran, the chosen one's steps with expected against elapsed time, and its live log.

The log follows its end until somebody scrolls up; then it says how many lines came since.
"""

from __future__ import annotations

from os import SEEK_END
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult

from operations.ages import age_words, expected_words, seconds_between
from operations.engine.record import JobRecord, StepRecord
from operations.text import clean, one_line
from tui.actions import Place
from tui.lines import Line, Tone, fit, line, rule
from tui.log_view import GrowingLog
from tui.model import Model
from tui.panels.block import Block
from tui.panels.recent import STATE_WORDS, job_line
from tui.plainly import scroll_plainly, shown
from tui.screens.base import Page

READ_AT_ONCE = 262_144
READ_BACK = 524_288
"""How far from its end a log is read when the page opens on it: about as much as is kept on screen."""


class JobsScreen(Page):
    """Follows one job; left and right choose another."""

    PLACE: ClassVar[Place] = "jobs"

    def __init__(self, model: Model, job: str = "") -> None:
        super().__init__(model)
        self.job = job
        self._shown_log = ""
        self._offset = 0
        self._words = ""

    def content(self) -> ComposeResult:
        yield Block(id="list")
        yield Block(id="steps")
        yield GrowingLog(id="log")

    def on_mount(self) -> None:
        log = self.query_one("#log", GrowingLog)
        scroll_plainly(log)
        log.focus()
        self.set_interval(0.1, self._read_log)

    @property
    def chosen(self) -> JobRecord | None:
        """The job this page follows: the one asked for, else the newest."""
        jobs = self.model.every_job
        return next((job for job in jobs if job.id == self.job), jobs[0] if jobs else None)

    def refresh_content(self, model: Model, width: int) -> None:
        chosen = self.chosen
        rows = [rule("Jobs", width, model.glyphs.dash)]
        shown = _around(model.every_job, chosen, 4)
        for job in shown:
            pointer = model.glyphs.pointer if job is chosen else " "
            rows.append(fit(line((pointer, "key"), *job_line(model, job)), width))
        if not shown:
            rows.append(line((" No job has run from here. R plans a rollback, T runs the smoke tests.", "dim")))
        self.query_one("#list", Block).show(rows)
        beyond = self.query_one("#log", GrowingLog).beyond
        self.query_one("#steps", Block).show(step_lines(model, chosen, width, beyond, self._words) if chosen else [])

    def choose(self, move: int) -> None:
        """Follow the next job down (1) or up (-1) the list."""
        jobs = self.model.every_job
        if not jobs:
            return
        at = next((n for n, job in enumerate(jobs) if job is self.chosen), 0)
        self.job = jobs[max(0, min(len(jobs) - 1, at + move))].id
        self.show(self.model)

    def filter(self, words: str) -> None:
        """Show only lines of the log with these words, upper and lower case alike; "" shows all."""
        self._words = words.strip()
        self._shown_log = ""
        self.show(self.model)

    def follow(self) -> None:
        """Go to the end of the log and stay there."""
        self.query_one("#log", GrowingLog).follow_end()
        self.show(self.model)

    def wrap(self) -> bool:
        """Break long lines, or cut them again; whether they are broken now."""
        log = self.query_one("#log", GrowingLog)
        log.wraps = not log.wraps
        self._shown_log = ""
        return log.wraps

    def _read_log(self) -> None:
        chosen = self.chosen
        log = self.query_one("#log", GrowingLog)
        if chosen is None or not chosen.log:
            return
        if chosen.log != self._shown_log:
            log.begin_anew()
            self._shown_log, self._offset = chosen.log, _begin_of_end(Path(chosen.log))
            if self._offset:
                log.write_line(shown(self, f"… {self._offset // 1000} kB before this are in {chosen.log}"))
        text = self._new_text(Path(chosen.log))
        if not text:
            return
        wanted = self._words.casefold()
        if log.add(one for one in shown(self, text).splitlines() if wanted in one.casefold()):
            self.show(self.model)

    def _new_text(self, path: Path) -> str:
        """What was added since the last look, whole lines only."""
        try:
            with path.open("rb") as file:
                file.seek(self._offset)
                raw = file.read(READ_AT_ONCE)
        except OSError:
            return ""
        whole, newline, _ = raw.rpartition(b"\n")
        if not newline:
            return ""
        self._offset += len(whole) + 1
        return clean(whole, limit=READ_AT_ONCE)


def _begin_of_end(path: Path) -> int:
    """Where the last lines of a long log begin; 0 for a short one."""
    try:
        with path.open("rb") as file:
            behind = file.seek(0, SEEK_END) - READ_BACK
            if behind <= 0:
                return 0
            file.seek(behind)
            file.readline(READ_AT_ONCE)
            return file.tell()
    except OSError:
        return 0


def _around(jobs: tuple[JobRecord, ...], chosen: JobRecord | None, most: int) -> tuple[JobRecord, ...]:
    at = next((n for n, job in enumerate(jobs) if job is chosen), 0)
    start = max(0, min(at - 1, len(jobs) - most))
    return jobs[start : start + most]


def step_lines(model: Model, job: JobRecord, width: int, beyond: str = "", words: str = "") -> list[Line]:
    """The steps of a job: sign, title, elapsed against expected; then how it ended and what is left to clean."""
    rows = [rule(f"job {job.number} {job.title}", width, model.glyphs.dash)]
    rows += [fit(_step(model, n, step), width) for n, step in enumerate(job.steps, 1)]
    if job.code is not None:
        tone: Tone = "good" if job.code == 0 else "bad"
        says = f": {one_line(job.says, 100)}" if job.says else ""
        rows.append(line((f" exit {job.code}: {job.meaning}", tone), says))
    elif job.live and job.says:
        rows.append(line((f" {one_line(job.says, 120)}", "warn")))
    elif job.cancel_asked:
        past = (
            "past its point of no return: it goes on, and you only stop watching" if job.past_no_return else "stopping"
        )
        rows.append(line((f" cancel asked, {past}", "warn")))
    for debris in job.debris if not job.live else ():
        rows.append(
            line((f" {model.glyphs.warn} left behind: {one_line(debris.words, 100)}", "warn"), "   d cleans it")
        )
    title = f"Log, lines with “{one_line(words, 30)}”" if words else "Log"
    rows.append(rule(title, width, model.glyphs.dash, beyond))
    return rows


def _step(model: Model, number: int, step: StepRecord) -> Line:
    signs: dict[str, tuple[str, Tone]] = {
        "done": (model.glyphs.ok, "good"),
        "running": (model.glyphs.running, "strong"),
        "failed": (model.glyphs.down, "bad"),
        "skipped": (model.glyphs.dot, "dim"),
    }
    sign, tone = signs.get(step.state, (" ", "dim"))
    time = f"expected {expected_words(step.expected)}"
    if step.seconds is not None:
        time = f"{step.seconds:.1f} s, {time}"
    elif step.started_at is not None:
        time = f"{age_words(seconds_between(step.started_at, model.now))}, {time}"
    says = one_line(step.says or step.progress, 60)
    return line((f" {sign} ", tone), f"{number} {step.title}  ", (time, "dim"), f"  {says}" if says else "")


def state_word(job: JobRecord) -> str:
    """The state of a job in a word."""
    return STATE_WORDS[job.state][0]
