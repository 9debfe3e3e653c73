"""What a group of lines in a fence is: a command, statements, something for a person, a text to send, or what a program
printed. A comment, a quoted sentence, prose, another program's prompt and sample output are no commands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from runbooks.parts import GroupKind
from runbooks.shell_frames import listed
from runbooks.shell_scan import PLAIN, Scan, scan
from runbooks.sql_scan import sql_scan

_NOTHING_BEHIND = re.compile(r"(?:\||&&)[ \t]*(?:#[^\n]*)?\n\s*\)")
"""An operator that wants a command, and a bracket that closes instead."""
_QUOTED = re.compile(r"\"([^\"\s]*+\s[^\"]*+)\"|'([^'\s]*+\s[^']*+)'|[“«]([^“”«»\s]*+\s[^“”«»]*+)[”»]")
_ASSIGNS = re.compile(r"[A-Za-z_]\w*(?:\[\w+\])?\+?=")
_PROSE = re.compile(r"[A-Za-z][a-z'’]*(?:,?\s+[A-Za-z][A-Za-z'’-]*){3,}[.:!?]?")
_SMALL_WORDS = listed("the is are to that you your should a an of for and it this with in be or if")
_SPEAKERS = listed("echo printf say logger wall man test write")
_CAPITAL_PROGRAMS = listed("Rscript Xvfb Xorg")
_PRINTED = re.compile(
    r"HTTP/\d|[IWEF]\d{4}\s\d\d:\d\d|\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d|[A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d"
    r"|\[(?:INFO|WARN|WARNING|ERROR|DEBUG|OK|FAIL|FATAL|\d+)\]|(?:level|ts|time|msg)=\S+ \w+="
    r"|(?:\d+ )?[\w./-]+\.(?:go|py|rb|js|java|c):\d+"
    r"|[{\[]\s*$|[{\[]\s*[\"{]|\"[\w.-]+\"\s*:|[}\]]+[,;)]*$|[+|][-=+|]{3,}|\|\s"
    r"|[A-Z][A-Z_/()%-]+(?:\s{2,}|\s+[A-Z][A-Z_/()-]+\b)|\S+(?:\s{2,}(?!-)[\w./:%<>()-]+){3,}$"
    r"|</?[A-Za-z!?][^<>]*>|\.{3}|…|={3,}|--|\d[\d.,%]*(?:\s|$)|[✓✔✗✘✅❌⚠•→]|\(\d+ rows?\)"
    r"|PING \S+ \(|[*+•-] |[=-]> |[\w.()\[\]/@-]{1,40}\s{0,9}:(?:\s|$)|[A-Z][\w ()./-]{1,40}:(?:\s|$)"
    r"|[\w ]{1,40}:\s{2}|total \d+$|/?\w+://\S*$|/\S+\.(?:log|conf|ya?ml|json|txt|md)$"
)
"""Lines that no shell would be given."""
_PROMPT_OF_ANOTHER = re.compile(
    r">\s+\S+\s+\S|[\w.@:()\[\]/*~-]{1,40}[=-]?>(?:\s|$)|[\w.@:*-]{0,40}[=-][#>](?:\s|$)|>>> "
    r"|[^\s@]{1,20}( [^@\s]{1,20}){0,5}@[^\s:]+:\S*[$#]$"
)
_OTHER_LANGUAGE = re.compile(
    r"@|[\w:.]+\{[^{}\s]*[=~]+\"|[\w:.]+\[\d+[smhdwy]\]|[\w.]+\s=\s|\[[A-Za-z][\w .-]*\]\s*$"
    r"|(?:local|return|import|from)\s"
    r"|[A-Z]{2,}\s|(?:GET|POST|PUT|PATCH|DELETE|HEAD)\s+[/h]"
)
_PRINTED_BELOW = re.compile(
    r"(?:#|--)+\s*(?:(?:expected|sample|example)\b.*\b)?(?:output|response|results?|returns|prints)\b[^a-z]*$",
    re.IGNORECASE,
)
_SQL_STARTS = re.compile(
    r"(?!\(\d+ rows?\))(?:\\|[\[<({/]|(?:select|insert|update|delete|merge|with|values"
    r"|table|create|alter|drop|truncate|grant|revoke|comment|copy"
    r"|analyze|analyse|vacuum|reindex|cluster|explain|show|set|reset|begin|start|commit|end|rollback|abort|savepoint|release"
    r"|lock|do|call|execute|prepare|deallocate|declare|fetch|close|listen|notify|unlisten|checkpoint|discard|refresh|reassign"
    r"|security|import|load|use|kill|flush|purge|optimize|check|repair|describe|desc|rename|replace|handler|shutdown"
    r"|stop|change|restore|backup|exec|go|declare|if|while|print|optimise|pragma|attach|detach|delimiter|source)\b)",
    re.IGNORECASE,
)
_GAP = re.compile(r"\S {2,}(?=\S)")
_OF_A_SHELL = re.compile(r"['\"|$;&\\#]| -")
"""Columns with gaps between them are a table; commands with gaps have options or quotes."""
_VALUES = re.compile(
    r"(?:export\s+)?[A-Za-z_]\w*=(?:\"[^\"]*\"|'[^']*'|\[[^\]]*\]|<[^>]*>|[^\s\"'`$;|&\[<])*\s*(?:#.*)?"
)
_OPTIONAL = re.compile(r"(?<=[ \t])\[-{1,2}[A-Za-z]")


def kind_of(code: Sequence[str], text: str, how: str, *, says: str = "") -> tuple[GroupKind, str]:
    """What the lines after the leading comments are, and the text that runs or is sent. `says` is the last comment
    above them."""
    words = [line.strip() for line in code if line.strip() and not is_comment(line, how)]
    if not words:
        return "manual", text
    if how == "sql":
        return ("sql" if _SQL_STARTS.match(words[0]) and not sql_scan(text).is_open else "output"), text
    quoted = _QUOTED.fullmatch("\n".join(words))
    if quoted:
        inner = next(found for found in quoted.groups() if found is not None)
        if inner[:1] not in "/.~$":
            return "message", inner
    if is_printed(words[0]) or _PRINTED_BELOW.match(says.strip()):
        return "output", text
    if _PROMPT_OF_ANOTHER.match(words[0]) or _is_prose(words[0]):
        return "manual", text
    if all(_VALUES.fullmatch(word) for word in words):
        return "manual", text
    if _OTHER_LANGUAGE.match(words[0]):
        return "output", text
    read = scan(text)
    # A shell would wait for the rest, or refuse it: somebody's example, cut short, or no command at all.
    if read.unfinished[-1] or read.broken or _NOTHING_BEHIND.search(text) or _shows_usage(text, read):
        return "output", text
    return ("manual" if _only_assigns(read) else "command"), text


def is_comment(line: str, how: str) -> bool:
    """True for a line that is a comment of a shell, or of SQL."""
    return bool(re.match(r"\s*--(?![-+])", line)) if how == "sql" else line.lstrip().startswith("#")


def is_printed(bare: str) -> bool:
    """True for a line that a program printed."""
    if _PRINTED.match(bare):
        return not bare.startswith(": ")
    return len(_GAP.findall(bare)) >= 3 and not _OF_A_SHELL.search(bare)


def shows_output_next(comment: str) -> bool:
    """True for a comment such as `# Expected output:`."""
    return bool(_PRINTED_BELOW.match(comment))


def _is_prose(line: str) -> bool:
    """Words of a person: they begin with a capital, or are many and small."""
    first = line.split(maxsplit=1)[0]
    if re.fullmatch(r"[A-Z][a-z'’]+[,.!?]?", first):
        return first not in _CAPITAL_PROGRAMS
    if not _PROSE.fullmatch(line) or first in _SPEAKERS:
        return False
    return sum(word.strip(".,:!?").lower() in _SMALL_WORDS for word in line.split()[1:]) >= 2


def _shows_usage(text: str, read: Scan) -> bool:
    """`command [-o NAME]`: how it may be written, nothing to run."""
    return any(read.places[found.start()] == PLAIN for found in _OPTIONAL.finditer(text))


def _only_assigns(read: Scan) -> bool:
    """Values that nothing uses: what is run ends with its group."""
    inner = {id(one) for command in read.commands for one in command.inner}
    outer = [command for command in read.commands if id(command) not in inner]
    return all(
        one.words
        and all(_ASSIGNS.match(word) for word, _, _ in (one.words[1:] if one.words[0][0] in _DECLARES else one.words))
        for one in outer
    )


_DECLARES = listed("export declare readonly typeset")
