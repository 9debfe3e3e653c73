"""What a message must not name although it is no secret: people, our hosts, providers, commits, SQL, mentions.

Pure. The secrets that Vigie knows count here, too: a text that holds one is never sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from operations.engine.redaction import Redactor, covered
from operations.incident.model import Incident
from operations.incident.secret_scan import Finding, scan
from operations.settings import Settings
from operations.settings_parts import MASK
from operations.watch.model import Snapshot, Status

LONGEST = 5_000
"""Characters of one language's text; a notice is read on a telephone."""
_EVERYBODY = frozenset(
    {"root", "admin", "administrator", "ubuntu", "debian", "ec2-user", "deploy", "oncall", "on-call", "operator"}
    | {"user", "test", "support", "security", "somebody", "team", "service", "app", "web", "www-data", "vigie"}
)
"""Logins that name nobody."""
_SQL = re.compile(
    r"\b(?:SELECT\b[^.;]{1,200}\bFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|(?:DROP|ALTER|CREATE|TRUNCATE)\s+TABLE)"
    r"\b|\bselect\s+\*\s+from\b|\b(?:insert into \w+ ?(?:\(|values)|delete from \w+ where|drop table \w+)"
)
_COMMIT = re.compile(r"(?<![\w-])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}(?![\w-])")
_MENTION = re.compile(r"(?<![\w@])@(?:channel|here|everyone|all|group)\b|<[!@#][^>\s]{1,60}>?", re.IGNORECASE)
_BREACH = re.compile(
    r"\b(?:attack\w*|breach\w*|hack\w*|intru[ds]\w*|exploit\w*|ransom\w*|malware|phishing|vulnerab\w*|compromis\w*"
    r"|stolen|leak\w*|exfiltrat\w*|forensic\w*|attaqu\w*|pirat\w*|fuite\w*|faille\w*|vuln[ée]rab\w*|vol[ée]e?s?"
    r"|rançon\w*|hameçonnage|(?:api |access )?keys?|cl[ée]s?|passwords?|mots? de passe|credentials?|tokens?|jetons?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Names:
    """What Vigie knows by name and no message should tell."""

    people: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    restricted: bool = False


def findings_in(text: str, settings: Settings, names: Names) -> tuple[Finding, ...]:
    """Everything in `text` that must not leave, in order; what never may, first in `may_be_allowed`."""
    if len(text) > LONGEST:
        return (Finding("size", f"a text of more than {LONGEST} characters", "", 0, len(text)),)
    public = tuple(settings.messages.may_name)
    forms = Redactor(settings.secrets()).forms
    found = [Finding("known", "a secret of the settings", MASK, *span) for span in covered(text, forms)]
    found += scan(text, public)
    found += _named(text, names)
    allowed = {name.casefold() for name in public}
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (one.may_be_allowed, one.start, -one.end)):
        apart = not any(other.start < one.end and one.start < other.end for other in kept)
        if apart and not (one.may_be_allowed and text[one.start : one.end].casefold() in allowed):
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.start))


def names_for(settings: Settings, incident: Incident | None, snapshot: Snapshot | None, *, restricted: bool) -> Names:
    """The names that must not stand in a message just now. A provider whose own page says so may be named."""
    people = {settings.operator, *(contact.name for contact in settings.contacts)}
    if incident is not None:
        people |= {incident.opened_by, *(event.actor for event in incident.events)}
    admitted = set()
    details = set()
    if snapshot is not None:
        bad = (Status.WARN, Status.DOWN)
        admitted = {state.probe for state in snapshot.states if state.status in bad}
        details = {part for change in snapshot.changes for part in (change.title, change.detail) if len(part) >= 12}
        people |= {change.who for change in snapshot.changes}
    ours = {settings.site.name.casefold(), settings.messages.service.casefold()}
    providers = {one.name for one in settings.providers if f"provider {one.name}" not in admitted}
    return Names(
        frozenset(name for name in people if len(name) >= 2 and name.casefold() not in _EVERYBODY | ours),
        frozenset(_hosts_of(settings)),
        frozenset(providers),
        frozenset(details),
        restricted,
    )


def _named(text: str, names: Names) -> Iterator[Finding]:
    for name in names.people:
        # A name is written with a capital or as the login is: "rose" is a flower, "Rose" may be a colleague.
        yield from _words(text, {name, name[:1].upper() + name[1:]}, "person", "name of a person")
    yield from _words(text, names.hosts, "host", "host of ours", any_case=True)
    yield from _words(text, names.providers, "provider", "name of a provider whose page says nothing of it")
    yield from _words(text, names.changes, "code", "words of a change")
    patterns: list[tuple[re.Pattern[str], str, str]] = [
        (_SQL, "code", "SQL"),
        (_COMMIT, "code", "a commit"),
        (_MENTION, "mention", "a mention that wakes people up"),
    ]
    if names.restricted:
        patterns.append((_BREACH, "detail", "a detail of a restricted incident"))
    for pattern, kind, what in patterns:
        for found in pattern.finditer(text):
            shown = f"“{found[0][:24]}”" if kind != "code" else MASK
            yield Finding(kind, what, shown, *found.span())  # type: ignore[arg-type]


def _words(
    text: str, words: Sequence[str] | set[str] | frozenset[str], kind: str, what: str, *, any_case: bool = False
) -> Iterator[Finding]:
    for word in words:
        pattern = re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])", re.IGNORECASE if any_case else 0)
        for found in pattern.finditer(text):
            yield Finding(kind, what, f"“{found[0][:24]}”", *found.span())  # type: ignore[arg-type]


def _hosts_of(settings: Settings) -> Iterator[str]:
    """Hosts of the settings that users do not know: all but that of production's own address."""
    public = {_host(env.url) for env in settings.environments.values() if env.kind == "production"}
    for env in settings.environments.values():
        addresses = (env.url, env.database.reveal(), env.database_readonly.reveal(), env.prometheus, env.alertmanager)
        for address in (*addresses, env.supabase_url, env.backups.endpoint):
            if (host := _host(address)) and host not in public:
                yield host


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
