"""Lines that destroy something or cannot be taken back. They are marked wherever they stand, and need a typed phrase.

A shell's commands are looked at word by word, so that a comment, a dry run or a word in a file's name is no hazard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from runbooks.parts import GroupKind, Hazard
from runbooks.shell_words import Command, commands_of

_HARMLESS = re.compile(
    r"test|staging|stage|dev|local|tmp|temp|scratch|compare|recovery|sandbox|practice", re.IGNORECASE
)
_PREVIEW = frozenset(
    {"--dry-run", "--dry-run=client", "--dry-run=server", "--dryrun", "--check", "--help", "--plan", "--noop"}
)
_CLIENTS = frozenset(
    {"psql", "mysql", "mariadb", "sqlite3", "pgcli", "cockroach", "clickhouse-client", "usql", "supabase"}
)
_UNPACKING = frozenset(
    [
        "gunzip",
        "zcat",
        "gzip",
        "cat",
        "zstd",
        "zstdcat",
        "xz",
        "xzcat",
        "bzcat",
        "pigz",
        "aws",
        "pg_restore",
        "openssl",
        "gpg",
        "age",
    ]
)
_SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh"})

_SQL = tuple(
    (re.compile(pattern, re.IGNORECASE), words)
    for pattern, words in (
        (
            r"\bDROP\s+(?:DATABASE|SCHEMA|TABLE|VIEW|MATERIALIZED|INDEX|COLUMN|ROLE|USER|FUNCTION|TYPE|EXTENSION|SEQUENCE"
            r"|TRIGGER|POLICY|OWNED|CONSTRAINT|PUBLICATION|SUBSCRIPTION|TABLESPACE)\b",
            "drops it",
        ),
        (r"\bTRUNCATE\s+(?:TABLE\s+|ONLY\s+)?[\w\"\[<]", "empties a table"),
        (r"\bDELETE\s+FROM\b", "deletes rows"),
        (r"\bUPDATE\s+(?:ONLY\s+)?[\w.\"]+\s+(?:AS\s+\w+\s+)?SET\b(?![^;]*\bWHERE\b)", "changes every row"),
        (r"\bpg_(?:terminate|cancel)_backend\s*\(", "ends sessions"),
        (r"\bVACUUM\s+(?:\([^)]*\bFULL\b|FULL\b)", "locks tables while it runs"),
        (
            r"\bREINDEX\s+(?!\w+\s+CONCURRENTLY\b|\([^)]*CONCURRENTLY)(?:DATABASE|SYSTEM|SCHEMA|TABLE|INDEX)\b",
            "locks tables while it runs",
        ),
        (r"\bpg_(?:switch_wal|promote|drop_replication_slot)\s*\(|\bALTER\s+SYSTEM\b", "changes the database server"),
        (r"\b(?:TO|FROM)\s+PROGRAM\b", "runs a program on the database server"),
        (r"\bDISABLE\s+ROW\s+LEVEL\s+SECURITY\b", "opens a table to everybody"),
    )
)
_SQL_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SQL_STRING = re.compile(r"'(?:[^']|'')*'")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def hazards_in(text: str, kind: GroupKind | str, first: int) -> tuple[Hazard, ...]:
    """The destructive lines of a command or of statements whose first line has number `first`, each once a reason."""
    if kind == "sql":
        found = list(_in_sql(_SQL_STRING.sub(_blanked, text), first))
    elif kind == "command":
        found = []
        for command in commands_of(text):
            words = _reason(command)
            if words:
                found.append((first + command.line, words))
            if command.program in _CLIENTS:
                found += [(first + command.line, said) for _, said in _in_sql(" ".join(command.words), 0)]
        found += [(number, words) for number, words in _in_heredocs(text, first)]
    else:
        return ()
    return tuple(Hazard(line, words) for line, words in sorted(dict.fromkeys(found)))


def hazards_in_words(line: str, number: int) -> tuple[Hazard, ...]:
    """The destructive commands that a line of running text names between backticks."""
    if "`" not in line:
        return ()
    spans = [span[2].strip() for span in _SPAN.finditer(line)]
    found = [hazard for span in spans for kind in ("command", "sql") for hazard in hazards_in(span, kind, number)]
    return tuple(dict.fromkeys(found))


def _in_sql(text: str, first: int) -> Iterator[tuple[int, str]]:
    bare = _SQL_COMMENT.sub(_blanked, text)
    for rule, words in _SQL:
        for match in rule.finditer(bare):
            yield first + bare.count("\n", 0, match.start()), words


def _in_heredocs(text: str, first: int) -> Iterator[tuple[int, str]]:
    """Statements in a here-document for a client, and commands in one for a shell."""
    if "<<" not in text:
        return
    from runbooks.shell_scan import HERE, HERE_QUOTED, scan

    places = scan(text).places
    inside = "".join(
        c if c == "\n" or place in (HERE, HERE_QUOTED) else " " for c, place in zip(text, places, strict=True)
    )
    programs = {command.program for command in commands_of(text)}
    if programs & _CLIENTS:
        yield from _in_sql(_SQL_STRING.sub(_blanked, inside), first)
    if programs & (_SHELLS | {"ssh"}):
        for command in commands_of(inside):
            words = _reason(command)
            if words:
                yield first + command.line, words


def _blanked(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _reason(command: Command) -> str:
    """What the command destroys, in words; empty when nothing."""
    if command.piped_from in ("curl", "wget") and command.program in _SHELLS:
        return "runs what a server sends"
    if any(word in _PREVIEW for word in command.words):
        return ""
    if "restore" in command.program and any("prod" in word for word in command.words[1:]):
        return "restores onto a database"
    rule = _RULES.get(command.program)
    return rule(command) if rule else ""


def _always(words: str) -> Callable[[Command], str]:
    return lambda command: words


def _rm(command: Command) -> str:
    if command.flag("r", "--recursive") or command.flag("R"):
        return "removes a whole folder"
    return "removes files by pattern" if command.flag("f", "--force") and any("*" in w for w in command.words) else ""


def _git(command: Command) -> str:
    words = [word for word in command.words[1:] if not word.startswith("-")]
    verb = words[0] if words else ""
    if verb == "push":
        if command.flag("f", "--force", "--force-with-lease", "--mirror") or any(w.startswith("+") for w in words[1:]):
            return "rewrites a branch that others have"
        deletes = command.flag("d", "--delete", "--prune") or any(re.match(r":\w", w) for w in words[1:])
        return "deletes a branch that others have" if deletes else ""
    if verb == "reset" and command.has("--hard"):
        return "throws away commits and changes"
    if verb == "clean" and command.flag("f", "--force") and not command.flag("n"):
        return "removes files that git does not know"
    if verb == "branch" and command.flag("D"):
        return "throws away a branch"
    if verb in ("checkout", "restore") and (command.has(".") or (verb == "checkout" and command.flag("f", "--force"))):
        return "throws away changes"
    if verb in ("filter-branch", "filter-repo") or (verb == "stash" and words[1:2] in (["drop"], ["clear"])):
        return "throws away work"
    return ""


def _supabase(command: Command) -> str:
    if command.follows("db", "reset"):
        return "empties the database and builds it anew"
    restores = command.follows("db", "backups", "restore") or command.follows("backups", "restore")
    return "restores onto a database" if restores else ""


def _prisma(command: Command) -> str:
    forced = command.follows("db", "push") and command.has("--force-reset", "--accept-data-loss")
    return "empties the database and builds it anew" if forced or command.follows("migrate", "reset") else ""


def _rails(command: Command) -> str:
    dropping = ("db:drop", "db:reset", "db:purge", "db:schema:load", "db:migrate:reset", "db:structure:load")
    return "drops or empties the database" if command.has(*dropping) else ""


def _django(command: Command) -> str:
    named = any(w.endswith(("manage.py", "django-admin")) for w in command.words)
    return "empties the database" if named and command.has("flush", "reset_db") else ""


def _psql(command: Command) -> str:
    fed = command.reads or command.flag("f", "--file") or command.piped_from in _UNPACKING
    if fed:
        aimed = [word for word in command.words[1:] if word != "-f"]
        return (
            ""
            if any(_HARMLESS.search(word) for word in aimed if not word.endswith(".sql"))
            else "restores onto a database"
        )
    return ""


def _pg_restore(command: Command) -> str:
    if command.flag("c", "--clean"):
        return "drops what is there, then restores"
    aimed = [
        w
        for n, w in enumerate(command.words)
        if w.startswith("--dbname=") or command.words[n - 1] in ("-d", "--dbname")
    ]
    return "restores onto a database" if aimed and not any(_HARMLESS.search(word) for word in aimed) else ""


def _redis(command: Command) -> str:
    return "empties the cache or the store" if {w.upper() for w in command.words} & {"FLUSHALL", "FLUSHDB"} else ""


def _kill(command: Command) -> str:
    hard = command.has("-9", "-KILL", "-SIGKILL", "-s9") or ("KILL" in command.words and command.has("-s"))
    return "kills a process without asking" if hard else ""


def _kubectl(command: Command) -> str:
    if command.has("delete", "drain"):
        return "deletes or drains in the cluster"
    return "deletes and makes anew in the cluster" if command.has("replace") and command.has("--force") else ""


def _docker(command: Command) -> str:
    words = [word for word in command.words[1:] if not word.startswith("-")]
    pruned = words[1:2] == ["prune"] or words[:2] in (["volume", "rm"], ["image", "rm"])
    down = "down" in words and command.flag("v", "--volumes")
    return "removes data of containers" if pruned or down else ""


def _aws(command: Command) -> str:
    words = [word for word in command.words[1:] if not word.startswith("-")]
    if words[:2] in (["s3", "rm"], ["s3", "rb"]) or (words[:2] == ["s3", "sync"] and command.has("--delete")):
        return "deletes what is stored"
    gone = len(words) > 1 and words[1].startswith(("delete-", "terminate-", "purge-"))
    return "deletes in the cloud account" if gone else ""


def _cloud(command: Command) -> str:
    return (
        "deletes in the cloud account" if command.has("delete", "destroy", "rm", "rb", "purge", "apps:destroy") else ""
    )


def _terraform(command: Command) -> str:
    gone = command.has("destroy", "-destroy", "force-unlock", "-force") or command.follows("state", "rm")
    return "destroys infrastructure" if gone else ""


def _vercel(command: Command) -> str:
    gone = (
        command.follows("remove")
        or command.follows("rm")
        or command.follows("env", "rm")
        or command.follows("env", "remove")
    )
    return "removes it at the platform" if gone else ""


def _curl(command: Command) -> str:
    deletes = command.has("-XDELETE", "--request=DELETE") or (
        "DELETE" in command.words and command.has("-X", "--request")
    )
    return "deletes by a call" if deletes else ""


def _chmod(command: Command) -> str:
    return "opens files to everybody" if command.has("777", "0777", "a+rwx", "o+w", "-R777") else ""


def _pg_ctl(command: Command) -> str:
    return "kills the database server" if command.has("stop") and command.has("immediate") else ""


def _when(words: str, *wanted: str) -> Callable[[Command], str]:
    return lambda command: words if command.has(*wanted) else ""


_RULES: Mapping[str, Callable[[Command], str]] = {
    "dropdb": _always("drops a database"),
    "dropuser": _always("drops a database user"),
    "rm": _rm,
    "shred": _always("destroys what is on a disk"),
    "wipefs": _always("destroys what is on a disk"),
    "mkfs": _always("destroys what is on a disk"),
    **{f"mkfs.{kind}": _always("destroys what is on a disk") for kind in ("ext4", "xfs", "btrfs")},
    "dd": lambda command: "overwrites a disk" if any(w.startswith("of=/dev/") for w in command.words) else "",
    "find": _when("removes every file it finds", "-delete"),
    "truncate": lambda command: "cuts a file" if command.flag("s", "--size") else "",
    "git": _git,
    "supabase": _supabase,
    "prisma": _prisma,
    "rails": _rails,
    "rake": _rails,
    "manage.py": _django,
    "django-admin": _django,
    **dict.fromkeys(("python", "python3"), _django),
    "psql": _psql,
    "mysql": _psql,
    "mariadb": _psql,
    "pg_restore": _pg_restore,
    "mongorestore": _when("drops what is there, then restores", "--drop"),
    "mysqladmin": _when("drops a database", "drop"),
    **dict.fromkeys(("redis-cli", "valkey-cli", "keydb-cli", "FLUSHALL", "FLUSHDB"), _redis),
    "pg_ctl": _pg_ctl,
    "pg_ctlcluster": _pg_ctl,
    "pg_resetwal": _always("destroys what the database server has"),
    "pg_dropcluster": _always("destroys what the database server has"),
    **dict.fromkeys(("kill", "pkill", "killall"), _kill),
    **dict.fromkeys(("kubectl", "oc", "k"), _kubectl),
    "helm": _when("removes a release from the cluster", "uninstall", "delete"),
    **dict.fromkeys(("terraform", "tofu", "terragrunt"), _terraform),
    **dict.fromkeys(("docker", "docker-compose", "podman", "nerdctl"), _docker),
    "aws": _aws,
    **dict.fromkeys(("gcloud", "az", "gsutil", "heroku", "fly", "flyctl", "doctl", "wrangler", "netlify"), _cloud),
    "rclone": _when("deletes what is stored", "delete", "purge", "sync", "deletefile"),
    "etcdctl": _when("deletes keys of the cluster", "del", "rm"),
    "vercel": _vercel,
    "crontab": _when("removes every scheduled job", "-r"),
    "iptables": _when("removes every firewall rule", "-F", "--flush"),
    "nft": _when("removes every firewall rule", "flush"),
    **{name: _always("stops the machine") for name in ("reboot", "shutdown", "halt", "poweroff")},
    "systemctl": _when("stops the machine", "reboot", "poweroff", "halt"),
    "curl": _curl,
    "chmod": _chmod,
    "vigie": _when("drops the databases of an earlier restore", "--drop-before"),
}
