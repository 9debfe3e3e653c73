"""The console's core: settings in, screens, bindings, what applies where. The classes above it say what keys do."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import RenderableType
from textual._compositor import ChopsUpdate
from textual.binding import Binding
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.worker import Worker, WorkerState

from operations.desk import utc_now
from operations.engine.redaction import Redactor
from operations.errors import VigieError
from operations.places import places_for
from operations.settings import Settings
from tui.actions import ACTIONS, Action, actions, shown_key
from tui.colours import THEMES, theme_named
from tui.crash import crash_words, write_crash_report
from tui.keys import KeysInTurn
from tui.lines import Tone
from tui.memory import share_one_arena
from tui.model import Model, bare_model
from tui.screens.base import Page
from tui.screens.main import MainScreen
from tui.terminal import install_handlers
from tui.theme import ASCII, UNICODE
from tui.unsent import Unsent
from tui.wire import ChangedCells

if TYPE_CHECKING:
    from tui.live import Live, OpenWatch

TICK = 0.97
"""Seconds after a repaint until the ages are painted again, with the time that a paint takes hardly more than one: no
second of a clock is left out. Lines that did not change cost nothing."""

MESSAGE_STAYS = timedelta(seconds=8)
NEEDED_LATER = ("operations.jobs.launch", "tui.dialogs.plan", "tui.dialogs.small", "tui.screens.jobs")
"""Loaded beside the loop once the first frame stands, so that the first key that needs them need not wait."""
CLIENTS_LOADED = 20.0
"""Seconds after which the probes have loaded their clients."""
Severity = Literal["information", "warning", "error"]
TONES: dict[Severity, Tone] = {"information": "strong", "warning": "warn", "error": "bad"}


class Console(KeysInTurn):
    """The console on one environment, without its actions. `settled` is called when what stays has been loaded."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS = [Binding("ctrl+c", "leave", show=False, priority=True), Binding("ctrl+q", "leave", show=False)]

    def __init__(
        self,
        settings: Settings,
        environment: str,
        *,
        readonly: bool = False,
        ascii_only: bool = False,
        open_watch: OpenWatch | None = None,
        real_config: Path | None = None,
        plays_drill: bool = False,
        settled: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._settled = settled
        self.settings = settings
        self.environment = environment
        self.readonly = readonly
        self.ascii_only = ascii_only
        self.last_words = ""
        self.redactor = Redactor(settings.secrets())
        self.places = places_for(settings)
        self._open_watch = open_watch
        self.real_config = real_config if settings.drill else None
        self.plays_drill = plays_drill
        self.unsent: dict[tuple[str, str], Unsent] = {}
        """Messages that were filled in here and did not leave, by incident and kind."""
        self._live: Live | None = None
        self._ages: Timer | None = None
        for action in actions(readonly=readonly):
            self.bind(action.key, action.name, description=action.word, show=action.footer)

    def on_mount(self) -> None:
        for theme in THEMES.values():
            self.register_theme(theme)
        wanted = os.environ.get("VIGIE_THEME", "") or self.settings.theme
        self.theme = theme_named(wanted, few_colours=self.console.color_system == "standard")
        install_handlers(self)
        self.push_screen(MainScreen(self.model()))
        self.call_after_refresh(lambda: self.run_worker(self._go_live(), name="start", group="start"))

    async def _go_live(self) -> None:
        """The first frame stands: load the rest beside the loop, read the journal, and begin to watch."""
        share_one_arena()
        await asyncio.to_thread(import_module, "tui.live")
        self._ages = self.set_timer(TICK, self.repaint)
        self.repaint()
        await asyncio.to_thread(import_module, "operations.jobs.watching")
        self.begin_work()
        for name in NEEDED_LATER:
            await asyncio.to_thread(import_module, name)
        self._settled()
        self.set_timer(CLIENTS_LOADED, self._settled)

    def begin_work(self) -> None:
        """Start what goes on for as long as the console lives."""
        for name, work in (
            ("journal", self.live.follow_journal),
            ("watch", self.live.follow_watch),
            ("standing", self.live.follow_standing),
        ):
            self.run_worker(work(self.repaint), name=name, group=name, exit_on_error=False)
        if self.real_config is not None:
            work_real = self.live.follow_real(self.real_config, self.repaint)
            self.run_worker(work_real, name="real", group="real", exit_on_error=False)

    async def on_unmount(self) -> None:
        if self._live is not None:
            self._live.journal.close()

    @property
    def live(self) -> Live:
        """What is live behind the screens; begun after the first frame, or by a key that comes sooner."""
        if self._live is None:
            self._live = self._begin()
        return self._live

    def _begin(self) -> Live:
        from tui.journal import open_journal, take_in_what_was_kept
        from tui.live import Live

        journal = open_journal(self.places, self.settings.operator, self.redactor)
        live = Live(
            self.settings,
            self.environment,
            journal,
            readonly=self.readonly,
            ascii_only=self.ascii_only,
            state=self.places.state,
            open_watch=self._open_watch,
        )
        kept = "" if self.readonly else take_in_what_was_kept(journal, self.places)
        live.read_first()
        live.journal_trouble = live.journal_trouble or kept
        return live

    def model(self) -> Model:
        """What is known now, with the keys that apply on the present page."""
        keys = self.shown_keys()
        if self._live is not None:
            return self._live.model(keys)
        glyphs = ASCII if self.ascii_only else UNICODE
        return bare_model(self.settings, self.environment, utc_now(), readonly=self.readonly, glyphs=glyphs, keys=keys)

    def repaint(self) -> None:
        """Show the present state on the present page; lines that did not change are not painted.

        Under a dialog nobody sees the page, and each line of it that changed would have the dialog painted whole: it is
        shown when the dialog is gone.
        """
        if self._ages is not None:
            # What was just painted has its ages: the next ones are a whole tick away. A timer of Textual's that is
            # reset waits for its turn first, and another interval from there.
            self._ages.stop()
            self._ages = self.set_timer(TICK, self.repaint)
        page = self.page
        if page is not None and page is self.screen:
            page.show(self.live.model(self.shown_keys()))

    def resumed(self) -> None:
        """A page is in front again: what changed meanwhile is shown. Nothing is read before the first frame."""
        if self._live is not None:
            self.repaint()

    def read_back(self) -> None:
        """Read what was just written, so that the screen shows it at once."""
        self.live.read_journal()
        self.repaint()

    @property
    def page(self) -> MainScreen | Page | None:
        """The page under any dialog."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, MainScreen | Page):
                return screen
        return None

    @property
    def place(self) -> str:
        """Where the person is: the page's place."""
        page = self.page
        return page.PLACE if page is not None else "main"

    def applies(self, action: Action) -> bool:
        """Whether an action can be done here and now."""
        if action.place == "walk":
            return self.place == "main" and self._live is not None and self._live.walking.active
        if action.place == "main" and self.place not in ("main", "incident", "book"):
            return False
        if action.method in ("note", "call_help") and not self._has_open_incident():
            return False
        if action.method == "mend_journal" and (self._live is None or not self._live.journal.damaged):
            return False
        return action.place in ("everywhere", "main") or action.place == self.place

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Textual asks before a key acts: one that does not apply here is no binding at all."""
        known = [one for one in ACTIONS if one.method == action]
        # A key may come before the journal was read; what applies depends on it.
        return True if not known else self.live is not None and any(self.applies(one) for one in known)

    def shown_keys(self) -> tuple[tuple[str, str], ...]:
        """The footer: keys that apply, the place's own first."""
        shown = [a for a in actions(readonly=self.readonly) if a.footer and self.applies(a) and self._does_something(a)]
        shown.sort(key=lambda a: a.place == "everywhere")
        pairs = [("1-9" if a.method == "answer" else shown_key(a.key), a.word) for a in shown]
        return tuple(pairs)

    def _does_something(self, action: Action) -> bool:
        """Whether the key finds anything here; one that would only say that there is nothing is not in the footer."""
        if action.method in ("mark", "walk_here", "severity", "resolve"):
            return self._has_open_incident()
        if action.method == "drill_menu":
            return not (isinstance(self.page, Page) and self.page.is_over)
        state = self._live.walking.state if self._live is not None else None
        if action.place != "walk" or state is None:
            return True
        if action.method == "step_back":
            return bool(state.trail)
        if action.method == "why":
            return bool(state.section.branches or state.section.tasks)
        return action.method not in ("answer", "all_clear") or bool(state.section.branches)

    def _has_open_incident(self) -> bool:
        incident = self._live.incident if self._live is not None else None
        return incident is not None and incident.open

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that failed is said, and the rest of the console goes on."""
        if event.state is not WorkerState.ERROR or event.worker.error is None:
            return
        error = event.worker.error
        if event.worker.name == "watch":
            # Nobody looks any more: what was seen last must not stand there as if it were so.
            self.live.snapshot = None
            self.live.unwatched = "the watch stopped; leave and open the console again"
            self.repaint()
        if isinstance(error, VigieError):
            self.say(str(error), "error")
            return
        path = write_crash_report(self.places.state, error, self.redactor, utc_now())
        words = self.redactor.redact(f"{type(error).__name__}: {error}")
        self.say(f"{event.worker.name or 'a part'} stopped: {words[:120]}. Report: {path}", "error")

    def heard_nothing(self) -> None:
        """Whoever types on after a cancelled plan is told."""
        self.say("Cancelled: nothing was done. What you typed behind it went nowhere, too.", "warning")

    def say(self, words: str, severity: Severity = "information") -> None:
        """Say something over the keys for a few seconds. It covers nothing and moves nobody."""
        self.live.message = self.redactor.redact(words)
        self.live.message_tone = TONES[severity]
        self.live.message_until = self.live.now() + MESSAGE_STAYS
        self.repaint()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        super()._display(screen, ChangedCells.of(renderable) if isinstance(renderable, ChopsUpdate) else renderable)

    async def _dispatch_message(self, message: Message) -> None:
        """Textual leaves its loop behind whatever a key raised, and no key would be heard any more: what a person can
        act on is said here, and the loop goes on."""
        try:
            await super()._dispatch_message(message)
        except VigieError as error:
            self.say(str(error), "error")

    def _handle_exception(self, error: Exception) -> None:
        """Textual would print locals, secrets included: write a redacted report and leave with one line instead.

        What a person can act on (a full disk under the journal, say) is said, and the console goes on.
        """
        if isinstance(error, VigieError):
            self.say(str(error), "error")
            return
        if self._exit:
            # Left already, by a key or a signal, while a page was being put together: its parts are missing then.
            return
        self._exception = error
        path = write_crash_report(self.places.state, error, self.redactor, utc_now())
        self.last_words = crash_words(error, path, self.redactor)
        self.exit(return_code=70)

    def get_default_screen(self) -> Screen[Any]:
        """A bare screen; the main page is pushed on it as soon as the app is up."""
        return Screen(id="ground")
