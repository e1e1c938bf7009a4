"""The event loop of our processes: uvloop, where there is one; and rest for its garbage collector."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any


def run(main: Coroutine[Any, Any, None]) -> None:
    """Runs `main` to its end."""
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


#: Models are made by the hundred at each step, and hardly ever in circles: looking for those after every 700 of them,
#: as is usual, costs some milliseconds a case. But a case that leaves the worker's cache is such a circle, of 50 kB:
#: all are looked through every two thousand cases or so; twenty times more seldom, a busy worker grew to 2 GB.
_SELDOM = (20_000, 5, 4)


def settle() -> None:
    """To be called when a process has all that it keeps: the garbage collector need not look at it ever again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
