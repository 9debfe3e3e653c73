"""Which programs of this machine a shell text calls, as far as its words say; the shell's own words are none.

What is handed to a far machine, a container or a package runner is theirs, and not looked for here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from runbooks.shell_frames import listed
from runbooks.shell_scan import scan
from runbooks.shell_words import commands_of, without_wrappers

_OWN = listed(
    ". : [ alias bg bind break builtin caller case cd command compgen complete continue coproc declare dirs disown echo"
    " enable eval exec exit export false fc fg for function getopts hash help history if jobs kill let local logout"
    " mapfile popd printf pushd pwd read readarray readonly return select set shift shopt source suspend test then time"
    " times trap true type typeset ulimit umask unalias unset until wait while"
)
"""Words that bash knows by itself (bash(1), "SHELL BUILTIN COMMANDS")."""
_CALLS_HERE = listed("sudo doas env time timeout nice ionice nohup exec command setsid stdbuf xargs flock")
"""Programs that call another one of this machine, named behind them."""
_ASSIGNED = re.compile(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=")
_NAME = re.compile(r"[\w.+-]+", re.ASCII)
_FUNCTION = re.compile(r"(?:^|[\s;&|{(])(?:function\s+([\w.:-]+)|([\w.:-]+)\s*\(\s*\))", re.ASCII)
_CLIENTS = listed("psql pgcli mysql mariadb mycli sqlite3 sqlcmd cockroach clickhouse-client usql")
"""Clients of databases that are given SQL as a text."""
_GIVES_SQL = re.compile(r"-[A-Za-z]*[ceqQ]|--command|--execute|--query")


def programs_in(text: str) -> tuple[str, ...]:
    """Names of programs that are looked for in PATH, each once. One written with its folder is left out: the command
    may make it first."""
    functions = {name for pair in _FUNCTION.findall(text) for name in pair if name}
    found = dict.fromkeys(
        name for simple in scan(text).commands for name in _called([word for word, *_ in simple.words])
    )
    return tuple(name for name in found if name not in functions and name not in _OWN and _NAME.fullmatch(name))


def changes_what_is_found(text: str) -> bool:
    """True where the text sets PATH or reads another file into its shell: names may mean something else then."""
    words = [[word for word, *_ in simple.words] for simple in scan(text).commands]
    return any(one[:1] in (["source"], ["."], ["alias"]) or any(w.startswith("PATH=") for w in one) for one in words)


def in_sql(text: str, name: str) -> bool:
    """True where the variable `name` stands in a statement that the text gives to a database's client."""
    variable = re.compile(rf"\$(?:{name}\b|\{{{name}\b)")
    for command in commands_of(text):
        if command.program not in _CLIENTS:
            continue
        given = [body for _, body in command.fed]
        for before, word in zip(command.words, command.words[1:], strict=False):
            if _GIVES_SQL.fullmatch(before) or any(sign.isspace() for sign in word) or _GIVES_SQL.match(word):
                given.append(word)
        if any(variable.search(one) for one in given):
            return True
    return False


def _called(words: list[str]) -> Iterator[str]:
    while words and _ASSIGNED.match(words[0]):
        words = words[1:]
    if not words:
        return
    yield words[0]
    if words[0] in _CALLS_HERE:
        meant = without_wrappers(tuple(words))
        if meant and meant[0] in words:
            yield meant[0]
