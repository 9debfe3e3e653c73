"""The settings at the top of a runbook: `key: value` lines, read by hand; no YAML, so nothing surprising happens."""

from __future__ import annotations

import re

from runbooks.model import FrontMatter

_PAIR = re.compile(r"([A-Za-z][\w-]*):(?:[ \t]+(.*))?$")
_FENCE = re.compile(r"---[ \t]*$")
_CLOSE = re.compile(r"(---|\.\.\.)[ \t]*$")


def front_matter(lines: list[str]) -> FrontMatter | None:
    """The front matter that `lines` begin with. One that is not closed is no front matter; one that cannot be read is
    kept as text, with `values` None."""
    if not lines or not _FENCE.match(lines[0]):
        return None
    end = next((number for number, line in enumerate(lines[1:], 1) if _CLOSE.match(line)), None)
    if end is None:
        return None
    return FrontMatter((1, end + 1), "\n".join(lines[1:end]), _values(lines[1:end]))


def value_of(front: FrontMatter | None, key: str) -> str:
    """A single value by key; empty when it is absent or a list."""
    value = (front.values or {}).get(key, "") if front else ""
    return value if isinstance(value, str) else ""


def _values(lines: list[str]) -> dict[str, str | tuple[str, ...]] | None:
    values: dict[str, str | tuple[str, ...]] = {}
    last = ""
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if last and re.match(r"\s*-\s+", line):
            earlier = values[last]
            values[last] = (*(earlier if isinstance(earlier, tuple) else ()), _unquoted(line.strip()[1:]))
            continue
        if last and line[0] in " \t":  # a nested mapping stays as its lines
            earlier = values[last]
            values[last] = (*(earlier if isinstance(earlier, tuple) else ()), line.strip())
            continue
        pair = _PAIR.match(line)
        if pair is None:
            return None
        last = pair[1]
        values[last] = _value((pair[2] or "").strip())
    return values


def _value(text: str) -> str | tuple[str, ...]:
    if len(text) > 1 and text[0] + text[-1] in ("[]", "{}"):
        return tuple(_unquoted(part) for part in text[1:-1].split(",") if part.strip())
    return _unquoted(text)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
