"""What the kinds of matters read for their decisions, and write besides their own row, by kind."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.matters import (
    claim,
    duties,
    emergency,
    enterprise,
    meeting,
    plan,
    referral_desk,
    station,
    undertaking,
    visits,
)
from models.matters.base import Matter, MatterCommand, MatterFact, MatterKind
from models.matters.context import MatterContext

#: Reads what becomes `MatterContext.extra`, before the command (None for a new matter) is decided.
ReadExtra = Callable[[AsyncConnection, Any, MatterCommand, MatterContext], Awaitable[Any]]
#: Writes the tables of a kind after `facts`, in the same transaction; `before` is None for a new matter.
Project = Callable[[AsyncConnection, Any, Any, Sequence[MatterFact]], Awaitable[None]]

EXTRAS: Mapping[MatterKind, ReadExtra] = {
    MatterKind.EMERGENCY: emergency.read_extra,
    MatterKind.PLAN: plan.read_extra,
    MatterKind.STATION: station.read_extra,
    MatterKind.ENTERPRISE: enterprise.read_extra,
    MatterKind.REFERRAL_DESK: referral_desk.read_extra,
    MatterKind.CLAIM: claim.read_extra,
    MatterKind.MEETING: meeting.read_extra,
    MatterKind.UNDERTAKING: undertaking.read_extra,
}
PROJECTIONS: Mapping[MatterKind, Project] = {
    MatterKind.ENTERPRISE: visits.project,
    MatterKind.PLAN: duties.project,
    MatterKind.REFERRAL_DESK: referral_desk.project,
    MatterKind.STATION: station.project,
}


async def read_extra(
    connection: AsyncConnection, kind: MatterKind, matter: Matter | None, command: MatterCommand, ctx: MatterContext
) -> Any:
    """Return what this kind reads for a decision; None for kinds that need nothing more."""
    reader = EXTRAS.get(kind)
    return None if reader is None else await reader(connection, matter, command, ctx)


async def project(
    connection: AsyncConnection,
    kind: MatterKind,
    before: Matter | None,
    after: Matter,
    facts: Sequence[MatterFact],
) -> None:
    """Write what this kind keeps besides its row."""
    writer = PROJECTIONS.get(kind)
    if writer is not None:
        await writer(connection, before, after, facts)
