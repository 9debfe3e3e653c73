"""HTML's tags told from blanks such as `<backup-id>`, which look alike."""

from __future__ import annotations

import re
from functools import lru_cache

from runbooks.shell_frames import listed

_TAGS = listed(
    "br hr div span html body head title script style table thead tbody tr td th ul ol li img code pre em strong"
    " details summary sup sub kbd h1 h2 h3 h4 h5 h6 input form button link meta svg path xml doctype"
)
_WORDS_TOO = listed("body code details form head input link path script style summary table title")
"""Tags that are words of a blank as well: they are tags beside another tag."""
_OPENING = re.compile(r"<!?([A-Za-z][A-Za-z0-9]*)")
_CLOSING = re.compile(r"</([A-Za-z][\w.-]*)")
_ANY = re.compile(r"</?([A-Za-z][\w.-]*)([^<>]*)>")
_AUTOLINK = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]+|[^\s<>@]+@[^\s<>@]+\.[A-Za-z]+)>")


def closed_in(text: str) -> frozenset[str]:
    """The names of the tags that `text` closes; whatever opens one of them is a tag."""
    return frozenset(_CLOSING.findall(text))


def is_tag(name: str, closed: frozenset[str], text: str) -> bool:
    """True where what stands between `<` and `>` is a tag. `closed` are those that `text` closes."""
    word = name.split(" ")[0].rstrip("/")
    if word in _WORDS_TOO and word not in closed:
        others = _opened_in(text)
        return bool(closed or others & (_TAGS - _WORDS_TOO) or len(others & _WORDS_TOO) > 1)
    return word in closed or word.lower() in _TAGS


@lru_cache(maxsize=4)
def _opened_in(text: str) -> frozenset[str]:
    return frozenset(found[1].lower() for found in _OPENING.finditer(text))


def without_tags(text: str) -> str:
    """`text` without its tags; blanks stay, and an address in angles stands without them."""
    if "<" not in text:
        return text
    closed = closed_in(text)

    def left(found: re.Match[str]) -> str:
        tag = found[0].startswith("</") or "=" in found[2] or found[2].endswith("/")
        return "" if tag or is_tag(found[1], closed, text) else found[0]

    return _ANY.sub(left, _AUTOLINK.sub(r"\1", text))
