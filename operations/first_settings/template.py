"""The text of a first `vigie.toml`: every key that matters with its meaning, its default, and what was found here.

A line that is commented out shows the default, or an example where the default is nothing.
"""

from __future__ import annotations

import json

from operations.first_settings.found import Found
from operations.settings import VERCEL_DEPLOY

_HEAD = """\
# What Vigie knows about this site. Written by `vigie init`; from here on it is yours.
#
# A setting that is commented out shows its default, or an example where the default is nothing.
# ${NAME} comes from the environment, then from .env.operations beside this file: secrets belong there, not here.
# Paths are seen from this file. Mistakes are told all at once: `vigie doctor` says what is missing and how to mend it.

# operator = "ana"                  # who is at this console; else the login name
# theme = "night"                   # colours: night, day, contrast, or terminal (its own sixteen)
# readonly = true                   # nothing that changes anything can be done with this file
# state_dir = "/var/lib/vigie/ana"  # journal, logs of jobs, readings; else the user's own state folder
# lock_dir = "/run/lock/vigie"      # where jobs of all users of this host meet
# retention_months = 13             # vigie journal prune removes older events
# runbooks = "runbooks"             # a folder of your own runbooks; they go over ours by file name
"""
_UNANSWERED = """
# .env.operations does not say which environment APP_URL and DB_URL stand for: take the # away where they belong.
"""
_ENVIRONMENT = """
# health = "/api/health"
# page = "/"
# page_marker = "Welcome"           # words that only the right front page has
# endpoints = ["/api/calls"]        # watched beside the health endpoint
# version = "/api/version#commit"   # what runs, as the site says: a path, #, and the field in its JSON
# read_endpoint = "/api/calls"      # an answer proves a database read; else SELECT 1 with database_readonly
# metrics = "/metrics"              # a Prometheus text page: a path, or an address
# prometheus = "http://prometheus.internal:9090"
# alertmanager = "http://alertmanager.internal:9093"
# request_log = "/var/log/my-site/requests.jsonl"   # JSON lines: at, path, status, seconds, error
# settings_log = "/var/log/my-site/settings.jsonl"  # JSON lines of flags and settings: at, kind, name, who; no values
# business_count = "select count(*) from calls where created_at > now() - interval '1 minute'"
# authority = "authority.pem"       # certificates to trust beside the system's
# headers = { x-protection = "${PROTECTION_KEY}" }  # sent with every request, for a protected site
# commands = "never"                # no command, statement or check of a runbook runs here; else as [policy] says
"""
_PLATFORM = """
[environments.{name}.platform]      # where releases live; without it no rollback
# driver = "releases"               # folders of releases on this machine
# root = "/srv/my-site"             # holds releases/<name>/, current and releases.jsonl
# restart = ["systemctl", "restart", "my-site"]     # makes the site run what current points to
{build}
# build_limit = 900.0               # seconds a build may take
# keep = 5                          # releases kept on disk
#
# Vercel (the driver is "vercel" then):
# project = "my-site"
# team = "my-team"
# token = "${{VERCEL_TOKEN}}"
# api = "https://api.vercel.com"
# publish_command = {publish}
#
# The team's own commands (the driver is "command" then); what they print is JSON:
# [environments.{name}.platform.commands]
# preset = "docker-compose"         # or "kamal": fills in what is left out below
# image = "registry.example.com/my-site"            # docker-compose: without its tag, which is the release
# service = "web"
# list = ["bin/releases", "list"]
# live = ["bin/releases", "live"]
# publish = ["bin/releases", "publish", "{{name}}"]
# promote = ["bin/releases", "promote", "{{release}}"]
# variables = {{ REGISTRY_TOKEN = "${{REGISTRY_TOKEN}}" }}
# limit = 120.0                     # seconds a command may take
"""
_BACKUPS = """
[environments.{name}.backups]       # S3; what the bucket must allow stands in docs/operations.md
{bucket}
# prefix = "my-site"                # in the bucket; else the site's name
{rest}
# storage_class = "STANDARD_IA"
# encryption = "AES256"             # or "aws:kms"; "" for a server that knows none
# warn_after_hours = 25.0           # for a backup every night
# down_after_hours = 26.0
"""
_CHECKS = """
# [[environments.production.checks]]  # your own smoke checks, beside the six built in; as many as you like
# name = "sign in"
# path = "/login"
# kind = "auth"                     # auth, third-party, or nothing
# method = "POST"
# body = '{ "user": "smoke", "key": "${SMOKE_KEY}" }'
# status = 200
# contains = "signed in"
# json_path = "user.name"           # a field in a JSON answer, and what it must be
# equals = "smoke"
# header = "content-type"
# header_contains = "json"
# within = 3.0                      # seconds
# certificate_days = 14             # days the certificate must still be valid
"""
_REST = """
# [[providers]]                     # status pages of what the site stands on (statuspage.io's JSON)
# name = "Supabase"
# status = "https://status.supabase.com"
# components = ["Database"]         # the parts in use; else the page's overall word
# database = true                   # it runs the database
# authority = "authority.pem"

# [[contacts]]                      # who is called for help with `h`, and how
# name = "Ana"
# role = "team lead"
# kind = "lead"                     # on-call, lead, manager, cto, dba, security or vendor
# after_minutes = 20.0              # when to call, from the opening on; else as [incident] escalate says
# phone = "+33 1 23 45 67 89"
# call = "${PAGER_WEBHOOK}"         # is sent the brief as JSON; with a pager its address, where it is not the usual one
# pager = "pagerduty"               # or "opsgenie"; then calls go there
# key = "${PAGER_KEY}"              # PagerDuty's routing key, Opsgenie's API key

# [[links]]
# title = "Dashboard"
# url = "https://grafana.example/d/site"

[watch]
# Two places that are not your provider's: they tell "this bastion is offline" from "the site is down".
# control_targets = ["https://one.one.one.one", "https://dns.google"]
# readings = "/var/lib/vigie/readings.sqlite"       # the recorder's file; else in the state folder
# keep_days = 7.0
# smoke_every = 900.0               # seconds between the recorder's smoke runs; else none

[watch.thresholds]                  # shares in percent, times in seconds
# error_rate_warn = 1.0
# error_rate_down = 5.0
# p95_warn = 1.0
# p95_down = 3.0
# database_warn = 0.2
# certificate_warn_days = 30.0
# certificate_down_days = 7.0
# host_percent = 80.0

[deploy]
# branches = ["main", "release/*", "hotfix/*"]      # whose commits production takes
# install = ["npm", "ci"]           # else npm ci where there is a package-lock.json; has to fetch submodules, too
# install_limit = 600.0
# migrations = "sql"                # who applies them: sql (Vigie, from a folder), prisma, supabase or command
# migrate = ["bin/migrate", "up"]   # command: finds the database in DATABASE_URL and PG*
# migrate_preview = ["bin/migrate", "status"]
# migrate_limit = 900.0             # seconds; then it is ended in the database, too
# lock_timeout = 10.0               # sql: seconds a statement waits for a lock

[switches]                          # {environment}, {name} and {value} (on or off) are filled in
# flag = ["bin/flag", "{environment}", "{name}", "{value}"]
# flag_check = "/api/flags#{name}"  # shows a flag's value; else it cannot be verified
# maintenance = ["bin/maintenance", "{environment}", "{value}"]
# maintenance_status = 503          # what the front page answers while it is on
# limit = 60.0

[incident]                          # its clock, in minutes
# cadence = { P0 = 15.0, P1 = 30.0, P2 = 60.0 }     # between two updates to users
# first_notice = { P0 = 5.0, P1 = 15.0 }            # until the first; else as the cadence
# escalate = { on-call = 0.0, lead = 15.0, manager = 30.0, cto = 60.0 }   # who is called when, in P0 and P1
# cto_in_outage = 30.0              # the CTO sooner while it is P0; else as escalate says

[notify]
# webhook = "${CHAT_WEBHOOK}"       # is told of deploys and rollbacks: {"text": "…"}

[messages]                          # what users are told during an incident: vigie message
# service = "the dispatch board"    # in the words of its users; else the site's name
# zone = "Europe/Paris"             # times stand in UTC and in this zone
# languages = ["en", "fr"]
# may_name = ["support@example.com"]                # addresses and hosts that a message may hold

# [[messages.targets]]
# name = "status page"
# kind = "statuspage"               # slack, teams, webhook, statuspage, file or clipboard
# address = "https://api.statuspage.io/v1"          # the webhook of the other kinds; of a chat as "${CHAT_WEBHOOK}"
# page = "kctbh9vrtdwd"             # statuspage: the page's id
# key = "${STATUSPAGE_KEY}"         # statuspage: the API key
# path = "notices.txt"              # file: messages are appended here
# audience = "everybody who looks at the status page"
# public = true                     # sending wants the word PUBLIC typed
# languages = ["en"]                # else all of them
# limit = 10.0                      # seconds it may take to answer

[restore]
# never = ["db.example.com", "db.example.com/app", "/app"]  # never restored onto, beside production

[policy]                            # outranks every runbook and every confirmation
# commands = "ask"                  # or "never": then no command, statement or check of a runbook runs
# refuse = ["dropdb", "push .*--force"]             # words or regular expressions; what holds one is never run
"""


def settings_text(found: Found) -> str:
    """The whole file for what was found."""
    others = _environment(found, "staging")
    if not (found.environment == "staging" or "TARGET_DB_URL" in found.names):
        others = _commented(others)
    parts = (_HEAD, _site(found), _environment(found, "production"), _CHECKS, others, _REST)
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _site(found: Found) -> str:
    migrations = _line("migrations", found.migrations or "migrations", "in the repository", on=bool(found.migrations))
    return f"""
[site]
{_line("name", found.site, "in every header, and in the phrase that is typed before an act")}
{_line("repository", found.repository, "a git checkout: diffs, migrations, recovery tags")}
{_line("branch", found.branch)}
{migrations}
# push_recovery_tags = true         # else they stay local: a pushed tag can trigger pipelines
"""


def _environment(found: Found, name: str) -> str:
    mine = found.environment == name
    # Nobody said what APP_URL and DB_URL stand for: that is not guessed.
    unsaid = not found.environment and found.names & {"APP_URL", "DB_URL"}
    database = "TARGET_DB_URL" if name == "staging" and not mine else "DB_URL"
    known = found.names if mine else found.names - {"APP_URL", "DB_URL", "SUPABASE_URL", "SUPABASE_ANON_KEY"}
    url = (
        "${APP_URL}"
        if mine or unsaid
        else "https://example.com"
        if name == "production"
        else "https://staging.example.com"
    )
    never = "production, staging, recovery or other; nothing is ever restored onto production"
    return f"""
[environments.{name}]
{_line("kind", name, never)}{_UNANSWERED.rstrip() if unsaid else ""}
{_line("url", url, on="APP_URL" in known)}
{_line("database", f"${{{database}}}", "postgresql://…; for backups, restores and readings", on=database in known)}
# database_readonly = "${{READ_URL}}"  # of a user that may only read; the watch prefers it
{_line("supabase_url", "${SUPABASE_URL}", on="SUPABASE_URL" in known)}
{_line("supabase_anon_key", "${SUPABASE_ANON_KEY}", on="SUPABASE_ANON_KEY" in known)}
{_ENVIRONMENT.strip()}

{_platform(found, name)}
{_backups(found, name)}
"""


def _platform(found: Found, name: str) -> str:
    command = json.dumps(list(found.build or ("npm", "run", "build")))
    build = f"{'' if found.build else '# '}build = {command}"
    return _PLATFORM.strip("\n").format(name=name, build=build, publish=json.dumps(VERCEL_DEPLOY)) + "\n"


def _backups(found: Found, name: str) -> str:
    bucket = _from(found, "bucket", "S3_BUCKET", "my-site-backups")
    rest = (
        _from(found, "region", "AWS_REGION", "eu-west-3"),
        _from(found, "endpoint", "AWS_ENDPOINT_URL_S3", "https://s3.example.com"),
        _from(found, "access_key", "AWS_ACCESS_KEY_ID"),
        _from(found, "secret_key", "AWS_SECRET_ACCESS_KEY"),
    )
    return _BACKUPS.strip("\n").format(name=name, bucket=bucket, rest="\n".join(rest))


def _from(found: Found, key: str, name: str, example: str = "") -> str:
    there = name in found.names
    return _line(key, f"${{{name}}}" if there or not example else example, on=there)


def _line(key: str, value: str, comment: str = "", *, on: bool = True) -> str:
    text = f"{'' if on else '# '}{key} = {json.dumps(value, ensure_ascii=False)}"
    return f"{text:<35} # {comment}" if comment else text


def _commented(text: str) -> str:
    return "\n".join(line if not line or line.startswith("#") else f"# {line}" for line in text.splitlines())
