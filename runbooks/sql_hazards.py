"""Statements that destroy something, lock users out or cannot be taken back; read statement by statement."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from runbooks.shell_scan import COMMENT, DOUBLE, SINGLE
from runbooks.sql_scan import sql_scan

_NAME = r"[\w.\"<>\[\]{}$-]+"
_ANY = re.compile(
    r"drop|trunc|delete|update|pg_|kill|vacuum|reindex|cluster|lock|alter|reset|purge|shutdown|program|disable|grant"
    r"|replica|unlink|discard",
    re.IGNORECASE,
)
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (
            r"\bDROP\s+(?:DATABASE|SCHEMA|(?:FOREIGN\s+|TEMP\s+)?TABLE|VIEW|MATERIALIZED|INDEX|COLUMN|ROLE|USER|FUNCTION"
            r"|PROCEDURE|TYPE|DOMAIN|EXTENSION|SEQUENCE|TRIGGER|EVENT|POLICY|RULE|OWNED|CONSTRAINT|PUBLICATION"
            r"|SUBSCRIPTION|TABLESPACE|SERVER|KEYSPACE|MEASUREMENT|SERIES|RETENTION|PARTITION|COLLECTION)\b",
            "drops it",
        ),
        (rf"\bTRUNCATE\s+(?!ON\b|TO\b|FROM\b)(?:TABLE\s+|ONLY\s+)*{_NAME}", "empties a table"),
        (r"\bDELETE\s+FROM\b", "deletes rows"),
        (r"\bpg_terminate_backend\s*\(", "ends sessions"),
        (r"^\s*KILL\s+(?:CONNECTION\s+|QUERY\s+|HARD\s+|SOFT\s+)?[\d<\[$@]", "ends sessions"),
        (r"\bpg_cancel_backend\s*\(", "cancels running queries"),
        (r"\bVACUUM\s+(?:\([^)]{0,200}\bFULL\b|FULL\b)", "locks tables while it runs"),
        (
            r"\bREINDEX\s+(?:\((?![^)]{0,200}CONCURRENTLY)[^)]{0,200}\)\s*)?(?!\w+\s+CONCURRENTLY\b)"
            r"(?:DATABASE|SYSTEM|SCHEMA|TABLE|INDEX)\b",
            "locks tables while it runs",
        ),
        (rf"^\s*CLUSTER\s+(?:VERBOSE\s+)?{_NAME}\s*(?:USING\s+{_NAME}\s*)?$", "locks tables while it runs"),
        (r"^\s*(?:LOCK\s+TABLE|FLUSH\s+TABLES\s+WITH\s+READ\s+LOCK)\b", "locks tables while it runs"),
        (
            r"\bpg_(?:switch_wal|promote|drop_replication_slot|wal_replay_pause)\s*\(|\bALTER\s+SYSTEM\b"
            r"|^\s*(?:RESET\s+MASTER|RESET\s+SLAVE|RESET\s+REPLICA|PURGE\s+(?:BINARY|MASTER)\s+LOGS)\b",
            "changes the database server",
        ),
        (r"\b(?:TO|FROM)\s+PROGRAM\b", "runs a program on the database server"),
        (r"\bDISABLE\s+ROW\s+LEVEL\s+SECURITY\b", "opens a table to everybody"),
        (
            r"\bDISABLE\s+TRIGGER\b|\bsession_replication_role\s*(?:=|to\b)\s*replica\b",
            "switches the database's own checks off",
        ),
        (r"\blo_unlink\s*\(|^\s*DISCARD\s+ALL\b", "deletes what is stored"),
    )
)
_IN_TWO_STEPS = tuple(
    (re.compile(first, re.IGNORECASE), re.compile(then, re.IGNORECASE), words)
    for first, then, words in (
        (
            r"\bALTER\s+TABLE\b",
            r"\bDROP\s+(?!(?:NOT|DEFAULT|EXPRESSION|IDENTITY|COLUMN|CONSTRAINT|INDEX|PARTITION)\b)[\w\"\[<{]",
            "drops it",
        ),
        (r"^\s*GRANT\b", r"\bTO\s+PUBLIC\b", "gives rights to everybody"),
        (r"^\s*ALTER\s+(?:ROLE|USER)\b", r"\bSUPERUSER\b", "gives rights away"),
    )
)
"""What begins a statement, and what in the rest of it destroys something."""
_UPDATE = re.compile(rf"\bUPDATE\s+(?:ONLY\s+)?(?!SET\b){_NAME}\s+(?:(?:AS\s+)?(?!SET\b)\w+\s+)?SET\b", re.IGNORECASE)
_WHERE = re.compile(r"\bWHERE\b", re.IGNORECASE)
_EXPLAINED = re.compile(r"\s*EXPLAIN\b(?!\s+ANALYZE\b|\s*\([^)]{0,200}\bANALYZE\b)", re.IGNORECASE)


def statements_hazards(text: str) -> Iterator[tuple[int, str]]:
    """Line, counted from 0, and words of every destructive statement."""
    if not _ANY.search(text):
        return
    bare = _without_strings(text)
    newlines = [found.start() for found in re.finditer("\n", bare)]
    at = 0
    for statement in bare.split(";"):
        if _ANY.search(statement) and not _EXPLAINED.match(statement):
            for place, words in _in_statement(statement):
                yield bisect_left(newlines, at + place), words
        at += len(statement) + 1


def _in_statement(statement: str) -> Iterator[tuple[int, str]]:
    for rule, words in _RULES:
        for found in rule.finditer(statement):
            yield found.end() - len(found[0].lstrip()), words
    for first, then, words in _IN_TWO_STEPS:
        begun = first.search(statement)
        if begun and then.search(statement, begun.end()):
            yield begun.end() - len(begun[0].lstrip()), words
    updates = list(_UPDATE.finditer(statement))
    if updates:
        last_where = max((found.start() for found in _WHERE.finditer(statement)), default=-1)
        yield from ((found.start(), "changes every row") for found in updates if found.end() > last_where)


def _without_strings(text: str) -> str:
    """The text with strings and comments blanked out and quoted names made plain. The body of a function stays: what it
    does is what its call does."""
    if "'" not in text and '"' not in text and "--" not in text and "/*" not in text:
        return text
    places = sql_scan(text).places
    return "".join(
        c if c == "\n" else " " if place in (SINGLE, COMMENT) else "x" if place == DOUBLE else c
        for c, place in zip(text, places, strict=True)
    )
