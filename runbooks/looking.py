"""Whether a command surely only looks: a check runs without a person, so that whatever is not known to only look counts
as changing something. Pure.

A team's own program is taken at its name: `check_disk`, `check-queue.sh`, as monitoring plugins are called.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from runbooks.looking_programs import ALWAYS, ASKS, VALUED, VERBS
from runbooks.shell_words import SHELLS, Command

NOWHERE = frozenset({"/dev/null", "/dev/stderr", "/dev/stdout", "/dev/tty", "-"})
"""Files that keep nothing."""
_OWN_CHECK = re.compile(r"check[-_][\w.-]+")
_VERSION = frozenset({"--version", "--help"})
_CLOUD = re.compile(
    r"(?:describe|list|get|show|ls|lookup|head|filter|search|view|query|size|lsf|lsd|lsl|lsjson|cat|about|version|status"
    r"|tail|logs|read|print)(?:-.*)?"
)
_CLOUD_WRITES_A_FILE = frozenset({"get-object", "get-export", "get-sdk"})
_CURL_VALUED = "AbcCdDeEFhHKmoPQrtTuUwxXyYz"
_CURL_WRITES = re.compile(
    r"-[oOJcDKQT]|--(?:output.*|remote-.*|cookie-jar|dump-header|trace.*|stderr|config|quote|libcurl|hsts|alt-svc"
    r"|etag-save|upload-file|mail-.*|create-dirs)"
)
_CURL_FED = re.compile(r"(?:(?:url|header|user|user-agent|cacert|max-time)[ \t]*=[^\n]*(?:\n|\Z))+")
_OPENSSL = frozenset({"s_client", "x509", "verify", "version", "ciphers", "dgst", "crl", "ocsp", "asn1parse"})
_OPENSSL_WRITES = re.compile(r"-(?!no)\w*out|-CAcreateserial|-writerand")
_IP_CHANGES = frozenset(
    {"add", "del", "delete", "set", "flush", "replace", "change", "append", "exec", "save", "restore"}
)
_AWK_CHANGES = re.compile(r"\bsystem\s*\(|(?<!\|)\|(?!\|)|\bprintf?\b[^;}\n]*>|@load|@include")
_AWK_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|/(?:[^/\\\s]|\\.)++/")
_SED_PIECE = re.compile(
    r"[sy]([^\w\s\\;])(?:(?!\1)[^\\]|\\.)*+\1(?:(?!\1)[^\\]|\\.)*+\1(\w*)|/(?:[^/\\]|\\.)*+/", re.DOTALL
)
_SED_PLAIN = re.compile(r"[0-9,$!{};\s+~pdqQnNgGhHxDPl=I]*")


def only_looks(command: Command) -> bool:
    """True where nothing that this command does outlives it. What it redirects is not looked at here."""
    program, words = command.program, command.words[1:]
    if not program or program in ALWAYS or _OWN_CHECK.fullmatch(program):
        return True
    if words and set(words) <= _VERSION:
        return True
    if program in VERBS and _looking_verb(command):
        return True
    if program in ASKS and _asks(program, words):
        return True
    rule = _RULES.get(program)
    return rule is not None and rule(command)


def options(words: Sequence[str], valued: str = "") -> Iterator[tuple[str, str]]:
    """The options among the words, letters one by one, each with its value; of `valued` letters it may be the next
    word."""
    skip = False
    for number, word in enumerate(words):
        following = words[number + 1] if number + 1 < len(words) else ""
        if skip or not word.startswith("-") or word == "-":
            skip = False
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            yield name, value if equals else following
        else:
            for at, letter in enumerate(word[1:], 2):
                if letter in valued:
                    skip = not word[at:]
                    yield f"-{letter}", word[at:] or following
                    break
                yield f"-{letter}", ""


def _looking_verb(command: Command) -> bool:
    """The first word, or the first two, are a subcommand that looks."""
    verbs = command.verbs(VALUED.get(command.program, frozenset()))
    reads = VERBS[command.program]
    found = bool(verbs) and (verbs[0].lower() in reads or "_".join(verbs[:2]).lower() in reads)
    if command.program == "git":
        return found and not any(
            name in ("-c", "--config-env", "--exec-path", "--output", "--open-files-in-pager", "-O", "--ext-diff")
            for name, _ in options(command.words[1:])
        )
    return found or (command.program == "rpm" and any(word in reads for word in command.words[1:]))


def _asks(program: str, words: Sequence[str]) -> bool:
    """One of its asking words stands in it; of some any command without words does."""
    if program in ("ifconfig", "named-checkconf", "named-checkzone"):
        return program != "ifconfig" or len(words) < 2
    return any(word in ASKS[program] for word in words)


def curl_writes(command: Command) -> Iterator[str]:
    """The options by which curl keeps something in a file, or takes options that nobody sees here."""
    for name, value in options(command.words[1:], _CURL_VALUED):
        away = name in ("-o", "--output", "-D", "--dump-header") and value in NOWHERE
        seen = name in ("-K", "--config") and value == "-" and _fed_plainly(command)
        if _CURL_WRITES.fullmatch(name) and not away and not seen:
            yield name


def _fed_plainly(command: Command) -> bool:
    """The options that curl reads from its input stand there, and only say where and as whom it asks."""
    return bool(command.fed) and all(_CURL_FED.fullmatch(text.rstrip("\n")) for _, text in command.fed)


def _curl(command: Command) -> bool:
    return not any(curl_writes(command))


def _wget(command: Command) -> bool:
    given = list(options(command.words[1:], "aBDeiIlOoPQRtTUwX"))
    kept = any(name in ("-a", "-o", "-P", "-e", "-i") or name.startswith("--save") for name, _ in given)
    away = any(name in ("-O", "--output-document") and value in NOWHERE for name, value in given)
    return not kept and (away or any(name == "--spider" for name, _ in given))


def _http(command: Command) -> bool:
    words = [word for word in command.words[1:] if not word.startswith("-")]
    writes = any(name in ("-o", "-d", "--output", "--download") for name, _ in options(command.words[1:]))
    sends = not {"GET", "HEAD"} & set(words[:1]) and (len(words) > 1 or bool(command.piped_from or command.reads))
    return not writes and not sends


def _sort(command: Command) -> bool:
    return not any(name in ("-o", "--output") for name, _ in options(command.words[1:], "kotST"))


def _sed(command: Command) -> bool:
    given = list(options(command.words[1:], "efl"))
    scripts = [value for name, value in given if name in ("-e", "--expression")]
    if not scripts:
        scripts = [word for word in command.words[1:] if not word.startswith("-")][:1]
    return not any(name in ("-i", "-f", "--in-place", "--file") for name, _ in given) and all(
        _sed_looks(script) for script in scripts
    )


def _sed_looks(script: str) -> bool:
    """Addresses, substitutions and the plain commands; `w` and `e` write and run, what is not known may be one."""
    if any(set(found[2] or "") & set("we") for found in _SED_PIECE.finditer(script)):
        return False
    return bool(_SED_PLAIN.fullmatch(_SED_PIECE.sub("", script)))


def _awk(command: Command) -> bool:
    given = list(options(command.words[1:], "vFfie"))
    programs = [word for word in command.words[1:] if not word.startswith("-")]
    text = _AWK_STRING.sub('""', "\n".join(programs))
    return not any(name in ("-f", "-i", "--file", "--include") for name, _ in given) and not _AWK_CHANGES.search(text)


def _find(command: Command) -> bool:
    acts = ("-delete", "-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls")
    return not command.has(*acts)


def _openssl(command: Command) -> bool:
    verb = command.words[1:2]
    return bool(verb) and verb[0] in _OPENSSL and not any(_OPENSSL_WRITES.fullmatch(word) for word in command.words)


def _cloud(command: Command) -> bool:
    verbs = [word.lower() for word in command.verbs()[:4]]
    return any(_CLOUD.fullmatch(verb) for verb in verbs) and _CLOUD_WRITES_A_FILE.isdisjoint(verbs)


def _python(command: Command) -> bool:
    """Only `-V` and `-m json.tool` from one place to the output."""
    words = command.words[1:]
    return words in (("-V",), ("-VV",)) or (words[:2] == ("-m", "json.tool") and len(words) < 4)


def _handing_on(command: Command) -> bool:
    """What is handed on is looked at for itself, where it can be seen."""
    given = [value for name, value in options(command.words[1:], "c") if name in ("-c", "--command")]
    return bool(given) and bool(given[0])


def _redis(command: Command) -> bool:
    given = {name for name, _ in options(command.words[1:], "hpaunsi")}
    return not command.verbs(VALUED["redis-cli"]) and bool(
        given & {"--latency", "--stat", "--bigkeys", "--memkeys", "--scan", "--latency-history"}
    )


def _branch(command: Command) -> bool:
    """Git's lists of branches, tags, remotes and settings; `VERBS` has what only looks in any way."""
    verbs = command.verbs(VALUED["git"])
    if not verbs or "-c" in command.words:
        return False
    given = {name for name, _ in options(command.words[1:], "C")}
    lists = {
        "branch": {"-a", "-r", "-v", "--list", "--contains", "--show-current", "--all", "--remotes", "--merged"},
        "tag": {"-l", "-n", "--list", "--contains", "--points-at", "--merged"},
        "config": {"-l", "--list", "--get", "--get-all", "--get-regexp", "--get-urlmatch"},
        "remote": {"-v", "--verbose"},
        "stash": set[str](),
    }.get(verbs[0])
    changes = {"-d", "-D", "-m", "-M", "-f", "-u", "-c", "--delete", "--move", "--copy", "--edit-description"}
    if lists is None or given & changes:
        return False
    alone = len(verbs) == 1 and verbs[0] in ("branch", "tag", "remote")
    return alone or bool(given & lists) or verbs[:2] in (("remote", "show"), ("remote", "get-url"), ("stash", "list"))


_RULES: Mapping[str, Callable[[Command], bool]] = {
    "curl": _curl,
    "wget": _wget,
    "http": _http,
    "https": _http,
    "httpie": _http,
    "xh": _http,
    "sort": _sort,
    "sed": _sed,
    "gsed": _sed,
    "find": _find,
    "openssl": _openssl,
    "git": _branch,
    "redis-cli": _redis,
    "valkey-cli": _redis,
    **dict.fromkeys(("awk", "gawk", "mawk", "nawk"), _awk),
    **dict.fromkeys(("python", "python3"), _python),
    **dict.fromkeys(("aws", "gcloud", "az", "doctl", "s3cmd", "rclone"), _cloud),
    **dict.fromkeys(SHELLS | {"su", "runuser"}, _handing_on),
    "date": lambda command: not any(name in ("-s", "--set") for name, _ in options(command.words[1:], "dfrIs")),
    "dmesg": lambda command: (
        not any(
            name in ("-c", "-C", "-D", "-E", "-n", "--clear", "--read-clear")
            for name, _ in options(command.words[1:], "l")
        )
    ),
    "hostname": lambda command: not command.verbs(),
    "ip": lambda command: _IP_CHANGES.isdisjoint(command.words),
    "journalctl": lambda command: (
        not any(re.match(r"--(?:vacuum|rotate|flush|sync|setup|relinquish|update)", word) for word in command.words)
    ),
    "mount": lambda command: len(command.words) == 1,
    "perl": lambda command: command.words[1:] == ("-v",),
    "node": lambda command: command.words[1:] == ("-v",),
    "route": lambda command: not command.verbs(),
    "service": lambda command: command.words[2:3] == ("status",) or command.has("--status-all"),
    "ssh": lambda command: len(command.verbs()) > 1,
    "eval": lambda command: True,
    "parallel": lambda command: bool(command.verbs()),
    "uniq": lambda command: len(command.verbs()) < 2,
    "sysctl": lambda command: (
        not any("=" in word or word in ("-w", "-p", "--system", "--load", "--write") for word in command.words[1:])
    ),
    "xmllint": lambda command: not command.has("--output", "-o"),
    "yq": lambda command: not any(name in ("-i", "--inplace", "-s") for name, _ in options(command.words[1:])),
}
