"""A container that stays at its end while it is there."""

from __future__ import annotations

from textual.containers import VerticalScroll


class Following(VerticalScroll):
    """Shows the end of what it holds as that grows, until somebody scrolls up; at the end again, it follows again.

    Textual's own anchor is not used: it works with the size of the container before the last layout, so a foot that
    takes a row more leaves an empty row at the end, and it moves what is shorter than the container to the bottom.
    """

    _at_end = True

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._at_end = new_value >= self.max_scroll_y

    def on_mount(self) -> None:
        # Not at once: while the layout tells its sizes, the container's own is not the new one yet.
        self.watch(self, "virtual_size", self._grown, init=False)

    def _grown(self) -> None:
        self.call_later(self._stay)

    def on_resize(self) -> None:
        self._stay()
        # What it holds is laid out after it: only then is its end where it will be.
        self.call_after_refresh(self._stay)

    def _stay(self) -> None:
        if self._at_end:
            self.scroll_end(animate=False, immediate=True)

    def action_page_up(self) -> None:
        """A page back; two rows stay, so that the eye finds its place and no row is passed over."""
        self.scroll_relative(y=-max(1, self.size.height - 2), animate=False)

    def action_page_down(self) -> None:
        """A page on, likewise."""
        self.scroll_relative(y=max(1, self.size.height - 2), animate=False)
