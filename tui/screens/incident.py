"""The incident page: what it is, who was called, and the whole timeline, newest last."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult

from operations.ages import age_words, seconds_between
from operations.text import one_line
from tui.actions import Place
from tui.lines import Line, line, rule
from tui.model import Model
from tui.panels.block import Block
from tui.panels.bottom import timeline
from tui.panels.following import Following
from tui.plainly import scroll_plainly
from tui.screens.base import Page


class IncidentScreen(Page):
    """Shows the incident of the model; scrolls with arrows and page keys, and stays at the end when it is there."""

    PLACE: ClassVar[Place] = "incident"

    def content(self) -> ComposeResult:
        yield Block(id="list")
        with Following(id="scroll"):
            yield Block(id="timeline")

    def on_mount(self) -> None:
        scroll = self.query_one("#scroll", Following)
        scroll.focus()
        scroll_plainly(scroll)

    def refresh_content(self, model: Model, width: int) -> None:
        self.query_one("#list", Block).show(incident_lines(model, width))
        self.query_one("#timeline", Block).show(timeline(model, width - 2, 100_000, whole=True))


def incident_lines(model: Model, width: int) -> list[Line]:
    """The incident in a few lines: id, severity with its meaning, state, calls for help."""
    incident = model.incident
    if incident is None:
        return [line((" No incident has been opened here.", "dim"), "  Back with Esc, then press ", ("I", "key"), ".")]
    age = age_words(seconds_between(incident.opened_at, model.now))
    rows = [
        rule(f"Incident {incident.id}", width, model.glyphs.dash),
        line(" ", (f"{incident.severity}", "bad"), f" {incident.severity.means}; ", (incident.state.value, "strong")),
        line(f" {one_line(incident.title, width - 2)}"),
        line((f" opened {incident.opened_at:%Y-%m-%d %H:%M:%SZ} by {incident.opened_by}, {age} ago", "dim")),
    ]
    for call in incident.calls:
        answer = call.answer or ("no answer yet" if call.delivered else "could not be reached")
        called = age_words(seconds_between(call.at, model.now))
        when = f"; answered {age_words(seconds_between(call.answered_at, model.now))} ago" if call.answered_at else ""
        rows.append(line((f" help: {call.contact} called {called} ago{when}: ", "dim"), answer))
    return [*rows, rule("Timeline", width, model.glyphs.dash)]
