"""Keys one at a time, in the order they were typed, each dealt with to its end before the next one is looked at.

A slow connection delivers what was typed as one burst. Textual hands each key to the widget in focus, whose answer
comes back through the queues of all its parents: meanwhile the keys behind it were handed out already. Letters typed
into a dialog would then reach the page behind it as commands, once an Enter among them had closed the dialog, and
letters behind a key that opens a dialog would be lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic
from weakref import WeakKeyDictionary

from textual import events
from textual.app import App
from textual.message import Message
from textual.screen import Screen

TURN = 0.5
"""Seconds a key may take before the next one is looked at all the same."""
HELD = 0.7
"""Seconds within which the same key again, with no other one between, may be one that is held down: keyboards wait up
to 0.66 s before they begin to repeat a key."""


TYPING = ("enter", "tab", "backspace")
"""Keys that belong to typing a phrase beside those that print something."""


class KeysInTurn(App[None]):
    """An app that deals with one key after another."""

    def __init__(self) -> None:
        super().__init__()
        self._in_turn: events.Key | None = None
        self._came_back = False
        """True when no widget wanted the key in turn."""
        self._before: tuple[str, float] = ("", 0.0)
        """The key that was in turn last, and when it was typed."""
        self.is_held = False
        """True when the key in turn may only repeat the one before: what turns something over must not hear it."""
        self._deaf_until = 0.0
        """Until when (monotonic) typing was meant for a dialog that is gone."""
        self._meant_for: WeakKeyDictionary[events.Key, Screen[object]] = WeakKeyDictionary()
        """Keys handed to a widget, and the screen that was on top when each was typed."""

    @property
    def typed_at(self) -> float:
        """When the key in turn was read from the terminal, on the monotonic clock; else now."""
        return self._in_turn.time if self._in_turn else monotonic()

    def stay_deaf_to_typing(self) -> None:
        """A dialog that wants a phrase was cancelled by Enter: what is typed right behind was meant for its field."""
        self._deaf_until = self.typed_at + HELD

    def heard_nothing(self) -> None:
        """Something was typed that went nowhere."""

    def _is_typed_behind(self, event: events.Key) -> bool:
        """True for a key that goes on with what was typed into a dialog that is gone; it counts for no page."""
        typing = event.is_printable or event.key in TYPING
        if not typing or event.time >= self._deaf_until or self.screen.is_modal:
            return False
        self._deaf_until = event.time + HELD
        return True

    def post_message(self, message: Message) -> bool:
        if message is self._in_turn:
            self._came_back = True
            return True
        return super().post_message(message)

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key):
            await super().on_event(event)
        elif not event.is_forwarded and self._is_typed_behind(event):
            self.heard_nothing()
        elif event.is_forwarded:
            # Its turn had run out when it came back: it counts only for the screen it was typed at.
            if self._meant_for.get(event) is self.screen:
                await self._on_key(event)
        else:
            await self._take_turn(event)

    async def _take_turn(self, event: events.Key) -> None:
        screen = self.screen
        self._in_turn, self._came_back = event, False
        self._meant_for[event] = screen
        key, at = self._before
        self.is_held = event.key == key and event.time - at < HELD
        self._before = (event.key, event.time)
        try:
            await super().on_event(event)
            if event.is_forwarded:
                await self._settle(screen)
        finally:
            self._in_turn = None
        if self._came_back:
            await self._on_key(event)
        if self.is_running and self.screen_stack:
            await self._settle(self.screen)

    async def _settle(self, screen: Screen[object]) -> None:
        """Wait until what is in the queues from the focus up to the screen was dealt with, or TURN has run out."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TURN):
                for node in (screen.focused or screen).ancestors_with_self:
                    dealt_with = asyncio.Event()
                    if node is not self and node.call_later(dealt_with.set):
                        await dealt_with.wait()
