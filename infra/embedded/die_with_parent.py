"""Launcher: run a command that gets a signal when its parent process dies.

    python -I -S die_with_parent.py PARENT SIGNAL USER COMMAND …

PARENT is the process id of the parent, SIGNAL the name of the signal, USER the system user to switch to (`-`: none).
It runs as a script of its own between fork and exec, because `preexec_fn` is not safe in a process with threads. The
user is switched first, because that would clear the death signal. The death signal exists on Linux only; elsewhere
the command just runs.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def switch_user(name: str) -> None:
    """Switch from root to the system user `name`, irrevocably. Raises KeyError when there is no such user."""
    entry = pwd.getpwnam(name)
    os.initgroups(name, entry.pw_gid)
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)


def set_parent_death_signal(parent: int, number: signal.Signals) -> None:
    """Ask the kernel to signal this process when its parent ends. Exits when the parent has ended already."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit(1)


def main(arguments: list[str]) -> None:
    """Replace this process by the command. Never returns."""
    parent, name, user, *command = arguments
    if user != "-":
        switch_user(user)
    # Python ignores these signals, and ignored signals stay ignored across exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    set_parent_death_signal(int(parent), signal.Signals[name])
    os.execvp(command[0], command)  # noqa: S606 replaces this process by the program it was given, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
