"""Runs a command that dies with its parent: `leash.py SIGNAL PARENT UID COMMAND…`; UID 0 changes nobody.

A file of its own and nothing but the standard library, run with `python -I -S`: it must be up in a few milliseconds.
The parent-death signal is set after the change of user, which would clear it (prctl(2)).
"""

from __future__ import annotations

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become the command; exits 125 when the parent is gone already."""
    signal_number, parent, uid = (int(text) for text in arguments[:3])
    command = arguments[3:]
    if uid:
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(125)
    os.execv(command[0], command)  # noqa: S606 - becoming the command is this file's purpose


if __name__ == "__main__":
    main(sys.argv[1:])
