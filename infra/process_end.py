"""The end of a process that used Temporal's client.

The client's threads outlive the event loop. One that asks for Python's lock while the interpreter is taken apart ends
the process by SIGABRT or SIGSEGV, although all its work is done (temporalio/sdk-python, issue 300; measured: one short
command in twenty on busy processors). So our processes end before the interpreter is taken apart.
"""

import atexit
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: The exit status after SIGINT, as shells give it.
_INTERRUPTED = 130
#: The exit status when the output could not be written, as Python gives it.
_OUTPUT_LOST = 120


@contextmanager
def ending_early() -> Iterator[None]:
    """Around the whole of a program: end the process with its exit status before the interpreter is taken apart.

    By then its threads have been joined, what it registered with `atexit` has run, and logs and output are flushed.
    """
    status = 0

    def end() -> None:
        logging.shutdown()
        os._exit(status if _flushed() else _OUTPUT_LOST)

    atexit.register(end)  # before anything of the program, so that it runs after all that
    try:
        yield
    except SystemExit as asked:
        status = _status_of(asked)
        raise
    except KeyboardInterrupt:
        status = _INTERRUPTED
        raise
    except BaseException:
        status = 1
        raise


def _status_of(asked: SystemExit) -> int:
    """Return the exit status that Python gives to this SystemExit: a text is printed, and 1."""
    if asked.code is None:
        return 0
    return asked.code & 0xFF if isinstance(asked.code, int) else 1


def _flushed() -> bool:
    """Write what the standard streams still hold. Return False if that fails, for example for a closed pipe."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except OSError:
        return False
    return True
