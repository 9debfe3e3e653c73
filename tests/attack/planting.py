"""Plants a secret in every setting that can hold one, and finds each of them in whatever form it comes back."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import quote, quote_plus

from operations.settings import Secret, Section, Settings

HARD = "ä/&='\"s $ECRET"
"""Letters that look different in a URL, in JSON and in a shell."""


@dataclass
class Garden:
    """The secrets that were planted, each under the setting it was planted in."""

    seed: str
    planted: dict[str, str] = field(default_factory=dict)

    def plant(self, place: str, *, hard: bool = False) -> str:
        """A new secret for that setting; `hard` ones hold letters that every form writes differently."""
        value = f"{self.seed}x{len(self.planted):02d}q" + base64.b32encode(place.encode()).decode().strip("=")[-9:]
        self.planted[place] = value + HARD if hard else value
        return self.planted[place]

    def found_in(self, text: str) -> list[str]:
        """The settings whose secret stands in `text` in any form."""
        if self.seed not in text and not any(form in text for form in forms(self.seed)):
            wanted = [(place, form) for place, secret in self.planted.items() for form in forms(secret)]
            return sorted({place for place, form in wanted if form in text})
        starts = {place: secret[: len(self.seed) + 4] for place, secret in self.planted.items()}
        found = {place for place, secret in self.planted.items() for form in forms(secret) if form in text}
        # A secret that was cut off is a secret all the same.
        return sorted(found | {place for place, start in starts.items() if start in text}) or ["a piece of one"]


def forms(secret: str) -> list[str]:
    """The secret as tools write it; base64 for each of the three ways it may lie among other bytes."""
    raw = secret.encode()
    written = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), shlex.quote(secret).strip("'")}
    written |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + raw).decode().rstrip("=")
        written.add(whole[4:-4])
        written.add(whole[4:-4].replace("+", "-").replace("/", "_"))
    return sorted(written)


def secret_settings(kind: type[Section] = Settings, prefix: str = "") -> Iterator[str]:
    """Every setting whose type holds a Secret, as `environments.*.headers`."""
    for name, hint in get_type_hints(kind).items():
        for part in (hint, *get_args(hint)):
            if part is Secret and name != "named":  # not a key: the reader fills it
                yield f"{prefix}{name}"
            elif isinstance(part, type) and issubclass(part, Section):
                yield from secret_settings(part, f"{prefix}{name}.")


LOOK_EVERY = 0.04
"""Seconds. What runs shorter, as git may, is seen by chance: over many commands, not in each."""
READINGS = 50
"""So often one process is read: through its forks and the programs it turns into, but not for ever."""


class Watchman(threading.Thread):
    """Reads the arguments of every process on this machine, over and over, as `ps` shows them to everybody."""

    def __init__(self, garden: Garden) -> None:
        super().__init__(daemon=True)
        self.seen: set[str] = set()
        self.looks = 0
        self._needle = garden.seed.encode()
        self._enough = threading.Event()
        self._read: Counter[str] = Counter()

    def run(self) -> None:
        while not self._enough.wait(LOOK_EVERY):
            self.looks += 1
            present = set(filter(str.isdigit, os.listdir("/proc")))  # noqa: PTH208 - names are enough, and many
            self._read = Counter({process: self._read[process] + 1 for process in present})
            for process, times in self._read.items():
                if times <= READINGS:
                    self._read_one(process)

    def _read_one(self, process: str) -> None:
        try:
            line = Path("/proc", process, "cmdline").read_bytes()
        except OSError:
            return
        if self._needle in line:
            self.seen.add(line.replace(b"\0", b" ").decode("utf-8", "replace"))

    def end(self) -> None:
        self._enough.set()
        self.join(10)


@contextmanager
def watched(garden: Garden) -> Iterator[Watchman]:
    """Watch the arguments of all processes while the block runs."""
    watchman = Watchman(garden)
    watchman.start()
    try:
        yield watchman
    finally:
        watchman.end()


def files_under(*folders: Path) -> Iterator[tuple[Path, str]]:
    """Every file with its text; SQLite's files are read as the bytes they are."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path, path.read_bytes().decode("utf-8", "replace")


def readable(raw: bytes) -> str:
    """The bytes sent to a terminal with every escape sequence taken out, so that words stand next to each other."""
    text = raw.decode("utf-8", "replace")
    return re.sub(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\)|[ -/]*[0-~])", "", text, flags=re.DOTALL)


def shown(value: Any) -> str:
    """Anything as JSON text, the way an answer is searched."""
    return json.dumps(value, ensure_ascii=False, default=str)
