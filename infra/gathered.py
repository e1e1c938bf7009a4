"""Look up values for many callers in one go, so that the number of statements does not grow with the callers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Gathered(Generic[K, V]):
    """Keys that are asked for within a moment are looked up together, each once.

    `look_up` gets the keys and returns what it found. It runs in a task of its own: a caller who is cancelled neither
    ends it for the others nor costs a database connection in the middle of a statement.
    """

    def __init__(self, look_up: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]) -> None:
        self._look_up = look_up
        self._keys: dict[K, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._found: asyncio.Task[Mapping[K, V]] | None = None

    async def get(self, key: K, *, within: float) -> V | None:
        """Return what was found for `key`, None if nothing. The lookup begins in at most `within` seconds.

        Raises what the lookup raised.
        """
        loop = asyncio.get_running_loop()
        self._keys[key] = None
        begins = loop.time() + within
        if self._timer is None or self._found is None:
            begin = asyncio.Event()
            self._found = loop.create_task(self._run(begin))
            self._timer = loop.call_at(begins, begin.set)
            self._begin = begin
        elif begins < self._timer.when():
            self._timer.cancel()
            self._timer = loop.call_at(begins, self._begin.set)
        return (await asyncio.shield(self._found)).get(key)

    async def _run(self, begin: asyncio.Event) -> Mapping[K, V]:
        await begin.wait()
        keys, self._keys, self._timer = list(self._keys), {}, None
        return await self._look_up(keys)
