"""The event loop (uvloop where it exists) and the garbage collector settings of our processes."""

import asyncio
import gc
import sys
from collections.abc import Coroutine
from typing import Any


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run `main` until it returns."""
    if sys.platform == "win32":
        asyncio.run(main)
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


#: Each step creates hundreds of models, hardly ever in reference cycles: Python's default threshold of 700 costs some
#: milliseconds a case. But a case that leaves the worker's cache is a cycle of 50 kB, so a full collection must still
#: run every two thousand cases or so: with one twenty times as rare, a busy worker grew to 2 GB.
_GC_THRESHOLDS = (20_000, 5, 4)


def freeze_garbage_collector() -> None:
    """Exclude everything allocated so far from garbage collection, and collect less often from now on.

    Call it once, when the process has loaded everything that it keeps.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
