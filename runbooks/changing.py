"""Which words of a command change something: a check only looks, so none of them may stand in it. Pure.

This helps against slips and is no wall: what a program does that is not listed here is for its author to know.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from runbooks.parts import GroupKind
from runbooks.shell_scan import COMMENT, PLAIN, scan
from runbooks.shell_words import commands_of

_ALWAYS = (
    "rm rmdir mv cp dd ln tee touch mkdir truncate shred chmod chown install mkfs mount umount swapoff kill pkill "
    "killall reboot shutdown halt poweroff useradd userdel passwd visudo crontab iptables nft sysctl dropdb createdb "
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
}
"""Words that take the first meaning back."""

_CURL_SENDS = re.compile(r"--(?:data(?:-\w+)?|form(?:-string)?|upload-file|json)(?:=.*)?|-[a-zA-Z]*[dFT](?:.*)?")
_METHOD = re.compile(r"(?:--request|--method|-X)=?(.*)")
_CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CLOUD = re.compile(
    r"(?:delete|put|create|update|modify|terminate|stop|start|reboot|attach|detach|restore|invoke|rm|cp|mv|sync|mb|rb"
    r"|deploy|reset|remove|add|set)(?:-.*)?"
)
_WRITES = re.compile(r"(?:\d|&)?>{1,2}\|?\s*(&?)([^\s;|&<>()]*)")
_NOWHERE = frozenset({"/dev/null", "/dev/stderr", "/dev/stdout", "/dev/tty"})
_SQL_STRINGS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_SQL_READS = frozenset({"select", "show", "explain", "with", "table", "values", "set", "begin", "commit", "rollback"})
_SQL_CHANGES = re.compile(
    r"\b(insert|update|delete|merge|drop|alter|truncate|create|grant|revoke|copy|call|do|vacuum|reindex|cluster|refresh"
    r"|pg_terminate_backend|pg_cancel_backend|pg_reload_conf|pg_switch_wal|nextval|setval|lo_unlink|dblink_exec|into)\b",
    re.IGNORECASE,
)
_SQL_FOR_UPDATE = re.compile(r"\bfor\s+(?:no\s+key\s+)?(?:update|share)\b", re.IGNORECASE)


def changing_words(text: str, kind: GroupKind | str) -> str:
    """The first words in the text of a group that change something, empty where all of it only looks."""
    if kind == "sql":
        return _in_sql(text)
    return next(_in_shell(text), "")


def _in_shell(text: str) -> Iterator[str]:
    for command in commands_of(text):
        yield from _by_program(command.program, command.words[1:])
    places = scan(text).places
    bare = "".join(
        c if place == PLAIN else " " if place == COMMENT else "x" for c, place in zip(text, places, strict=True)
    )
    for found in _WRITES.finditer(bare):
        if not found[1] and text[found.start(2) : found.end(2)] not in _NOWHERE:
            yield f"> {text[found.start(2) : found.end(2)]}".strip()


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
    elif program in ("psql", "mysql", "mariadb", "sqlite3"):
        yield from (f"{program}: {found}" for argument in arguments if (found := _in_sql(argument, loose=True)))
    elif program in ("aws", "gcloud", "az", "doctl", "s3cmd", "rclone"):
        yield from (f"{program} {one}" for one in _subcommands(arguments) if _CLOUD.fullmatch(one))
    elif program == "find":
        yield from (f"find {one}" for one in arguments if one in ("-delete", "-exec", "-execdir", "-ok"))
    elif program in ("sed", "perl") and any(re.fullmatch(r"-\w*i.*|--in-place.*", one) for one in arguments):
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
        if named.upper() in _CHANGING_METHODS and (method or program in ("http", "httpie", "xh")):
            yield named.upper()
        elif program == "curl":
            yield from [argument] if _CURL_SENDS.fullmatch(argument) and not _asks_by_get(arguments) else []
        elif program == "wget" and argument.startswith(("--post-", "--body-")):
            yield argument


def _asks_by_get(arguments: Sequence[str]) -> bool:
    return any(one in ("-G", "--get") for one in arguments)


def _in_sql(text: str, *, loose: bool = False) -> str:
    """The word that changes something; `loose` looks at any argument, which may be no SQL at all."""
    bare = _SQL_STRINGS.sub(" ", text)
    for statement in bare.split(";"):
        words = statement.split()
        if not words:
            continue
        if not loose and words[0].lower() not in _SQL_READS and not words[0].startswith("\\"):
            return words[0]
        if loose and len(words) == 1:
            continue
        found = _SQL_CHANGES.search(_SQL_FOR_UPDATE.sub(" ", statement)) or _SQL_FOR_UPDATE.search(statement)
        if found:
            return " ".join(found[0].split())
    return ""
