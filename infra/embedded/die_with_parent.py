"""Runs a command that dies when the one who started it dies.

    python -I -S leash.py PARENT SIGNAL USER COMMAND …

PARENT is the process id of the one who starts it, SIGNAL the name of the signal that its death sends, USER
the system user to become (`-` to stay). Run by its path, as a step between fork and exec: that is safe in a
process with threads, which `preexec_fn` is not, and the order matters (a change of user clears the request).
The leash itself exists on Linux only; elsewhere the command just runs.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def become(name: str) -> None:
    """Gives up root for the system user `name`, for good. Raises KeyError when there is none."""
    entry = pwd.getpwnam(name)
    os.initgroups(name, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def tie(parent: int, when_it_dies: signal.Signals) -> None:
    """Asks the kernel to signal this process when its parent ends. Exits when that has happened already."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(when_it_dies), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit(1)


def main(arguments: list[str]) -> None:
    """Becomes the command; never returns."""
    parent, name, user, *command = arguments
    if user != "-":
        become(user)
    # Python ignores these, and what is ignored stays so across exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    tie(int(parent), signal.Signals[name])
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
