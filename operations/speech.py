"""What a command says: no secret and no escape code, in whatever encoding there is, over pipes that may break."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO, cast

from operations.text import clean

if TYPE_CHECKING:
    from operations.engine.redaction import Redactor

_SIGNS = {"✓": "+", "▲": "!", "✖": "X", "…": "...", "“": '"', "”": '"', "’": "'", "─": "-", "·": "-"}
_known: list[Redactor] = []


class MaskedStream:
    """A text stream without control characters and without the secrets that `learn` was told of.

    Each write is whole lines, as click makes them.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write it masked and inert; tells the length that was asked for."""
        # An escape code in the middle of a secret would hide it: first the codes go, then what is secret.
        self._stream.write(masked(text if text.isprintable() else clean(text, limit=len(text))))
        return len(text)


def learn(redactor: Redactor) -> None:
    """From now on these secrets are masked in everything this process says."""
    _known[:] = [redactor]


def masked(text: str) -> str:
    """`text` without the secrets that are known so far."""
    return _known[0].redact(text) if _known else text


@contextmanager
def speaking() -> Iterator[None]:
    """Standard output and error say nothing secret, and no character their encoding lacks stops them."""
    before = sys.stdout, sys.stderr
    codecs.register_error("vigie", _sign)
    for stream in before:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="vigie")
    sys.stdout, sys.stderr = (cast(TextIO, MaskedStream(stream)) if stream else stream for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        _known.clear()


def give_up_output() -> None:
    """Nobody reads any more: what is still buffered goes nowhere, and Python does not complain of it at its end."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _sign(error: UnicodeError) -> tuple[str, int]:
    """The ASCII form of a sign the encoding lacks: never a bare question mark, which means "unknown" here."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_SIGNS.get(character, f"\\u{ord(character):04x}") for character in lacking), error.end
