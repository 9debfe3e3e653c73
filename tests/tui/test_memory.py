"""Threads share one arena where the C library can be asked for it, and nothing is asked of others."""

from __future__ import annotations

import ctypes
import sys

import pytest

from tui.memory import share_one_arena


class Library:
    """A C library that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def mallopt(self, what: int, value: int) -> int:
        self.asked.append((what, value))
        return 1


def test_one_arena_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    share_one_arena()
    assert library.asked == [(-8, 1)]


def test_where_it_cannot_be_asked_for_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    share_one_arena()
    monkeypatch.setitem(sys.modules, "ctypes", None)
    share_one_arena()
