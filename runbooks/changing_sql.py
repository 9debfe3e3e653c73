"""Which words of statements change something, and whether a database's client only looks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbooks.looking import options
from runbooks.shell_words import Command
from runbooks.sql_scan import sql_scan

SQL_CLIENTS = frozenset({"psql", "mysql", "mariadb", "sqlite3"})
_READS = frozenset({
    "select", "show", "explain", "with", "table", "values", "set", "begin", "commit", "rollback", "describe", "desc",
})  # fmt: skip
_CHANGES = re.compile(
    r"\b(insert|update|delete|merge|drop|alter|truncate|create|grant|revoke|copy|call|do|vacuum|reindex|cluster|refresh"
    r"|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_switch_wal|nextval|setval|lo_unlink|dblink_exec|into)\b",
    re.IGNORECASE,
)
_FOR_UPDATE = re.compile(r"\bfor\s+(?:no\s+key\s+)?(?:update|share)\b", re.IGNORECASE)
_FOR_THE_SERVER = re.compile(r"set\s+(?:global|persist|@@global)\b", re.IGNORECASE)
_BACKSLASH_LOOKS = re.compile(r"\\(?:d[a-zA-Z+]*|l\+?|conninfo|timing|x|pset|echo|sf\+?|sv\+?|z|encoding|q|c)(?:\s|$)")
_DOT_LOOKS = re.compile(r"\.(?:tables|schema|indexes|databases|dbinfo|mode|headers|timeout|stats)(?:\s|$)")
_PSQL = "cdfFhLopPRTUv"
_MYSQL = "DehPpSu"
_FROM_ELSEWHERE = frozenset({"-f", "-o", "-L", "--file", "--output", "--log-file"})


def changing_statement(text: str, *, loose: bool = False) -> str:
    """The word that changes something; `loose` looks at any argument, which may be no SQL at all."""
    for statement in sql_scan(text).bare.split(";"):
        words = statement.split()
        if not words:
            continue
        if not loose and words[0].lower() not in _READS and not words[0].startswith("\\"):
            return words[0]
        if loose and len(words) == 1:
            continue
        found = _CHANGES.search(_FOR_UPDATE.sub(" ", statement)) or _FOR_UPDATE.search(statement)
        if found:
            return " ".join(found[0].split())
    return ""


def client_only_looks(command: Command) -> bool:
    """Its statements are all there to be read, and none of them changes anything."""
    if command.program == "sqlite3":
        said = list(command.verbs()[1:])
    else:
        given = list(options(command.words[1:], _PSQL if command.program == "psql" else _MYSQL))
        asked = ("-c", "--command") if command.program == "psql" else ("-e", "--execute")
        if command.program == "psql" and any(name in _FROM_ELSEWHERE for name, _ in given):
            return False
        if command.program == "psql" and any(name in ("-l", "--list", "-V") for name, _ in given):
            return True
        said = [value for name, value in given if name in asked]
    said += [text for _, text in command.fed if text]
    return bool(said) and not command.reads and all(_looks(text) for text in said)


def _looks(text: str) -> bool:
    return not any(
        changing_statement(one) or _FOR_THE_SERVER.match(one) or not _known(one) for one in _statements(text)
    )


def _statements(text: str) -> Iterator[str]:
    """Statements and the commands of the client itself, which are a line long."""
    said: list[str] = []
    for line in text.split("\n"):
        if line.lstrip().startswith(("\\", ".")):
            yield line.strip()
        else:
            said.append(line)
    yield "\n".join(said).strip()


def _known(text: str) -> bool:
    if text.startswith("."):
        return bool(_DOT_LOOKS.match(text))
    return not text.startswith("\\") or bool(_BACKSLASH_LOOKS.match(text))
