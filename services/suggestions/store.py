"""The store of models: rows in the database, the bytes as objects; each model read once by a process."""

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from infra.objects import Objects, ObjectsAway, open_objects
from infra.settings import Settings
from models.suggestions import ModelFigures
from models.tables import SUGGESTION_MODELS
from services.suggestions.model import Model
from services.suggestions.stored import BrokenModel, read_model

log = structlog.get_logger(__name__)

#: What the metrics call this store, and its folder in the data directory.
STORE, FOLDER = "suggestion_models", "models"
#: How many models a process keeps in memory, and how many versions of a park keep their bytes: a page that was opened
#: under an earlier version may still be sent.
KEPT_IN_MEMORY, KEPT_VERSIONS = 8, 3


@dataclass(frozen=True)
class ModelRow:
    """What the database knows of a model. `cases`: closed from `closed_from` to `closed_until`."""

    id: UUID
    park: str
    version: int
    trained_at: datetime
    closed_from: datetime
    closed_until: datetime
    cases: int
    object: str
    sha256: str
    size: int
    figures: ModelFigures


def models_of(settings: Settings) -> Objects:
    """Return the store of models that the settings name."""
    return open_objects(settings, settings.suggestion_models or str(settings.data_dir / FOLDER), STORE)


async def newest_model(connection: AsyncConnection, park: str) -> ModelRow | None:
    """Return the newest model of a park; None when it has none."""
    m = SUGGESTION_MODELS
    found = await connection.execute(select(m).where(m.c.park == park).order_by(m.c.version.desc()).limit(1))
    return _row(found.one_or_none())


async def model_by_id(connection: AsyncConnection, model: UUID) -> ModelRow | None:
    """Return that model; None when there is none."""
    found = await connection.execute(select(SUGGESTION_MODELS).where(SUGGESTION_MODELS.c.id == model))
    return _row(found.one_or_none())


async def is_kept(connection: AsyncConnection, row: ModelRow) -> bool:
    """Return whether the bytes of a model are still kept: those of the last versions of its park are."""
    newest = await newest_model(connection, row.park)
    return newest is not None and row.version > newest.version - KEPT_VERSIONS


async def list_models(connection: AsyncConnection) -> tuple[ModelRow, ...]:
    """Return all models, those of a park together, the newest first."""
    m = SUGGESTION_MODELS
    rows = (await connection.execute(select(m).order_by(m.c.park, m.c.version.desc()))).all()
    return tuple(row for one in rows if (row := _row(one)) is not None)


def _row(row: Any) -> ModelRow | None:
    if row is None:
        return None
    return ModelRow(**{**row._mapping, "figures": ModelFigures.model_validate(row.figures)})


async def add_model(connection: AsyncConnection, row: ModelRow) -> bool:
    """Store the row of a model whose bytes are stored. Returns False when that version of the park exists already."""
    values = {**vars(row), "figures": row.figures.model_dump(mode="json")}
    statement = insert(SUGGESTION_MODELS).values(values).on_conflict_do_nothing().returning(SUGGESTION_MODELS.c.id)
    return await connection.scalar(statement) is not None


async def put_model(objects: Objects, park: str, model: UUID, content: bytes) -> tuple[str, str]:
    """Store the bytes of a model. Returns the name of the object and the hash. Raises ObjectsAway."""
    name = f"{park}/{model}.npz"
    await objects.put(name, content)
    return name, hashlib.sha256(content).hexdigest()


class LoadedModels:
    """The models that a process has in memory, by id: a model never changes."""

    def __init__(self) -> None:
        self._models: OrderedDict[UUID, Model | None] = OrderedDict()

    async def load(self, settings: Settings, row: ModelRow) -> Model | None:
        """Return the model of a row; None, and the log says why, when its bytes are gone, altered or unreadable.

        A store that is away is asked again the next time; bytes that are wrong are not.
        """
        if row.id in self._models:
            self._models.move_to_end(row.id)
            return self._models[row.id]
        try:
            content = await models_of(settings).get(row.object)
        except ObjectsAway as error:
            log.warning("no suggestions: the store of models is away", reason=error.reason)
            return None
        self._models[row.id] = model = await asyncio.to_thread(_checked, row, content)
        while len(self._models) > KEPT_IN_MEMORY:
            self._models.popitem(last=False)
        return model


def _checked(row: ModelRow, content: bytes | None) -> Model | None:
    if content is None:
        log.error("no suggestions: the model's object is gone", park=row.park, version=row.version)
        return None
    if hashlib.sha256(content).hexdigest() != row.sha256:
        log.error("no suggestions: the model's object was changed", park=row.park, version=row.version)
        return None
    try:
        return read_model(content)
    except BrokenModel as error:
        log.error("no suggestions: the model can't be read", park=row.park, version=row.version, reason=str(error))
        return None


#: Of this process.
LOADED = LoadedModels()
