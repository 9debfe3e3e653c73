"""What database clients, migration tools, stores and queues destroy."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runbooks.hazard_words import DROPS, EMPTIES, RESTORES, Rule, aims_elsewhere, always, by_program, first, has, verb
from runbooks.shell_frames import listed
from runbooks.shell_words import Command

_UNPACKING = listed(
    "gunzip zcat gzip cat zstd zstdcat xz xzcat bzcat pigz aws pg_restore openssl gpg age gsutil curl pv lz4"
    " mysqldump pg_dump pg_dumpall ssh"
)


def _supabase(command: Command) -> str:
    if command.follows("db", "reset"):
        return EMPTIES
    if command.follows("db", "backups", "restore") or command.follows("backups", "restore"):
        return RESTORES
    gone = command.verbs()[1:2] in (("delete",), ("rm",), ("unset",))
    return "deletes it at the platform" if gone else ""


def _prisma(command: Command) -> str:
    forced = command.follows("db", "push") and command.has("--force-reset", "--accept-data-loss")
    return EMPTIES if forced or command.follows("migrate", "reset") else ""


def _django(command: Command) -> str:
    named = command.program in ("manage.py", "django-admin") or any(
        word.endswith(("manage.py", "django-admin")) for word in command.words
    )
    if named and command.has("flush", "reset_db"):
        return "empties the database"
    return "takes every migration back" if named and command.has("migrate") and command.has("zero") else ""


def _psql(command: Command) -> str:
    fed = command.reads or command.piped_from in _UNPACKING
    if command.program in ("psql", "pgcli", "mysqlsh"):
        fed = fed or command.flag("f", "--file", valued="cdhopUvFPRTLw")
    return RESTORES if fed and not aims_elsewhere(command.words[1:]) else ""


def _pg_restore(command: Command) -> str:
    if command.flag("l", "--list", valued="dFfhjLnNpPSIUTt"):
        return ""
    aimed = command.value("-d", "--dbname")
    into_file = command.flag("f", "--file", valued="dFhjLnNpPSIUTt")
    if not into_file and command.flag("c", "--clean", valued="dFfhjLnNpPSIUTt"):
        return "drops what is there, then restores"
    if not aimed:
        return ""
    return RESTORES if not aims_elsewhere((aimed, command.value("-h", "--host"))) else ""


def _mongorestore(command: Command) -> str:
    if command.has("--drop"):
        return "drops what is there, then restores"
    return "" if aims_elsewhere(command.words[1:]) else RESTORES


def _mongo(command: Command) -> str:
    said = " ".join(command.words[1:])
    gone = re.search(r"\bdrop(?:Database|Index(?:es)?)?\(|deleteMany\(|deleteOne\(|\.remove\(|shutdownServer\(", said)
    return "deletes what is stored" if gone else ""


def _redis(command: Command) -> str:
    said = " ".join([command.program, *command.words[1:], *(text for _, text in command.fed)]).upper().split()
    if {"FLUSHALL", "FLUSHDB"} & set(said):
        return "empties the cache or the store"
    verbs = command.verbs(listed("-h -p -a -n -u --user --pass -i -s"))
    if verbs[:1] and verbs[0].upper() in ("DEL", "UNLINK"):
        return "deletes keys of the store"
    return "stops the store" if verbs[:1] and verbs[0].upper() == "SHUTDOWN" else ""


def _pg_ctl(command: Command) -> str:
    at_once = command.has("immediate", "-mi") or command.value("-m", "--mode") in ("immediate", "i")
    return "kills the database server" if command.has("stop") and at_once else ""


def _interpreter(command: Command) -> str:
    """`curl … | python3` runs it; `curl … | python3 -m json.tool` only reads."""
    alone = all(
        word.startswith("-") and not word.startswith(("-m", "-c", "-e", "-n", "-p")) for word in command.words[1:]
    )
    return "runs what a server sends" if command.piped_from in ("curl", "wget") and alone else _django(command)


def _memcached(command: Command) -> str:
    fed = " ".join(text for _, text in command.fed)
    return "empties the cache or the store" if "flush_all" in fed or re.search(r"\bFLUSH(?:ALL|DB)\b", fed) else ""


DATABASES: Mapping[str, Rule] = by_program(
    {
        "dropdb": always(DROPS),
        "dropuser": always("drops a database user"),
        "supabase": _supabase,
        "prisma": _prisma,
        "manage.py django-admin": _django,
        "python python3 node ruby perl php": _interpreter,
        "rails": _mongo,
        "drizzle-kit": lambda command: EMPTIES if command.has("drop") or command.has("--force") else "",
        "alembic": verb("takes a migration back", "downgrade"),
        "flyway": verb("drops or empties the database", "clean"),
        "liquibase": verb("drops or empties the database", "dropAll", "drop-all", "rollback"),
        "dbmate goose migrate": verb("takes a migration back", "drop", "down", "reset", "rollback", among=3),
        "typeorm": verb("drops or empties the database", "schema:drop"),
        "psql pgcli mysql mysqlsh mariadb cockroach clickhouse-client": _psql,
        "pg_restore": _pg_restore,
        "mongorestore": _mongorestore,
        "mongo mongosh": _mongo,
        "mysqladmin": first(has(DROPS, "drop"), has("stops the database server", "shutdown")),
        "redis-cli valkey-cli keydb-cli FLUSHALL FLUSHDB": _redis,
        "nc ncat netcat telnet socat": _memcached,
        "pg_ctl pg_ctlcluster": _pg_ctl,
        "pg_resetwal pg_dropcluster": always("destroys what the database server has"),
        "pg_archivecleanup": always("deletes what a recovery needs"),
        "patronictl": verb("throws a copy of the database away", "remove", "reinit"),
        "pgbackrest": first(
            verb(RESTORES, "restore", among=3), verb("deletes backups", "expire", "stanza-delete", among=3)
        ),
        "barman": first(verb(RESTORES, "recover", "restore"), verb("deletes backups", "delete")),
        "wal-g wal-e": first(verb(RESTORES, "backup-fetch"), verb("deletes backups", "delete")),
        "restic borg": verb("deletes backups", "forget", "prune", "delete"),
        "velero": verb("deletes backups", "delete", among=2),
        "etcdctl": verb("deletes keys of the cluster", "del", "rm", among=2),
        "rabbitmqctl": verb(
            "empties queues", "purge_queue", "delete_queue", "reset", "force_reset", "delete_vhost", among=4
        ),
        "rabbitmqadmin": verb("empties queues", "purge", "delete"),
        "celery": has("empties queues", "purge"),
        "kafka-topics kafka-topics.sh": has("deletes a topic", "--delete"),
        "kafka-consumer-groups kafka-consumer-groups.sh": has("moves or deletes a group", "--execute", "--delete"),
        "nodetool": verb("takes a node out", "removenode", "assassinate", "decommission"),
        "vigie": has("drops the databases of an earlier restore", "--drop-before"),
    }
)
"""By program."""
