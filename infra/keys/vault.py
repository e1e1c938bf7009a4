"""The vault: the wrapped key of every reporter as an object of its own, beside the database, in a folder or a bucket.

With it and the sealed record in the workflow's history, a lost database gets its reporters back. When a person is
erased, the key gives way to a mark: whatever copy of the database is put back, the person stays unreadable.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar
from uuid import UUID

from infra.keys.ring import WrappedKey
from infra.objects import Objects, ObjectsAway
from models.errors import KeysAway

_KEY, _ERASED = ".key", ".erased"
#: How many objects are read or written at once.
CONCURRENCY = 16
#: How long a person who looks at a record waits for the vault, in seconds (our choice).
READ_TIMEOUT = 4.0

A = TypeVar("A")
B = TypeVar("B")


class Vault:
    """The objects of a store, in folders by the first two digits of the id. Only our account reads them.

    What writes raises ObjectsAway when it could not; what reads raises KeysAway when the store is away.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    @property
    def place(self) -> str:
        """Where it is, as an operator writes it."""
        return self._objects.place

    async def keep(self, id_: UUID, wrapped: WrappedKey) -> None:
        """Store the wrapped key durably, in place of an earlier one. An erased person's key is not stored again."""
        if await self._is_there(id_, _ERASED):
            return
        content = {"key_id": wrapped.key_id, "wrapped": wrapped.content.hex()}
        await self._objects.put(_name(id_, _KEY), (json.dumps(content) + "\n").encode(), replace=True)
        if await self._is_there(id_, _ERASED):  # the person was erased meanwhile: whoever comes last removes the key
            await self.forget(id_)

    async def keep_all(self, keys: Mapping[UUID, WrappedKey]) -> None:
        """Store many."""
        await _each(keys.items(), lambda one: self.keep(*one))

    async def has(self, id_: UUID) -> bool:
        """Return whether there is a key of that reporter."""
        return await _read(self._is_there(id_, _KEY))

    async def find(self, id_: UUID) -> WrappedKey | None:
        """Return the wrapped key; None where there is none. Raises KeysAway when it is damaged, too."""
        content = await _read(self._objects.get(_name(id_, _KEY)))
        if content is None:
            return None
        try:
            known = json.loads(content)
            return WrappedKey(str(known["key_id"]), bytes.fromhex(known["wrapped"]))
        except (ValueError, KeyError, TypeError) as error:
            raise KeysAway() from error

    async def erase(self, *ids: UUID) -> None:
        """Destroy the keys and mark the persons as erased, durably: first the marks, which outlive a failure."""
        await _each(ids, lambda id_: self._objects.put(_name(id_, _ERASED), b""))
        await self.forget(*ids)

    async def forget(self, *ids: UUID) -> None:
        """Remove the keys of reports that became no cases. None is fine."""
        await self._objects.delete(*(_name(id_, _KEY) for id_ in ids))

    async def is_erased(self, id_: UUID) -> bool:
        """Return whether the person was erased."""
        return await _read(self._is_there(id_, _ERASED))

    async def erased(self) -> tuple[UUID, ...]:
        """Return the reporters that were erased."""
        return tuple([id_ async for id_ in self._listed(_ERASED)])

    async def ids(self) -> frozenset[UUID]:
        """Return the reporters that have a key."""
        return frozenset([id_ async for id_ in self._listed(_KEY)])

    async def key_ids(self) -> AsyncIterator[tuple[UUID, str]]:
        """Yield each reporter with the id of the master key that its key is wrapped by."""
        ids, size = sorted(await self.ids()), CONCURRENCY * 8
        for some in (ids[start : start + size] for start in range(0, len(ids), size)):
            for id_, found in zip(some, await _each(some, self.find), strict=True):
                if found is not None:
                    yield id_, found.key_id

    async def _is_there(self, id_: UUID, suffix: str) -> bool:
        return await self._objects.size(_name(id_, suffix)) is not None

    async def _listed(self, suffix: str) -> AsyncIterator[UUID]:
        try:
            async for one in self._objects.list(""):
                if one.name.endswith(suffix):
                    yield UUID(one.name.rpartition("/")[2].removesuffix(suffix))
        except ObjectsAway as error:
            raise KeysAway() from error


def _name(id_: UUID, suffix: str) -> str:
    return f"{id_.hex[:2]}/{id_}{suffix}"


async def _read(answer: Awaitable[A]) -> A:
    try:
        async with asyncio.timeout(READ_TIMEOUT):
            return await answer
    except (ObjectsAway, TimeoutError) as error:
        raise KeysAway() from error


async def _each(subjects: Iterable[A], work: Callable[[A], Awaitable[B]]) -> Sequence[B]:
    """Do `work` for all, some at once; what failed is raised when the others are done."""
    room = asyncio.Semaphore(CONCURRENCY)

    async def one(subject: A) -> B:
        async with room:
            return await work(subject)

    done = await asyncio.gather(*map(one, subjects), return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
    return [outcome for outcome in done if not isinstance(outcome, BaseException)]
