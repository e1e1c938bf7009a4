"""Figures of enterprises: how many have each colour, and how many lack somebody. Each opens exactly those it counts."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.context import local_day
from infra.store.criteria.matters import matters_within, visible_matters
from models.base import Frozen
from models.context import Person
from models.matters.base import MatterKind
from models.policy.colours import Colour
from models.tables import MATTERS
from rules.matters.registry import RULES
from services.matters.filter import shown_colour


class EnterpriseCounts(Frozen):
    """Enterprises on the register that a reader sees, below a unit. The colours add up to `total`.

    `by_hand`: those whose colour a supervisor has set. `without`: those that lack a volunteer, a responsible cadre or a
    safety officer. The filter of the list (`colour=`, `without=`) finds the same ones.
    """

    total: int
    colours: dict[Colour, int]
    by_hand: int
    without: dict[str, int]


async def count_enterprises(
    connection: AsyncConnection, person: Person, now: datetime, grid: str | None = None
) -> EnterpriseCounts:
    """Return the figures of the enterprises that the person may see."""
    day = await local_day(connection, now)
    state = MATTERS.c.state
    conditions: list[ColumnElement[bool]] = [
        visible_matters(person, RULES[MatterKind.ENTERPRISE], day),
        MATTERS.c.ended_at.is_(None),
    ]
    if grid is not None:
        conditions.append(matters_within(grid))
    missing = {name: state[name].astext.is_(None) for name in ("volunteer", "cadre", "safety_officer")}
    columns = [
        func.count().label("total"),
        func.count().filter(state["override"].astext.is_not(None)).label("by_hand"),
        *(func.count().filter(shown_colour() == colour).label(f"is_{colour}") for colour in Colour),
        *(func.count().filter(condition).label(f"no_{name}") for name, condition in missing.items()),
    ]
    row = (await connection.execute(select(*columns).where(and_(*conditions)))).one()
    found = row._mapping
    return EnterpriseCounts(
        total=found["total"],
        colours={colour: found[f"is_{colour}"] for colour in Colour},
        by_hand=found["by_hand"],
        without={name: found[f"no_{name}"] for name in missing},
    )
