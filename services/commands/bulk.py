"""Send one command to many cases; each case has an outcome of its own."""

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

#: How many cases of a bulk command are handled at the same time, and how many it may name.
CONCURRENCY = 8
MAX_CASES = 200


@dataclass(frozen=True)
class Outcome:
    """The result for one case: what was sent, or the refusal."""

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
    """Send `command` to each of the cases, in the order given, once each.

    The same `batch` sent again does nothing twice: a case's command id is derived from both.
    """
    slots = asyncio.Semaphore(CONCURRENCY)

    async def send_one(case_no: str) -> Outcome:
        async with slots:
            try:
                id_ = derived_id(batch, case_no)
                sent = await send(resources, person, case_no, command, command_id=id_, if_revision=None, now=now)
            except DomainError as error:
                return Outcome(case_no, None, error)
            return Outcome(case_no, sent, None)

    return tuple(await asyncio.gather(*(send_one(case_no) for case_no in dict.fromkeys(case_nos))))
