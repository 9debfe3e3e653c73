"""How blanks are written: `[name]`, `<name>`, `{{name}}`, `$NAME`, `your-domain.com`,
`postgresql://...`; and what only looks like one: shell tests, globs, filters, tags, templates, log levels.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from runbooks.parts import Blank, BlankStyle, GroupKind
from runbooks.shell_frames import Simple, listed
from runbooks.shell_scan import ANGLE, COMMENT, DOUBLE, GLUED, HERE, HERE_QUOTED, PLAIN, SINGLE, scan
from runbooks.sql_scan import sql_scan
from runbooks.tags import closed_in, is_tag

How = GroupKind | str

_SECRET = re.compile(
    r"token|secret|passw|passphrase|credential|(?:api|access|private)[_ -]?key|(?:^|[_ -])key$"
    r"|dsn|(?:database|db|redis|mongo|mongodb|pg|postgres|postgresql|mysql|mariadb|clickhouse|amqps?|rabbitmq|broker|direct"
    r"|webhook)_?ur[il]|connection_?string",
    re.IGNORECASE,
)
_STANDARD = listed(
    "HOME PATH PWD OLDPWD USER LOGNAME SHELL HOSTNAME TMPDIR LANG LC_ALL TERM EDITOR UID EUID PPID RANDOM SECONDS"
    " LINENO IFS BASH BASHPID BASH_SOURCE BASH_VERSION FUNCNAME PIPESTATUS OPTARG OPTIND REPLY COLUMNS LINES PS1 SHLVL"
    " EPOCHSECONDS OSTYPE HOSTTYPE MACHTYPE DISPLAY BASH_REMATCH"
)
_BRACKETS = re.compile(r"(?<![\w$}\]).\[\\])\[(?P<name>[A-Za-z][A-Za-z0-9 _./'’:-]*[A-Za-z0-9.]|[A-Z])\](?![\[(])")
_SENTENCE = re.compile(r"(?<![!\]\w\\])\[(?P<name>[^\[\]\n]{2,120}|[A-WYZ]|(?<!- \[)X)\](?![(\[])")
_DEFINES_A_LINK = re.compile(r":[ \t]*(?:<|[./#]|www\.|[a-z][a-z0-9+.-]{1,20}:)", re.IGNORECASE)
"""What stands behind `[name]` at the beginning of a line where the line only says where a link leads."""
_LEFT_OF_SED = re.compile(r"(?:^|[\s;'\"{}\d$])s(?P<mark>[/|#,@])$")
_BRACES = re.compile(r"(?<![$\w{\\])\{\{[ \t]{0,9}(?P<name>[A-Za-z_][\w -]{0,60}?)[ \t]{0,9}\}\}(?!\})")
_YOUR = re.compile(
    r"(?<![\w@.$\\-])(?P<name>(?:your|YOUR)[-_][A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*"
    r"|your(?:domain|company|org|site|app|host)\.[a-z]{2,10}(?:\.[a-z]{2,3})?"
    r"|(?:[\w.+-]{1,40}@)?(?:[a-z0-9-]+\.)*example\.(?:com|org|net))(?![\w-])"
)
_ELLIPSIS = re.compile(
    r"(?:\b(?P<name>[A-Za-z_]\w{0,60})=)?(?P<quote>[\"']?)(?P<written>\b[a-z][a-z0-9+.-]{0,20}://\.\.\.[^\s\"']*)"
)
_VARIABLE = re.compile(
    r"\$\$|\\.|\$(?:(?P<name>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?P<rest>[^}\n]{0,200})\})", re.DOTALL
)
_SET = re.compile(
    r"(?:^|[\s;(&|{])(?:(?:export|local|readonly|declare(?:[ \t]+-\w+)*|typeset)[ \t]+)?(?P<assigned>[A-Za-z_]\w*)\+?="
    r"|\b(?:for|select|getopts[ \t]+\S+)[ \t]+(?P<looped>[A-Za-z_]\w*)\b"
    r"|\b(?:read|mapfile|readarray)[ \t]+(?:-\w+[ \t]+(?:[\"'][^\"'\n]*[\"'][ \t]+)?)*(?P<read>\w[\w \t]*)"
    r"|-v[ \t]+(?P<given>[A-Za-z_]\w*)\b|\$\{(?P<fallen>[A-Za-z_]\w*):?=",
    re.MULTILINE,
)
_RANGE = re.compile(r"[A-Za-z0-9]-[A-Za-z0-9]")
_SETS = re.compile(r"\n[ \t]*[\w.-]+[ \t]*[=:]")
"""A setting below a line such as `[Unit]`, which is a section of a file then."""
_NO_NAMES = listed(
    "info warn warning error err debug trace fatal critical notice ok fail failed pass passed skip skipped done success"
    " y/n y/n/a yes/no true false null ok/fail"
)
"""What stands in brackets without being one: levels of a log, answers to a question, values."""
_TEMPLATE_WORDS = listed("end else if with range template define block break continue nil")
_TEMPLATE = re.compile(r"\{\{-?\s*(?:\.|range|if|with|end|json|\$|\"|/\*)")
PATTERNS = listed("grep egrep fgrep zgrep rg ag ack sed awk gawk mawk jq yq perl tr expr xmllint")
"""Programs whose quoted arguments have brackets of their own."""
INTERPRETERS = listed("python python3 node ruby perl php mongo mongosh lua Rscript osascript")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a blank stands in: the text with a letter for each character's place, and the commands by where they are."""

    text: str
    places: str
    commands: tuple[Simple, ...]
    starts: tuple[int, ...]
    spans: tuple[tuple[int, int, Simple], ...]

    def command_at(self, at: int) -> Simple | None:
        """The command in whose words or here-document that place is."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return None
        start, end, command = self.spans[index]
        return command if start <= at < end else None


def ground_of(text: str, kind: How) -> Ground:
    """The text read as a shell or as a server reads it."""
    if kind == "sql":
        return Ground(text, sql_scan(text).places, (), (), ())
    if kind != "command":
        return Ground(text, PLAIN * len(text), (), (), ())
    read = scan(text)
    spans = [(start, end, one) for one in read.commands for _, start, end in one.words]
    spans += [(start, end, one) for one in read.commands for start, end in one.bodies]
    spans.sort(key=lambda span: span[:2])
    return Ground(text, read.places, read.commands, tuple(start for start, _, _ in spans), tuple(spans))


def found_in(ground: Ground, kind: How) -> list[tuple[int, Blank]]:
    """Every blank with where it stands, in order."""
    found = list(_in_message(ground) if kind == "message" else _in_code(ground, kind))
    if kind == "command":
        found += _variables(ground)
    return sorted(found, key=lambda one: one[0])


def _in_message(ground: Ground) -> Iterator[tuple[int, Blank]]:
    closed = closed_in(ground.text)
    for found in _SENTENCE.finditer(ground.text):
        name = found["name"].strip()
        begins = not ground.text[: found.start()].rpartition("\n")[2].strip()
        link = begins and _DEFINES_A_LINK.match(ground.text, found.end())
        if name not in ("", "x") and not name.startswith(("^", "!")) and not link:
            yield found.start(), _blank(found[0], name, "brackets")
    for found in _BRACES.finditer(ground.text):
        yield found.start(), _blank(found[0], found["name"], "braces")
    for found in ANGLE.finditer(ground.text):
        name = found["name"] or found["twice"]
        if not is_tag(name, closed, ground.text):
            yield found.start(), _blank(found[0], name, "angles")


def _in_code(ground: Ground, kind: How) -> Iterator[tuple[int, Blank]]:
    text, places = ground.text, ground.places
    closed = closed_in(text)
    for found in _BRACKETS.finditer(text):
        if places[found.start()] != COMMENT and not _is_no_blank(ground, found, kind):
            yield found.start(), _blank(found[0], found["name"].strip(), "brackets")
    for found in ANGLE.finditer(text):
        if not _is_no_angle(ground, found, kind, closed):
            yield found.start(), _blank(found[0], found["name"] or found["twice"], "angles")
    templates = bool(_TEMPLATE.search(text))
    for found in _BRACES.finditer(text):
        if places[found.start()] != COMMENT and not templates and found["name"] not in _TEMPLATE_WORDS:
            yield found.start(), _blank(found[0], found["name"], "braces")
    for found in _YOUR.finditer(text):
        if places[found.start()] != COMMENT:
            secret = bool(re.search(r"token|secret|passw|key", found[0], re.IGNORECASE))
            yield found.start(), Blank(found[0], found[0], "your", secret)
    for found in _ELLIPSIS.finditer(text):
        if places[found.start("written")] != COMMENT:
            name = found["name"] or "address"
            yield found.start("written"), _blank(found["written"], name, "ellipsis")


def _blank(written: str, name: str, style: BlankStyle) -> Blank:
    return Blank(written, name.strip(), style, bool(_SECRET.search(name)))


def _is_replaced(ground: Ground, found: re.Match[str]) -> bool:
    """The left side of a substitution, `sed 's/<name>/…/'`: somebody else's blank, which that command fills."""
    command = ground.command_at(found.start())
    program = command.words[0][0].rsplit("/", 1)[-1] if command and command.words else ""
    left = _LEFT_OF_SED.search(ground.text, max(0, found.start() - 20), found.start())
    return program in ("sed", "gsed", "perl") and left is not None and ground.text[found.end() :][:1] == left["mark"]


def _is_no_blank(ground: Ground, found: re.Match[str], kind: How) -> bool:
    """Brackets that are a range, a level of a log, a pattern, a section of a file of settings, or code."""
    text, name = ground.text, found["name"]
    if _RANGE.match(name) or name.lower() in _NO_NAMES:
        return True
    if kind == "sql":
        return False
    place, after = ground.places[found.start()], text[found.end() : found.end() + 1]
    if place == PLAIN:
        before = text[found.start() - 1 : found.start()]
        classes = len(name) <= 4 and " " not in name and ("*" in (before, after) or "?" in (before, after))
        return classes or (len(name) <= 2 and after.isalnum()) or (after == "=" and "declare -A" in text)
    command = ground.command_at(found.start())
    program = command.words[0][0].rsplit("/", 1)[-1] if command and command.words else ""
    if place in (HERE, HERE_QUOTED):
        line = text[text.rfind("\n", 0, found.start()) + 1 : found.start()]
        alone = not line.strip() and after in ("", "\n")
        return (alone and bool(_SETS.search(text, found.end(), found.end() + 300))) or program in INTERPRETERS
    return place in (SINGLE, DOUBLE) and (program in PATTERNS or program in INTERPRETERS)


def _is_no_angle(ground: Ground, found: re.Match[str], kind: How, closed: frozenset[str]) -> bool:
    """Angles that are redirections, comparisons or a tag."""
    text, place, name = ground.text, ground.places[found.start()], found["name"] or found["twice"]
    if place == COMMENT or text[found.start() - 1 : found.start()] in ("<", "\\", "$"):
        return True
    if kind == "sql" and re.search(r"\b(?:and|or)\b", name, re.IGNORECASE):
        return True
    if place == PLAIN:
        return kind == "command" and bool(GLUED.match(text, found.end()))
    return is_tag(name, closed, text) or _is_replaced(ground, found)


def _variables(ground: Ground) -> Iterator[tuple[int, Blank]]:
    first_set = _first_set(ground.text)
    for found in _VARIABLE.finditer(ground.text):
        name = found["name"] or found["braced"]
        if not name or name in _STANDARD:
            continue
        if ground.places[found.start()] in (SINGLE, COMMENT, HERE_QUOTED):
            continue
        rest = found["rest"] or ""
        if rest[:1] in (":", "-", "=", "+", "?", "!", "[") and rest:
            continue  # it has a value of its own to fall back on, or is an array
        if first_set.get(name, len(ground.text)) < found.start():
            continue
        yield found.start(), _blank(f"${name}", name, "variable")


def _first_set(text: str) -> dict[str, int]:
    """Where each variable of the text gets its first value. `TOKEN=$TOKEN …` still takes it from outside."""
    found: dict[str, int] = {}
    for one in _SET.finditer(text):
        for name in (part for group in one.groups() if group for part in group.split()):
            end = one.end()
            if one["assigned"]:
                # What stands in the value is read before the name has it.
                value = re.compile(r"[\"']?\$\{?" + name + r"\b").match(text, end)
                end = value.end() if value else end
            found.setdefault(name, end)
    return found
