"""The open cases of the present, by stage and light."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Text, case, cast, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.store.policies import newest_version
from models.enums import Light, Stage
from models.figures import FigureKey
from models.tables import CASES
from services.criteria.conditions import is_open, shows_light
from services.feed.days import hidden_counts, unit_names
from services.feed.small_counts import LEAST_COUNT
from services.feed.views import By, CellCount, NowFilter, NowRow, Present
from services.figures.count import unit_at_level
from services.figures.definitions import figure_condition
from services.figures.viewpoint import Viewpoint

_FIGURES = (FigureKey.OPEN, FigureKey.OVERDUE, FigureKey.SUSPENDED)
#: A figure, or a cell of stage and light.
Key = FigureKey | tuple[Stage, Light]


async def read_now(connection: AsyncConnection, viewpoint: Viewpoint, filters: NowFilter) -> Present:
    """Return the open cases in scope, counted in one statement."""
    by = By(filters.by)
    names: Mapping[str | None, tuple[str | None, str | None]] = {None: (None, None)}
    if by.level is not None:
        names = await unit_names(connection, viewpoint, by.level)
    counts = await _count(connection, viewpoint, by)
    for code in names:
        counts[code]  # a place without a case has a row as well
    keys = sorted({key for own in counts.values() for key in own}, key=str)
    whole = {code: {key: counts[code][key] for key in keys} for code in sorted(counts, key=lambda c: (c is None, c))}
    hidden = hidden_counts(by, whole, names)

    def told(code: str | None, key: Key) -> int | None:
        return None if (code, key) in hidden else whole[code].get(key, 0)

    return Present(
        as_of=viewpoint.now,
        zone=viewpoint.zone.key,
        policy_version=await newest_version(connection),
        least_count=LEAST_COUNT,
        by=filters.by,
        rows=tuple(
            NowRow(
                code=code,
                name=names.get(code, (None, None))[0],
                open=told(code, FigureKey.OPEN),
                overdue=told(code, FigureKey.OVERDUE),
                suspended=told(code, FigureKey.SUSPENDED),
                cells=tuple(
                    CellCount(stage=stage, light=light, count=told(code, (stage, light)))
                    for stage in Stage
                    for light in Light
                    if whole[code].get((stage, light), 0) or (code, (stage, light)) in hidden
                ),
            )
            for code in whole
        ),
    )


async def _count(connection: AsyncConnection, viewpoint: Viewpoint, by: By) -> dict[str | None, dict[Key, int]]:
    light = case(*((shows_light(light, viewpoint.now), light.value) for light in Light))
    place: Any = cast(literal(None), Text) if by.level is None else unit_at_level(by.level)
    flags = [
        func.count().filter(figure_condition(key, viewpoint.today)).label(key.value) for key in _FIGURES
    ]  # fmt: skip
    rows = await connection.execute(
        select(place.label("place"), CASES.c.stage, light.label("light"), func.count().label("cases"), *flags)
        .where(is_open(), viewpoint.cases_in())
        .group_by("place", CASES.c.stage, "light")
    )
    counts: dict[str | None, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows.mappings():
        own = counts[row["place"]]
        own[Stage(row["stage"]), Light(row["light"])] += row["cases"]
        for key in _FIGURES:
            own[key] += row[key.value]
    return counts
