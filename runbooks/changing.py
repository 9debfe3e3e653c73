"""Which words of a command change something: a check only looks, so none of them may stand in it. Pure.

What is known to change is named by its words; what is not known to only look (`looking.py`) counts, too. This helps
against slips and is no wall: what a listed program does in a strange setting is for its author to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from runbooks.changing_sql import SQL_CLIENTS, changing_statement, client_only_looks
from runbooks.looking import NOWHERE, curl_writes, only_looks, options
from runbooks.looking_programs import VERBS
from runbooks.parts import GroupKind
from runbooks.shell_scan import COMMENT, PLAIN, scan
from runbooks.shell_words import SHELLS, Command, commands_of

_ALWAYS = (
    "rm rmdir mv cp dd ln tee touch mkdir truncate shred chmod chown install mkfs umount swapoff kill pkill "
    "killall reboot shutdown halt poweroff useradd userdel passwd visudo crontab iptables nft dropdb createdb "
    "dropuser createuser pg_restore pg_ctl pg_resetwal vacuumdb reindexdb patch rsync scp sftp ftp make "
    "ansible-playbook sendmail mail mutt"
)
"""Programs that change something whatever their arguments."""

_WITH: Mapping[str, str] = {
    "systemctl": "start stop restart reload try-restart reload-or-restart enable disable mask unmask kill isolate "
    "daemon-reload edit set-property revert poweroff reboot halt",
    "service": "start stop restart reload force-reload",
    "supervisorctl": "start stop restart reload update shutdown signal",
    "pm2": "start stop restart reload delete kill scale save",
    "docker": "rm rmi run exec start stop restart kill pause unpause update create build push pull prune commit cp "
    "rename up down tag load import",
    "podman": "rm rmi run exec start stop restart kill pause unpause update create build push pull prune commit cp",
    "docker-compose": "rm run exec start stop restart kill up down build push pull create",
    "kubectl": "apply delete scale patch edit create replace set label annotate drain cordon uncordon taint exec run "
    "expose autoscale restart undo pause resume cp attach",
    "helm": "install upgrade rollback uninstall delete",
    "terraform": "apply destroy import taint untaint",
    "git": "push reset checkout switch restore commit merge rebase revert clean cherry-pick pull am gc rm mv init "
    "clone stash",
    "npm": "install i ci publish update uninstall run exec start restart stop version",
    "pnpm": "install i add publish update remove run exec start",
    "yarn": "install add publish upgrade remove run start",
    "pip": "install uninstall",
    "apt": "install remove purge upgrade autoremove",
    "apt-get": "install remove purge upgrade autoremove dist-upgrade",
    "vercel": "deploy promote rollback remove rm redeploy add alias link pull --prod",
    "supabase": "reset push up down repair link deploy set unset delete create start stop",
    "prisma": "deploy reset push dev execute resolve",
    "heroku": "restart scale run deploy rollback set unset",
    "fly": "deploy scale restart destroy",
    "redis-cli": "flushall flushdb set del unlink expire shutdown rename config-set lpush rpush hset eval debug",
    "nginx": "-s",
    "launchctl": "load unload start stop kickstart bootout",
    "mongosh": "drop remove",
    "vigie": "deploy redeploy rollback backup restore flag maintenance freeze unfreeze mark init drill open note call "
    "resolve cancel clean --apply",
}
"""Words that make a program change something; the program alone, or with others, only looks."""

_READS_WITH: Mapping[str, str] = {
    "vigie": "--plan --help",
    "kubectl": "history status get describe logs top auth explain",
    "git": "--dry-run",
    "rsync": "--dry-run -n",
    "helm": "list status history get",
    "make": "--dry-run -n",
    "vercel": "ls list inspect logs whoami",
    "crontab": "-l",
    "iptables": "-L -S -nL -nvL --list --list-rules",
    "nft": "list",
    "kill": "-0 -l",
    "killall": "-0 -l",
    "pkill": "-0",
    "visudo": "-c",
}
"""Words that take the first meaning back."""

_CURL_SENDS = re.compile(r"--(?:data(?:-\w+)?|form(?:-string)?|upload-file|json)(?:=.*)?|-[a-zA-Z]*[dFT](?:.*)?")
_METHOD = re.compile(r"(?:--request|--method|-X)=?(.*)")
_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CLOUD = re.compile(
    r"(?:delete|put|create|update|modify|terminate|stop|start|reboot|attach|detach|restore|invoke|rm|cp|mv|sync|mb|rb"
    r"|deploy|reset|remove|add|set)(?:-.*)?"
)
_WRITES = re.compile(r"(?:\d|&)?>{1,2}\|?\s*(&?)([^\s;|&<>()]*)")
_DEFINES = re.compile(r"(?:^|[\s;&(])([A-Za-z_][\w-]*)\s*\(\)|\bfunction\s+([A-Za-z_][\w-]*)")
"""A function of the text's own: what it does is looked at where it is written."""


def changing_words(text: str, kind: GroupKind | str) -> str:
    """The first words in the text of a group that change something, empty where all of it only looks."""
    if kind == "sql":
        return changing_statement(text)
    return next(_in_shell(text), "")


def _in_shell(text: str) -> Iterator[str]:
    own = {name for found in _DEFINES.finditer(text) for name in found.groups() if name}
    for command in commands_of(text):
        named = list(_by_program(command.program, command.words[1:]))
        named += [f"curl {one}" for one in curl_writes(command) if command.program == "curl"]
        named += [f"> {file}" for file in command.writes if file not in NOWHERE]
        yield from named
        yield from _handed_on(command)
        if not named and not command.guessed and command.program not in own and not _only_looks(command):
            yield " ".join([command.program, *(command.verbs()[:1] if command.program in VERBS else ())])
    places = scan(text).places
    bare = "".join(
        c if place == PLAIN else " " if place == COMMENT else "x" for c, place in zip(text, places, strict=True)
    )
    for found in _WRITES.finditer(bare):
        if not found[1] and text[found.start(2) : found.end(2)] not in NOWHERE:
            yield f"> {text[found.start(2) : found.end(2)]}".strip()


def _handed_on(command: Command) -> Iterator[str]:
    """What a shell is given as one word, `bash -c reboot`; of several words its commands are seen anyway."""
    if command.program in SHELLS | {"su", "runuser"}:
        given = (value for name, value in options(command.words[1:], "c") if name in ("-c", "--command"))
        yield from (words for value in given if not re.search(r"\s", value) for words in _in_shell(value))


def _only_looks(command: Command) -> bool:
    if command.program in _READS_WITH and command.has(*_READS_WITH[command.program].split()):
        return True
    return only_looks(command) or (command.program in SQL_CLIENTS and client_only_looks(command))


def _by_program(program: str, arguments: Sequence[str]) -> Iterator[str]:
    reads = _READS_WITH.get(program, "").split()
    if any(argument in reads for argument in arguments):
        return
    if program in _ALWAYS.split():
        yield program
    elif program in _WITH:
        words = _WITH[program].split()
        plain = _subcommands(arguments)
        plain += [f"{one}-{other}" for one, other in pairwise(plain)]
        plain += [one for one in arguments if one.startswith("-")]
        yield from (f"{program} {one}" for one in plain if one in words)
    elif program in ("curl", "wget", "http", "httpie", "xh"):
        yield from (f"{program} {one}" for one in _sends(program, arguments))
    elif program in SQL_CLIENTS:
        yield from (
            f"{program}: {found}" for argument in arguments if (found := changing_statement(argument, loose=True))
        )
    elif program in ("aws", "gcloud", "az", "doctl", "s3cmd", "rclone"):
        yield from (f"{program} {one}" for one in _subcommands(arguments) if _CLOUD.fullmatch(one))
    elif program == "find":
        yield from (f"find {one}" for one in arguments if one in ("-delete", "-exec", "-execdir", "-ok", "-okdir"))
    elif program in ("sed", "perl") and any(re.match(r"-[a-zA-Z]*i|--in-place", one) for one in arguments):
        yield f"{program} -i"


def _subcommands(arguments: Sequence[str]) -> list[str]:
    """The words that name what to do: they come first, with options and their values between."""
    return [one.lower() for one in arguments if not one.startswith("-")][:4]


def _sends(program: str, arguments: Sequence[str]) -> Iterator[str]:
    """Methods and options that send something with a request."""
    for position, argument in enumerate(arguments):
        following = arguments[position + 1] if position + 1 < len(arguments) else ""
        method = _METHOD.fullmatch(argument)
        named = (method[1] or following) if method else argument
        unusual = bool(method) and named.upper() not in _READING_METHODS
        if unusual or (named.upper() in _CHANGING_METHODS and program in ("http", "httpie", "xh")):
            yield named.upper()
        elif program == "curl":
            yield from [argument] if _CURL_SENDS.fullmatch(argument) and not _asks_by_get(arguments) else []
        elif program == "wget" and argument.startswith(("--post-", "--body-")):
            yield argument


def _asks_by_get(arguments: Sequence[str]) -> bool:
    return any(one in ("-G", "--get") for one in arguments)
