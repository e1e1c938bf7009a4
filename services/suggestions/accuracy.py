"""How right the models are: held out when they were made, and by what people decided since."""

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from models.base import Frozen, Instant
from models.context import Person
from models.enums import Role
from models.errors import NotYours
from models.suggestions import Target, TargetFigures
from models.tables import GRID_UNITS
from rules.scope import in_force
from services.directory.people import local_today
from services.suggestions.closed_cases import count_closed, parks
from services.suggestions.store import list_models

#: The last decision about each case and target counts, and only where its command was recorded.
_DECIDED = text("""
    SELECT model, target, count(*) AS shown, count(*) FILTER (WHERE suggested = chosen) AS taken
    FROM (SELECT DISTINCT ON (u.report_id, u.target) u.model, u.target, u.suggested, u.chosen
          FROM suggestion_uses u
          WHERE EXISTS (SELECT FROM facts f WHERE f.report_id = u.report_id AND f.command_id = u.command_id)
          ORDER BY u.report_id, u.target, u.at DESC) decided
    GROUP BY model, target
""")
_EVERYWHERE = frozenset({Role.ADMIN, Role.AUDITOR})


class Decided(Frozen):
    """What people decided about suggestions of one target: `taken` of `shown` as it was suggested."""

    target: Target
    shown: int
    taken: int


class ModelView(Frozen):
    """A model: what it learnt from, its held-out figures by target, and what people decided."""

    version: int
    trained_at: Instant
    closed_from: Instant
    closed_until: Instant
    cases: int
    size: int
    sha256: str
    held_out: tuple[TargetFigures, ...]
    decided: tuple[Decided, ...]


class ParkModels(Frozen):
    """The models of a park, the newest first, and how many closed cases there are to learn from."""

    park: str
    name: str
    closed_cases: int
    models: tuple[ModelView, ...]


class ModelList(Frozen):
    """The parks that the caller may read, and how many closed cases one needs."""

    needed: int
    parks: tuple[ParkModels, ...]


async def read_models(connection: AsyncConnection, person: Person, now: datetime, needed: int) -> ModelList:
    """Return the models of the parks that `person` supervises; of all for administrators and auditors. Raises NotYours
    for everybody else.
    """
    granted = in_force(person, await local_today(connection, now))
    grants = [grant for grant in granted if grant.role in _EVERYWHERE | {Role.SUPERVISOR}]
    if not grants:
        raise NotYours(command="suggestions", who="admin / auditor / supervisor")
    everywhere = any(grant.grid is None for grant in grants)
    codes = [grant.grid for grant in grants if grant.grid is not None]
    paths = await connection.scalars(select(GRID_UNITS.c.path).where(GRID_UNITS.c.code.in_(codes)))
    mine = None if everywhere else frozenset(str(path).split(".")[0] for path in paths)
    return await models_of_parks(connection, now, needed, mine)


async def models_of_parks(
    connection: AsyncConnection, now: datetime, needed: int, only: frozenset[str] | None = None
) -> ModelList:
    """Return the models of the parks `only` (None: of all). Applies no scope rule: the caller has."""
    known = [park for park in await parks(connection) if only is None or park in only]
    units = GRID_UNITS.c
    names = {
        row.code: row.name
        for row in await connection.execute(select(units.code, units.name).where(units.code.in_(known)))
    }
    rows = await list_models(connection)
    decided = (await connection.execute(_DECIDED)).all() if rows else []
    views = []
    for park in known:
        models = tuple(
            ModelView(
                version=row.version, trained_at=row.trained_at, closed_from=row.closed_from,
                closed_until=row.closed_until, cases=row.cases, size=row.size, sha256=row.sha256,
                held_out=row.figures.targets,
                decided=tuple(
                    Decided(target=Target(one.target), shown=one.shown, taken=one.taken)
                    for one in decided
                    if one.model == row.id
                ),
            )
            for row in rows
            if row.park == park
        )  # fmt: skip
        closed = await count_closed(connection, park, now)
        views.append(ParkModels(park=park, name=names[park], closed_cases=closed, models=models))
    return ModelList(needed=needed, parks=tuple(views))
