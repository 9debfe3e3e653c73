"""Every probe with its history; Enter shows one whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from operations.watch.model import ProbeState, Reading
from tui.actions import Place
from tui.lines import Line, line, rule
from tui.model import Model
from tui.panels.health import health_line, ordered, said_by, strip_of
from tui.screens.list_page import ListPage
from tui.theme import WORD_OF_STATUS

CELLS = 20
WIDE = 110


class HealthScreen(ListPage):
    """Lists the probes. `readings` are those of the last hour, where somebody keeps them."""

    PLACE: ClassVar[Place] = "health"

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.readings: Mapping[str, Sequence[Reading]] = {}

    @property
    def chosen(self) -> ProbeState | None:
        """The probe under the cursor."""
        states = self._listed(self.model)
        return states[self.cursor] if self.cursor < len(states) else None

    def _listed(self, model: Model) -> list[ProbeState]:
        """The probes with the words that were asked for: their names, their states, what they say."""
        states = ordered(model.snapshot.states) if model.snapshot is not None else []
        return [one for one in states if self.has_words(one.title, WORD_OF_STATUS[one.status], said_by(one))]

    def head(self, model: Model, width: int) -> Sequence[Line]:
        snapshot = model.snapshot
        title = "Health"
        if snapshot is not None:
            title = "Health, as recorded" if snapshot.recorded else "Health, as this console sees it"
        rows = [
            rule(
                f"{title}{self.filtered}",
                width,
                model.glyphs.dash,
                "last hour" if self.readings and width >= WIDE else "",
            )
        ]
        if model.unwatched:
            rows.append(line((f" {model.unwatched}", "bad")))
        return rows

    def rows(self, model: Model, width: int) -> Sequence[Line]:
        if model.snapshot is None:
            return [line((" Nothing has been looked at yet.", "dim"))]
        listed = self._listed(model)
        if not listed:
            return [line((" No probe has these words.", "dim"))]
        wide = width >= WIDE
        return [
            health_line(
                model,
                state,
                width,
                strip_of(self.readings.get(state.probe, ()), model.now, CELLS) if wide and self.readings else (),
            )
            for state in listed
        ]
