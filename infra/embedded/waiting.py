"""Wait for a condition, with a timeout."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def wait_until(
    condition: Callable[[], Awaitable[bool]] | Callable[[], bool],
    *,
    seconds: float,
    what: str,
    every: float = 0.05,
) -> None:
    """Return as soon as `condition` holds. Raises TimeoutError naming `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        holds = condition()
        if holds if isinstance(holds, bool) else await holds:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(every)
