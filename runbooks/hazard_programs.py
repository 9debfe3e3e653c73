"""What programs destroy on the machine itself and in git."""

from __future__ import annotations

import re
from collections.abc import Mapping

from runbooks.hazard_words import Rule, always, by_program, has, verb
from runbooks.shell_words import Command

_GIT_VALUES = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "-o", "--grep", "--author", "-m"})


def _rm(command: Command) -> str:
    if command.flag("rR", "--recursive"):
        return "removes a whole folder"
    if command.through_xargs:
        return "removes every file it is given"
    return "removes files by pattern" if any("*" in word for word in command.words[1:]) else ""


def _git(command: Command) -> str:
    verb, *rest = command.verbs(_GIT_VALUES) or ("",)
    if verb == "push":
        if command.flag("n"):
            return ""
        if command.flag("f", "--force", "--force-with-lease", "--mirror") or any(w.startswith("+") for w in rest):
            return "rewrites a branch that others have"
        deletes = command.flag("d", "--delete", "--prune") or any(re.match(r":\w", word) for word in rest)
        return "deletes a branch that others have" if deletes else ""
    if verb == "reset":
        return "throws away commits and changes" if command.has("--hard") else ""
    if verb == "clean":
        return "removes files that git does not know" if command.flag("f", "--force") and not command.flag("n") else ""
    if verb == "branch":
        forced = command.flag("D") or (command.flag("d", "--delete") and command.flag("f", "--force"))
        return "throws away a branch" if forced else ""
    if verb in ("checkout", "restore", "switch"):
        whole = command.has(".") or command.has("--discard-changes")
        return "throws away changes" if whole or (verb != "restore" and command.flag("f", "--force")) else ""
    if verb == "reflog" and rest[:1] == ["expire"]:
        return "throws away work"
    if verb == "stash" and rest[:1] in (["drop"], ["clear"]):
        return "throws away work"
    if verb == "update-ref" and command.flag("d"):
        return "throws away a branch"
    return "throws away work" if verb in ("filter-branch", "filter-repo") else ""


def _kill(command: Command) -> str:
    signal = command.value("-s", "--signal", "-n")
    hard = command.has("-9", "-KILL", "-SIGKILL", "-kill", "-s9") or signal.upper() in ("KILL", "SIGKILL", "9")
    return "kills a process without asking" if hard else ""


def _chmod(command: Command) -> str:
    return "opens files to everybody" if command.has("777", "0777", "a+rwx", "o+w", "ugo+rwx", "a+w") else ""


def _rsync(command: Command) -> str:
    if command.flag("n", valued="efBT"):
        return ""
    deletes = any(word.startswith(("--del", "--remove-source")) for word in command.words)
    return "deletes what the source does not have" if deletes else ""


def _emptied(command: Command) -> str:
    """`: > file` and `cat /dev/null > file`."""
    nothing = command.program in (":", "true") or command.words[1:] == ("/dev/null",)
    return "empties a file" if nothing and any(not one.startswith("/dev/") for one in command.writes) else ""


def _apt(command: Command) -> str:
    return "removes packages" if command.has("purge", "remove", "autoremove", "erase", "-P", "-e") else ""


def _shutdown(command: Command) -> str:
    return "" if command.flag("c") else "stops the machine"


PROGRAMS: Mapping[str, Rule] = by_program(
    {
        "rm": _rm,
        "shred wipefs mkfs blkdiscard fdisk sgdisk": always("destroys what is on a disk"),
        "mkfs.ext3 mkfs.ext4 mkfs.xfs mkfs.btrfs mkfs.vfat": always("destroys what is on a disk"),
        "lvremove vgremove pvremove": always("destroys what is on a disk"),
        "zfs zpool": verb("destroys what is on a disk", "destroy"),
        "cryptsetup": verb("destroys what is on a disk", "erase", "luksFormat", "luksErase"),
        "mdadm": has("destroys what is on a disk", "--zero-superblock"),
        "dd": lambda command: (
            "overwrites a disk"
            if any(re.match(r"of=/dev/(?!null|zero|stdout|stderr|fd/)", w) for w in command.words)
            else ""
        ),
        "find": has("removes every file it finds", "-delete"),
        "truncate": lambda command: "cuts a file" if command.flag("s", "--size") else "",
        ": true cat": _emptied,
        "rsync": _rsync,
        "git": _git,
        "kill pkill killall": _kill,
        "crontab": lambda command: "removes every scheduled job" if command.flag("r", valued="u") else "",
        "iptables ip6tables": has("removes every firewall rule", "-F", "--flush", "-X"),
        "nft": has("removes every firewall rule", "flush"),
        "ufw": verb("removes every firewall rule", "reset", "disable"),
        "reboot shutdown halt poweroff": _shutdown,
        "init telinit": verb("stops the machine", "0", "6"),
        "systemctl": verb("stops the machine", "reboot", "poweroff", "halt"),
        "userdel deluser groupdel": always("removes a user"),
        "chmod": _chmod,
        "apt apt-get yum dnf dpkg rpm apk": _apt,
    }
)
"""By program."""
