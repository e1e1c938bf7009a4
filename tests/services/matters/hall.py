"""Calls of the services of matters on behalf of people in the tiny park, by user name."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from models.ids import new_id
from models.matters.base import CreateMatter, Matter, MatterKind
from rules.matters.registry import RULES
from services.matters import queries
from services.matters.filter import MatterFilter
from services.matters.send import MatterSent, act, create, read_matter_command
from services.matters.views import MatterFactView, MatterPage
from tests.town import Town


class Hall:
    """Matters of the tiny park."""

    def __init__(self, town: Town) -> None:
        self.town = town

    async def begin(self, username: str, kind: MatterKind, *, id_: UUID | None = None, **fields: Any) -> MatterSent:
        """Begin a matter, and return what was sent."""
        command = read_matter_command(kind, RULES[kind].creates, fields)
        assert isinstance(command, CreateMatter)
        person = await self.town.person(username)
        return await create(self.town.resources, person, kind, command, id_=id_ or new_id())

    async def do(
        self,
        username: str,
        kind: MatterKind,
        code: str,
        name: str,
        /,
        *,
        id_: UUID | None = None,
        if_revision: int | None = None,
        **body: Any,
    ) -> MatterSent:
        """Give a command."""
        command = read_matter_command(kind, name, body)
        person = await self.town.person(username)
        return await act(
            self.town.resources, person, kind, code, command,
            command_id=id_ or new_id(), if_revision=if_revision, now=await self.town.now(),
        )  # fmt: skip

    async def look(self, kind: MatterKind, code: str, username: str = "admin") -> Matter:
        """The matter as that person finds it."""
        person = await self.town.person(username)
        async with self.town.engine.connect() as connection:
            _, matter = await queries.find_matter(connection, person, kind, code, await self.town.now())
        return matter

    async def facts(self, kind: MatterKind, code: str, username: str = "admin") -> tuple[MatterFactView, ...]:
        """Its timeline."""
        person = await self.town.person(username)
        async with self.town.engine.connect() as connection:
            return await queries.get_matter_facts(connection, person, kind, code, await self.town.now(), "zh")

    async def kinds(self, kind: MatterKind, code: str) -> list[str]:
        """The kinds of its facts in order."""
        return [fact.kind for fact in await self.facts(kind, code)]

    async def listed(self, username: str, kind: MatterKind, **wanted: Any) -> MatterPage:
        """The list as that person sees it."""
        person = await self.town.person(username)
        async with self.town.engine.connect() as connection:
            return await queries.list_matters(
                connection, person, kind, MatterFilter.model_validate(wanted), await self.town.now(), "zh"
            )

    async def waiting_effects(self) -> int:
        """How many effects have not been carried out."""
        async with self.town.engine.connect() as connection:
            return int(await connection.scalar(text("SELECT count(*) FROM outbox")) or 0)


async def eventually(condition: Callable[[], Awaitable[bool]], within: timedelta = timedelta(seconds=20)) -> None:
    """Wait until `condition` holds. Raises TimeoutError."""
    async with asyncio.timeout(within.total_seconds()):
        while not await condition():
            await asyncio.sleep(0.05)
