"""One command for many cases: each is given it by itself, and has an outcome of its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models.commands import HumanCommand
from models.context import Person
from models.errors import DomainError
from models.ids import derived_id
from services.commands.send import Sent, send
from services.runtime.resources import Resources

#: How many cases of a bulk command are under way at once, and how many it may name.
ABREAST = 8
MOST = 200


@dataclass(frozen=True)
class Outcome:
    """What became of one case: what was sent, or the refusal."""

    case_no: str
    sent: Sent | None
    refusal: DomainError | None


async def send_many(
    resources: Resources,
    person: Person,
    case_nos: Sequence[str],
    command: HumanCommand,
    *,
    batch: UUID,
    now: datetime,
) -> tuple[Outcome, ...]:
    """Gives `command` to each of the cases, in the order they were named, each once.

    The same `batch` sent again does nothing twice: a case's command id is made of both.
    """
    room = asyncio.Semaphore(ABREAST)

    async def one(case_no: str) -> Outcome:
        async with room:
            try:
                id_ = derived_id(batch, case_no)
                sent = await send(resources, person, case_no, command, command_id=id_, if_revision=None, now=now)
            except DomainError as error:
                return Outcome(case_no, None, error)
            return Outcome(case_no, sent, None)

    return tuple(await asyncio.gather(*(one(case_no) for case_no in dict.fromkeys(case_nos))))
