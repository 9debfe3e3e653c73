"""The services beside us: asks mail and maps now and then, so that the health page never waits for them."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request


class Neighbours:
    """`healthy`, `unhealthy` or `unknown` for each named address, asked every ten seconds in the background."""

    def __init__(self, addresses: dict[str, str], every: float = 10.0) -> None:
        self._addresses = addresses
        self._every = every
        self._states = dict.fromkeys(addresses, "unknown")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, daemon=True, name="neighbours")

    def start(self) -> None:
        """Begin asking."""
        self._thread.start()

    def stop(self) -> None:
        """Stop asking."""
        self._stop.set()

    def states(self) -> dict[str, str]:
        """The last known state of each."""
        return dict(self._states)

    def _ask_on(self) -> None:
        while not self._stop.is_set():
            for name, address in self._addresses.items():
                self._states[name] = "healthy" if _answers(address) else "unhealthy"
            self._stop.wait(self._every)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=1.5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, OSError):
        return False
