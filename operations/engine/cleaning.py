"""Cleans what a job left outside, piece by piece, newest first; what cannot be cleaned stays listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from operations.engine.model import Operation
from operations.engine.record import Debris
from operations.text import one_line


class Record(Protocol):
    """Writes one event of the job; need not succeed where `required` is false."""

    def __call__(self, kind: str, data: Mapping[str, Any], *, required: bool = True) -> object:
        """Write it."""
        ...


def clean_pieces(
    operation: Operation, desk: Any, pieces: Iterable[Debris], record: Record, say: Callable[[str], None]
) -> tuple[Debris, ...]:
    """Let the operation clean each piece; returns those that are left. One that fails does not stop the others.

    The operation is given the piece's data with `id`, `kind` and `words` beside it.
    """
    left: list[Debris] = []
    for piece in reversed(list(pieces)):
        body = {**piece.data, "id": piece.id, "kind": piece.kind, "words": piece.words}
        try:
            operation.clean(desk, body, say)
        except Exception as error:  # noqa: BLE001 - whatever it was, the piece stays listed with the reason
            left.append(piece)
            why = one_line(str(error)) or type(error).__name__
            say(f"could not be cleaned: {piece.words}: {why}")
            record("debris.failed", {"debris": piece.id, "why": why}, required=False)
        else:
            say(f"cleaned: {piece.words}")
            record("debris.cleaned", {"debris": piece.id}, required=False)
    return tuple(reversed(left))
