"""The peer in every run: the least that Textual can show full-screen. Run as a file."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Footer, Header, Static


class Hello(App[None]):
    """A header, a word, a footer."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [Binding("q", "quit", "Quit"), Binding("question_mark", "say", "Say")]

    def compose(self) -> ComposeResult:
        yield Header()
        yield Static("Hello", id="word")
        yield Footer()

    def action_say(self) -> None:
        """Say the other word: what a key costs at the least."""
        word = self.query_one("#word", Static)
        word.update("Hello" if "again" in str(word.content) else "Hello again")


if __name__ == "__main__":
    Hello().run(mouse=False)
