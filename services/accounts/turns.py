"""People of one address sign in by turns, so that many who do it at the same moment, as at the beginning of a shift,
wait for each other instead of being refused: an attempt counts as a failure until its password has been verified
(`services.accounts.attempts`). Nobody guesses faster by it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from services.accounts.attempts import LIMITS

#: How many attempts of an address this process verifies at once: fewer than make an address wait, also with two
#: processes, and more than there are cores to hash passwords on.
AT_ONCE = LIMITS["c"].free // 2 - 2

_TURNS: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()


@asynccontextmanager
async def turn_of(address: str) -> AsyncIterator[None]:
    """Wait for one's turn, and hold it until the attempt has succeeded or failed."""
    turns = _TURNS.get(address)
    if turns is None:
        turns = _TURNS[address] = asyncio.Semaphore(AT_ONCE)
    async with turns:
        yield
