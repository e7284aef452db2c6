"""Runs one program as another user that dies with its parent; started by path, imports nothing of Flov7.

Arguments: `SIGNAL PARENT UID GID PROGRAM ARGUMENTS…`. SIGNAL is sent by the kernel when the process that
started us is gone (0: stay); UID of -1 keeps the user. It becomes PROGRAM, so the pid stays.
A `preexec_fn` would do the same inside a process with threads, where it can hang.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Give up rights first: the kernel forgets the death signal when the user changes."""
    death_signal, parent, uid, gid = (int(text) for text in arguments[:4])
    if uid >= 0:
        os.setgroups([gid])
        os.setgid(gid)
        os.setuid(uid)
    if death_signal and sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # the parent died before the line above
            sys.exit(1)
    os.execv(arguments[4], arguments[4:])  # noqa: S606 - a program of ours, no shell wanted


if __name__ == "__main__":
    main(sys.argv[1:])
