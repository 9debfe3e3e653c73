"""What must not leave in a message although Vigie was never told of it: keys, tokens, passwords, addresses, hosts.

Pure and small: shapes that gitleaks and detect-secrets look for, too, tuned to a few lines of English or French.
A finding never holds what was found, only its masked form.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from operations.secret_parts import sounds_secret
from operations.settings_parts import MASK

FindingKind = Literal[
    "key", "token", "password", "known", "mail", "host", "person", "provider", "code", "mention", "detail", "size"
]
NEVER_ALLOWED = frozenset({"key", "token", "password", "known", "size"})
"""No word of anybody sends these."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a text that must not leave: `what` it is in words, and its `masked` form."""

    kind: FindingKind
    what: str
    masked: str
    start: int
    end: int

    @property
    def may_be_allowed(self) -> bool:
        """True when a person's explicit word sends it all the same."""
        return self.kind not in NEVER_ALLOWED

    @property
    def words(self) -> str:
        """One line: `AWS access key AKIA•••`."""
        return f"{self.what} {self.masked}"


def scan(text: str, may_name: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Everything found in `text`, in its order; what lies inside a worse finding is left out.

    `may_name` are mail addresses and host names that are public anyway.
    """
    allowed = frozenset(name.casefold() for name in may_name)
    found = [*_shaped(text), *_in_addresses(text), *_after_names(text), *_alone(text)]
    found += [one for one in (*_mails(text), *_hosts(text)) if text[one.start : one.end].casefold() not in allowed]
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (one.may_be_allowed, one.start, -one.end)):
        if not any(other.start < one.end and one.start < other.end for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.start))


_SHAPES: tuple[tuple[str, FindingKind, str, int], ...] = (
    # name, kind, pattern, characters of it that are shown
    ("AWS access key", "key", r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[A-Z0-9]{16}\b", 4),
    ("private key", "key", r"-----BEGIN[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[^-]*(?:-----END[A-Z0-9 ]*-----)?", 10),
    ("GitHub token", "token", r"\b(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{22,255})", 4),
    ("GitLab token", "token", r"\bgl(?:pat|rt|dt|cbt|ptt|ft)-[\w-]{20,}", 6),
    ("Slack token", "token", r"\bxox[abeoprs](?:\.xox[bp])?-[\w-]{10,}|\bxapp-\d-[\w-]{10,}", 5),
    ("Slack webhook", "token", r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[\w/+-]{8,}", 15),
    ("Teams webhook", "token", r"\.(?:webhook\.office|logic\.azure)\.com(?::443)?/[^\s]{12,}", 0),
    ("Discord webhook", "token", r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}", 12),
    ("Stripe key", "key", r"\b(?:[sr]k|whsec)_(?:(?:live|test|prod)_)?[A-Za-z0-9]{16,}", 8),
    ("Google key", "key", r"\bAIza[\w-]{35}", 4),
    ("Google client secret", "key", r"\bGOCSPX-[\w-]{20,}", 7),
    ("SendGrid key", "key", r"\bSG\.[\w-]{16,}\.[\w-]{16,}", 3),
    ("Mailgun key", "key", r"\bkey-[0-9a-f]{32}\b", 4),
    ("Twilio key", "key", r"\b(?:SK|AC)[0-9a-f]{32}\b", 2),
    ("npm token", "token", r"\bnpm_[A-Za-z0-9]{30,}", 4),
    ("PyPI token", "token", r"\bpypi-[\w-]{40,}", 5),
    ("Supabase key", "key", r"\bsb(?:p|_secret|_publishable)_[\w-]{20,}", 4),
    ("DigitalOcean token", "token", r"\bdo[opr]_v1_[0-9a-f]{40,}", 7),
    ("Anthropic or OpenAI key", "key", r"\bsk-(?:ant-|proj-|svcacct-)?[\w-]{20,}", 3),
    ("JSON web token", "token", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?", 3),
    ("Vault token", "token", r"\b(?:hv[sbr]\.[\w-]{20,}|s\.[A-Za-z0-9]{24}\b)", 2),
    ("Hugging Face token", "token", r"\bhf_[A-Za-z0-9]{30,}", 3),
    ("Docker token", "token", r"\bdckr_[op]at_[\w-]{20,}", 9),
    ("Figma token", "token", r"\bfig[dur]_[\w-]{16,}", 5),
    ("Tailscale key", "key", r"\btskey-[a-z]+-[\w-]{12,}", 6),
    ("New Relic key", "key", r"\bNRAK-[A-Z0-9]{24,}", 5),
    ("Databricks token", "token", r"\bdapi[0-9a-f]{32}\b", 4),
    ("Vercel token", "token", r"\bvercel_[a-z]+_[\w-]{12,}", 7),
    ("PASETO", "token", r"\bv[1-4]\.(?:local|public)\.[\w-]{20,}", 3),
    ("OpenSSH private key", "key", r"\bb3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=]*", 4),
    ("age key", "key", r"\bAGE-SECRET-KEY-1[A-Z0-9]{50,}", 15),
)  # fmt: skip
_SHAPED = tuple((what, kind, re.compile(pattern), shown) for what, kind, pattern, shown in _SHAPES)
_BEARER = re.compile(r"(?P<header>Authorization:\s*)?\b[Bb]earer\s+(?P<value>[\w.~+/=-]{12,})", re.IGNORECASE)
_COOKIE = re.compile(r"\bCookie:\s*[\w.-]{1,40}=(?P<value>[^\s;]{8,})", re.IGNORECASE)
_OPTION = re.compile(
    r"(?:(?<!\S)(?:-u|--user)[ =][\w.@-]{1,40}:|--(?:[\w-]{0,20}-)?(?:passw(?:or)?d|token|secret|api-key)[ =]"
    r"|<(?:password|passwd|token|secret|apikey)>)[\"']?(?P<value>[^\s\"'<>]{4,})",
    re.IGNORECASE,
)
_BASIC = re.compile(r"\b[Bb]asic\s+(?P<value>[A-Za-z0-9+/]{8,}={0,2})")


def _shaped(text: str) -> Iterator[Finding]:
    for what, kind, pattern, shown in _SHAPED:
        for found in pattern.finditer(text):
            yield Finding(kind, what, _masked(found[0], shown), *found.span())
    for found in _BEARER.finditer(text):
        if found["header"] or re.search(r"\d", found["value"]) or _looks_random(found["value"]):
            yield Finding("token", "bearer token", MASK, *found.span("value"))
    for found in _COOKIE.finditer(text):
        yield Finding("token", "value of a cookie", MASK, *found.span("value"))
    for found in _OPTION.finditer(text):
        yield Finding("password", "password of a command or a file", MASK, *found.span("value"))
    for found in _BASIC.finditer(text):
        if _holds_password(found["value"]):
            yield Finding("password", "user and password in base64", MASK, *found.span("value"))


_ADDRESS = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s<>\"'«»]+", re.IGNORECASE)
_IN_USER = re.compile(r"//[^\s/@:]*:(?P<password>[^\s/@]+(?:@[^\s/@]+)*)@")
_DATABASE = frozenset({"postgres", "postgresql", "mysql", "mongodb", "mongodb+srv", "redis", "rediss", "amqp", "amqps"})


def _in_addresses(text: str) -> Iterator[Finding]:
    """A password before the @, a key in the query, an address of a database."""
    for found in _ADDRESS.finditer(text):
        address = found[0]
        if _IN_USER.search(address):
            shown = f"{address.partition('://')[0]}://{MASK}"
            yield Finding("password", "address with a password", shown, *found.span())
            continue
        try:
            parts = urlsplit(address)
            values = [value for name, value in parse_qsl(parts.query) if sounds_secret(name) and len(value) >= 6]
        except ValueError:
            continue
        if values:
            yield Finding("token", "address with a key in it", f"{parts.scheme}://{MASK}", *found.span())
        elif parts.scheme.lower() in _DATABASE:
            yield Finding("host", "address of a database", f"{parts.scheme}://{MASK}", *found.span())


_NAMED = re.compile(
    r"(?P<name>(?<![a-zà-ÿ])(?:[\w-]{0,40}(?:passw(?:or)?d|passwd|pwd|passphrase|secret|token|credential|api[_ -]?key"
    r"|access[_ -]?key|private[_ -]?key|auth[_ -]?key|[_-]key|signature)[\w-]{0,20}|mots? de passe|mdp|pass|pw|jeton"
    r"|key|clés?(?: d['’]api| api| secrète| privée| d['’]accès)?|code d['’]accès))"
    r"(?P<closing>[\"'’]?)\s{0,3}(?P<how>:=|=>|=|＝|:|：|\b(?:is|est|was|était)\b)\s{0,3}"
    r"(?P<quote>[\"'«“]?)\s?(?P<value>[^\s\"'«»“”]{4,200})",
    re.IGNORECASE,
)
_STRONG = re.compile(r"[!#$%^&*+=/\\~|@]")


def _after_names(text: str) -> Iterator[Finding]:
    """`password=hunter2`, `token: x9…`: with `=` nearly anything, in a sentence only what is no word."""
    for found in _NAMED.finditer(text):
        value = found["value"].rstrip(".,;:!?)]}")
        written = found["how"] in ("=", "＝", ":=", "=>") or (found["closing"] and found["quote"])  # as JSON does
        plain_name = found["name"].casefold() in ("key", "clé", "clés")
        if plain_name or not written:
            tells = len(value) >= 6 and not value.startswith(("http://", "https://")) and _no_word(value)
        else:
            tells = len(value) >= 4
        if tells:
            start = found.start("value")
            yield Finding("password", f"what stands after “{found['name'].strip()}”", MASK, start, start + len(value))


def _no_word(value: str) -> bool:
    """True for what is no word of a language: digits among letters, capitals inside, signs."""
    inner = value[1:]
    kinds = (
        bool(re.search(r"[a-zà-ÿ]", value)),
        bool(re.search(r"[A-Z]", inner)) and not value.isupper(),
        bool(re.search(r"\d", value)),
        bool(_STRONG.search(value)),
    )
    return sum(kinds) >= 2


_RUN = re.compile(r"[A-Za-z0-9+/=_-]{20,}")
_AWS_SECRET = range(38, 45)
"""About the 40 characters of an AWS secret key, which has nothing else to be known by."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|0[0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE)
"""A number of something, as UUID or as ULID."""


def _alone(text: str) -> Iterator[Finding]:
    """A long run that no language has, whatever stands before it."""
    for found in _RUN.finditer(text):
        # Behind the dot of a host's name a slash begins the next part of a path.
        wholes = found[0].split("/") if text[: found.start()].endswith(".") else [found[0]]
        if any(_holds_key(whole) for whole in wholes):
            yield Finding("token", "what looks like a key", _masked(found[0], 3), *found.span())


def _holds_key(run: str) -> bool:
    if _UUID.fullmatch(run):
        return False
    pieces = [run] if _looks_random(run) else re.split(r"[-_/]", run)
    return any(len(piece) >= 20 and _looks_random(piece) for piece in pieces)


def _looks_random(text: str) -> bool:
    """Whether letters, capitals and digits change places as often as chance does it."""
    if re.fullmatch(r"[0-9a-fA-F]{32,}", text):
        return _bits(text) > 2.5 and not text.isdecimal()
    if not re.search(r"\d", text) or not re.search(r"[A-Za-z]", text) or len(text) < 20:
        return False
    kinds = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in text if c.isalnum()]
    if len(text) in _AWS_SECRET and set("lud") <= set(kinds) and _bits(text) >= 4:
        return True
    changes = sum(one != other for one, other in pairwise(kinds)) / len(kinds)
    return _bits(text) >= 3.3 and changes >= (0.4 if {"u", "l"} <= set(kinds) else 0.2)


def _bits(text: str) -> float:
    """Shannon entropy, in bits a character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def _holds_password(value: str) -> bool:
    try:
        plain = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return False
    return ":" in plain and plain.isprintable()


_MAIL = re.compile(
    r"(?:(?<![\w.+-])[\w.+-]{1,64}|\"[^\"\n@]{1,64}\")(?:@|＠|%40|\s?[(\[]\s?(?:at|à)\s?[)\]]\s?)"
    r"(?P<domain>(?:[\w-]{1,63}\.){1,8}(?:xn--[a-z0-9-]{2,24}|[^\W\d_]{2,24}))\b"
)


def _mails(text: str) -> Iterator[Finding]:
    for found in _MAIL.finditer(text):
        yield Finding("mail", "mail address", f"{found[0][0]}…@{found['domain']}", *found.span())


_IPV4 = re.compile(r"(?<![\w.-])(?<![vV] )\d{1,3}(?:\.\d{1,3}){3}(?!\.?\w)")
_IPV6 = re.compile(r"(?<![\w:.])[0-9a-fA-F:]{2,39}(?:%\w+)?(?![\w:])")
_INNER = re.compile(
    r"(?<![\w.@-])(?:[a-z0-9_-]{1,63}\.)+(?:internal|intern|local|localdomain|lan|corp|intra|intranet|private|priv|home"
    r"|svc|consul|arpa|test|compute\.amazonaws\.com|amazonaws\.com|supabase\.(?:co|com|net)|vercel\.app|pages\.dev"
    r"|workers\.dev|herokuapp\.com|onrender\.com|fly\.dev|railway\.app|azurewebsites\.net|windows\.net|run\.app"
    r"|neon\.tech|rds\.amazonaws\.com|r2\.cloudflarestorage\.com)(?![\w-]|\.\w)|\blocalhost\b",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"(?<![\w.-])(?:(?:db|pg|sql|postgres|mysql|redis|cache|web|app|api|srv|server|host|node|vm|lb|proxy|worker|k8s"
    r"|bastion|jump|prod|production|preprod|staging|stg)(?:-[a-z0-9]{1,20}){0,4}-\d{1,4}"
    r"|(?:db|pg|srv|vm|lb)\d{1,3}|(?:web|app|api|host|node|worker)0\d{1,2}|ip(?:-\d{1,3}){4})(?![\w-])",
)
_PORT = re.compile(r"(?<![\w.@/-])(?=[0-9.-]{0,60}[a-z])[a-z0-9][a-z0-9.-]{1,60}:\d{2,5}(?![\w:])")


def _hosts(text: str) -> Iterator[Finding]:
    looks: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
        ("IP address", _IPV4, _is_address),
        ("IP address", _IPV6, lambda found: found.count(":") >= 2 and _is_address(found.partition("%")[0])),
        ("internal host name", _INNER, lambda found: True),
        ("name of a machine", _MACHINE, lambda found: True),
        ("host with a port", _PORT, lambda found: "." in found or "-" in found or found.startswith("localhost")),
    )
    for what, pattern, fits in looks:
        for found in pattern.finditer(text):
            if fits(found[0]):
                yield Finding("host", what, _masked(found[0], 3), *found.span())


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return text not in ("::",)


def _masked(value: str, shown: int) -> str:
    return f"{value[:shown]}{MASK}"
