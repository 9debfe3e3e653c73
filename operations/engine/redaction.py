"""Masks secrets in text, in JSON data and in streams, in every form a tool is likely to print them in.

A character is masked when any form of any secret covers it, so a stream cut anywhere gives what the whole would give.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

from operations.settings import MASK

CUT = "…"
"""What `operations.text.one_line` puts where it cuts."""
SHORTEST = 4
"""Secrets of fewer characters are not registered: masking them would tear holes into ordinary words."""
_SHORTEST_LINE = 8


class Redactor:
    """Knows the secrets of this process. `too_short` holds those that were left out (tell the person, not the log)."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.too_short: tuple[str, ...] = ()
        self.forms: tuple[str, ...] = ()
        self._by_start: dict[str, list[str]] = {}
        self.add(*secrets)

    def __repr__(self) -> str:
        return f"Redactor({len(self.forms)} forms)"

    def add(self, *secrets: str) -> None:
        """Register more secrets, e.g. a password made while a job runs. Empty ones count for nothing."""
        forms = set(self.forms)
        for secret in filter(None, secrets):
            if len(secret) < SHORTEST:
                self.too_short = (*self.too_short, secret)
            else:
                forms.update(forms_of(secret))
        self.forms = tuple(sorted(forms))
        self._by_start = {}
        for form in self.forms:
            self._by_start.setdefault(form[:SHORTEST], []).append(form)

    def redact(self, text: str) -> str:
        """`text` with every run of secret characters replaced by one mask, also of a secret that `…` cuts off."""
        spans = _merged([*covered(text, self.forms), *self._cut_off(text)])
        if not spans:
            return text
        parts: list[str] = []
        position = 0
        for start, end in spans:
            parts += [text[position:start], MASK]
            position = end
        return "".join([*parts, text[position:]])

    def _cut_off(self, text: str) -> Iterator[tuple[int, int]]:
        """Spans that begin a secret and end where a line was cut: one line of a long answer is all that is shown."""
        longest = max(map(len, self.forms), default=0)
        for end in _places(text, CUT):
            for start in range(max(0, end - longest), end - SHORTEST + 1):
                forms = self._by_start.get(text[start : start + SHORTEST], ())
                if any(form.startswith(text[start:end]) for form in forms):
                    yield start, end
                    break

    def data(self, value: Any) -> Any:
        """JSON data with every string in it redacted, names of members included."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, dict):
            return {self.redact(str(name)): self.data(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(item) for item in value]
        return value

    def stream(self) -> StreamRedactor:
        """A redactor for one stream that arrives in pieces."""
        return StreamRedactor(self)


class StreamRedactor:
    """Masks across the edges of chunks: what may be the beginning of a secret is held back until it is decided."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._held = ""
        self._held_covered = 0
        self._masking = False

    def feed(self, chunk: str) -> str:
        """Take the next piece and return what is decided so far."""
        text = self._held + chunk
        return self._emit(text, _undecided_from(text, self._redactor.forms))

    def finish(self) -> str:
        """The stream has ended: return the rest."""
        return self._emit(self._held, len(self._held))

    def _emit(self, text: str, until: int) -> str:
        known = [(0, self._held_covered)] if self._held_covered else []
        spans = _merged([*known, *covered(text, self._redactor.forms)])
        parts: list[str] = []
        position = 0
        for start, end in spans:
            if start >= until:
                break
            if start > position:
                parts.append(text[position:start])
                self._masking = False
            if not self._masking:
                parts.append(MASK)
                self._masking = True
            position = min(end, until)
        if position < until:
            parts.append(text[position:until])
            self._masking = False
        self._held = text[until:]
        self._held_covered = max((end - until for start, end in spans if start <= until < end), default=0)
        return "".join(parts)


def covered(text: str, forms: Sequence[str]) -> list[tuple[int, int]]:
    """The spans of `text` that forms cover, merged where they overlap or touch."""
    return _merged([(at, at + len(form)) for form in forms if form in text for at in _places(text, form)])


def forms_of(secret: str) -> frozenset[str]:
    """Every form in which `secret` is masked: as it is, base64, JSON, URL, shell, SQL, and its longer lines."""
    lines = [line.strip() for line in secret.splitlines()] if "\n" in secret else []
    forms: set[str] = set()
    for text in (secret, secret.strip(), *(line for line in lines if len(line) >= _SHORTEST_LINE)):
        forms.update(_written(text))
        forms.update(_base64(text.encode("utf-8", "surrogatepass")))
    return frozenset(form for form in forms if len(form) >= SHORTEST)


def _written(text: str) -> Iterator[str]:
    yield text
    for as_ascii in (True, False):
        escaped = json.dumps(text, ensure_ascii=as_ascii)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
    safe = text.encode("utf-8", "replace").decode()
    for url in (quote(safe, safe=""), quote(safe), quote_plus(safe)):
        yield url
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), url)
    yield shlex.quote(text).removeprefix("'").removesuffix("'")
    yield text.replace("'", "'\\''")
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", text)
    yield re.sub(r'(["\\$`])', r"\\\1", text)
    yield text.replace("'", "''")
    yield text.replace("\\", "\\\\").replace("'", "\\'")


def _base64(raw: bytes) -> Iterator[str]:
    """The part of a base64 text that depends on `raw` alone, for each of the three ways it may lie in it."""
    yield base64.b64encode(raw).decode()
    yield base64.urlsafe_b64encode(raw).decode()
    for shift in range(3):
        first, end = -(-8 * shift // 6), 8 * (shift + len(raw)) // 6
        padded = bytes(shift) + raw
        yield base64.b64encode(padded).decode()[first:end]
        yield base64.urlsafe_b64encode(padded).decode()[first:end]


def _places(text: str, form: str) -> Iterator[int]:
    at = text.find(form)
    while at >= 0:
        yield at
        at = text.find(form, at + 1)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _undecided_from(text: str, forms: Sequence[str]) -> int:
    """Where the earliest beginning of a form lies that `text` ends in; the length of `text` when there is none."""
    longest = max(map(len, forms), default=1)
    by_first: dict[str, list[str]] = {}
    for form in forms:
        by_first.setdefault(form[0], []).append(form)
    for at in range(max(0, len(text) - longest + 1), len(text)):
        rest = text[at:]
        if any(form.startswith(rest) and form != rest for form in by_first.get(text[at], ())):
            return at
    return len(text)
