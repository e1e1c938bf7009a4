"""The training: a new model for each park that has enough closed cases, at most one a day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from infra.database import autocommit_engine, transaction
from infra.settings import Settings
from models.ids import new_id
from models.jobs.suggestions import TrainingDone
from services.suggestions.closed_cases import count_closed, parks, read_closed
from services.suggestions.fit_process import fit_apart
from services.suggestions.store import (
    KEPT_VERSIONS,
    ModelRow,
    add_model,
    list_models,
    models_of,
    newest_model,
    put_model,
)

log = structlog.get_logger(__name__)

#: How old a model must be before the schedule makes another (our choice), a little less than a day.
AGAIN_AFTER = timedelta(hours=23)


async def train_all(
    engine: AsyncEngine, settings: Settings, *, beat: Callable[[], None] = lambda: None, at_once: bool = False
) -> TrainingDone:
    """Make a model for every park that has enough closed cases and no recent model. Safe to repeat.

    `at_once`: also where the model is recent. Raises ObjectsAway, TrainingFailed, and what a database raises that is
    away; models that were made before stay.
    """
    done = TrainingDone()
    async with autocommit_engine(engine).connect() as connection:
        known = await parks(connection)
    for park in known:
        beat()
        result = await _train(engine, settings, park, beat, at_once=at_once)
        if isinstance(result, int):
            done.made[park] = result
        else:
            done.silent[park] = result
    return done


async def _train(
    engine: AsyncEngine, settings: Settings, park: str, beat: Callable[[], None], *, at_once: bool
) -> int | str:
    """Return the version that was made, or why none was."""
    now = datetime.now(UTC)
    async with autocommit_engine(engine).connect() as connection:
        last = await newest_model(connection, park)
        if last is not None and not at_once and now - last.trained_at < AGAIN_AFTER:
            return "recent"
        if await count_closed(connection, park, now) < settings.suggestion_cases:
            return "few"
        closed = await read_closed(connection, park, now)
    if closed is None:
        return "few"
    fitted = await fit_apart(closed.examples, settings.suggestion_certainty, beat=beat)
    if fitted is None:
        return "alike"
    figures, content = fitted
    model, version = new_id(), 1 if last is None else last.version + 1
    name, sha256 = await put_model(models_of(settings), park, model, content)
    row = ModelRow(
        id=model, park=park, version=version, trained_at=now, closed_from=closed.closed_from,
        closed_until=closed.closed_until, cases=len(closed.examples), object=name, sha256=sha256, size=len(content),
        figures=figures,
    )  # fmt: skip
    async with transaction(engine) as connection:
        added = await add_model(connection, row)
    if not added:  # another training of the park was faster
        await models_of(settings).delete(name)
        return "recent"
    log.info("model of suggestions made", park=park, version=version, cases=row.cases, size=row.size)
    await _remove_earlier(engine, settings, park)
    return version


async def _remove_earlier(engine: AsyncEngine, settings: Settings, park: str) -> None:
    """Remove the bytes of versions that no open page can name any more; their figures stay."""
    async with autocommit_engine(engine).connect() as connection:
        earlier = [one for one in await list_models(connection) if one.park == park][KEPT_VERSIONS:]
    await models_of(settings).delete(*(one.object for one in earlier[:KEPT_VERSIONS]))
