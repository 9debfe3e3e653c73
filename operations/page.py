"""Judges a page and the files it names: the same words for the watch and for the smoke tests. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from operations.http import Answer
from operations.text import clean, one_line
from operations.watch.model import Status

MOST_ASSETS = 60
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_SCRIPT_WORDS = ("javascript", "ecmascript")


@dataclass(frozen=True, slots=True)
class PageVerdict:
    """OK or DOWN with the actual value in a few words."""

    status: Status
    says: str

    @property
    def ok(self) -> bool:
        """True when it is what it should be."""
        return self.status is Status.OK


def judge_page(answer: Answer, marker: str = "") -> PageVerdict:
    """A page is a 200 with HTML that is not empty and holds the marker text."""
    if answer.status is None or answer.kind != "http":
        return PageVerdict(Status.DOWN, answer.error or "no answer")
    if answer.status != 200:
        first = one_line(answer.body, 80)
        return PageVerdict(Status.DOWN, f"{answer.status}" + (f' "{first}"' if first else ""))
    if answer.content_type not in _HTML_TYPES:
        return PageVerdict(Status.DOWN, f"200 but {one_line(answer.content_type, 60) or 'no type'} instead of HTML")
    text = answer.body.decode("utf-8", "replace")
    if not text.strip():
        return PageVerdict(Status.DOWN, "200 but an empty page")
    if answer.error:
        return PageVerdict(Status.DOWN, f"200 but {answer.error}")
    if marker and marker not in text:
        return PageVerdict(Status.DOWN, f'200 without "{one_line(marker, 60)}"')
    return PageVerdict(Status.OK, f"200 in {answer.total:.2f} s")


def judge_asset(answer: Answer, url: str) -> PageVerdict:
    """A script or style sheet is a 200 of its own type; an HTML page in its place is the classic blank page."""
    name = one_line(urlsplit(url).path.rpartition("/")[2] or url, 60)
    if answer.status is None or answer.kind != "http":
        return PageVerdict(Status.DOWN, f"{name} {answer.error or 'no answer'}")
    if answer.status != 200:
        return PageVerdict(Status.DOWN, f"{name} {answer.status}")
    start = answer.body[:512].lstrip().lower()
    if answer.content_type in _HTML_TYPES or start.startswith((b"<!doctype html", b"<html")):
        return PageVerdict(Status.DOWN, f"{name} 200 but an HTML page")
    kind, path = answer.content_type, urlsplit(url).path.lower()
    wrong = f"{name} 200 but {one_line(kind, 60) or 'no type'}"
    if path.endswith((".js", ".mjs")) and not any(word in kind for word in _SCRIPT_WORDS):
        return PageVerdict(Status.DOWN, wrong)
    if path.endswith(".css") and kind != "text/css":
        return PageVerdict(Status.DOWN, wrong)
    if not answer.body:
        return PageVerdict(Status.DOWN, f"{name} 200 but empty")
    return PageVerdict(Status.OK, f"{name} 200")


def assets_of(html: bytes | str, base_url: str) -> tuple[str, ...]:
    """Addresses of the scripts and style sheets a page names on its own site, in order, each once, at most 60."""
    finder = _AssetFinder()
    finder.feed(html.decode("utf-8", "replace") if isinstance(html, bytes) else html)
    base = urljoin(base_url, finder.base)
    found: dict[str, None] = {}
    for named in finder.named:
        try:
            url = urldefrag(urljoin(base, clean(named, limit=2000).strip())).url
            same = _site(url) == _site(base_url)
        except ValueError:
            continue
        if same and len(found) < MOST_ASSETS:
            found[url] = None
    return tuple(found)


class _AssetFinder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.named: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and not self.base:
            self.base = given.get("href", "")
        elif tag == "script" and given.get("src"):
            self.named.append(given["src"])
        elif tag == "link" and given.get("href") and "stylesheet" in given.get("rel", "").lower().split():
            self.named.append(given["href"])


def _site(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
