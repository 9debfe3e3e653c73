"""A shell text as the commands it would run: each with its line, its words without quotes, and what it reads from.

What stands in front (`sudo`, `env A=b`, `timeout 5`) is taken off; what is handed to another shell, a container or a
far machine counts as commands, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from runbooks.shell_frames import Simple, listed
from runbooks.shell_scan import scan

SHELLS = frozenset({"sh", "bash", "zsh", "dash", "ksh", "ash", "fish"})
_ASSIGNED = re.compile(r"[A-Za-z_]\w*\+?=")
_SPACED = re.compile(r"[ \t\n;|&]")
_DURATION = re.compile(r"[\d.]+[smhd]?")

_WRAPPERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("nohup", "command", "builtin", "exec", "setsid", "stdbuf", "unbuffer", "caffeinate"), frozenset()),
    **dict.fromkeys(("npx", "pnpx", "bunx", "pnpm", "yarn", "bun", "uvx", "poetry", "pipenv", "bundle"), frozenset()),
    **dict.fromkeys(("{", "(", "if", "then", "do", "else", "while", "until", "!", "-", "noglob"), frozenset()),
    "sudo": frozenset({"-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "--user", "--group", "--chdir", "--host"}),
    "doas": frozenset({"-u", "-C"}),
    "gosu": frozenset(),
    "env": frozenset({"-u", "-C", "--unset", "--chdir"}),
    "time": frozenset({"-f", "-o"}),
    "nice": frozenset({"-n", "--adjustment"}),
    "ionice": frozenset({"-c", "-n", "-p"}),
    "sshpass": frozenset({"-p", "-f"}),
    "xargs": frozenset({"-n", "-I", "-P", "-L", "-d", "-a", "-s", "-E", "--max-args", "--max-procs", "--replace"}),
    "timeout": frozenset({"-k", "-s", "--signal", "--kill-after"}),
    "strace": frozenset({"-e", "-o", "-p"}),
    "flock": frozenset({"-w", "-E", "--timeout"}),
    "chroot": frozenset(),
    "systemd-run": frozenset({"-p", "--unit", "-u"}),
    "dotenv": frozenset({"-e", "-f"}),
    "doppler": frozenset({"-p", "-c"}),
}
"""Words that stand before the command meant, and their options that take a value in the next word."""
_OWN_WORDS = {"timeout": 1, "flock": 1, "chroot": 1, "gosu": 1}
"""Arguments of their own before the command begins."""
_SAME = {"gitlab-psql": "psql", "gitlab-rake": "rake", "gitlab-rails": "rails", "gitlab-redis-cli": "redis-cli"}
_VARIABLE_WRAPPERS = frozenset({"$SUDO", "$sudo", "$DRY", "$RUN", "$CMD", "$PREFIX", "$TIME", "$()", "${}"})
_VERBS = {
    "pnpm": ("exec", "dlx", "run"),
    "yarn": ("exec", "dlx", "run"),
    "bun": ("x", "run"),
    "poetry": ("run",),
    "pipenv": ("run",),
    "bundle": ("exec",),
    "dotenv": ("run",),
    "doppler": ("run",),
}
_JOINS = frozenset({"ssh", "autossh", "mosh", "eval", "watch", "parallel"})
"""Programs that put their words together again and have a shell read them."""
_READS_A_WORD = listed(
    "su runuser trap script screen tmux flock knife ansible salt pssh pdsh vagrant gcloud aws az heroku fly flyctl"
)
"""Programs that have a shell read one of their words."""
_HANDS_ON = listed(
    "docker docker-compose podman nerdctl kubectl k oc crictl lxc heroku fly flyctl nomad railway su knife ansible pssh"
    " screen tmux systemd-run"
)
"""Programs whose last words are a command for somewhere else."""
HAND_ON = _JOINS | _READS_A_WORD | _HANDS_ON | SHELLS
"""All programs that are known to hand commands on."""
_SSH_VALUES = listed("-i -p -l -o -L -R -D -J -F -E -b -c -e -m -O -Q -S -W -w -B -I")
_JOINS_VALUES = {"watch": frozenset({"-n", "--interval"}), "parallel": frozenset({"-j", "-n", "--jobs"})}
_SAYS = frozenset({"echo", "printf", "cat", "tee", "envsubst"})
_DEEPEST = 4
_STARTS = 12
"""Words of such a program that may begin the command that is handed on."""


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command. `line` counts from 0 within the text; `words` begin with the program's name, folders cut
    off; `piped_from` is the program whose output it reads, `reads` the file behind `<`, `writes` those behind `>`.
    `inner` are the programs in its substitutions, `fed` is the text that reaches its input, with its line.
    `guessed` marks what may begin behind the words of another program."""

    line: int
    words: tuple[str, ...]
    piped_from: str = ""
    reads: str = ""
    writes: tuple[str, ...] = ()
    inner: tuple[str, ...] = ()
    fed: tuple[tuple[int, str], ...] = ()
    through_xargs: bool = False
    guessed: bool = False

    @property
    def program(self) -> str:
        """Its name; empty for a bare assignment."""
        return self.words[0] if self.words else ""

    def has(self, *wanted: str) -> bool:
        """True when one of these words stands in it as it is."""
        return any(word in wanted for word in self.words[1:])

    def flag(self, letters: str, *long: str, valued: str = "") -> bool:
        """True for `-x`, also among other letters, and for `--long`, also with a value. `valued` letters take the rest
        of their word as a value. What follows `--` is no option."""
        for word in self.words[1:]:
            if word == "--":
                return False
            if word.split("=", 1)[0] in long:
                return True
            if word.startswith("-") and not word.startswith("--"):
                for letter in word[1:]:
                    if letter in letters:
                        return True
                    if letter in valued:
                        break
        return False

    def value(self, *options: str) -> str:
        """What stands behind the first of these options: in the next word, behind `=`, or right behind a letter."""
        for number, word in enumerate(self.words[1:], 1):
            if word in options:
                return self.words[number + 1] if number + 1 < len(self.words) else ""
            for option in options:
                if word.startswith(option + "=" if option.startswith("--") else option):
                    return word[len(option) :].lstrip("=")
        return ""

    def verbs(self, valued: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Its words that are neither options nor the values of options in `valued`; the program left out."""
        found: list[str] = []
        skip = False
        for word in self.words[1:]:
            if not skip and not word.startswith("-"):
                found.append(word)
            skip = not skip and word in valued
        return tuple(found)

    def follows(self, *wanted: str) -> bool:
        """True when its words that are no options begin with these."""
        return self.verbs()[: len(wanted)] == wanted


def commands_of(text: str, depth: int = 0) -> Iterator[Command]:
    """The commands in order of writing, those in `$(…)`, in here-documents for a shell and in the arguments of
    `bash -c`, `ssh`, `kubectl exec` and the like too."""
    for simple in scan(text).commands:
        command = _command(simple, text)
        if command.words or command.writes:
            yield command
            if depth < _DEEPEST:
                yield from _inside(command, depth)


def without_wrappers(words: tuple[str, ...]) -> tuple[str, ...]:
    """The command meant: assignments, `sudo`, `npx` and their options go, and the folders of its program."""
    at = 0
    while at < len(words):
        name = words[at].rsplit("/", 1)[-1]
        if name == "command" and words[at + 1 : at + 2] in (("-v",), ("-V",)):
            break
        if _ASSIGNED.match(words[at]) or (words[at] in _VARIABLE_WRAPPERS and at + 1 < len(words)):
            at += 1
        elif name in _WRAPPERS:
            after = _after_wrapper(words, at, name)
            if after >= len(words):
                break
            at = after
        else:
            break
    rest = words[at:]
    return (_name(rest[0]), *rest[1:]) if rest else ()


def _name(word: str) -> str:
    """The program's name without its folder; `$KUBECTL` is kubectl."""
    if word.startswith("$") and word[1:].isidentifier():
        return word[1:].lower()
    name = word.rstrip("/").rsplit("/", 1)[-1] or word
    return _SAME.get(name, name)


def _after_wrapper(words: tuple[str, ...], at: int, name: str) -> int:
    at += 1
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        ended = words[at] == "--"
        at += 2 if words[at] in _WRAPPERS[name] else 1
        if ended:
            break
    if at < len(words) and words[at] in _VERBS.get(name, ()):
        at += 1
        while at < len(words) and words[at].startswith("-"):
            at += 1
    if name == "nice" and at < len(words) and _DURATION.fullmatch(words[at]):
        at += 1
    return at + _OWN_WORDS.get(name, 0)


def _command(simple: Simple, text: str) -> Command:
    before = tuple(word for word, _, _ in simple.words)
    words = without_wrappers(before)
    piped = simple.piped_from
    fed = [(line_of(one, text), text[slice(*one.bodies[-1])]) for one in (simple, piped) if one and one.bodies]
    if simple.here_string:
        fed.append((simple.line, simple.here_string))
    if piped and _program(piped) in _SAYS:
        fed.append((piped.line, " ".join(word for word, _, _ in piped.words[1:])))
    return Command(
        line=simple.line,
        words=words,
        piped_from=_program(piped),
        reads=simple.reads,
        writes=tuple(simple.writes),
        inner=tuple(_program(one) for one in simple.inner),
        fed=tuple(fed),
        through_xargs=len(words) < len(before) and any(word in ("xargs", "parallel") for word in before),
    )


def line_of(simple: Simple, text: str) -> int:
    """The line on which the last here-document of a command begins, counted from 0."""
    return simple.line + text.count("\n", simple.start, simple.bodies[-1][0])


def _program(simple: Simple | None) -> str:
    words = without_wrappers(tuple(word for word, _, _ in simple.words)) if simple else ()
    return words[0] if words else ""


def _inside(command: Command, depth: int) -> Iterator[Command]:
    """What a shell, a container or a far machine is given to run."""
    words = command.words
    if command.program in _JOINS:
        yield from _moved(" ".join(_handed(command)), command.line, depth)
    elif command.program in _READS_A_WORD or command.program in SHELLS:
        for word in words[1:]:
            if _SPACED.search(word):
                yield from _moved(_value(word), command.line, depth)
    if command.program in SHELLS or command.program in _JOINS:
        for line, body in command.fed:
            yield from _moved(body, line, depth)
    if "--" in words[1:]:
        yield from _passed(command, words[words.index("--", 1) + 1 :], depth, only_shells=True)
    if command.program in _HANDS_ON:
        for start in [n for n in range(1, len(words)) if not words[n].startswith("-")][:_STARTS]:
            yield from _passed(command, words[start:], depth, only_shells=True)
    if command.program == "find":
        for at, word in enumerate(words):
            if word in ("-exec", "-execdir", "-ok"):
                yield from _passed(replace(command, through_xargs=True), words[at + 1 :], depth)


def _passed(command: Command, words: tuple[str, ...], depth: int, *, only_shells: bool = False) -> Iterator[Command]:
    rest = without_wrappers(words)
    if rest:
        handed = replace(command, words=rest, inner=(), guessed=only_shells)
        yield handed
        if depth < _DEEPEST and (rest[0] in SHELLS or not only_shells):
            yield from _inside(handed, depth + 1)


def _handed(command: Command) -> tuple[str, ...]:
    """The words that are put together and read: all of `eval`'s, those behind the host of `ssh`'s."""
    if command.program == "eval":
        return command.words[1:]
    at, hosts = 1, 0 if command.program in ("watch", "parallel") else 1
    while at < len(command.words):
        word = command.words[at]
        if word.startswith("-"):
            at += 2 if word in _JOINS_VALUES.get(command.program, _SSH_VALUES) else 1
        elif hosts:
            hosts, at = 0, at + 1
        else:
            break
    return command.words[at:]


def _value(word: str) -> str:
    """`--command=…` hands on what follows the sign."""
    name, equals, value = word.partition("=")
    return value if equals and name.startswith("--") else word


def _moved(text: str, line: int, depth: int) -> Iterator[Command]:
    if depth < _DEEPEST:
        for inner in commands_of(text, depth + 1):
            yield replace(inner, line=line + inner.line)
